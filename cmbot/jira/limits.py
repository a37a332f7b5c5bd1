"""What Jira's answers say about its limits (reference/jira.md section 10, RFC 9110 section 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

LONGEST_WAIT = timedelta(days=1)
_FEW = 0.1
"""Share of a limit that is left when requests begin to be spread."""
_LONGEST_GAP = 2.0
"""Seconds, while anything is left."""


def asks_to_wait(response: requests.Response) -> bool:
    """Tell whether an answer asks to wait.

    Parameters
    ----------
    response : `requests.Response`
        The answer.

    Returns
    -------
    asks : `bool`
        429 always; 503 if it says for how long.
    """
    return response.status_code == 429 or (response.status_code == 503 and "Retry-After" in response.headers)


def pause(response: requests.Response) -> timedelta | None:
    """Read how long to wait: ``Retry-After`` in both its forms, or else ``X-RateLimit-Reset``.

    Parameters
    ----------
    response : `requests.Response`
        The answer.

    Returns
    -------
    wait : `datetime.timedelta` or `None`
        `None` if it is missing, 0, past or unreadable: then cmbot's own back-off holds. At most a day.
    """
    for name in ("Retry-After", "X-RateLimit-Reset"):
        wait = _wait(response.headers.get(name, "").strip(), response)
        if wait > timedelta():
            return min(wait, LONGEST_WAIT)
    return None


def retry_at(response: requests.Response) -> datetime | None:
    """Say when to try again.

    Parameters
    ----------
    response : `requests.Response`
        The answer.

    Returns
    -------
    at : `datetime.datetime` or `None`
        In UTC; `None` as in `pause`.
    """
    wait = pause(response)
    return None if wait is None else datetime.now(UTC) + wait


def gap(response: requests.Response) -> float:
    """Say how far apart requests should be, judged by what is left of the limit.

    Parameters
    ----------
    response : `requests.Response`
        The answer.

    Returns
    -------
    seconds : `float`
        0 far from the limit; near it what is left is spread until Data Center's bucket is filled again
        or Cloud's reset comes.
    """
    headers = response.headers
    limit, left = _number(headers.get("X-RateLimit-Limit")), _number(headers.get("X-RateLimit-Remaining"))
    near = headers.get("X-RateLimit-NearLimit", "").casefold() == "true"
    if not near and (limit is None or left is None or left > limit * _FEW):
        return 0.0
    fill = _number(headers.get("X-RateLimit-FillRate"))
    interval = _number(headers.get("X-RateLimit-Interval-Seconds"))
    left = left or 0.0
    if not (fill and interval):
        interval = _wait(headers.get("X-RateLimit-Reset", ""), response).total_seconds()
    if left < 1:
        return interval
    return min(max(interval / fill if fill else 0.0, interval / (left + 1)), _LONGEST_GAP)


def _wait(text: str, response: requests.Response) -> timedelta:
    try:
        seconds = _number(text)
        return timedelta(seconds=seconds) if seconds is not None else _until(text, response)
    except (ValueError, TypeError, OverflowError):
        return timedelta()


def _number(text: str | None) -> float | None:
    return float(text) if text and text.replace(".", "", 1).isdigit() else None


def _until(text: str, response: requests.Response) -> timedelta:
    # Against the server's own clock where it tells it: the two clocks may differ.
    sent = response.headers.get("Date")
    return _instant(text) - (_instant(sent) if sent else datetime.now(UTC))


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
