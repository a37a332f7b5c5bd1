"""How a group tells the Butler which data it means (reference/bps.md section 7).

A closed range where it selects exactly the group, else a table of DataIds. Never a long literal list, which
SQLite refuses from 1,000 on, and never an OR of ANDs, which the Butler expands exponentially.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.dataids import DataIdSet, Value, check_value, dimension
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmbot.splitting.groups import GroupSpec

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


def predicate(group: GroupSpec, existing: Iterable[Value], governors: Mapping[str, str]) -> Predicate:
    """Say which data a group means.

    Parameters
    ----------
    group : `GroupSpec`
        The group.
    existing : `~collections.abc.Iterable` [`int` or `str`]
        All values of the group's dimension for which the inputs hold data, selected or not.
    governors : `~collections.abc.Mapping` [`str`, `str`]
        Instrument and sky map: ``{"instrument": "LSSTCam"}``; what the dimension needs goes into a table.

    Returns
    -------
    predicate : `Predicate`
        A range, a short list of names, or a table: exactly the group's values of the existing ones.

    Raises
    ------
    UserError
        Raised if a value is not possible, or a governor that a table needs is missing.
    """
    if not group.dimension:
        return Predicate()
    first, last = group.values[0], group.values[-1]
    if isinstance(first, int):
        if _alone(group.values, existing):
            return Predicate(where=f"{group.dimension} IN ({first}..{last})")
    elif len(group.values) <= LITERALS:
        quoted = ", ".join(f"'{check_value(group.dimension, value, group.name)}'" for value in group.values)
        return Predicate(where=f"{group.dimension} IN ({quoted})")
    return Predicate(table=_table(group, governors))


def _alone(values: tuple[Value, ...], existing: Iterable[Value]) -> bool:
    """Whether nothing else exists between the first and the last value."""
    everything = sorted({*existing, *values})
    return bisect_right(everything, values[-1]) - bisect_left(everything, values[0]) == len(values)


def _table(group: GroupSpec, governors: Mapping[str, str]) -> DataIdSet:
    needed = dimension(group.dimension, group.name).needs
    missing = [name for name in needed if name not in governors]
    if missing:
        raise UserError(
            group.name,
            f"{group.dimension} needs {', '.join(missing)}",
            "name it in the definition of the step",
        )
    fixed = {name: governors[name] for name in needed}
    return DataIdSet.of(({**fixed, group.dimension: value} for value in group.values), group.name)
