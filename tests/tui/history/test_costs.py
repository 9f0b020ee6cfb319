"""The costs on a screen of their own."""

from __future__ import annotations

import pytest

from claude_batch_tui.domain.batches.costs import CostLine, Costs
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.store import batches
from claude_batch_tui.tui.batches.screen import BatchesScreen
from claude_batch_tui.tui.history.costs import cost_lines
from claude_batch_tui.tui.widgets.text_view import TextView

KEY = "sk-ant-sim-demo-000000000000a1b2"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_fits_and_keeps_what_was_billed_however_narrow_it_is(width):
    line = CostLine("2026-11-20", 12, 9, 120_000, 1234.5, 2469.0, 3000.0, 1.0, 99.5, 250.25, 3, 2)
    lines = [each.text for each in cost_lines(Costs("day", (line,), line), "2026-11", width=width)]
    table = lines[1:4]
    assert max(map(len, table)) <= width
    assert all("$1,234.50" in each for each in table[1:])
    assert ("REQUESTS" in table[0]) == (width == 200)
    assert any("3 batches of unknown cost" in each for each in lines)


async def test_a_key_shows_the_costs_of_a_month_by_day_another_groups_them_by_run_and_esc_leads_back(
    dashboard, config, filled, week, settled
):
    filled(week)
    runtime = Runtime(config, api_key=KEY)
    scope_id = runtime.workspace.scope_id
    batches.record_cost(runtime.store.database, scope_id, week[0][1].id, "at_most", 41.25, None)
    runtime.store.close()
    app = dashboard()

    def shown():
        return "\n".join(line[0] for line in app.screen.query_one(TextView)._shown)

    async with app.run_test(size=(120, 30)) as pilot:
        await settled(pilot)
        await pilot.press("dollar_sign")
        await settled(pilot)
        assert "2026-11-20" in shown()
        assert "IN FLIGHT: at most $41.25" in shown()
        await pilot.press("b", "b", "b")
        await settled(pilot)
        assert "nightly-eval-1120" in shown()
        await pilot.press("right_square_bracket")
        await settled(pilot)
        assert "nightly-eval-1120" not in shown()
        assert "pilot" in shown()
        await pilot.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
        await settled(pilot)
        assert "nightly-eval-1120" in shown()
        assert "all that is known is shown" in app.messages[-1][0]
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, BatchesScreen)
