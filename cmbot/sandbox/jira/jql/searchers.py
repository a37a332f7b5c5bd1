"""What JQL can ask of each field: the operators, the column, and how a written value becomes a stored one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.sandbox.jira.configuration import PRIORITIES, RESOLUTIONS
from cmbot.sandbox.jira.errors import JiraError

from . import values
from .functions import DAYS, INSTANTS, NONE, PEOPLE, evaluate
from .listings import ISSUE_TYPES, ISSUES, VERSIONS
from .tree import Call, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmbot.sandbox.jira.fielddefinition import Field
    from cmbot.sandbox.jira.site import Site

    from .functions import Function
    from .values import Asker, Resolve

EQUALITY = frozenset({"=", "!=", "in", "not in", "is", "is not"})
ORDER = EQUALITY | {"<", "<=", ">", ">="}
TEXT = frozenset({"~", "!~", "is", "is not"})


@dataclass(frozen=True)
class Searcher:
    """How a field is searched."""

    operators: frozenset[str]
    """What may stand behind it."""
    column: str
    """SQL expression of the stored value (a JSON path's value for lists)."""
    resolve: Resolve
    """Reads a written value."""
    functions: Mapping[str, Function]
    """Functions that may stand there, by lower-case name."""
    listed: str | None = None
    """JSON path of the list, where the field holds several values."""
    each: str = "v.value"
    """SQL expression of what one of several values is compared by."""
    rows: str | None = None
    """SQL of the values at an issue ``i``, where a table of its own holds them."""
    unset: str = ""
    """Word for nothing besides EMPTY, in lower case."""
    sort: str | None = None
    """SQL expression to sort by, if not the column."""


def find(site: Site, name: str) -> Searcher:
    """The searcher of a field by any of its names.

    Raises
    ------
    JiraError
        Raised with 400 for an unknown field or one that cannot be searched.
    """
    wanted = name.casefold()
    if wanted == "parent" and site.flavour.parents:
        return _parents(site)
    if wanted == "text":
        return _anywhere(site)
    if wanted in _SPECIAL:
        return _SPECIAL[wanted]
    for field in site.config.fields.values():
        if wanted in (clause.casefold() for clause in field.clauses):
            return _of_field(field)
    raise JiraError(400, f"Field '{name}' does not exist or you do not have permission to view it.")


def values_of(asker: Asker, name: str, searcher: Searcher, operand: Literal | Call) -> list[Any]:
    """The stored values an operand stands for: one, unless it is a function that gives a list."""
    if isinstance(operand, Literal):
        return [searcher.resolve(asker, name, operand)]
    return evaluate(asker, searcher.functions, operand)


def gives_list(searcher: Searcher, operand: Literal | Call) -> bool:
    """Whether an operand is a function that gives a list."""
    function = searcher.functions.get(operand.name.casefold()) if isinstance(operand, Call) else None
    return function is not None and function.several


# ------------------------------------------------------------------------------------------- the table


def _parents(site: Site) -> Searcher:
    """On Cloud: the parent of a sub-task, or the epic of a standard issue."""
    field = site.config.field_of_type("epic-link")
    epic = "NULL" if field is None else f"(SELECT e.id FROM issues e WHERE e.key = {_json(field.id)})"  # noqa: S608 - a field's id
    return _plain(f"COALESCE(i.parent_id, {epic})", values.issue)


def _anywhere(site: Site) -> Searcher:
    """All texts of an issue, and its comments."""
    texts = [_json(field.id) for field in site.config.fields.values() if field.type in _TEXTS]
    whole = " || char(10) || ".join(f"COALESCE({text}, '')" for text in [*texts, _COMMENTS])
    return Searcher(frozenset({"~"}), f"({whole})", values.words, NONE)


def _json(field_id: str) -> str:
    return (
        f"json_extract(i.fields, '$.{field_id}')"  # not ``->>``: systems with SQLite before 3.38 are in use
    )


def _plain(column: str, resolve: Resolve, sort: str | None = None) -> Searcher:
    return Searcher(EQUALITY, column, resolve, NONE, sort=sort)


_TEXTS = frozenset({"summary", "paragraph", "text", "epic-name"})
# those that only a role or group may see are never found
_COMMENTS = (
    "(SELECT group_concat(c.body, char(10)) FROM comments c WHERE c.issue_id = i.id AND c.visibility IS NULL)"
)
_KEY = Searcher(ORDER, "i.id", values.issue, ISSUES, sort="p.key {0}, i.number")
_TYPE = Searcher(EQUALITY, "i.type_id", values.issue_type, ISSUE_TYPES)


def _at(table: str) -> Searcher:
    """People whom a table names for an issue."""
    people = f"SELECT t.user AS value FROM {table} t WHERE t.issue_id = i.id"  # noqa: S608 - a table's name
    return Searcher(EQUALITY, f"(SELECT MIN(value) FROM ({people}))", values.user, PEOPLE, rows=people)  # noqa: S608 - the same


_SPECIAL = {
    "project": _plain("i.project_id", values.project, "p.key"),
    "key": _KEY,
    "issuekey": _KEY,
    "issue": _KEY,
    "id": _KEY,
    "issuetype": _TYPE,
    "type": _TYPE,
    "watcher": _at("watchers"),
    "voter": _at("votes"),
    "status": _plain("i.status_id", values.status),
    "statuscategory": _plain("s.category", values.category),
    "parent": _plain("i.parent_id", values.issue),
    "comment": Searcher(frozenset({"~", "!~"}), _COMMENTS, values.words, NONE),
    "creator": Searcher(EQUALITY, "i.creator", values.user, PEOPLE),
    "created": Searcher(ORDER, "i.created", values.instant_of, INSTANTS),
    "createddate": Searcher(ORDER, "i.created", values.instant_of, INSTANTS),
    "updated": Searcher(ORDER, "i.updated", values.instant_of, INSTANTS),
    "updateddate": Searcher(ORDER, "i.updated", values.instant_of, INSTANTS),
    "resolved": Searcher(ORDER, "i.resolved", values.instant_of, INSTANTS),
    "resolutiondate": Searcher(ORDER, "i.resolved", values.instant_of, INSTANTS),
}


def _people(field: Field) -> Searcher:
    listed = f"$.{field.id}" if field.type == "users" else None
    return Searcher(EQUALITY, _json(field.id), values.user, PEOPLE, listed=listed)


def _listed(resolve: Callable[[Field], Resolve]) -> Callable[[Field], Searcher]:
    return lambda f: Searcher(EQUALITY, _json(f.id), resolve(f), NONE, listed=f"$.{f.id}")


def _parts(field: Field) -> Searcher:
    """Components or versions: by name, which several projects may have."""
    name = f"(SELECT t.name FROM {field.type} t WHERE t.id = v.value) COLLATE NOCASE"  # noqa: S608 - a table's name
    column = _json(field.id)
    functions = VERSIONS if field.type == "versions" else NONE
    return Searcher(EQUALITY, column, values.part(field.type), functions, listed=f"$.{field.id}", each=name)


def _words_of(operators: frozenset[str]) -> Callable[[Field], Searcher]:
    return lambda f: Searcher(
        operators, _json(f.id), values.words, NONE, sort=f"{_json(f.id)} COLLATE NOCASE"
    )


_BY_TYPE: Mapping[str, Callable[[Field], Searcher]] = {
    "summary": _words_of(TEXT),
    "paragraph": _words_of(TEXT),
    "text": _words_of(TEXT),
    "epic-name": _words_of(TEXT | EQUALITY),
    "url": lambda f: _plain(_json(f.id), values.as_written),
    "number": lambda f: Searcher(ORDER, _json(f.id), values.number, NONE),
    "datetime": lambda f: Searcher(ORDER, _json(f.id), values.instant_of, INSTANTS),
    "select": lambda f: _plain(_json(f.id), values.option(f)),
    "multiselect": _listed(values.option),
    "components": _parts,
    "versions": _parts,
    "date": lambda f: Searcher(ORDER, _json(f.id), values.day_of, DAYS),
    "labels": _listed(lambda _: values.as_written),
    "user": _people,
    "users": _people,
    "epic-link": lambda f: _plain(_json(f.id), values.issue_key),
    "priority": lambda f: _plain(_json(f.id), values.of_table(PRIORITIES)),
    "securitylevel": lambda f: _plain(_json(f.id), values.security_level),
    "category-change": lambda _: Searcher(ORDER, "i.category_changed", values.instant_of, INSTANTS),
    "resolution": lambda f: Searcher(
        EQUALITY, _json(f.id), values.of_table(RESOLUTIONS), NONE, unset="unresolved"
    ),
}


def _of_field(field: Field) -> Searcher:
    return _BY_TYPE[field.type](field)
