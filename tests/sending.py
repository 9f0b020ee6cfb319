"""Submitting in a test, with what a runtime has."""

from __future__ import annotations

from contextlib import aclosing

from claude_batch_tui.services.submitting import reconcile, run
from claude_batch_tui.services.submitting.send import send
from claude_batch_tui.services.submitting.steps import Ended


def sending(runtime, prepared, **options):
    """The steps of sending one prepared submission."""
    return send(
        prepared,
        connect=runtime.connect,
        store=runtime.store,
        hint=runtime.hint,
        now=runtime.now,
        sleep=runtime.sleep,
        random=runtime.random,
        **options,
    )


def resolving(runtime, submission):
    """The looks for a submission whose answer was lost."""
    return reconcile.resolve_unknown(
        submission,
        connect=runtime.connect,
        store=runtime.store,
        hint=runtime.hint,
        now=runtime.now,
        sleep=runtime.sleep,
        settle=runtime.config.settle,
    )


def submitting(runtime, order, *, confirm, **options):
    """The steps of a whole submission."""
    means = {
        "connect": runtime.connect,
        "store": runtime.store,
        "config": runtime.config,
        "workspace": runtime.workspace,
        "hint": runtime.hint,
        "now": runtime.now,
        "sleep": runtime.sleep,
        "random": runtime.random,
    }
    return run.submit(order, confirm=confirm, **(means | options))


class User:
    """Answers every question, and remembers them."""

    def __init__(self, agrees=True):
        self.agrees = agrees
        self.questions = []

    async def __call__(self, question):
        self.questions.append(question)
        return self.agrees

    @property
    def question(self):
        (question,) = self.questions
        return question


async def taken(runtime, order, user=None, **options):
    """Every step of a submission; those of the same kind after one another are one."""
    found = []
    steps = submitting(runtime, order, confirm=user or User(), **options)
    async with aclosing(steps):
        async for step in steps:
            if found and type(found[-1]) is type(step) is not Ended:
                found[-1] = step
            else:
                found.append(step)
    return found


def agree(engine, token, order):
    """Submit through an engine and say yes where it asks; the question, or None where it asked nothing."""
    question = engine.submit(token, order).result(30)
    if question is not None:
        engine.answer(token, agreed=True)
    return question
