"""Which fields can be written where, and reading what was sent for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import security
from .errors import NOT_ON_SCREEN, FieldProblem, JiraError
from .fielddefinition import Option
from .fieldtypes import TYPES
from .permissions import in_level, may

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .configuration import Configuration, IssueType, Project, User
    from .fielddefinition import Field
    from .fieldinput import Stored
    from .issues import Issue
    from .site import Site

OTHER_VERBS = ("comment", "issuelinks")
"""What ``update`` may add besides fields; done by the caller."""


RIGHTS = {
    "assignee": "ASSIGN_ISSUES",
    "reporter": "MODIFY_REPORTER",
    "duedate": "SCHEDULE_ISSUES",
    security.FIELD: "SET_ISSUE_SECURITY",
}
"""Fields that need a permission of their own."""


def edit_screen(config: Configuration, project: Project, issue_type: IssueType) -> dict[str, Field]:
    """Fields that an issue of this type can be given, each with what can be chosen there.

    They stand on the default screen and apply by one of their contexts. An epic link stands on standard
    issues only, an epic name on epics only, as in Jira Software; a sub-task has the security level of its
    parent.
    """
    level = {"epic-link": 0, "epic-name": 1}
    return {
        there.id: there
        for field in config.fields.values()
        if field.id in config.default_screen
        and not (field.id == security.FIELD and issue_type.subtask)
        and level.get(field.type, issue_type.level) == issue_type.level
        and (there := field.within(project, issue_type)) is not None
    }


def permitted(
    config: Configuration, user: User, project: Project, issue: Issue | None, screen: Mapping[str, Field]
) -> dict[str, Field]:
    """The part of a screen that a user may write; of the security levels, those the user is in."""
    return {
        name: field
        if name != security.FIELD
        else replace(field, options=_levels(config, user, project, issue))
        for name, field in screen.items()
        if name not in RIGHTS or may(config, user, RIGHTS[name], project, issue)
    }


def _levels(config: Configuration, user: User, project: Project, issue: Issue | None) -> tuple[Option, ...]:
    mine = (one for one in project.levels if in_level(config, user, project, one, issue))
    return tuple(Option(one.id, one.name) for one in mine)


def required(field: Field) -> bool:
    """Whether an issue cannot be created without it."""
    return field.type in ("summary", "epic-name")


def read_values(
    site: Site, screen: Mapping[str, Field], body: Mapping[str, Any], current: Mapping[str, Stored]
) -> dict[str, Stored]:
    """The new values out of a request's ``fields`` and ``update``.

    Parameters
    ----------
    site : `Site`
        The site.
    screen : `~collections.abc.Mapping` [`str`, `Field`]
        Fields that may be sent, by id.
    body : `~collections.abc.Mapping`
        The request.
    current : `~collections.abc.Mapping`
        Stored values before the request, for ``add`` and ``remove``.

    Returns
    -------
    values : `dict`
        Stored values by field id.

    Raises
    ------
    JiraError
        Raised with one message for every field that is refused.
    """
    fields, update = section(body, "fields"), section(body, "update")
    values: dict[str, Stored] = {}
    problems = {name: NOT_ON_SCREEN.format(name) for name in _unknown(screen, fields, update)}
    for name in (name for name in screen if name in fields or name in update):
        try:
            if name in fields and name in update:
                raise FieldProblem(f"Field '{name}' is given in both 'fields' and 'update'.")
            if name in fields:
                values[name] = TYPES[screen[name].type].read(site, screen[name], fields[name])
            else:
                values[name] = _operate(site, screen[name], update[name], current.get(name))
        except FieldProblem as problem:
            problems[name] = str(problem)
    if problems:
        raise JiraError(400, errors=problems)
    return values


def section(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside the request; empty if absent."""
    found = body.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise JiraError(400, f"Can not deserialize '{name}': an object is expected.")
    return found


def added(body: Mapping[str, Any], name: str) -> list[Any]:
    """What ``update`` adds under a name that is no field (comment, issuelinks)."""
    operations = section(body, "update").get(name, [])
    if not isinstance(operations, list) or not all(
        isinstance(one, dict) and "add" in one for one in operations
    ):
        raise JiraError(400, errors={name: "Only the 'add' operation is supported."})
    return [one["add"] for one in operations]


def _unknown(screen: Mapping[str, Field], fields: Iterable[str], update: Iterable[str]) -> set[str]:
    return (set(fields) | set(update) - set(OTHER_VERBS)) - set(screen)


def _operate(site: Site, field: Field, operations: Any, current: Stored) -> Stored:
    kind = TYPES[field.type]
    if not isinstance(operations, list):
        raise FieldProblem("data was not an array")
    for operation in operations:
        if not isinstance(operation, dict) or len(operation) != 1:
            raise FieldProblem("one operation is expected in each element")
        ((verb, raw),) = operation.items()
        if verb not in kind.operations:
            raise FieldProblem(
                f"Field with id '{field.id}' and name '{field.name}' does not support operation '{verb}'"
            )
        if verb in ("set", "edit"):
            current = kind.read(site, field, raw)
            continue
        (one,) = kind.read(site, field, [raw]) or [None]
        kept = [value for value in current or [] if value != one]
        current = [*kept, one] if verb == "add" else kept
        current = (sorted(current) if field.type == "labels" else current) or None
    return current
