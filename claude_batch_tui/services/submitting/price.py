"""What a submission will cost, as well as that can be known before it is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.domain.money.pricing import PriceTable, cost_forecast, output_history
from claude_batch_tui.services.building.check import CheckReport
from claude_batch_tui.services.building.count_tokens import count_input
from claude_batch_tui.store import usage
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace


async def count_and_price(
    report: CheckReport,
    lines: Callable[[], Iterable[bytes]],
    *,
    connect: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    workspace: Workspace | None,
    prices: PriceTable,
    source: str | None,
) -> CheckReport:
    """The report with its input counted by the API and its answers as long as in earlier batches like it.

    `lines` gives the requests that the report is of. Raises ConfigError where there are no credentials.
    """
    counted = await count_input(lines, api=await connect())
    model, history = report.draft.model, None
    if workspace is not None and model is not None:
        earlier = usage.usage_like(store.database, workspace.scope_id, model=model, source=source)
        history = output_history(earlier)
    return CheckReport(
        report.draft, cost_forecast(report.draft.models, prices, counted=counted, history=history)
    )


def cost_in_flight(store: Store, workspace: Workspace | None) -> float:
    """What the batches of a workspace that have not ended may cost at most, in US dollars."""
    return 0.0 if workspace is None else usage.at_most_in_flight(store.database, workspace.scope_id)
