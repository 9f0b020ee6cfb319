"""The keys of the three tabs on a screen that lies over the results: they leave it and go there."""

from __future__ import annotations

from textual.binding import Binding

OVER_BINDINGS = [
    Binding("1", "app.show('batches')", "batches", id="over.batches", show=False, tooltip="the batches"),
    Binding(
        "2", "app.show('build')", "build", id="over.build", show=False, tooltip="build requests from a file"
    ),
    Binding("3", "app.show('results')", "results", id="over.results", show=False, tooltip="the results"),
]
