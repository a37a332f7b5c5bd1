"""What JQL can ask of each field: the operators, the column, and how a written value becomes a stored one."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.sandbox.jira.configuration import PRIORITIES, RESOLUTIONS
from cmbot.sandbox.jira.errors import JiraError

from .dates import instant
from .syntax import Call, Literal

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import Field, User
    from cmbot.sandbox.jira.site import Site

EQUALITY = frozenset({"=", "!=", "in", "not in", "is", "is not"})
ORDER = EQUALITY | {"<", "<=", ">", ">="}
TEXT = frozenset({"~", "!~", "is", "is not"})


@dataclass(frozen=True)
class Asker:
    """Who asks, and when."""

    site: Site
    """The site."""
    user: User
    """The caller: ``currentUser()`` and the zone of quoted dates."""


Resolve = Callable[[Asker, str, Literal], Any]
"""From (asker, field name, literal) to a stored value; raises `JiraError`."""


@dataclass(frozen=True)
class Searcher:
    """How a field is searched."""

    operators: frozenset[str]
    """What may stand behind it."""
    column: str
    """SQL expression of the stored value (a JSON path's value for lists)."""
    resolve: Resolve
    """Reads a written value."""
    functions: Mapping[str, Callable[[Asker], Any]]
    """Functions that may stand there, by lower-case name."""
    listed: str | None = None
    """JSON path of the list, where the field holds several values."""
    sort: str | None = None
    """SQL expression to sort by, if not the column."""


def unknown_value(field: str, text: str) -> JiraError:
    """400 for a value that does not exist."""
    return JiraError(400, f"The value '{text}' does not exist for the field '{field}'.")


def find(site: Site, name: str) -> Searcher:
    """The searcher of a field by any of its names.

    Raises
    ------
    JiraError
        Raised with 400 for an unknown field or one that cannot be searched.
    """
    wanted = name.casefold()
    if wanted in _SPECIAL:
        return _SPECIAL[wanted]
    for field in site.config.fields.values():
        if wanted in (clause.casefold() for clause in field.clauses):
            return _of_field(field)
    raise JiraError(400, f"Field '{name}' does not exist or you do not have permission to view it.")


def value(asker: Asker, name: str, searcher: Searcher, operand: Literal | Call) -> Any:
    """The stored value an operand stands for."""
    if isinstance(operand, Literal):
        return searcher.resolve(asker, name, operand)
    function = searcher.functions.get(operand.name.casefold())
    if function is None:
        raise JiraError(400, f"Unable to find JQL function '{operand.name}({', '.join(operand.arguments)})'.")
    if operand.arguments:
        raise JiraError(
            400, f"Function '{operand.name}' expected '0' arguments but received '{len(operand.arguments)}'."
        )
    return function(asker)


# ----------------------------------------------------------------------------------------- resolving
def _project(asker: Asker, name: str, literal: Literal) -> int:
    for project in asker.site.config.projects.values():
        if literal.text.casefold() in (project.key.casefold(), project.name.casefold(), str(project.id)):
            return project.id
    raise unknown_value(name, literal.text)


def _issue(asker: Asker, name: str, literal: Literal) -> int:
    return int(_issue_row(asker, name, literal)["id"])


def _issue_key(asker: Asker, name: str, literal: Literal) -> str:
    return str(_issue_row(asker, name, literal)["key"])


def _issue_row(asker: Asker, name: str, literal: Literal) -> Any:
    sql = "SELECT id, key FROM issues WHERE key = ? OR CAST(id AS TEXT) = ?"
    row = asker.site.store.row(sql, literal.text.upper(), literal.text)
    if row is None:
        raise JiraError(400, f"An issue with key '{literal.text}' does not exist for field '{name}'.")
    return row


def _issue_type(asker: Asker, name: str, literal: Literal) -> int:
    found = asker.site.config.first_type(literal.text)
    if found is None:
        raise unknown_value(name, literal.text)
    return found.id


def _status(asker: Asker, name: str, literal: Literal) -> int:
    for status in asker.site.config.statuses.values():
        if literal.text.casefold() in (status.name.casefold(), str(status.id)):
            return status.id
    raise unknown_value(name, literal.text)


def _category(asker: Asker, name: str, literal: Literal) -> str:
    for status in asker.site.config.statuses.values():
        category = status.category
        if literal.text.casefold() in (category.key, category.name.casefold(), str(category.id)):
            return category.key
    raise unknown_value(name, literal.text)


def _user(asker: Asker, name: str, literal: Literal) -> str:
    found = asker.site.config.user(literal.text)
    if found is None:
        raise unknown_value(name, literal.text)
    return found.name


def _instant(asker: Asker, name: str, literal: Literal) -> int:
    zone = zoneinfo.ZoneInfo(asker.user.time_zone)
    found = instant(literal.text, quoted=literal.quoted, now=asker.site.store.now(), zone=zone)
    if found is None:
        raise JiraError(
            400,
            f"Date value '{literal.text}' for field '{name}' is invalid. Valid formats include: "
            "'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. "
            "'-5d', '4w 2d'.",
        )
    return found


def _number(_: Asker, name: str, literal: Literal) -> float:
    try:
        return float(literal.text)
    except ValueError:
        raise JiraError(400, f"The value '{literal.text}' for field '{name}' is not a number.") from None


def _text(_: Asker, __: str, literal: Literal) -> str:
    return literal.text


def _words(_: Asker, name: str, literal: Literal) -> str:
    if not literal.text.strip():
        raise JiraError(400, f"The field '{name}' does not support searching for an empty string.")
    if literal.text.startswith(("*", "?")):
        first = literal.text[0]
        raise JiraError(
            400, f"The text query '{literal.text}' for field '{name}' is not allowed to start with '{first}'."
        )
    return literal.text


def _of_table(table: Mapping[str, str]) -> Resolve:
    def resolve(_: Asker, name: str, literal: Literal) -> str:
        for number, word in table.items():
            if literal.text.casefold() in (number, word.casefold()):
                return number
        raise unknown_value(name, literal.text)

    return resolve


def _option(field: Field) -> Resolve:
    def resolve(_: Asker, name: str, literal: Literal) -> int:
        for option in field.options:
            if literal.text.casefold() in (option.value.casefold(), str(option.id)):
                return option.id
        raise JiraError(400, f"The option '{literal.text}' for field '{name}' does not exist.")

    return resolve


# ------------------------------------------------------------------------------------------- the table
_NO_FUNCTIONS: Mapping[str, Callable[[Asker], Any]] = {}
_PEOPLE = {"currentuser": lambda asker: asker.user.name}
_INSTANTS = {"now": lambda asker: asker.site.store.now()}


def _json(field_id: str) -> str:
    return f"i.fields ->> '$.{field_id}'"


def _plain(column: str, resolve: Resolve, sort: str | None = None) -> Searcher:
    return Searcher(EQUALITY, column, resolve, _NO_FUNCTIONS, sort=sort)


_KEY = Searcher(ORDER, "i.id", _issue, _NO_FUNCTIONS, sort="p.key {0}, i.number")
_SPECIAL = {
    "project": _plain("i.project_id", _project, "p.key"),
    "key": _KEY,
    "issuekey": _KEY,
    "issue": _KEY,
    "id": _KEY,
    "issuetype": _plain("i.type_id", _issue_type),
    "type": _plain("i.type_id", _issue_type),
    "status": _plain("i.status_id", _status),
    "statuscategory": _plain("s.category", _category),
    "parent": _plain("i.parent_id", _issue),
    "creator": Searcher(EQUALITY, "i.creator", _user, _PEOPLE),
    "created": Searcher(ORDER, "i.created", _instant, _INSTANTS),
    "createddate": Searcher(ORDER, "i.created", _instant, _INSTANTS),
    "updated": Searcher(ORDER, "i.updated", _instant, _INSTANTS),
    "updateddate": Searcher(ORDER, "i.updated", _instant, _INSTANTS),
    "resolved": Searcher(ORDER, "i.resolved", _instant, _INSTANTS),
    "resolutiondate": Searcher(ORDER, "i.resolved", _instant, _INSTANTS),
}


def _people(field: Field) -> Searcher:
    listed = f"$.{field.id}" if field.type == "users" else None
    return Searcher(EQUALITY, _json(field.id), _user, _PEOPLE, listed=listed)


def _listed(resolve: Callable[[Field], Resolve]) -> Callable[[Field], Searcher]:
    return lambda f: Searcher(EQUALITY, _json(f.id), resolve(f), _NO_FUNCTIONS, listed=f"$.{f.id}")


def _words_of(operators: frozenset[str]) -> Callable[[Field], Searcher]:
    return lambda f: Searcher(
        operators, _json(f.id), _words, _NO_FUNCTIONS, sort=f"{_json(f.id)} COLLATE NOCASE"
    )


_BY_TYPE: Mapping[str, Callable[[Field], Searcher]] = {
    "summary": _words_of(TEXT),
    "paragraph": _words_of(TEXT),
    "text": _words_of(TEXT),
    "epic-name": _words_of(TEXT | EQUALITY),
    "url": lambda f: _plain(_json(f.id), _text),
    "number": lambda f: Searcher(ORDER, _json(f.id), _number, _NO_FUNCTIONS),
    "datetime": lambda f: Searcher(ORDER, _json(f.id), _instant, _INSTANTS),
    "select": lambda f: _plain(_json(f.id), _option(f)),
    "multiselect": _listed(_option),
    "labels": _listed(lambda _: _text),
    "user": _people,
    "users": _people,
    "epic-link": lambda f: _plain(_json(f.id), _issue_key),
    "priority": lambda f: _plain(_json(f.id), _of_table(PRIORITIES)),
    "resolution": lambda f: _plain(_json(f.id), _of_table(RESOLUTIONS)),
}


def _of_field(field: Field) -> Searcher:
    return _BY_TYPE[field.type](field)
