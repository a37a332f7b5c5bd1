"""The history: one atomic entry for every change, with ids that grow over the whole store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .fieldtypes import TYPES
from .happenings import Happening

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .configuration import Project, User
    from .fielddefinition import Field
    from .fieldinput import Stored
    from .fieldtrace import Trace
    from .happenings import Kind, Subject
    from .site import Site


_NOTHING: Trace = (None, None)


@dataclass(frozen=True)
class Item:
    """One changed thing."""

    field: str
    """Name: the id of a system field, the display name of a custom field."""
    kind: str
    """``jira`` or ``custom``."""
    field_id: str | None
    """Field id, where there is a field."""
    old: Trace
    """Before: id and text."""
    new: Trace
    """After: id and text."""


@dataclass(frozen=True)
class Entry:
    """One change."""

    id: int
    """Number."""
    author: str
    """Login name of who did it."""
    created: int
    """When, in milliseconds."""
    metadata: Mapping[str, Any] | None
    """``historyMetadata`` as it was sent."""
    items: tuple[Item, ...]
    """What changed."""


def item(site: Site, field: Field, old: Stored, new: Stored) -> Item:
    """The history item of a changed field."""
    trace = TYPES[field.type].trace
    return Item(
        field=field.name if field.custom else field.id,
        kind="custom" if field.custom else "jira",
        field_id=field.id,
        old=trace(site, field, old),
        new=trace(site, field, new),
    )


def items(site: Site, project: Project, field: Field, old: Stored, new: Stored) -> list[Item]:
    """The history items of a changed field: one for each component or version that came or went."""
    if field.type not in ("components", "versions"):
        return [item(site, field, old, new)]
    names = {option.id: option.value for option in project.choices(field.type)}
    went = [
        (number, (str(number), names[number]), _NOTHING) for number in old or [] if number not in (new or [])
    ]
    came = [
        (number, _NOTHING, (str(number), names[number])) for number in new or [] if number not in (old or [])
    ]
    word = {"components": "Component", "versions": "Version", "fixVersions": "Fix Version"}[field.id]
    return [Item(word, "jira", field.id, before, after) for _, before, after in [*went, *came]]


def record(
    site: Site,
    issue: int,
    author: User,
    items: Sequence[Item],
    metadata: Mapping[str, Any] | None = None,
    now: int | None = None,
    kind: Kind = "changed",
    about: Subject | None = None,
) -> None:
    """Write one entry, move the issue's ``updated`` and tell; without items only what it is about is told."""
    if not items and about is None:
        return
    now = site.store.now() if now is None else now
    entry = _write(site, issue, author, items, metadata, now) if items else None
    touch(site, issue, now)
    site.announce(Happening(kind, issue, author, now, entry=entry, about=about))


def _write(
    site: Site,
    issue: int,
    author: User,
    items: Sequence[Item],
    metadata: Mapping[str, Any] | None,
    now: int,
) -> int:
    entry = site.store.insert(
        "histories",
        issue_id=issue,
        author=author.name,
        created=now,
        metadata=None if metadata is None else json.dumps(metadata),
    )
    for position, one in enumerate(items):
        site.store.insert(
            "history_items",
            history_id=entry,
            position=position,
            field=one.field,
            field_type=one.kind,
            field_id=one.field_id,
            from_id=one.old[0],
            from_text=one.old[1],
            to_id=one.new[0],
            to_text=one.new[1],
        )
    return entry


def touch(site: Site, issue: int, now: int | None = None) -> None:
    """Move the issue's ``updated`` to now."""
    now = site.store.now() if now is None else now
    site.store.run("UPDATE issues SET updated = ? WHERE id = ?", now, issue)


def entries(site: Site, issue: int) -> list[Entry]:
    """All entries of an issue, oldest first."""
    items: dict[int, list[Item]] = {}
    sql = """SELECT i.* FROM history_items i JOIN histories h ON h.id = i.history_id
             WHERE h.issue_id = ? ORDER BY i.history_id, i.position"""
    for row in site.store.rows(sql, issue):
        items.setdefault(row["history_id"], []).append(
            Item(
                row["field"],
                row["field_type"],
                row["field_id"],
                (row["from_id"], row["from_text"]),
                (row["to_id"], row["to_text"]),
            )
        )
    return [
        Entry(
            row["id"],
            row["author"],
            row["created"],
            None if row["metadata"] is None else json.loads(row["metadata"]),
            tuple(items.get(row["id"], ())),
        )
        for row in site.store.rows("SELECT * FROM histories WHERE issue_id = ? ORDER BY id", issue)
    ]
