"""What the headers of an answer say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from claude_batch_tui.api.protocol import ResponseFacts
from claude_batch_tui.redaction import redact


def response_facts(headers: Mapping[str, str], seconds: float) -> ResponseFacts:
    """The facts of an answer that took `seconds`."""
    server_date = _date(headers.get("date"))
    left = headers.get(f"{_RATE}-remaining", "")
    return ResponseFacts(
        request_id=_said(headers, "request-id"),
        workspace_id=_said(headers, "anthropic-workspace-id"),
        organization_id=_said(headers, "anthropic-organization-id"),
        retry_after=retry_after_seconds(headers.get("retry-after")),
        server_date=server_date,
        seconds=seconds,
        requests_left=int(left) if left.isascii() and left.isdigit() else None,
        reset_in=_until(headers.get(f"{_RATE}-reset"), server_date),
    )


def _said(headers: Mapping[str, str], name: str) -> str | None:
    """A header that is shown and written down, without secrets."""
    value = headers.get(name)
    return value and redact(value)


_RATE = "anthropic-ratelimit-requests"
"""Seen on list, create and results as -limit, -remaining and -reset (RFC 3339), 2026-09-02."""


def _until(value: str | None, server_date: datetime | None) -> float | None:
    try:
        reset = datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
    if reset is None or server_date is None or reset.tzinfo is None:
        return None
    return max((reset - server_date).total_seconds(), 0.0)


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds a Retry-After asks for, as a number or a date; None where it is absent or makes no sense."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        date = _date(value)
        if date is None:
            return None
        seconds = (date - (now or datetime.now(UTC))).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _date(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        parsed = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
