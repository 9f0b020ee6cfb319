"""The cost while a draft is typed, held against the cost of the check."""

from datetime import UTC, datetime

import pytest

from claude_batch_tui.config import load
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.building.build import BuildReport, build
from claude_batch_tui.services.building.check import check_file, report_of
from claude_batch_tui.services.building.estimate import SAMPLE, estimate
from claude_batch_tui.services.building.models import known_models, read_prices
from claude_batch_tui.sources.recipe import BuildSpec

NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)


@pytest.fixture
def config(tmp_path):
    return load({"data_dir": tmp_path / "data", "config_dir": tmp_path / "config"}, {})[0]


@pytest.fixture
def estimated(config):
    models, prices = known_models(config.data_dir, "", NOW), read_prices(config)

    def run(spec):
        return estimate(spec, prices=prices, models=models)

    return run


def spec_of(path, **options):
    given = {"prompt_column": "body", "model": "claude-haiku-4-5", "max_tokens": 50, **options}
    return BuildSpec(kind="csv", path=str(path), **given)


def test_it_is_what_the_check_says_where_all_rows_are_alike(estimated, config, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("body\n" + "".join(f"Row {number:04d} says hello.\n" for number in range(400)))
    found = estimated(spec_of(rows))
    assert (found.requests, found.is_exact, found.sampled, found.unusable) == (400, True, SAMPLE, 0)
    *_, report = build(spec_of(rows), out=tmp_path / "r.jsonl")
    assert isinstance(report, BuildReport)
    checked = report_of(check_file(tmp_path / "r.jsonl", config, NOW, hint=""))
    assert found.forecast.at_most.batch == pytest.approx(checked.at_most.batch, rel=0.01)
    assert found.forecast.about.batch == pytest.approx(checked.forecast.about.batch, rel=0.01)


def test_several_rows_in_a_request_are_fewer_requests(estimated, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("body\n" + "Hello\n" * 1_000)
    assert estimated(spec_of(rows, rows_per_request=10)).requests == 100


def test_rows_that_are_no_request_are_left_aside_and_counted(estimated, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text("id,body\na,Hello\na,again\nb,World\n")
    found = estimated(spec_of(rows, id_column="id"))
    assert (found.requests, found.unusable) == (2, 1)


def test_a_source_that_cannot_be_read_is_said_as_a_build_says_it(estimated, tmp_path):
    with pytest.raises(SourceError, match="there is no such file"):
        estimated(spec_of(tmp_path / "gone.csv"))
