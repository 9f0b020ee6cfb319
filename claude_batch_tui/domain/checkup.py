"""What a check of the installation found, and what to do about it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """How a check came out; `skip` is one that could not be made here."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    SKIP = "skip"


class Check(msgspec.Struct, frozen=True):
    """One check: its name, how it came out, what was found as a phrase, and what to do, if anything.

    `error` is the kind of failure of a bad one: config, api or store.
    """

    check: str
    verdict: Verdict
    found: str
    advice: str = ""
    error: str = ""


def ok(check: str, found: str) -> Check:
    """All is well."""
    return Check(check, Verdict.OK, found)


def warn(check: str, found: str, advice: str) -> Check:
    """It works, but not as well as it could, or not for long."""
    return Check(check, Verdict.WARN, found, advice)


def bad(check: str, found: str, advice: str, error: str) -> Check:
    """It does not work."""
    return Check(check, Verdict.BAD, found, advice, error)


def skip(check: str, found: str) -> Check:
    """It could not be looked at."""
    return Check(check, Verdict.SKIP, found)
