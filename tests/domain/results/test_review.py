"""Answers that are read one at a time, and what somebody says of them by keys."""

from __future__ import annotations

import random

import pytest

from claude_batch_tui.domain.results.review import EntryKey, Review, ReviewQueue, label_choices, sample, says

KEYS = {"g": "good", "b": "bad", "u": "unsure"}


def key_of(position):
    return EntryKey("b1", f"r{position}")


def queue_of(count, known=None, labels=()):
    return ReviewQueue(range(count), key_of, known or {}, labels)


def press(queue, key):
    """What the screen does for a key."""
    if key in KEYS:
        return queue.judge(KEYS[key])
    return queue.choose(int(key)) if key.isdecimal() else queue.undo()


def test_two_hundred_entries_take_one_key_each_and_a_wrong_one_two_more():
    queue, stored, pressed = queue_of(200, labels=["billing", "bug", "praise"]), {}, 0
    choose = random.Random(5)
    while not queue.is_done:
        keys = [choose.choice("gggggbbu123")]
        if pressed % 40 == 39:
            keys = ["g", "z", *keys]  # a slip of the finger
        for key in keys:
            change = press(queue, key)
            stored[change.key] = change.review
            pressed += 1
    slips = 2 * 5
    assert (len(stored), queue.left) == (200, 0)
    assert pressed <= 200 + slips
    assert sum(queue.count(verdict) for verdict in KEYS.values()) == 200
    assert all(review.verdict == "bad" for review in stored.values() if review.label)


def test_the_queue_goes_on_where_it_was_left():
    queue = queue_of(4, {key_of(0): Review("good"), key_of(2): Review("bad", "bug")})
    assert (queue.at, queue.left, queue.labels) == (1, 2, ["bug"])
    queue.judge("unsure")
    assert queue.at == 3
    queue.judge("good")
    assert queue.is_done


def test_every_change_can_be_taken_back_in_turn_and_shows_its_entry():
    queue = queue_of(3)
    queue.judge("good")
    queue.correct("other")
    queue.remark("looks odd")
    assert queue.undo() == (key_of(2), Review())
    assert queue.undo() == (key_of(1), Review())
    assert queue.undo() == (key_of(0), Review())
    assert (queue.at, queue.left, queue.undo()) == (0, 3, None)


def test_a_verdict_that_is_changed_counts_once_and_good_takes_the_label_away():
    queue = queue_of(2)
    queue.correct("bug")
    queue.step(-1)
    assert queue.judge("good").review == Review("good")
    assert (queue.count("good"), queue.count("bad"), queue.left) == (1, 0, 1)


def test_a_note_stays_with_its_entry_and_with_its_verdict():
    queue = queue_of(2)
    assert queue.remark(" see ticket ").review == Review(note="see ticket")
    assert queue.at == 0
    assert queue.judge("bad").review == Review("bad", None, "see ticket")


def test_a_typed_label_gets_the_next_key():
    queue = queue_of(3, labels=["a"])
    queue.correct("b")
    assert queue.choose(2).review.label == "b"
    assert queue.choose(3) is None
    assert queue.correct("  ") is None


@pytest.mark.parametrize(
    ("review", "expected"),
    [
        (Review("good"), "yes"),
        (Review("bad", "no"), "no"),
        (Review("bad"), None),
        (Review("unsure"), None),
    ],
)
def test_what_is_right_is_the_label_or_a_good_answer(review, expected):
    assert review.expected("yes") == expected


def test_a_sample_is_the_same_for_the_same_seed_and_in_the_order_of_the_file():
    positions = range(1000)
    first = sample(positions, 200, 7)
    assert first == sample(positions, 200, 7) == sorted(first)
    assert (len(set(first)), first != sample(positions, 200, 8)) == (200, True)
    assert list(sample(positions, 5000)) == list(positions)


def test_labels_are_those_that_short_answers_or_one_field_of_json_give():
    assert label_choices(["bug", "billing ", "bug", "x" * 90, "a\x1bb"]) == ["bug", "billing"]
    answers = [f'{{"label": "{label}", "why": "because {n}"}}' for n, label in enumerate(["a", "b"] * 9)]
    assert label_choices(answers) == ["a", "b"]
    assert label_choices([f"answer {n}" for n in range(30)]) == []


def test_the_label_that_the_answer_says_makes_it_good():
    answers = ["bug", '{"label": "bug", "why": "x"}', "praise"]
    queue = ReviewQueue(
        range(3), lambda at: EntryKey("b", str(at)), {}, ["bug"], lambda at, label: says(answers[at], label)
    )
    assert [queue.choose(1).review.verdict for _ in answers] == ["good", "good", "bad"]
    assert not says("[1]", "bug")
    assert not says("{", "{x")
