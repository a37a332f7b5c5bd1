"""When an issue had which versions: the history of a field that holds several values, one item for each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.sandbox.jira.site import Site

Period = tuple[int, str | None, str, int, int]
"""Issue, value (None while there is none), who brought that about, from when to when in milliseconds."""
FOR_EVER = 9_000_000_000_000_000
_Change = tuple[int, str, set[str], set[str]]
"""When, by whom, what came and what went."""


def memberships(site: Site, field: str) -> list[Period]:
    """The periods of every value of a field on every issue, and those without a value."""
    changes = _changes(site, field)
    sql = "SELECT id, created, creator, json_extract(fields, ?) AS kept FROM issues"
    return [
        period
        for row in site.store.rows(sql, f"$.{field}")
        for period in _periods(
            row["id"],
            row["created"],
            row["creator"],
            {str(number) for number in json.loads(row["kept"] or "[]")},
            changes.get(row["id"], []),
        )
    ]


def _changes(site: Site, field: str) -> dict[int, list[_Change]]:
    """The changes of every issue, oldest first."""
    sql = """SELECT h.issue_id, h.id, h.created, h.author, n.from_id, n.to_id FROM history_items n
             JOIN histories h ON h.id = n.history_id WHERE n.field_id = ? ORDER BY h.id"""
    found: dict[int, dict[int, _Change]] = {}
    for row in site.store.rows(sql, field):
        several = found.setdefault(row["issue_id"], {})
        _, _, came, went = several.setdefault(row["id"], (row["created"], row["author"], set(), set()))
        came |= {row["to_id"]} - {None}
        went |= {row["from_id"]} - {None}
    return {issue: list(several.values()) for issue, several in found.items()}


def _periods(
    issue: int, created: int, creator: str, now: set[str], changes: list[_Change]
) -> Iterator[Period]:
    for _, _, came, went in reversed(changes):
        now = (now - came) | went
    beginning: set[str | None] = {*now} or {None}
    since = dict.fromkeys(beginning, (creator, created))
    for at, author, came, went in changes:
        now = (now - went) | came
        there: set[str | None] = {*now} or {None}
        for value in since.keys() - there:
            yield issue, value, *since.pop(value), at
        for value in there - since.keys():
            since[value] = (author, at)
    for value, begin in since.items():
        yield issue, value, *begin, FOR_EVER
