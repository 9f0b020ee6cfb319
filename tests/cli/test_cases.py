"""Files that people have, from the folder of cases: what is built from them is checked, priced and read right."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture
def checked(cbtui, tmp_path):
    """Builds requests from a source, and gives the report of their check."""

    def run(source, *options):
        out = tmp_path / "r.jsonl"
        code, _, err = cbtui(
            "build",
            "documents",
            source,
            "-o",
            out,
            "--model",
            "claude-opus-5",
            "--max-tokens",
            "100",
            "--skip-bad-rows",
            *options,
        )
        assert out.exists(), err
        code, said, _ = cbtui("check", out, "--json")
        report = json.loads(said)
        assert code == (0 if report["ok"] else 2)
        return report

    return run


def problems(report):
    return {
        (problem["custom_id"], problem["code"])
        for problem in report["problems"]
        if problem["severity"] == "error"
    }


def test_images_over_8000_pixels_are_found_by_the_name_of_their_file(checked):
    report = checked(CASES / "42-image-too-big/docs", "--template", "What is it?")
    assert {code for _, code in problems(report)} == {"image_too_large"}
    assert {custom_id.partition("_")[0][:4] for custom_id, _ in problems(report)} == {"tall", "wide"}


def test_pdfs_over_the_limit_encrypted_or_cut_are_found_by_the_name_of_their_file(checked):
    report = checked(CASES / "43-pdf-limits/docs", "--template", "What is it?")
    found = {(custom_id[:8], code) for custom_id, code in problems(report)}
    assert {("cut_pdf", "media"), ("locked_p", "media"), ("pages601", "too_many_pages")} <= {
        (custom_id.rstrip("-"), code) for custom_id, code in found
    }
    assert not any(custom_id.startswith(("ok", "upper")) for custom_id, _ in found)


def test_one_flat_picture_is_three_thousand_tokens(checked):
    report = checked(CASES / "72-image-cost/docs", "--template", "What is it?")
    cost = report["cost"]
    assert 3_000 <= cost["input_tokens_at_most"] <= 3_200
    assert cost["input_about"] == pytest.approx(3_000 * 2.5e-6, rel=0.1)
    assert cost["at_most"] == pytest.approx((3_000 * 5 + 100 * 25) / 2e6, rel=0.1)


def test_cached_answers_cost_what_the_price_page_says(cbtui, tmp_path):
    out = tmp_path / "out.csv"
    code, _, err = cbtui("export", CASES / "84-cached-costs/r.jsonl", "-o", out)
    assert code == 0, err
    costs = {row["custom_id"]: row["cost"] for row in csv.DictReader(out.read_text().splitlines())}
    dollars = {
        "w5": (3 + 12_304 * 1.25 + 550 * 5) / 2e6,
        "w1h": (3 + 12_304 * 2 + 550 * 5) / 2e6,
        "rd": (3 + 12_304 * 0.1 + 550 * 5) / 2e6,
        "old37": None,
        "partial": (3 + 300 * 1.25 + 12_004 * 2 + 550 * 5) / 2e6,
        "web": (3 + 550 * 5) / 2e6 + 0.02,
        "eu": None,
    }
    assert set(costs) == set(dollars)
    for custom_id, usd in dollars.items():
        assert (float(costs[custom_id]) if costs[custom_id] else None) == (usd and pytest.approx(usd)), (
            custom_id
        )
