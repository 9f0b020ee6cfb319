"""What a check found, by cause and in the user's file."""

from datetime import UTC, datetime

from claude_batch_tui.config import load
from claude_batch_tui.domain.requests.draft import Problem, Severity
from claude_batch_tui.services.building.build import build
from claude_batch_tui.services.building.check import check_file, report_of
from claude_batch_tui.services.building.problem_groups import grouped, in_source
from claude_batch_tui.sources.recipe import BuildSpec


def test_a_warning_names_the_file_the_row_and_the_id_of_the_user_and_no_file_of_ours(tmp_path):
    config, _ = load({"data_dir": tmp_path / "data", "config_dir": tmp_path / "config"}, {})
    rows = tmp_path / "tickets.csv"
    rows.write_text("id,body\nbad,\nA 1,Hello\nA 2,World\nA 3,Hello\n")
    spec = BuildSpec(
        kind="csv",
        path=str(rows),
        prompt_column="body",
        id_column="id",
        model="claude-haiku-4-5",
        max_tokens=5,
    )
    *_, report = build(spec, out=tmp_path / "draft.jsonl", skip_bad_rows=True)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    found = report_of(check_file(report.files.requests, config, now, hint=""))
    (before,) = [one for one in found.draft.problems if one.code == "duplicate_prompt"]
    assert (before.line, before.message) == (3, "the request says the same as that of line 1")
    (problem,) = [
        one for one in in_source(found, report.files.rows).draft.problems if one.code == before.code
    ]
    assert (problem.file, problem.line, problem.custom_id) == (str(rows), 5, "A 3")
    assert problem.message == "the request says the same as that of line 3"


def test_causes_come_with_errors_first_and_then_by_how_often_they_came():
    def problem(code, line, severity=Severity.WARNING):
        return Problem(code, f"{code} is wrong", severity, "f.csv", line)

    problems = [problem("rare", 1), *(problem("often", line) for line in range(2, 9))]
    problems += [problem("bad", 10, Severity.ERROR), Problem("all", "of all", Severity.WARNING)]
    groups = grouped(problems, {"rare": 1, "often": 2_000, "bad": 1, "all": 1})
    assert [(group.code, group.is_error, group.count) for group in groups] == [
        ("bad", True, 1),
        ("often", False, 2_000),
        ("rare", False, 1),
        ("all", False, 1),
    ]
    assert [group.is_of_rows for group in groups] == [True, True, True, False]
