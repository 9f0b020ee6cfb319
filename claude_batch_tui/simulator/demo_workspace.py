"""A workspace that looks like a busy team's last six weeks: every state, several models, sizes and languages.

Rows are made when they are read. Only their fates are counted up front, and those when a list is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import msgspec

from claude_batch_tui.simulator.demo_texts import (
    ARTICLES,
    DESCRIPTIONS,
    SUMMARIES,
    TICKET_ANSWERS,
    TICKETS,
    details,
)
from claude_batch_tui.simulator.fates import Rates
from claude_batch_tui.simulator.rows import MadeRows
from claude_batch_tui.simulator.workspaces import Workspaces

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

Task = Callable[[Random], tuple[dict[str, Any], str | None]]
"""Makes the params (without the model) and the answer of one row; None leaves the answer to the simulator."""


class Plan(NamedTuple):
    """One batch of the workspace. Times are seconds; `duration` None takes what the simulator would."""

    age: float
    requests: int
    model: str
    task: Task
    prefix: str
    duration: float | None = None
    canceled_after: float | None = None
    rates: Rates | None = None


def fill(workspaces: Workspaces) -> None:
    """Put the batches into the default workspace."""
    seed = workspaces.behaviour.seed
    # Times of what still runs obey the speed factor as every processing time does.
    speed = workspaces.behaviour.speed
    for number, plan in enumerate([*_history(Random(seed)), *_now(speed)]):
        workspaces.add(
            _rows(plan, seed * 1000 + number),
            age=plan.age,
            duration=plan.duration,
            canceled_after=plan.canceled_after,
            rates=plan.rates,
        )


def _now(speed: float) -> list[Plan]:
    """The last day: what runs, what is being canceled, and one of each way to end."""
    haiku, sonnet, opus = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5"
    calm = Rates(errored=0, expired=0, refused=0, thinking=0.02)
    return [
        Plan(20 / speed, 25, haiku, ticket_label, "pilot", 150 / speed),
        Plan(100 / speed, 1_200, haiku, ticket_label, "ticket", 340 / speed),
        Plan(7 * MINUTE / speed, 4_000, sonnet, article_summary, "article", 11 * MINUTE / speed),
        Plan(48 * MINUTE / speed, 20_000, opus, ticket_facts, "facts", 62 * MINUTE / speed),
        Plan(
            6 * MINUTE / speed, 800, opus, product_text, "product", 30 * MINUTE / speed, 5.8 * MINUTE / speed
        ),
        Plan(2.2 * HOUR, 10_000, haiku, ticket_label, "ticket", 17 * MINUTE, None, Rates(0.011, 0, 0.002, 0)),
        Plan(5.0 * HOUR, 640, sonnet, article_summary, "article", 6.4 * MINUTE, None, calm),
        Plan(9.5 * HOUR, 310, opus, product_text, "product", 8.1 * MINUTE, None, Rates(0.09, 0, 0.01, 0)),
        Plan(1.3 * DAY, 2_400, sonnet, ticket_facts, "facts", 12 * MINUTE, 4 * MINUTE),
        Plan(2.1 * DAY, 900, opus, article_summary, "article", 26 * HOUR, None, Rates(0.004, 0, 0, 0.05)),
    ]


def _history(random: Random) -> list[Plan]:
    """Six weeks of similar batches: a label run every working day, weekly summaries, product texts now and then."""
    plans = []
    for day in range(42, 2, -1):
        if day % 7 < 5:
            plans.append(Plan(
                day * DAY + random.uniform(1, 9) * HOUR, random.randrange(350, 1_400), "claude-haiku-5-5" if day < 38
                else "claude-haiku-4-5", ticket_label, "ticket", rates=Rates(random.choice((0, 0, 0.004, 0.02)), 0, 0, 0),
                duration=random.uniform(4, 13) * MINUTE,
            ))  # fmt: skip
        if day % 7 == 2:
            plans.append(Plan(
                day * DAY + random.uniform(1, 9) * HOUR, random.randrange(120, 700), random.choice(
                    ("claude-sonnet-5-5", "claude-sonnet-5", "claude-opus-5")
                ), article_summary, "article", duration=random.uniform(5, 16) * MINUTE,
            ))  # fmt: skip
        if day % 11 == 0:
            plans.append(Plan(
                day * DAY + random.uniform(1, 9) * HOUR, random.randrange(60, 300), "claude-opus-5-5", product_text,
                "product", duration=random.uniform(4, 9) * MINUTE, rates=Rates(0, 0, 0, 0.1),
            ))  # fmt: skip
    return plans


def _rows(plan: Plan, seed: int) -> MadeRows:
    def row(index: int) -> tuple[dict[str, Any], str | None]:
        return plan.task(Random(seed << 24 | index))

    def make(index: int) -> bytes:
        # One request in 400 has a mistake that the API finds only while it processes the batch.
        params = row(index)[0]
        if plan.rates and plan.rates.errored and index % 400 == 123:
            params["max_tokens"] = 0
        name = f"{plan.prefix}-{index + 1:05d}"
        return msgspec.json.encode({"custom_id": name, "params": {"model": plan.model, **params}})

    def custom_id(index: int) -> str:
        return f"{plan.prefix}-{index + 1:05d}"

    def valid(index: int) -> bool:
        return not (plan.rates and plan.rates.errored and index % 400 == 123)

    return MadeRows(plan.requests, make, lambda index: row(index)[1], custom_id, valid)


def ticket_label(random: Random) -> tuple[dict[str, Any], str | None]:
    """One word for a ticket."""
    label, text = random.choice(TICKETS)
    prompt = "Answer with one of: billing, bug, shipping, returns, praise, other.\n\n" + text.format(
        **details(random)
    )
    answer = label if random.random() < 0.97 else "other"
    return {"max_tokens": 16, "messages": [{"role": "user", "content": prompt}]}, answer


def ticket_facts(random: Random) -> tuple[dict[str, Any], str | None]:
    """The facts of a ticket as JSON."""
    label, text = random.choice(TICKETS)
    facts = details(random)
    schema = {
        "type": "object",
        "properties": {
            "category": {"type": "string", "enum": sorted(TICKET_ANSWERS)},
            "order": {"type": ["string", "null"]},
            "summary": {"type": "string"},
            "urgent": {"type": "boolean"},
        },
        "required": ["category", "order", "summary", "urgent"],
        "additionalProperties": False,
    }
    answer = {
        "category": label,
        "order": facts["order"] if "{order}" in text else None,
        "summary": TICKET_ANSWERS[label].format(**facts),
        "urgent": label in {"bug", "shipping"} and random.random() < 0.4,
    }
    return {
        "max_tokens": 300,
        "system": "Extract the facts of the support ticket.",
        "messages": [{"role": "user", "content": text.format(**facts)}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    }, msgspec.json.encode(answer).decode()


def article_summary(random: Random) -> tuple[dict[str, Any], str | None]:
    """Two sentences for an article."""
    which, facts = random.randrange(len(ARTICLES)), details(random)
    return {
        "max_tokens": 200,
        "system": "Summarise for a newsletter, in one sentence.",
        "messages": [{"role": "user", "content": ARTICLES[which].format(**facts)}],
    }, SUMMARIES[which].format(**facts)


def product_text(random: Random) -> tuple[dict[str, Any], str | None]:
    """A shop's description of a product."""
    facts = details(random)
    prompt = "Describe the {product} for our shop in at most 60 words. It {first} and {second}.".format(
        **facts
    )
    return {
        "max_tokens": 220,
        "messages": [{"role": "user", "content": prompt}],
    }, random.choice(DESCRIPTIONS).format(**facts)
