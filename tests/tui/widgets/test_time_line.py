from claude_batch_tui.tui.widgets.time_line import Mark, ruler, spread


def test_a_ruler_is_filled_so_far_and_shows_every_mark():
    marks = [Mark(50, "│"), Mark(100, "┆")]
    assert ruler(100, 30, marks, 12) == "├▒▒▒··│···┆┤"


def test_a_ruler_that_goes_on_ends_in_an_arrow():
    assert ruler(100, 0, [], 6, goes_on=True) == "├····→"
    assert ruler(100, 100, [], 6, goes_on=True, ascii_only=True) == "|====>"


def test_marks_beyond_the_ruler_are_not_drawn():
    assert ruler(100, 0, [Mark(101, "x"), Mark(-1, "x")], 6) == "├····┤"


def test_how_often_things_took_how_long_is_drawn_to_the_scale_of_the_ruler():
    assert spread(100, [5, 5, 55], 12) == " █    ▄     "
    assert spread(100, [5, 55, 500], 12, ascii_only=True) == " @    @   @ "


def test_no_durations_draw_nothing():
    assert spread(100, [], 6) == "      "
