"""Instants in JQL."""

from __future__ import annotations

import datetime as dt
import re

LIMIT = 10**15
"""Milliseconds; what lies further away is no date."""
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60}
_RELATIVE = re.compile(r"[+-]?(?:\d+[wdhm]\s*)+", re.IGNORECASE)
_ABSOLUTE = ("%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M", "%Y/%m/%d")


def instant(text: str, *, quoted: bool, now: int, zone: dt.tzinfo) -> int | None:
    """Milliseconds since 1970, or None if the text is no instant.

    Parameters
    ----------
    text : `str`
        ``2026-11-20 08:30`` (minute precision, in the caller's zone), ``-10m``, or milliseconds.
    quoted : `bool`
        Whether it had quotes; milliseconds must not (reference jira.md, section 8.3).
    now : `int`
        The present, for relative texts.
    zone : `datetime.tzinfo`
        The caller's time zone.
    """
    text = text.strip()
    if re.fullmatch(r"-?\d{1,15}", text):
        return None if quoted else int(text)
    if _RELATIVE.fullmatch(text):
        seconds = sum(
            int(n) * _UNITS[unit.lower()] for n, unit in re.findall(r"(\d{1,9})([wdhm])", text, re.IGNORECASE)
        )
        found = now + (-seconds if text.startswith("-") else seconds) * 1000
        return found if abs(found) < LIMIT else None
    for form in _ABSOLUTE:
        try:
            moment = dt.datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
        return int(moment.timestamp() * 1000)
    return None
