"""A workspace that looks like a busy team's last six weeks: every state, several models, sizes and five languages.

Rows are made when they are read. Only their fates are counted up front, and those when a list is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

from claude_batch_tui.simulator.fates import Rates
from claude_batch_tui.simulator.rows import MadeRows
from claude_batch_tui.simulator.workspaces import Workspaces

TICKETS: Final = (
    ("billing", "I was charged twice for {product} in {month}. Order {order}. Please refund one of the payments."),
    ("bug", "Since the update {product} closes as soon as I open the settings. Order {order}, Android 16."),
    ("shipping", "Order {order} was due last Tuesday and tracking has not moved since {city}. Where is my {product}?"),
    ("returns", "The {product} is smaller than I thought. How do I send it back, and who pays? Order {order}."),
    ("billing", "Die Rechnung zu {order} nennt eine falsche Umsatzsteuer-ID. Können Sie sie korrigieren?"),
    ("bug", "Der {product} verbindet sich nach dem Aufwachen nicht mehr mit dem WLAN. Neustart hilft nur kurz."),
    ("shipping", "Bonjour, mon colis {order} est bloqué à {city} depuis cinq jours. Pouvez-vous vérifier ?"),
    ("returns", "Quisiera devolver el {product}: llegó con un rasguño en la parte inferior. Pedido {order}."),
    ("other", "注文 {order} の {product} について、保証期間はいつまでですか。説明書には書かれていません。"),
    ("praise", "Just wanted to say that the {product} is the best thing I bought this year. Greetings from {city}!"),
)  # fmt: skip

TICKET_ANSWERS: Final = {
    "billing": "The customer reports a wrong charge for order {order} and asks for a correction. Urgency: medium.",
    "bug": "The {product} fails after a recent change; restarting helps only briefly. Ask for the firmware version.",
    "shipping": "Parcel {order} has been stuck in {city} for days. Open a search with the carrier and tell the customer.",
    "returns": "The customer wants to return the {product} (order {order}) and asks who pays the postage.",
    "other": "A question about the warranty of the {product}. Two years from delivery; no action needed.",
    "praise": "A thank-you from {city} for the {product}. No action needed; may be quoted with permission.",
}  # fmt: skip

PRODUCTS: Final = (
    "Lumen desk lamp", "Fjord kettle", "Atlas backpack 24 L", "Pico label printer", "Nimbus air monitor",
    "Cedar standing desk", "Orbit bike light", "Kite travel charger", "Moss wool blanket", "Quill e-paper tablet",
)  # fmt: skip

FEATURES: Final = (
    "charges over USB-C in two hours", "weighs less than a paperback", "is made of recycled aluminium",
    "comes with a five-year guarantee", "can be repaired with one screwdriver", "is quiet enough for a library",
    "remembers the last setting", "folds flat for the train",
)  # fmt: skip

DESCRIPTIONS: Final = (
    "Meet the {product}: it {first}, and it {second}. Made for people who would rather use a thing than look after it.",
    "The {product} {first}. It also {second}, which you will notice on the first evening and then never think of again.",
    "Der {product} hält, was ein Alltag verlangt: gut verarbeitet, leise, reparierbar. Für alle, die Dinge lange behalten.",
    "Le {product} tient dans la main et dans la durée. Simple, silencieux, réparable : l'essentiel, bien fait.",
    "El {product} está pensado para usarse todos los días: ligero, silencioso y fácil de reparar.",
)  # fmt: skip

ARTICLES: Final = (
    (
        "The harbour authority of {city} will close two of its seven berths for repairs until {month}. Ferries keep their "
        "timetable, but freight is diverted to the northern terminal. The port expects delays of up to a day and has asked "
        "hauliers to book slots in advance. Residents had complained about night work; the new plan ends it at ten."
    ),
    (
        "A study of 1,840 households in {city} found that heat pumps used 31 percent less energy than their owners had "
        "expected, mostly because the old boilers had been set too high. The authors warn that the sample leaned towards "
        "well-insulated homes, and will repeat the measurements in {month}."
    ),
    (
        "The city library of {city} lends more board games than films for the first time. Loans doubled within a year, and "
        "a waiting list of three weeks has formed for the most popular ones. From {month} on the library will open a room "
        "where games can be tried, run by volunteers."
    ),
)  # fmt: skip


SUMMARIES: Final = (
    "{city} closes two of seven berths until {month}; ferries run as usual, freight goes north with delays of up to a day.",
    "Heat pumps in {city} used 31 % less energy than expected, though the sample favoured well-insulated homes.",
    "Board games overtook films at {city}'s library; a volunteer-run games room opens in {month}.",
)  # fmt: skip

CITIES: Final = (
    "Lisbon",
    "Tromsø",
    "Leipzig",
    "Osaka",
    "Lyon",
    "Bilbao",
    "Halifax",
    "Gdańsk",
    "Valparaíso",
    "Hobart",
)
MONTHS: Final = ("January", "February", "March", "April", "May", "June", "September", "October", "November")


def details(random: Random) -> dict[str, str]:
    """What the templates ask for, chosen for one row."""
    first, second = random.sample(FEATURES, 2)
    return {
        "product": random.choice(PRODUCTS),
        "city": random.choice(CITIES),
        "month": random.choice(MONTHS),
        "order": f"{random.choice('ABCDEFGH')}{random.randrange(10_000, 99_999)}",
        "first": first,
        "second": second,
    }


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
