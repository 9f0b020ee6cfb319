"""Submitting in a test, with what a runtime has."""

from __future__ import annotations

from claude_batch_tui.services.submitting import reconcile, run
from claude_batch_tui.services.submitting.send import send


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
        "prices": runtime.prices(),
        "models": runtime.models(),
        "hint": runtime.hint,
        "now": runtime.now,
        "sleep": runtime.sleep,
        "random": runtime.random,
    }
    return run.submit(order, confirm=confirm, **(means | options))


def agree(engine, token, order):
    """Submit through an engine and say yes where it asks; the question, or None where it asked nothing."""
    question = engine.submit(token, order).result(30)
    if question is not None:
        engine.answer(token, agreed=True)
    return question
