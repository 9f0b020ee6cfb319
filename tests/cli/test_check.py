"""`cbtui check` as a script sees it: stdout, stderr, exit code."""

import json

import pytest

from claude_batch_tui.cli.main import main


def request(custom_id="a", **changes):
    params = {"model": "claude-opus-5", "max_tokens": 1000, "messages": [{"role": "user", "content": "hi"}]}
    return json.dumps({"custom_id": custom_id, "params": params | changes})


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*lines, options=()):
        (tmp_path / "r.jsonl").write_text("\n".join(lines), "utf-8")
        code = main(["check", "r.jsonl", *options], open_dashboard=lambda _: 99)
        return code, *capsys.readouterr()

    return run


def test_a_good_file_is_described_and_priced(check):
    code, out, err = check(
        *(request(f"id-{number}", metadata={"user_id": f"{number:04}"}) for number in range(1000))
    )
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "format    JSON Lines: requests of the Message Batches API",
        "requests  1,000 (1.0% of the limit of 100,000)",
        "size      163.9 kB (0.1% of the limit of 256.0 MB)",
        "model     claude-opus-5: 1,000",
        "cost      at most $12.66; prices and models as of 2026-11-29",
        "standard  at most $25.33; batching saves up to $12.66",
        "input     about 36,389 tokens, $0.09 (3.6 bytes a token, ±25%)",
        "output    at most 1,000,000 tokens (every answer at max_tokens)",
        "0 errors, 0 warnings",
    ]


def test_errors_come_first_with_counts_and_places_and_end_with_2(check):
    lines = (request("a", top_p=1), "", request("a"), request("b", stream=True), request("c", stream=True))
    code, out, err = check(*lines, options=("--examples", "1"))
    assert (code, err) == (2, "cbtui: r.jsonl has errors (4): it cannot be sent as it is.\n")
    assert out.splitlines()[-8:] == [
        "error sampling_param: 1 time",
        "  r.jsonl:1: `top_p` is refused under `api_version` 2026-10-21: leave it out, or set an earlier one in config.toml",
        "error duplicate_custom_id: 1 time",
        "  r.jsonl:3: custom_id 'a' repeats that of line 1; it is unique in a batch",
        "error stream: 2 times",
        "  r.jsonl:4: streaming does not exist in a batch; leave `stream` out",
        "  … and 1 more",
        "4 errors, 0 warnings",
    ]


def test_warnings_alone_end_with_0(check):
    assert check(request(model="mine"))[0] == 0


def test_a_model_without_a_price_says_so(check):
    code, out, _ = check(request(model="claude-mythos-preview"))
    assert code == 0
    assert (
        "cost      no price is known for claude-mythos-preview (1 request); no cost is guessed for it" in out
    )
    assert "$" not in out


def test_what_will_be_fetched_is_said_to_be_in_no_figure(check):
    document = {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}
    _, out, _ = check(request(messages=[{"role": "user", "content": [document]}]))
    assert (
        "not in it: files, URLs, server tools, compactions and advisors without a limit of 1 request" in out
    )


def test_the_users_own_prices_are_used(check, own_folders):
    (own_folders / "config").mkdir()
    (own_folders / "config" / "prices.toml").write_text("batch_factor = 1.0\n")
    assert "batching saves up to $0.00" in check(request())[1]


def test_json_has_the_same_facts(check):
    code, out, _ = check(request("a"), request("a"), options=("--json",))
    report = json.loads(out)
    assert code == 2
    assert (report["ok"], report["requests"], report["errors"]) == (False, 2, 1)
    assert report["models"] == {"claude-opus-5": 2}
    assert report["counts"] == {"duplicate_custom_id": 1}
    assert report["problems"][0]["line"] == 2
    assert report["cost"]["standard_at_most"] == pytest.approx(2 * report["cost"]["at_most"])


def test_json_has_no_cost_where_a_price_is_missing(check):
    report = json.loads(check(request(model="mine"), options=("--json",))[1])
    assert report["cost"]["at_most"] is None
    assert report["cost"]["models_without_price"] == ["mine"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "r.jsonl: the file is empty. There is nothing to make requests from."),
        ("\x00", "r.jsonl: this is a binary file, not text. Name a text file."),
    ],
)
def test_a_file_that_is_none_is_one_sentence(check, content, sentence):
    assert check(content) == (2, "", f"cbtui: {sentence}\n")


def test_a_file_of_blank_lines_has_no_requests(check):
    code, out, _ = check("", "", " ")
    assert code == 2
    assert "r.jsonl: there are no requests in the file" in out


def test_a_pretty_printed_file_is_told_what_json_lines_are(check):
    code, _, err = check("[", request(), "]")
    assert code == 2
    assert "this is a JSON array, and a requests file has a request on each line" in err
    assert "cbtui build jsonl" in err
