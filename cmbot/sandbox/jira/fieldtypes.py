"""The field types: how a value is read, kept, shown and traced in the history.

One table, `TYPES`. Stored forms are what JSON has: text, number, list of text; a user is a login name, an
option its number, an instant milliseconds since 1970, an epic its key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import fieldinput, fieldtrace
from .configuration import PRIORITIES, RESOLUTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .fielddefinition import Field
    from .fieldinput import Stored
    from .fieldtrace import Trace
    from .site import Site

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


def _fixed(schema: Mapping[str, str]) -> FieldType:
    return FieldType(schema, fieldinput.read_only, fieldtrace.as_text, ())


_LISTED = ("set", "add", "remove")

TYPES: dict[str, FieldType] = {
    # custom fields, by the seed's words
    "text": FieldType(
        {"type": "string", "custom": _CUSTOM + "textfield"}, fieldinput.short_text, fieldtrace.as_text
    ),
    "paragraph": FieldType(
        {"type": "string", "custom": _CUSTOM + "textarea"}, fieldinput.paragraph, fieldtrace.as_text
    ),
    "number": FieldType(
        {"type": "number", "custom": _CUSTOM + "float"}, fieldinput.number, fieldtrace.as_text
    ),
    "select": FieldType(
        {"type": "option", "custom": _CUSTOM + "select"}, fieldinput.option, fieldtrace.option
    ),
    "multiselect": FieldType(
        {"type": "array", "items": "option", "custom": _CUSTOM + "multiselect"},
        fieldinput.options,
        fieldtrace.options,
        _LISTED,
    ),
    "url": FieldType({"type": "string", "custom": _CUSTOM + "url"}, fieldinput.url, fieldtrace.as_text),
    "user": FieldType({"type": "user", "custom": _CUSTOM + "userpicker"}, fieldinput.user, fieldtrace.user),
    "users": FieldType(
        {"type": "array", "items": "user", "custom": _CUSTOM + "multiuserpicker"},
        fieldinput.users,
        fieldtrace.users,
        _LISTED,
    ),
    "datetime": FieldType(
        {"type": "datetime", "custom": _CUSTOM + "datetime"}, fieldinput.instant, fieldtrace.instant
    ),
    "epic-link": FieldType(
        {"type": "any", "custom": _EPIC + "gh-epic-link"}, fieldinput.epic_link, fieldtrace.epic_link
    ),
    "epic-name": FieldType(
        {"type": "string", "custom": _EPIC + "gh-epic-label"}, fieldinput.short_text, fieldtrace.as_text
    ),
    # system fields only
    "summary": FieldType({"type": "string"}, fieldinput.summary, fieldtrace.as_text),
    "labels": FieldType({"type": "array", "items": "string"}, fieldinput.labels, fieldtrace.labels, _LISTED),
    "priority": FieldType(
        {"type": "priority"}, fieldinput.of_table(PRIORITIES, "Priority"), fieldtrace.of_table(PRIORITIES)
    ),
    "resolution": FieldType(
        {"type": "resolution"},
        fieldinput.of_table(RESOLUTIONS, "Resolution"),
        fieldtrace.of_table(RESOLUTIONS),
    ),
    "components": FieldType(
        {"type": "array", "items": "component"}, fieldinput.named_options, fieldtrace.options, _LISTED
    ),
    "versions": FieldType(
        {"type": "array", "items": "version"}, fieldinput.named_options, fieldtrace.options, _LISTED
    ),
    "date": FieldType({"type": "date"}, fieldinput.date, fieldtrace.date),
    "timetracking": FieldType(
        {"type": "timetracking"}, fieldinput.timetracking, fieldtrace.as_text, ("set", "edit")
    ),
    "project": _fixed({"type": "project"}),
    "issuetype": _fixed({"type": "issuetype"}),
    "status": _fixed({"type": "status"}),
    "issuelink": _fixed({"type": "issuelink"}),
    "issuelinks": _fixed({"type": "array", "items": "issuelinks"}),
    "subtasks": _fixed({"type": "array", "items": "issuelinks"}),
    "watches": _fixed({"type": "watches"}),
    "votes": _fixed({"type": "votes"}),
    "seconds": FieldType({"type": "number"}, fieldinput.read_only, fieldtrace.seconds, ()),
    "securitylevel": FieldType(
        {"type": "securitylevel"}, fieldinput.security_level, fieldtrace.security_level
    ),
    "progress": _fixed({"type": "progress"}),
    "category-change": _fixed({"type": "datetime"}),
    "archived-date": _fixed({"type": "datetime"}),
    "archived-by": _fixed({"type": "user"}),
    "worklog": _fixed({"type": "array", "items": "worklog"}),
    "attachment": _fixed({"type": "array", "items": "attachment"}),
    "comments-page": _fixed({"type": "comments-page"}),
}

SEED_TYPES = tuple(word for word, kind in TYPES.items() if "custom" in kind.schema)
"""The words a seed may use."""
