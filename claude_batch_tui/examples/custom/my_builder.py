"""A builder of your own: build_requests() returns or yields requests. It runs as you do, with this folder on its path."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def build_requests() -> Iterator[dict[str, Any]]:
    """One request for every review, longer answers for bad ones."""
    with Path(__file__).with_name("reviews.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            is_bad = int(row["stars"]) <= 2
            yield {
                "custom_id": f"review-{row['id']}",
                "params": {
                    "model": "claude-haiku-5-5",
                    "max_tokens": 500 if is_bad else 300,
                    "system": "Extract sentiment, topics and what to do about it.",
                    "messages": [{"role": "user", "content": f"Analyse this review:\n\n{row['text']}"}],
                },
            }
