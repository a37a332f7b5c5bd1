"""The history of an issue, in the forms of both deployments (reference/jira.md sections 3 and 8.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import RemoteError
from cmbot.jira_schema import values
from cmbot.jira_schema.editing import EDITING
from cmbot.models.issues import Edit, Move, Person

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.jira_schema.names import Names

STATUS = "status"
_MILLISECONDS = 10**11
"""An epoch number from here on counts milliseconds: as seconds it would be the year 5138."""


@dataclass(frozen=True)
class Change:
    """One field that an entry changed."""

    field: str
    """Id of the field where the deployment says it (Cloud), else its name; in lower case."""
    source: str
    """Value before, as people see it; empty for none."""
    target: str
    """Value after, as people see it; empty for none."""


@dataclass(frozen=True)
class Entry:
    """One entry of the history: everything that one act changed."""

    id: int
    """Unique on the site; grows within an issue."""
    at: datetime
    """When, with its zone."""
    by: Person
    """Who."""
    changes: tuple[Change, ...]
    """May be empty."""


def entries(subject: str, histories: Sequence[Mapping[str, Any]]) -> tuple[Entry, ...]:
    """Read entries as Jira lists them.

    Parameters
    ----------
    subject : `str`
        Key of the issue, for messages.
    histories : `~collections.abc.Sequence`
        Entries of ``expand=changelog`` (Data Center: all; Cloud: newest first), of ``/changelog`` or of
        ``changelog/bulkfetch``, whose ``created`` is a number. Pages may overlap.

    Returns
    -------
    entries : `tuple` [`Entry`, ...]
        Each once, oldest first.

    Raises
    ------
    RemoteError
        If an entry has another form.
    """
    try:
        found = {entry.id: entry for entry in map(_entry, histories)}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise RemoteError(
            subject, "Jira gave its history in an unknown form", "check Jira's version"
        ) from None
    return tuple(sorted(found.values(), key=lambda entry: (entry.at, entry.id)))


def changes(items: Sequence[Mapping[str, Any]] | None) -> tuple[Change, ...]:
    """Read what an entry, or the changelog of a webhook, changed.

    Parameters
    ----------
    items : `~collections.abc.Sequence` or `None`
        ``items`` of the entry; they come in any order.

    Returns
    -------
    changes : `tuple` [`Change`, ...]
        In Jira's order.
    """
    return tuple(
        Change(_field(item), str(item.get("fromString") or ""), str(item.get("toString") or ""))
        for item in items or ()
    )


def acts(
    issue_id: str, key: str, histories: Sequence[Mapping[str, Any]], names: Names
) -> tuple[tuple[Move, ...], tuple[Edit, ...]]:
    """Read the changes of status, and of the fields that people fill in, in a history.

    Parameters
    ----------
    issue_id, key : `str`
        The issue.
    histories : `~collections.abc.Sequence`
        Its history entries, as for `entries`.
    names : `~cmbot.jira_schema.names.Names`
        The site's names.

    Returns
    -------
    moves, edits
        Oldest first.

    Raises
    ------
    RemoteError
        If an entry has an unknown form.
    """
    moves, edits = [], []
    for entry in entries(key, histories):
        by = names.former.get(entry.by.account, entry.by)
        for change in entry.changes:
            if change.field == STATUS:
                source, target = names.status(change.source), names.status(change.target)
                moves.append(Move(issue_id, key, entry.id, entry.at, by, source, target))
            elif (field := names.changed.get(change.field)) and field in EDITING:
                edits.append(Edit(entry.id, entry.at, by, field, change.source, change.target))
    return tuple(moves), tuple(edits)


def _entry(data: Mapping[str, Any]) -> Entry:
    return Entry(
        id=int(data["id"]),
        at=_time(data["created"]),
        by=values.person(data.get("author") or {}),
        changes=changes(data.get("items")),
    )


def _field(item: Mapping[str, Any]) -> str:
    # Creation on Cloud writes "Status". Data Center has no ids; there a custom field may bear a system
    # field's name, and only its type tells them apart.
    if field_id := item.get("fieldId"):
        return str(field_id).lower()
    name = str(item.get("field") or "").lower()
    return f"custom {name}" if item.get("fieldtype") == "custom" else name


def _time(created: Any) -> datetime:
    if isinstance(created, int | float):
        seconds = created / 1000 if created >= _MILLISECONDS else created
        return datetime.fromtimestamp(seconds, UTC)
    return values.time(created)
