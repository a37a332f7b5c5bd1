"""Values written short: neighbouring numbers as ranges (requirement C11: ranges, not lists of visits)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmbot.dimensions import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_RANGE = re.compile(r"(\d{1,18})\.\.(\d{1,18})", re.ASCII)


def bounds(item: Value) -> tuple[int, int] | None:
    """Read a range as people write it.

    Parameters
    ----------
    item : `int` or `str`
        A value, or ``0..62``.

    Returns
    -------
    ends : `tuple` [`int`, `int`] or `None`
        First and last value; `None` if it is no range.
    """
    found = _RANGE.fullmatch(item) if isinstance(item, str) else None
    return (int(found[1]), int(found[2])) if found else None


def compact(values: Iterable[Value]) -> list[Value]:
    """Write values short.

    Parameters
    ----------
    values : `~collections.abc.Iterable` [`int` or `str`]
        Sorted, each once.

    Returns
    -------
    items : `list` [`int` or `str`]
        Values, and ranges such as ``3..9`` of three and more neighbouring numbers.
    """
    items, run, following = list[Value](), list[Value](), None
    for value in values:
        if value != following:
            items += _short(run)
            run = []
        run.append(value)
        following = None if isinstance(value, str) else value + 1
    return items + _short(run)


def _short(run: list[Value]) -> list[Value]:
    return run if len(run) < 3 else [f"{run[0]}..{run[-1]}"]


def expanded(items: Sequence[Value]) -> tuple[Value, ...]:
    """Read what `compact` wrote.

    Parameters
    ----------
    items : `~collections.abc.Sequence` [`int` or `str`]
        Values and ranges.

    Returns
    -------
    values : `tuple` [`int` or `str`, ...]
        The values.
    """
    values = list[Value]()
    for item in items:
        ends = bounds(item)
        values += range(ends[0], ends[1] + 1) if ends else [item]
    return tuple(values)
