"""A workspace that looks like a busy team's last six weeks: a dozen runs with a name, in every state, and their history.

Rows are made when they are read. Only their fates are counted up front, and those when a list is first asked for.
What a machine that sent the runs remembers of them is in `claude_batch_tui/cli/demo_history.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

from claude_batch_tui.simulator import demo_texts as texts
from claude_batch_tui.simulator.batch import SimulatedBatch
from claude_batch_tui.simulator.fates import Fate, Rates
from claude_batch_tui.simulator.rows import MadeRows
from claude_batch_tui.simulator.workspaces import Workspaces

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
_HAIKU, _SONNET, _OPUS = "claude-haiku-4-5", "claude-sonnet-5-5", "claude-opus-5-5"
_PLAIN: Final = Rates(errored=0, expired=0, refused=0, thinking=0.02)
_LABEL: Final = f"Label the ticket. Answer with one of: {', '.join(texts.LABELS)}."


class Part(NamedTuple):
    """One batch of a run: `kind` is submit, pilot, rest or retry, of the rows `first` to `last` where it is not all.

    Times are seconds; `duration` None takes what the simulator would. `is_here` says that its results are on the
    machine that sent it; where it says that they are not, and the batch has ended, nobody has downloaded them yet.
    """

    age: float
    duration: float | None = None
    kind: str = "submit"
    first: int = 0
    last: int | None = None
    canceled_after: float | None = None
    rates: Rates = _PLAIN
    is_here: bool = True


class Work(NamedTuple):
    """One run: what is asked of which rows, and the batches it was sent in. Without `name` another tool has sent it."""

    name: str
    parts: tuple[Part, ...]
    rows: int
    model: str
    row: Callable[[Random], texts.Row]
    prefix: str
    template: str
    source: str = ""
    system: str = ""
    max_tokens: int = 200
    schema: dict[str, Any] | None = None
    right: float = 1.0
    """The share of answers that are the good one; of the others is told another row's."""
    seed: int = 0
    """Two works of one seed have the same rows."""
    tags: tuple[str, ...] = ()
    note: str = ""
    keeps_bodies: bool = True
    """Whether what was sent is still on the machine that sent it."""
    sweep: tuple[str, str] | None = None
    """The name of the sweep it is a run of, and the variant it is there."""
    megabytes: int = 0
    """How large the requests are said to be, where that is not what they are."""

    def custom_id(self, index: int) -> str:
        """The custom_id of a row."""
        return f"{self.prefix}-{index + 10_001}"

    def columns(self, index: int) -> dict[str, str]:
        """A row of its source."""
        return self.row(Random(self.seed << 24 | index))[0]

    def request(self, index: int) -> bytes:
        """A row's request."""
        prompt = self.template
        for name, value in self.columns(index).items():
            prompt = prompt.replace(f"{{{{ {name} }}}}", value)
        params: dict[str, Any] = {
            "model": self.model,
            "max_tokens": self.max_tokens,
            "messages": [{"role": "user", "content": prompt}],
        }
        if self.system:
            params["system"] = self.system
        if self.schema:
            params["output_config"] = {"format": {"type": "json_schema", "schema": self.schema}}
        if not self.is_valid(index):
            params["max_tokens"] = 0
        return msgspec.json.encode({"custom_id": self.custom_id(index), "params": params})

    def answer(self, index: int) -> str:
        """What is answered to a row."""
        is_right = Random(f"{self.model}/{index}").random() < self.right
        return self.row(Random(self.seed << 24 | (index if is_right else index + 1)))[1]

    def is_valid(self, index: int) -> bool:
        """Other tools check less: one of their requests in 400 has a mistake that is found only in the batch."""
        return bool(self.name) or index % 400 != 123


class DemoBatch(NamedTuple):
    """A batch of the workspace, and which rows of which work it was made of."""

    batch: SimulatedBatch
    work: Work
    part: Part
    indexes: Sequence[int]


def fill(workspaces: Workspaces) -> list[DemoBatch]:
    """Put the batches into the default workspace; what they are, the parts of one work together, in their order."""
    behaviour = workspaces.behaviour
    works = [*_runs(behaviour.speed), *_routine(Random(behaviour.seed))]
    return [made for work in works for made in _add(work, workspaces)]


def _add(work: Work, workspaces: Workspaces) -> Iterator[DemoBatch]:
    sent: list[DemoBatch] = []
    for part in work.parts:
        indexes: Sequence[int] = range(part.first, work.rows if part.last is None else part.last)
        if part.kind == "retry":
            before = sent[-1]
            indexes = [index for index in before.indexes if _fate(before, index) is Fate.ERRORED]
        batch = workspaces.add(
            _rows(work, indexes),
            age=part.age,
            duration=part.duration,
            canceled_after=part.canceled_after,
            rates=part.rates,
        )
        sent.append(DemoBatch(batch, work, part, indexes))
    yield from sent


def _fate(made: DemoBatch, index: int) -> Fate:
    custom_id, draw = made.work.custom_id(index), made.batch.draw
    return draw.fate(custom_id, draw.digest(custom_id))


def _rows(work: Work, indexes: Sequence[int]) -> MadeRows:
    return MadeRows(
        len(indexes),
        lambda number: work.request(indexes[number]),
        lambda number: work.answer(indexes[number]),
        lambda number: work.custom_id(indexes[number]),
        lambda number: work.is_valid(indexes[number]),
    )


def _runs(speed: float) -> list[Work]:
    """The runs of the last days, and one that is about to lose its results. Times of what runs obey the speed factor."""
    tickets = Work(
        "support tickets w48",
        (
            Part(55 * MINUTE, 4.2 * MINUTE, "pilot", 0, 40),
            Part(6 * MINUTE / speed, 22 * MINUTE / speed, "rest", 40),
        ),
        800,
        _HAIKU,
        texts.ticket,
        "T",
        "{{ body }}",
        "tickets-w48.csv",
        _LABEL,
        max_tokens=8,
        seed=48,
        tags=("support", "weekly"),
        note="pilot looked right: 40 of 40 labels as by hand",
    )
    evaluation = tickets._replace(
        name="label eval, haiku",
        parts=(Part(4.6 * HOUR, 5.1 * MINUTE),),
        rows=240,
        prefix="E",
        source="tickets-labeled.csv",
        right=0.88,
        seed=7,
        tags=("support", "eval"),
        note="against the column expected",
        sweep=("label eval", "haiku"),
    )
    return [
        Work(
            "product texts", (Part(200 / speed, 245 / speed, is_here=False),), 60, _OPUS, texts.product, "P",
            "Describe the {{ product }} for our shop in at most 60 words. It {{ first }} and {{ second }}.",
            "products.csv", max_tokens=220, seed=3, tags=("shop",), note="for the spring catalogue",
        ),
        tickets,
        Work(
            "", (Part(48 * MINUTE / speed, 62 * MINUTE / speed),), 6_000, _OPUS, texts.ticket_facts, "facts",
            "Extract the facts of the ticket.\n\n{{ body }}", max_tokens=300, schema=texts.FACTS, seed=9,
        ),
        Work(
            "alt texts", (Part(3 * MINUTE / speed, 9 * MINUTE / speed, canceled_after=2.9 * MINUTE / speed),), 320, _SONNET,
            texts.alt_text, "pic", "Write an alt text for {{ file }}, which shows the {{ product }}.", "pictures.csv",
            max_tokens=60, seed=4, tags=("shop",), note="wrong folder of pictures, stopped",
        ),
        Work(
            "ticket facts", (Part(2.2 * HOUR, 7 * MINUTE, rates=Rates(0.012, 0, 0.012, 0)),), 320, _SONNET,
            texts.ticket_facts, "F", "{{ body }}", "tickets-w47.csv", "Extract the facts of the support ticket.",
            max_tokens=130, schema=texts.FACTS, seed=47, tags=("support", "json"),
        ),
        evaluation,
        evaluation._replace(
            name="label eval, sonnet", parts=(Part(4.5 * HOUR, 6.3 * MINUTE),), model=_SONNET, right=0.96,
            sweep=("label eval", "sonnet"),
        ),
        Work(
            "newsletter", (
                Part(9.4 * HOUR, 6.4 * MINUTE, rates=Rates(0.03, 0, 0, 0)), Part(9 * HOUR, 3.2 * MINUTE, "retry"),
            ), 360, _SONNET, texts.article, "N", "{{ text }}", "articles.csv", "Summarise for a newsletter, in one sentence.",
            seed=5, tags=("weekly",), note="overloaded at first; sent again, whole now",
        ),
        Work(
            "review moderation", (Part(1.1 * DAY, 5.5 * MINUTE, rates=Rates(0, 0, 0.035, 0)),), 300, _HAIKU, texts.review,
            "R", "A review with {{ stars }} stars:\n\n{{ review }}", "reviews.csv",
            "Say what to do with the review: publish; publish, and tell support; ask for proof of purchase.",
            max_tokens=40, seed=6, tags=("shop", "weekly"), note="what is refused goes to the queue by hand",
        ),
        Work(
            "meeting minutes", (Part(1.6 * DAY, 3.6 * MINUTE),), 90, _HAIKU, texts.minutes, "M",
            "List the decisions.\n\n{{ notes }}", "minutes.csv", max_tokens=88, seed=8, tags=("office",),
            note="max_tokens was too small: R, then 200",
        ),
        Work(
            "alt texts, first try", (Part(2.2 * DAY, 11 * MINUTE, canceled_after=3.4 * MINUTE),), 240, _SONNET,
            texts.alt_text, "pic", "Write an alt text for {{ file }}, which shows the {{ product }}.", "pictures.csv",
            max_tokens=60, seed=14, tags=("shop",), note="stopped: the prompt named no style",
        ),
        Work(
            "contract clauses", (Part(3.1 * DAY, 25 * HOUR, rates=_PLAIN),), 260, _OPUS, texts.clause, "C",
            "What is this clause about, in one word?\n\n{{ clause }}", "clauses.csv", max_tokens=24, seed=10,
            tags=("legal",), note="the rest expired at 24 h",
        ),
        Work(
            "scanned invoices", (
                Part(5.2 * DAY, 31 * MINUTE, last=240), Part(5.2 * DAY - 90, 26 * MINUTE, first=240),
            ), 440, _SONNET, texts.invoice, "INV", "{{ scan }}", "invoices/", "Read the scanned invoice.",
            max_tokens=120, schema=texts.INVOICE, seed=11, tags=("office", "json"), keeps_bodies=False, megabytes=431,
        ),
        Work(
            "release notes", (Part(8.3 * DAY, 4.4 * MINUTE),), 180, _OPUS, texts.release_note, "RN",
            "Translate into {{ to }}: {{ text }}", "release-notes.csv", max_tokens=120, seed=12, tags=("docs",),
        ),
        Work(
            "customer survey", (Part(29 * DAY - 33 * HOUR, 24 * MINUTE, rates=Rates(0.002, 0, 0.001, 0), is_here=False),),
            1_200, _SONNET, texts.survey, "S", "What does this customer ask for, in one word?\n\n{{ answer }}", "survey.csv",
            max_tokens=16, seed=13, tags=("survey",), note="not downloaded yet", keeps_bodies=False,
        ),
    ]  # fmt: skip


def _routine(random: Random) -> Iterator[Work]:
    """Six weeks of labels every working day. None is of an age at which the API is about to delete its results."""
    for day in range(44, 2, -1):
        if day % 7 >= 5 or 21 <= day < 29:
            continue
        count = random.randrange(120, 420)
        rates = Rates(random.choice((0, 0, 0, 0.004, 0.02)), 0, 0, 0)
        age = day * DAY + random.uniform(1, 9) * HOUR
        yield Work(
            f"nightly labels {day // 7 + 1}w{day % 7 + 1}",
            (Part(age, random.uniform(4, 13) * MINUTE, rates=rates, is_here=False),),
            count,
            _SONNET if day > 36 else _HAIKU,
            texts.ticket,
            "T",
            "{{ body }}",
            "tickets.csv",
            _LABEL,
            max_tokens=8,
            seed=100 + day,
            tags=("nightly",),
            keeps_bodies=False,
        )
