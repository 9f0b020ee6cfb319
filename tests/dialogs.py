"""What a dialog says, for those who look for a sentence in it."""

from __future__ import annotations

from claude_batch_tui.tui.widgets.text_view import TextView


def words(app):
    """All its words, a row of the screen each where they are wrapped."""
    views = app.screen.query(TextView)
    rows = [view.render_line(y).text.rstrip() for view in views for y in range(view.size.height)]
    return "\n".join([*(str(each.render()) for each in app.screen.query("Static")), *rows])
