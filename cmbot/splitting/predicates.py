"""How a group tells the Butler which data it means (reference/bps.md section 7).

A closed range where it selects exactly the group, else a table of DataIds. Never a long literal list, which
SQLite refuses from 1,000 on, and never an OR of ANDs, which the Butler expands exponentially.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from cmbot.dataids import DataIdSet
from cmbot.dimensions import Value, check_values, dimension
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cmbot.splitting.groups import GroupSpec, Part

LITERALS = 20
"""Longest literal list of names (bands, filters): names sort differently in different databases, so a range
over them would not be portable."""


@dataclass(frozen=True)
class Predicate:
    """What is added to the step's query; both empty for a step that is not split."""

    where: str = ""
    """Expression to be ANDed with the step's query; empty for none."""
    table: DataIdSet | None = None
    """Table for ``--data-id-table``; `None` for none."""

    def applied_to(self, query: str) -> str:
        """The data query of a group.

        Parameters
        ----------
        query : `str`
            The step's query.

        Returns
        -------
        query : `str`
            Both together, with the step's query in parentheses.
        """
        if not self.where:
            return query
        return f"({query}) AND {self.where}" if query else self.where


def predicates(
    groups: Sequence[GroupSpec], existing: Mapping[str, Iterable[Value]], governors: Mapping[str, str]
) -> tuple[Predicate, ...]:
    """Say which data groups mean.

    Parameters
    ----------
    groups : `~collections.abc.Sequence` [`GroupSpec`]
        The groups.
    existing : `~collections.abc.Mapping` [`str`, `~collections.abc.Iterable`]
        By dimension, all values for which the inputs hold data, selected or not.
    governors : `~collections.abc.Mapping` [`str`, `str`]
        Instrument and sky map: ``{"instrument": "LSSTCam"}``; what a dimension needs goes into a table.

    Returns
    -------
    predicates : `tuple` [`Predicate`, ...]
        Of each group ranges, short lists of names, or a table: exactly its values of the existing ones.

    Raises
    ------
    UserError
        Raised if a value is not possible, or a governor that a table needs is missing.
    """
    known = {name: sorted(values) for name, values in existing.items()}
    short: dict[Part, str] = {}
    for part in {part for group in groups for part in group.parts}:
        short[part] = _short(part, known[part.dimension])
    return tuple(_predicate(group, short, governors) for group in groups)


def _predicate(group: GroupSpec, short: Mapping[Part, str], governors: Mapping[str, str]) -> Predicate:
    where = " AND ".join(short[part] for part in group.parts if short[part])
    long = [part for part in group.parts if not short[part]]
    return Predicate(where, _table(group.name, long, governors) if long else None)


def _short(part: Part, existing: Sequence[Value]) -> str:
    """Write a part as an expression; empty if none is short and exact."""
    first, last = part.values[0], part.values[-1]
    if isinstance(first, int):
        between = existing[bisect_left(existing, first) : bisect_right(existing, last)]
        exact = between == list(part.values) or set(part.values).issuperset(between)
        return f"{part.dimension} IN ({first}..{last})" if exact else ""
    if len(part.values) > LITERALS:
        return ""
    checked = check_values(part.dimension, part.values, part.dimension)
    quoted = ", ".join(f"'{value}'" for value in checked)
    return f"{part.dimension} IN ({quoted})"


def _table(name: str, parts: Sequence[Part], governors: Mapping[str, str]) -> DataIdSet:
    needed = sorted({one for part in parts for one in dimension(part.dimension, name).needs})
    for one in needed:
        if one not in governors:
            raise UserError(
                name, f"{parts[0].dimension} needs {one}", "name it in the definition of the step"
            )
    fixed = {one: governors[one] for one in needed}
    names = [part.dimension for part in parts]
    rows = product(*(part.values for part in parts))
    return DataIdSet.of((fixed | dict(zip(names, row, strict=True)) for row in rows), name)
