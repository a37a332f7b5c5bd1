"""Lengths of work as Jira writes them: ``1w 2d 3h 4m``, with weeks of five days of eight hours."""

from __future__ import annotations

import re

from .errors import FieldProblem

SECONDS = {"w": 5 * 8 * 3600, "d": 8 * 3600, "h": 3600, "m": 60}
LIMIT = 10**9
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([wdhm]?)", re.ASCII)


def read(text: object) -> int:
    """Seconds of a written length; a number without a letter is minutes.

    Raises
    ------
    FieldProblem
        Raised for anything else.
    """
    written = str(text).strip().casefold()
    parts = _PART.findall(written)
    if not parts or _PART.sub("", written).strip() or len(written) > 40:
        raise FieldProblem(f"Invalid time duration '{str(text)[:40]}': expected for example 3w 4d 12h.")
    seconds = sum(float(number) * SECONDS[unit or "m"] for number, unit in parts)
    if seconds > LIMIT:
        raise FieldProblem("The time duration is too long.")
    return int(seconds)


def written(seconds: int) -> str:
    """A number of seconds in Jira's words; whole minutes only."""
    parts, rest = [], seconds
    for unit, size in SECONDS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0m"
