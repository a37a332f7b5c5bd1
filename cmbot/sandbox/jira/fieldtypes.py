"""The field types: how a value is read, kept, shown and traced in the history.

One table, `TYPES`. Stored forms are what JSON has: text, number, list of text; a user is a login name, an
option its number, an instant milliseconds since 1970, an epic its key.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import datacenter
from .configuration import PRIORITIES, RESOLUTIONS, Field, User
from .errors import FieldProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .site import Site

TEXT_LIMIT = 32_767
SHORT_TEXT_LIMIT = 255
Stored = Any
"""A value as it is kept: None is empty."""
Trace = tuple[str | None, str | None]
"""A value as the history keeps it: id and text."""
_CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"
_EPIC = "com.pyxis.greenhopper.jira:"


@dataclass(frozen=True)
class FieldType:
    """One kind of field."""

    schema: Mapping[str, str]
    """The part of Jira's ``schema`` object that depends on the type."""
    read: Callable[[Site, Field, Any], Stored]
    """From the request's JSON; raises `FieldProblem`."""
    trace: Callable[[Site, Field, Stored], Trace]
    """For the history."""
    operations: tuple[str, ...] = ("set",)
    """Verbs of ``update``."""

    @property
    def several(self) -> bool:
        """Whether the value is a list."""
        return "add" in self.operations


# ------------------------------------------------------------------------------------------- reading
def _read_text(_: Site, field: Field, raw: Any, limit: int) -> Stored:
    if raw is None:
        return None
    if not isinstance(raw, str):
        raise FieldProblem("Operation value must be a string")
    if len(raw) > limit:
        raise FieldProblem(
            f"The entered text is too long. It exceeds the allowed limit of {limit:,} characters."
        )
    if field.type != "paragraph" and ("\n" in raw or "\r" in raw):
        raise FieldProblem(f"The {field.name} is invalid because it contains newline characters.")
    return raw or None


def _paragraph(site: Site, field: Field, raw: Any) -> Stored:
    return _read_text(site, field, raw, TEXT_LIMIT)


def _short_text(site: Site, field: Field, raw: Any) -> Stored:
    return _read_text(site, field, raw, SHORT_TEXT_LIMIT)


def _summary(site: Site, field: Field, raw: Any) -> Stored:
    text = _short_text(site, field, raw)
    if not text or not text.strip():
        raise FieldProblem("You must specify a summary of the issue.")
    return text


def _number(_: Site, __: Field, raw: Any) -> Stored:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise FieldProblem("Operation value must be a number")
    if abs(raw) > 1e14:
        raise FieldProblem(f"Number {raw} must be between -100000000000000 and 100000000000000.")
    return float(raw)


def _url(site: Site, field: Field, raw: Any) -> Stored:
    text = _read_text(site, field, raw, TEXT_LIMIT)
    if text and not text.startswith(("http://", "https://", "ftp://")):
        raise FieldProblem("Not a valid URL")
    return text


def _datetime(_: Site, __: Field, raw: Any) -> Stored:
    if raw is None:
        return None
    try:
        instant = dt.datetime.fromisoformat(raw)
        if instant.tzinfo is None:
            raise ValueError(raw)
    except (TypeError, ValueError):
        raise FieldProblem(
            "Error parsing date string: expected yyyy-MM-dd'T'HH:mm:ss.SSSZ, got " + repr(raw)
        ) from None
    return int(instant.timestamp() * 1000)


def _option(_: Site, field: Field, raw: Any) -> Stored:
    if raw is None:
        return None
    if not isinstance(raw, dict) or not ("id" in raw or "value" in raw):
        raise FieldProblem("Could not find valid 'id' or 'value' in the Parent Option object.")
    for option in field.options:
        if str(raw.get("id", option.id)) == str(option.id) and raw.get("value", option.value) == option.value:
            return option.id
    raise FieldProblem(f"Option {_quoted(raw)} is not valid")


def _options(site: Site, field: Field, raw: Any) -> Stored:
    return [_option(site, field, one) for one in _list(raw)] or None


def _user(site: Site, _: Field, raw: Any) -> Stored:
    return datacenter.read_user(site.config, raw)


def _users(site: Site, field: Field, raw: Any) -> Stored:
    return [name for one in _list(raw) if (name := _user(site, field, one))] or None


def _labels(_: Site, __: Field, raw: Any) -> Stored:
    for label in (labels := _list(raw)):
        if not isinstance(label, str) or not label:
            raise FieldProblem("string expected at index 0")
        if any(char.isspace() for char in label):
            raise FieldProblem(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > SHORT_TEXT_LIMIT:
            raise FieldProblem(f"The label '{label}' exceeds the maximum length for a single label of 255.")
    return sorted(set(labels)) or None


def _of_table(table: Mapping[str, str], word: str) -> Callable[[Site, Field, Any], Stored]:
    def read(_: Site, __: Field, raw: Any) -> Stored:
        if raw is None:
            return None
        if not isinstance(raw, dict):
            raise FieldProblem("data was not an object")
        for number, name in table.items():
            if raw.get("id") == number or ("id" not in raw and raw.get("name") == name):
                return number
        raise FieldProblem(f"{word} name '{raw.get('name', raw.get('id'))}' is not valid")

    return read


def _epic_link(site: Site, _: Field, raw: Any) -> Stored:
    if raw is None or raw == "":
        return None
    row = site.store.row("SELECT key, type_id FROM issues WHERE key = ?", str(raw).upper())
    if row is None:
        raise FieldProblem(f"Issue with key '{raw}' does not exist.")
    if site.config.issue_types[row["type_id"]].level != 1:
        raise FieldProblem(f"Issue '{raw}' is not an epic.")
    return row["key"]


def _list(raw: Any) -> list[Any]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise FieldProblem("data was not an array")
    return raw


def _quoted(raw: Mapping[str, Any]) -> str:
    return repr(str(raw.get("value", raw.get("id"))))


# ------------------------------------------------------------------------------------------ history
def _as_text(_: Site, __: Field, stored: Stored) -> Trace:
    if isinstance(stored, float) and stored.is_integer():
        stored = int(stored)
    return None, None if stored is None else str(stored)


def _trace_option(_: Site, field: Field, stored: Stored) -> Trace:
    return next(((str(o.id), o.value) for o in field.options if o.id == stored), (None, None))


def _trace_options(_: Site, field: Field, stored: Stored) -> Trace:
    chosen = [option for option in field.options if option.id in (stored or [])]
    if not chosen:
        return None, None
    return "[" + ", ".join(str(o.id) for o in chosen) + "]", ",".join(o.value for o in chosen)


def _person(site: Site, name: str) -> User:
    return site.config.users[name]


def _trace_user(site: Site, _: Field, stored: Stored) -> Trace:
    return (None, None) if stored is None else (_person(site, stored).key, _person(site, stored).display_name)


def _trace_users(site: Site, _: Field, stored: Stored) -> Trace:
    if not stored:
        return None, None
    people = [_person(site, name) for name in stored]
    return (
        "[" + ", ".join(person.name for person in people) + "]",
        "[" + ", ".join(f"{person.display_name}({person.name})" for person in people) + "]",
    )


def _trace_labels(_: Site, __: Field, stored: Stored) -> Trace:
    return None, " ".join(stored or [])


def _trace_table(table: Mapping[str, str]) -> Callable[[Site, Field, Stored], Trace]:
    def trace(_: Site, __: Field, stored: Stored) -> Trace:
        return stored, None if stored is None else table[stored]

    return trace


def _trace_datetime(_: Site, __: Field, stored: Stored) -> Trace:
    if stored is None:
        return None, None
    text = dt.datetime.fromtimestamp(stored / 1000, dt.UTC).isoformat(timespec="milliseconds")
    return text, text


def _trace_epic_link(site: Site, _: Field, stored: Stored) -> Trace:
    row = site.store.row("SELECT id FROM issues WHERE key = ?", stored)
    return (None, stored) if row is None else (str(row["id"]), stored)


def _read_only(_: Site, field: Field, __: Any) -> Stored:
    raise FieldProblem(f"Field '{field.id}' cannot be set.")


def _fixed(schema: Mapping[str, str]) -> FieldType:
    return FieldType(schema, _read_only, _as_text, ())


_LISTED = ("set", "add", "remove")

TYPES: dict[str, FieldType] = {
    # custom fields, by the seed's words
    "text": FieldType({"type": "string", "custom": _CUSTOM + "textfield"}, _short_text, _as_text),
    "paragraph": FieldType({"type": "string", "custom": _CUSTOM + "textarea"}, _paragraph, _as_text),
    "number": FieldType({"type": "number", "custom": _CUSTOM + "float"}, _number, _as_text),
    "select": FieldType({"type": "option", "custom": _CUSTOM + "select"}, _option, _trace_option),
    "multiselect": FieldType(
        {"type": "array", "items": "option", "custom": _CUSTOM + "multiselect"},
        _options,
        _trace_options,
        _LISTED,
    ),
    "url": FieldType({"type": "string", "custom": _CUSTOM + "url"}, _url, _as_text),
    "user": FieldType({"type": "user", "custom": _CUSTOM + "userpicker"}, _user, _trace_user),
    "users": FieldType(
        {"type": "array", "items": "user", "custom": _CUSTOM + "multiuserpicker"},
        _users,
        _trace_users,
        _LISTED,
    ),
    "datetime": FieldType({"type": "datetime", "custom": _CUSTOM + "datetime"}, _datetime, _trace_datetime),
    "epic-link": FieldType({"type": "any", "custom": _EPIC + "gh-epic-link"}, _epic_link, _trace_epic_link),
    "epic-name": FieldType({"type": "string", "custom": _EPIC + "gh-epic-label"}, _short_text, _as_text),
    # system fields only
    "summary": FieldType({"type": "string"}, _summary, _as_text),
    "labels": FieldType({"type": "array", "items": "string"}, _labels, _trace_labels, _LISTED),
    "priority": FieldType({"type": "priority"}, _of_table(PRIORITIES, "Priority"), _trace_table(PRIORITIES)),
    "resolution": FieldType(
        {"type": "resolution"}, _of_table(RESOLUTIONS, "Resolution"), _trace_table(RESOLUTIONS)
    ),
    "project": _fixed({"type": "project"}),
    "issuetype": _fixed({"type": "issuetype"}),
    "status": _fixed({"type": "status"}),
    "issuelink": _fixed({"type": "issuelink"}),
    "issuelinks": _fixed({"type": "array", "items": "issuelinks"}),
    "subtasks": _fixed({"type": "array", "items": "issuelinks"}),
    "watches": _fixed({"type": "watches"}),
    "attachment": _fixed({"type": "array", "items": "attachment"}),
    "comments-page": _fixed({"type": "comments-page"}),
}

SEED_TYPES = (
    "text",
    "paragraph",
    "number",
    "select",
    "multiselect",
    "url",
    "user",
    "users",
    "datetime",
    "epic-link",
    "epic-name",
)
