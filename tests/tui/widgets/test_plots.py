from claude_batch_tui.tui.widgets.plots import Series, axis_ticks, bars, legend, shown_labels


def count(value):
    return f"{value:,.0f}"


def test_bars_fill_the_width_and_height_they_are_given():
    lines = bars(["a", "b"], [Series("x", [1, 3])], width=40, height=8, tick=count, whole=True)
    assert len(lines) == 8
    assert {len(line) for line in lines[:-1]} == {40}


def test_series_are_told_apart_without_colors():
    both = [Series("x", [2, 2]), Series("y", [2, 0])]
    drawn = "\n".join(bars(["a", "b"], both, width=40, height=12, tick=count))
    assert "█" in drawn
    assert "▒" in drawn
    assert "\x1b" not in drawn
    assert legend(both) == "█ x  ▒ y"


def test_bars_can_be_drawn_in_ascii():
    both = [Series("x", [2, 2]), Series("y", [2, 0])]
    drawn = "\n".join(bars(["a", "b"], both, width=40, height=12, tick=count, ascii_only=True))
    assert "#" in drawn
    assert "=" in drawn
    assert "█" not in drawn


def test_axes_are_marked_with_round_values_up_to_the_highest_bar():
    assert axis_ticks(14, whole=True) == [0, 5, 10, 15]
    assert axis_ticks(3, whole=True) == [0, 1, 2, 3]
    assert axis_ticks(0, whole=True) == [0, 1]
    assert axis_ticks(41.2, whole=False) == [0, 20, 40, 60]


def test_every_value_is_below_the_last_mark_of_its_axis():
    for top in (0.003, 0.07, 0.9, 1, 2.5, 9.99, 10, 101, 99_999):
        ticks = axis_ticks(top, whole=False)
        assert ticks[-1] >= top
        assert ticks[-2] < top
        assert len(ticks) <= 5


def test_as_many_labels_stand_below_as_fit_and_the_last_one_always():
    labels = [f"{day} Nov" for day in range(1, 31)]
    shown = shown_labels(labels, 70)
    assert shown[-1] == 29
    assert len(shown) * 8 <= 70
