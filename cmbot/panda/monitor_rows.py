"""What all answers of the monitor share: an error tree for refusals, and fields that may be anything.

Pure (reference/panda.md section 2). A row that does not say what it is about is left out, not guessed at.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import CredentialsError, Limited, Refused, RemoteError
from cmbot.wms.masking import masked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Row = Mapping[str, Any]

SUBJECT = "PanDA's monitor"
_LARGEST = 2**63
_AGAIN = ("rejected due to db issue", "request remote address is wrong")
"""Troubles of the server that it answers as if the question had been wrong."""


def payload(status: int, kind: str, body: bytes) -> Any:
    """Take the JSON out of an answer.

    Parameters
    ----------
    status : `int`
        HTTP status.
    kind : `str`
        Content type; parameters behind it do not matter.
    body : `bytes`
        The whole body.

    Returns
    -------
    data : `Any`
        What JSON holds; ``NaN`` and infinities are null.

    Raises
    ------
    CredentialsError
        If the token was refused, or the monitor wants a login.
    Limited
        If there were too many requests in the last hour.
    Refused
        If it blocks this host, or the question was wrong.
    RemoteError
        If it answers with something else than JSON.
    """
    said = masked(" ".join(body[:1000].decode(errors="replace").split()))[:200]
    if status in {301, 302, 303, 307, 308, 401}:
        raise CredentialsError(
            SUBJECT, f"wants other credentials (HTTP {status} {said})", "see panda.monitor"
        )
    if status == 403:
        raise Refused(SUBJECT, f"blocks this host ({said})", "ask its operators; cmbot asks less from now on")
    if status == 429:
        raise Limited(SUBJECT, "too many requests in the last hour")
    if 400 <= status < 500 and not any(trouble in said.lower() for trouble in _AGAIN):
        raise Refused(SUBJECT, f"did not understand the question (HTTP {status} {said})")
    if status != 200:
        raise RemoteError(SUBJECT, f"answers with HTTP {status}", "cmbot tries again")
    if kind.partition(";")[0].strip().lower() not in {"application/json", "text/json"}:
        raise RemoteError(SUBJECT, "answers with a page instead of JSON", "cmbot tries again")
    try:
        return json.loads(body, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise RemoteError(SUBJECT, "answers with something that is no JSON", "cmbot tries again") from None


def rows(data: Any, what: str) -> Iterator[Row]:
    """Go through a list of rows.

    Parameters
    ----------
    data : `Any`
        Should be a list.
    what : `str`
        What of, for the error.

    Yields
    ------
    row : `~collections.abc.Mapping`
        Entries that are none are left out.

    Raises
    ------
    RemoteError
        If it is no list.
    """
    if not isinstance(data, list):
        raise RemoteError(SUBJECT, f"answers with no list of {what}", "cmbot tries again")
    yield from (row for row in data if isinstance(row, dict))


def block(data: Any, name: str) -> Iterator[Row]:
    """Go through one list of an answer that holds several, as `rows`."""
    return rows(data.get(name) if isinstance(data, dict) else None, name)


def integer(row: Row, key: str) -> int | None:
    """Read a whole number, which may come as a text or a float; `None` if there is none."""
    value = row.get(key)
    if isinstance(value, str):
        value = value.strip()
        digits = value[1:] if value[:1] == "-" else value
        value = int(value) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else None
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) and value.is_integer() else None
    known = isinstance(value, int) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST
    return value if known else None


def count(row: Row, key: str) -> int:
    """Read a number of things: 0 for none and for what is no number."""
    return max(0, integer(row, key) or 0)


def text(row: Row, key: str) -> str:
    """Read a text; null and what is no text are empty."""
    value = row.get(key)
    return value.strip() if isinstance(value, str) else ""
