"""Which of several attempts stands for a request."""

import random

import numpy as np

from claude_batch_tui.domain.results.merging import choose


def chosen(lines, *, keeps_nameless=True, hashed=hash):
    """The places kept of (id, is good), and the attempts of all."""
    ids = [name for name, _ in lines]
    kept = choose(
        np.array([hashed(name) for name in ids], np.int64),
        np.array([good for _, good in lines], bool),
        np.array([bool(name) for name in ids], bool),
        lambda first, second: ids[first] == ids[second],
        keeps_nameless=keeps_nameless,
    )
    return np.flatnonzero(kept.mask).tolist(), kept.attempts.tolist()


def plainly(lines):
    """The same, line by line."""
    kept, attempts, count = {}, [], {}
    for place, (name, good) in enumerate(lines):
        count[name] = count.get(name, 0) + 1
        attempts.append(count[name])
        if name not in kept or good or not lines[kept[name]][1]:
            kept[name] = place
    return sorted(kept.values()), attempts


def test_the_newest_good_line_is_kept_else_the_newest_of_any_kind():
    lines = [("a", True), ("b", False), ("c", False), ("b", True), ("c", False), ("a", False), ("b", True)]
    assert chosen(lines) == ([0, 4, 6], [1, 1, 1, 2, 2, 2, 3])


def test_it_says_what_a_loop_over_lines_says_where_hashes_are_the_same_too():
    for seed in range(200):
        chance = random.Random(seed)
        lines = [(f"r{chance.randrange(8)}", chance.random() < 0.4) for _ in range(chance.randrange(1, 30))]
        hashed = hash if seed % 2 else lambda name: ord(name[1]) % 3
        assert chosen(lines, hashed=hashed) == plainly(lines), lines


def test_lines_without_an_id_stand_for_themselves_or_for_nothing():
    lines = [("", False), ("a", True), ("", False)]
    assert chosen(lines)[0] == [0, 1, 2]
    assert chosen(lines, keeps_nameless=False)[0] == [1]
    assert chosen([("", False)], keeps_nameless=False)[0] == []
