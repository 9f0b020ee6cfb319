"""A run as one page: whole, without scripts, everything in it escaped."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

_VOID = {"meta", "br"}


class Page(HTMLParser):
    """The elements, attributes and text of a page; every element that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words, self.open = set(), [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


HOSTILE = "<img src=x onerror=alert(1)></pre><script>alert(2)</script> &amp; \x1b]0;x\x07 \"'"


@pytest.fixture
def results(tmp_path):
    path = tmp_path / "answers <b>.jsonl"
    with path.open("w") as file:
        for number in range(60):
            usage = {"input_tokens": 100 + number, "output_tokens": 5}
            text = HOSTILE if number % 2 else "bug"
            message = {
                "model": "claude-haiku-4-5", "content": [{"type": "text", "text": text}], "usage": usage,
                "stop_reason": "end_turn",
            }  # fmt: skip
            result = {"type": "succeeded", "message": message} if number else {"type": "expired"}
            file.write(json.dumps({"custom_id": f"x{number}", "result": result}) + "\n")
    (tmp_path / "labels.csv").write_text("id,label\n" + "".join(f"x{n},<i>bug\n" for n in range(60)))
    return path


def test_a_page_has_no_script_and_what_was_answered_is_text_in_it(results, cbtui, tmp_path):
    page = tmp_path / "r.html"
    told = ("report", results, "-o", page, "--sample", "7")
    code, _, err = cbtui(*told, "--expected", "label", "--expected-file", tmp_path / "labels.csv")
    assert code == 0, err
    text = page.read_text()
    found = Page(text)
    assert found.open == []
    assert found.tags.isdisjoint({"script", "img", "i", "b", "link", "iframe", "object", "form", "a"})
    assert not any(name.startswith("on") or name in ("src", "href") for name, _ in found.attributes)
    assert "\x1b" not in text
    words = "".join(found.words)
    assert "<script>alert(2)</script> &amp;" in words
    assert "7 of 60, drawn with seed 0" in words
    assert "Accuracy0.0%" in words.replace("\n", "")
    assert "<i>bug" in words
    assert found.tags >= {"svg", "rect", "table", "pre"}
    assert "is there already" in cbtui(*told)[2]


def test_the_same_seed_draws_the_same_sample_and_another_one_another(results, cbtui, tmp_path):
    def shown(seed):
        page = tmp_path / "r.html"
        assert cbtui("report", results, "-o", page, "--seed", seed, "--sample", "10", "--force")[0] == 0
        return page.read_text().partition("<h2>Sample")[2].replace(f"seed {seed}", "")

    assert shown(1) == shown(1)
    assert shown(1) != shown(2)


@pytest.mark.slow
def test_a_run_tells_what_was_sent_and_shows_its_prompts(cbtui, simulator, requests_file, tmp_path):
    batch = cbtui("submit", requests_file(3), "--yes", "--name", "mine")[1].strip()
    cbtui("watch", batch, "--interval", "1")
    code, _, err = cbtui("report", "mine", "-o", tmp_path / "r.html")
    assert code == 0, err
    words = "".join(Page((tmp_path / "r.html").read_text()).words)
    request = json.loads(requests_file(3).read_text().splitlines()[0])
    assert batch in words
    assert request["params"]["messages"][0]["content"] in words
