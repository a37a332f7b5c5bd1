"""How the history writes a field's value: an id, where there is one, and a text."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .configuration import User
    from .fielddefinition import Field
    from .fieldinput import Stored
    from .site import Site

Trace = tuple[str | None, str | None]
"""Id and text."""


def as_text(_: Site, __: Field, stored: Stored) -> Trace:
    """Only text."""
    if isinstance(stored, float) and stored.is_integer():
        stored = int(stored)
    return None, None if stored is None else str(stored)


def option(_: Site, field: Field, stored: Stored) -> Trace:
    """A choice."""
    return next(((str(o.id), o.value) for o in field.options if o.id == stored), (None, None))


def security_level(site: Site, _: Field, stored: Stored) -> Trace:
    """A level of issue security."""
    return (None, None) if stored is None else (str(stored), site.config.security_level(stored).name)


def options(_: Site, field: Field, stored: Stored) -> Trace:
    """Choices, in brackets."""
    chosen = [option for option in field.options if option.id in (stored or [])]
    if not chosen:
        return None, None
    return "[" + ", ".join(str(o.id) for o in chosen) + "]", ",".join(o.value for o in chosen)


def _person(site: Site, name: str) -> User:
    return site.config.users[name]


def user(site: Site, _: Field, stored: Stored) -> Trace:
    """A person: the key, and the name for people."""
    return (None, None) if stored is None else (_person(site, stored).key, _person(site, stored).display_name)


def users(site: Site, _: Field, stored: Stored) -> Trace:
    """Several people, in brackets."""
    if not stored:
        return None, None
    people = [_person(site, name) for name in stored]
    return (
        "[" + ", ".join(person.name for person in people) + "]",
        "[" + ", ".join(f"{person.display_name}({person.name})" for person in people) + "]",
    )


def labels(_: Site, __: Field, stored: Stored) -> Trace:
    """One string, joined by spaces."""
    return None, " ".join(stored or [])


def of_table(table: Mapping[str, str]) -> Callable[[Site, Field, Stored], Trace]:
    """Something of a fixed table."""

    def trace(_: Site, __: Field, stored: Stored) -> Trace:
        return stored, None if stored is None else table[stored]

    return trace


def instant(_: Site, __: Field, stored: Stored) -> Trace:
    """An instant in UTC."""
    if stored is None:
        return None, None
    text = dt.datetime.fromtimestamp(stored / 1000, dt.UTC).isoformat(timespec="milliseconds")
    return text, text


def seconds(_: Site, __: Field, stored: Stored) -> Trace:
    """A length: the same on both sides."""
    return (None, None) if stored is None else (str(stored), str(stored))


def date(_: Site, __: Field, stored: Stored) -> Trace:
    """A day: twice, the second time with a midnight, as Jira writes it."""
    return (None, None) if stored is None else (stored, f"{stored} 00:00:00.0")


def epic_link(site: Site, _: Field, stored: Stored) -> Trace:
    """An epic: its number and key."""
    row = site.store.row("SELECT id FROM issues WHERE key = ?", stored)
    return (None, stored) if row is None else (str(row["id"]), stored)
