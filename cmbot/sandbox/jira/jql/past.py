"""WAS and CHANGED: conditions on the history.

Each issue's history of a field is a row of periods (value, who set it, from when to when), the first of
which begins with the issue.
"""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.sandbox.jira.errors import JiraError

from . import searchers
from .functions import INSTANTS, PEOPLE, evaluate
from .memberships import FOR_EVER, memberships
from .tree import Call, Empty
from .values import instant_of, user

if TYPE_CHECKING:
    from collections.abc import Callable

    from .tree import Operand, Past, Predicate
    from .values import Asker

Sql = tuple[str, tuple[Any, ...]]
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class _Remembered:
    """A field whose history can be searched; Jira has these few."""

    id: str
    """Field id."""
    periods: Callable[[Asker], Sql]
    """Gives a query for periods: ``issue_id``, ``value`` as the history keeps it, ``author``, ``begins``,
    ``ends``."""
    kept: Callable[[Asker, Any], list[str]]
    """From a stored value to what the history keeps for it."""


def _single(
    name: str, now: str, kept: Callable[[Asker, Any], str] = lambda _, value: str(value)
) -> _Remembered:
    """A field with one value; ``now`` is an SQL expression of the present one as the history keeps it."""
    items = "history_items n JOIN histories h ON h.id = n.history_id WHERE n.field_id = ?"
    # with MIN, SQLite takes the other columns from the row that holds it
    first = _select("h.issue_id, n.from_id, MIN(h.id)", f"{items} GROUP BY h.issue_id")
    value = f"CASE WHEN f.issue_id IS NULL THEN {now} ELSE f.from_id END"
    start = _select(
        f"i.id AS issue_id, 0 AS step, i.created AS begins, i.creator AS author, {value} AS value",
        f"issues i LEFT JOIN ({first}) f ON f.issue_id = i.id",
    )
    later = _select("h.issue_id, h.id, h.created, h.author, n.to_id", items)
    ends = f"LEAD(begins, 1, {FOR_EVER}) OVER (PARTITION BY issue_id ORDER BY step)"
    rows = _select(f"*, {ends} AS ends", f"({start} UNION ALL {later})")
    return _Remembered(name, lambda _: (rows, (name, name)), lambda asker, value: [kept(asker, value)])


def _select(columns: str, source: str) -> str:
    """A query made of this module's own words; what people wrote goes in as values."""
    return f"SELECT {columns} FROM {source}"  # noqa: S608 - see above


def _person(field: str) -> _Remembered:
    name = f"json_extract(i.fields, '$.{field}')"
    key = f"(SELECT 'JIRAUSER' || u.id FROM users u WHERE u.name = {name})"  # noqa: S608 - a name from the table below
    return _single(field, key, lambda asker, value: asker.site.config.users[value].key)


def _listed(field: str) -> _Remembered:
    return _single(field, f"json_extract(i.fields, '$.{field}')")


def _versions(field: str) -> _Remembered:
    columns = ["issue_id", "value", "author", "begins", "ends"]
    parts = (f"json_extract(value, '$[{number}]') AS {name}" for number, name in enumerate(columns))
    rows = _select(", ".join(parts), "json_each(?)")
    return _Remembered(field, lambda asker: (rows, (json.dumps(memberships(asker.site, field)),)), _called)


def _called(asker: Asker, name: str) -> list[str]:
    """The numbers of all versions of a name, as several projects may have one."""
    versions = (one for project in asker.site.config.projects.values() for one in project.versions)
    return [str(one.id) for one in versions if one.name.casefold() == name.casefold()]


_FIELDS = {
    "status": _single("status", "CAST(i.status_id AS TEXT)"),
    "assignee": _person("assignee"),
    "reporter": _person("reporter"),
    "priority": _listed("priority"),
    "resolution": _listed("resolution"),
    "fixversion": _versions("fixVersions"),
}


def condition(asker: Asker, past: Past) -> Sql:
    """Compile a condition on the history.

    Raises
    ------
    JiraError
        Raised with 400 for a field without searchable history, and unknown values and predicates.
    """
    field = _FIELDS.get(past.field.casefold())
    if field is None:
        searchers.find(asker.site, past.field)  # an unknown field is the greater mistake
        raise JiraError(400, f"History searches do not support the field '{past.field}'.")
    if past.operator.endswith("changed"):
        rows, values = _changes(asker, past, field)
    else:
        rows, values = _periods(asker, past, field)
    return f"i.id {'NOT ' if 'not' in past.operator.split() else ''}IN ({rows})", values


def _changes(asker: Asker, past: Past, field: _Remembered) -> Sql:
    creations = _select("history_id", "history_items WHERE field = 'Status'")  # Cloud writes one; no change
    parts: list[Sql] = [
        ("n.field_id = ?", (field.id,)),
        ("n.from_id IS NOT n.to_id", ()),
        (f"h.id NOT IN ({creations})", ()),
    ]
    for predicate in past.predicates:
        match predicate.word:
            case "from":
                parts.append(_among("n.from_id", asker, past.field, field, predicate.operands))
            case "to":
                parts.append(_among("n.to_id", asker, past.field, field, predicate.operands))
            case _:
                parts.append(_narrowed(asker, past, predicate, "h.author", "h.created", "h.created"))
    where, values = _all(parts)
    table = "history_items n JOIN histories h ON h.id = n.history_id"
    return _select("h.issue_id", f"{table} WHERE {where}"), values


def _periods(asker: Asker, past: Past, field: _Remembered) -> Sql:
    parts = [_among("value", asker, past.field, field, past.operands), ("ends > begins", ())]
    for predicate in past.predicates:
        if predicate.word in ("from", "to"):
            raise JiraError(
                400,
                f"The predicate '{predicate.word}' is not supported by the '{past.operator}' operator.",
            )
        parts.append(_narrowed(asker, past, predicate, "author", "begins", "ends"))
    where, values = _all(parts)
    rows, first = field.periods(asker)
    return _select("issue_id", f"({rows}) WHERE {where}"), (*first, *values)


def _all(parts: list[Sql]) -> Sql:
    return " AND ".join(sql for sql, _ in parts), tuple(value for _, values in parts for value in values)


def _among(column: str, asker: Asker, name: str, field: _Remembered, operands: tuple[Operand, ...]) -> Sql:
    """Whether a kept value is one of those written; EMPTY is no value."""
    searcher = searchers.find(asker.site, name)
    written = (operand for operand in operands if not isinstance(operand, Empty))
    found = [
        kept
        for operand in written
        for value in searchers.values_of(asker, name, searcher, operand)
        for kept in field.kept(asker, value)
    ]
    empty = f" OR {column} IS NULL" if any(isinstance(operand, Empty) for operand in operands) else ""
    return f"({column} IN ({', '.join('?' * len(found))}){empty})", tuple(found)


def _narrowed(asker: Asker, past: Past, predicate: Predicate, author: str, begins: str, ends: str) -> Sql:
    word, operands = predicate.word, predicate.operands
    if word == "by":
        names = [name for operand in operands for name in _people(asker, past.field, operand)]
        return f"{author} IN ({', '.join('?' * len(names))})", tuple(names)
    wanted = 2 if word == "during" else 1
    if len(operands) != wanted:
        raise JiraError(400, f"The predicate '{word}' takes {wanted} date(s), {len(operands)} given.")
    instants = [_instant(asker, past.field, operand) for operand in operands]
    match word:
        case "before":
            return f"{begins} < ?", (instants[0],)
        case "after":
            return f"{ends} > ?", (instants[0],)
        case "on":
            instants = _day(asker, instants[0])
    return f"({begins} <= ? AND {ends} >= ?)", (instants[1], instants[0])


def _people(asker: Asker, field: str, operand: Operand) -> list[str]:
    if isinstance(operand, Empty):
        raise JiraError(400, "The predicate 'by' does not support EMPTY.")
    if isinstance(operand, Call):
        return evaluate(asker, PEOPLE, operand)
    return [user(asker, field, operand)]


def _instant(asker: Asker, field: str, operand: Operand) -> int:
    if isinstance(operand, Empty):
        raise JiraError(400, f"A date is expected in the history search of '{field}', not EMPTY.")
    if isinstance(operand, Call):
        return int(evaluate(asker, INSTANTS, operand)[0])
    return instant_of(asker, field, operand)


def _day(asker: Asker, instant: int) -> list[int]:
    """First and last millisecond of the caller's day around an instant."""
    zone = zoneinfo.ZoneInfo(asker.user.time_zone)
    local = dt.datetime.fromtimestamp(instant / 1000, zone).replace(tzinfo=None)
    begin = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        int(begin.replace(tzinfo=zone).timestamp() * 1000),
        int((begin + _DAY).replace(tzinfo=zone).timestamp() * 1000) - 1,
    ]
