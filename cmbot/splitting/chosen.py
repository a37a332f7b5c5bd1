"""Sets of DataIds that people include or exclude, applied to groups (requirements C1, C7).

What can be said by the values of a dimension that is split restricts these before they are cut. The rest is
said group by group: inclusion as a table for ``--data-id-table``, exclusion as a short ``NOT``, else as the
table of what is left. Rows that hold no data do no harm there: a table restricts, it makes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from cmbot.dataids import DataIdSet
from cmbot.dimensions import Value, dimension
from cmbot.exceptions import UserError
from cmbot.splitting.predicates import Predicate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cmbot.models.campaign import SplitRule
    from cmbot.splitting.files import Lists
    from cmbot.splitting.groups import GroupSpec

GOVERNORS = frozenset({"instrument", "skymap"})
TERMS = 100
"""Most terms of an expression: SQLite refuses deep ones (reference/bps.md section 7)."""
LISTED = 100
"""Most values in one term."""
ROWS = 2_000_000
"""Most rows of a table."""
_SHOWN = 5

_Rows = list[dict[str, Value]]


@dataclass(frozen=True)
class Chosen:
    """What people chose, beside the query."""

    included: DataIdSet | None = None
    """Only these; `None` for all."""
    excluded: DataIdSet | None = None
    """Not these."""
    tagged: bool = False
    """Whether a TAGGED collection says what is included, so that groups need not."""
    lists: Lists = ()
    """Groups of the file that the split rule names."""

    def rule(self, rule: SplitRule) -> SplitRule:
        """Give a split rule with the groups of its file.

        Parameters
        ----------
        rule : `~cmbot.models.campaign.SplitRule`
            As it is defined.

        Returns
        -------
        rule : `~cmbot.models.campaign.SplitRule`
            With lists in place of a file.
        """
        return replace(rule, file="", sha256="", lists=self.lists) if rule.file else rule

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Dimensions of the sets, without instrument and sky map."""
        sets = [one for one in (self.included, self.excluded) if one]
        return tuple(dict.fromkeys(key for one in sets for key in _own(one)))

    def restricted(self, selected: Mapping[str, Iterable[Value]]) -> dict[str, tuple[Value, ...]]:
        """Restrict what a query selects.

        Parameters
        ----------
        selected : `~collections.abc.Mapping`
            Values by dimension that is split.

        Returns
        -------
        values : `dict` [`str`, `tuple`]
            What is left.
        """
        return {name: tuple(self._left(name, values)) for name, values in selected.items()}

    def existing(self, found: Mapping[str, Sequence[Value]]) -> dict[str, Sequence[Value]]:
        """Restrict what there is to what is read: of a TAGGED collection only what is included.

        Parameters
        ----------
        found : `~collections.abc.Mapping`
            Values by dimension for which the inputs hold data.

        Returns
        -------
        values : `dict` [`str`, `~collections.abc.Sequence`]
            What is left.
        """
        if not (self.tagged and self.included):
            return dict(found)
        there = {key: set(self.included.values(key)) for key in self.included.keys}
        return {
            name: [value for value in values if value in there[name]] if name in there else values
            for name, values in found.items()
        }

    def require(self, governors: Mapping[str, str], subject: str) -> None:
        """See that the sets are of the same instrument and sky map as the data.

        Parameters
        ----------
        governors : `~collections.abc.Mapping` [`str`, `str`]
            Instrument and sky map of the data.
        subject : `str`
            What an error is about.

        Raises
        ------
        UserError
            If they are of others.
        """
        for found in (self.included, self.excluded):
            for name in GOVERNORS & set(found.keys) if found else ():
                others = sorted(map(str, set(found.values(name)) - {governors.get(name)})) if found else []
                if others:
                    problem = f"its DataIds are of {', '.join(others)}, the data of {governors.get(name)}"
                    raise UserError(f"{subject}: {name}", problem, "correct the set")

    def _left(self, name: str, values: Iterable[Value]) -> Iterable[Value]:
        included = set(self.included.values(name)) if self.included and name in self.included.keys else None
        excluded = (
            set(self.excluded.values(name)) if self.excluded and _own(self.excluded) == [name] else set()
        )
        if included is None and not excluded:
            return values
        kept = (value for value in values if value not in excluded)
        return kept if included is None else (value for value in kept if value in included)

    def unknown(self, existing: Mapping[str, Iterable[Value]]) -> Iterator[str]:
        """Say which DataIds there are no data for.

        Parameters
        ----------
        existing : `~collections.abc.Mapping`
            Values by dimension for which the inputs hold data.

        Yields
        ------
        line : `str`
            One for each set and dimension.
        """
        for what, found in (("included", self.included), ("excluded", self.excluded)):
            for key in _own(found) if found else ():
                lacking = sorted(set(found.values(key)) - set(existing[key])) if found else []
                if lacking:
                    shown = ", ".join(map(str, lacking[:_SHOWN])) + (" …" if len(lacking) > _SHOWN else "")
                    yield f"{what}: {len(lacking)} values of {key} are not in the inputs: {shown}"

    def applied(
        self,
        group: GroupSpec,
        said: Predicate,
        existing: Mapping[str, Sequence[Value]],
        governors: Mapping[str, str],
    ) -> Predicate:
        """Restrict one group.

        Parameters
        ----------
        group : `~cmbot.splitting.groups.GroupSpec`
            The group, cut of what `restricted` left.
        said : `~cmbot.splitting.predicates.Predicate`
            Which data it means.
        existing : `~collections.abc.Mapping`
            Values by dimension for which the inputs hold data.
        governors : `~collections.abc.Mapping` [`str`, `str`]
            Instrument and sky map.

        Returns
        -------
        predicate : `~cmbot.splitting.predicates.Predicate`
            Which data it means now.

        Raises
        ------
        UserError
            If nothing is left, or it cannot be said.
        """
        members = {part.dimension: set(part.values) for part in group.parts}
        rows = _of(self.included, members) if self._needs_rows(members) else None
        without = _of(self.excluded, members) if self._needs_exclusion(members) else []
        if rows is not None and without and set(without[0]) <= set(rows[0] if rows else ()):
            keys, gone = list(without[0]), {tuple(row.values()) for row in without}
            rows, without = [row for row in rows if tuple(row[key] for key in keys) not in gone], []
        if rows is not None:
            said = _narrowed(group.name, said, rows)
        if not without:
            return said
        terms = list(_terms(without))
        if len(terms) <= TERMS:
            return replace(said, where=" AND ".join([said.where, *terms] if said.where else terms))
        return _narrowed(group.name, said, list(_left(without, members, existing, governors)))

    def _needs_rows(self, members: Mapping[str, set[Value]]) -> bool:
        if self.tagged:
            return False
        return bool(self.included and (len(_own(self.included)) > 1 or _own(self.included)[0] not in members))

    def _needs_exclusion(self, members: Mapping[str, set[Value]]) -> bool:
        return bool(self.excluded and (len(_own(self.excluded)) > 1 or _own(self.excluded)[0] not in members))


NOTHING = Chosen()
"""No restriction."""


def _own(dataids: DataIdSet) -> list[str]:
    return [key for key in dataids.keys if key not in GOVERNORS]


def _of(dataids: DataIdSet | None, members: Mapping[str, set[Value]]) -> _Rows:
    """Rows of a set that concern a group."""
    return [
        row
        for row in dataids or ()
        if all(row[name] in values for name, values in members.items() if name in row)
    ]


def _narrowed(name: str, said: Predicate, rows: _Rows) -> Predicate:
    """Restrict a group to rows, beside those it is restricted to already."""
    if said.table:
        shared = set(said.table.keys) & set(rows[0] if rows else ())
        if len(said.table) * len(rows) > ROWS and not shared - GOVERNORS:
            raise UserError(
                name, f"needs a table of {len(said.table) * len(rows)} rows", "make smaller groups"
            )
        rows = _joined(list(said.table), rows, sorted(shared))
    if not rows:
        raise UserError(name, "holds no DataIds that are included", "correct the sets, or the data query")
    return Predicate(said.where, DataIdSet.of(rows, name))


def _joined(left: _Rows, right: _Rows, shared: Sequence[str]) -> _Rows:
    found: dict[tuple[Value, ...], _Rows] = {}
    for row in right:
        found.setdefault(tuple(row[key] for key in shared), []).append(row)
    return [one | other for one in left for other in found.get(tuple(one[key] for key in shared), ())]


def _terms(rows: _Rows) -> Iterator[str]:
    """Write rows that are excluded: one term for all that differ in the last key only."""
    keys = [key for key in rows[0] if key not in GOVERNORS]
    last = keys.pop()
    together: dict[tuple[Value, ...], list[Value]] = {}
    for row in rows:
        together.setdefault(tuple(row[key] for key in keys), []).append(row[last])
    for values, several in together.items():
        for begin in range(0, len(several), LISTED):
            listed = ", ".join(map(_literal, several[begin : begin + LISTED]))
            fixed = [f"{key} = {_literal(value)}" for key, value in zip(keys, values, strict=True)]
            yield f"NOT ({' AND '.join([*fixed, f'{last} IN ({listed})'])})"


def _literal(value: Value) -> str:
    # A name was checked when the set was read: no quote can be in it.
    return f"'{value}'" if isinstance(value, str) else str(value)


def _left(
    without: _Rows,
    members: Mapping[str, set[Value]],
    existing: Mapping[str, Sequence[Value]],
    governors: Mapping[str, str],
) -> Iterator[dict[str, Value]]:
    """Everything of a group that is not excluded."""
    keys = [key for key in without[0] if key not in GOVERNORS]
    fixed: dict[str, Value] = {
        one: governors[one] for key in keys for one in dimension(key, key).needs if one in governors
    }
    gone = {tuple(row[key] for key in keys) for row in without}
    for row in product(*(sorted(members.get(key) or existing[key], key=str) for key in keys)):
        if row not in gone:
            yield fixed | dict(zip(keys, row, strict=True))
