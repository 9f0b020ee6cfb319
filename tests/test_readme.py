"""The README is short, and shows pictures that are there; what it tells to type is run by test_documents_run."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_is_short():
    assert len(README.read_text().split()) <= 1_200


def test_every_picture_of_the_readme_exists():
    for picture in re.findall(r"\]\((screenshots/[^)]+)\)", README.read_text()):
        assert (README.parent / picture).exists()
