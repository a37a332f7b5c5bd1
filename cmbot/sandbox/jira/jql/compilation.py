"""From a parsed query to SQL over ``issues i JOIN statuses s JOIN projects p``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.sandbox.jira.errors import JiraError

from . import past, searchers
from .syntax import parse
from .tree import Call, Clause, Condition, Empty, Literal, Not, Past, Sort, pushed
from .values import Asker

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import User
    from cmbot.sandbox.jira.site import Site

    from .searchers import Searcher
    from .tree import Operand

Sql = tuple[str, tuple[Any, ...]]
DEFAULT_ORDER = "i.id DESC"


@dataclass(frozen=True)
class Compiled:
    """A query ready for the store."""

    where: str
    """Condition."""
    values: tuple[Any, ...]
    """Values of its marks."""
    order: str
    """Terms of ORDER BY."""


def compile_query(site: Site, user: User, text: str) -> Compiled:
    """Compile a query for a caller.

    Raises
    ------
    JiraError
        Raised with 400 for bad syntax, unknown fields, values and functions, and operators a field does
        not have.
    """
    query = parse(text)
    asker = Asker(site, user)
    where, values = ("1", ()) if query.condition is None else _condition(asker, query.condition)
    return Compiled(where, values, _order(site, query.order))


def _condition(asker: Asker, condition: Condition) -> Sql:
    if isinstance(condition, Clause):
        return _clause(asker, condition)
    if isinstance(condition, Past):
        return past.condition(asker, condition)
    if isinstance(condition, Not):
        return _condition(asker, pushed(condition))
    return _joined(condition.word, [_condition(asker, part) for part in condition.parts])


def _joined(word: str, parts: list[Sql]) -> Sql:
    return (
        "(" + f" {word} ".join(sql for sql, _ in parts) + ")",
        tuple(value for _, values in parts for value in values),
    )


def _clause(asker: Asker, clause: Clause) -> Sql:
    searcher = searchers.find(asker.site, clause.field)
    operator = clause.operator
    if operator not in searcher.operators:
        raise JiraError(400, f"The operator '{operator}' is not supported by the '{clause.field}' field.")
    if operator in ("is", "is not"):
        if not isinstance(clause.operands[0], Empty):
            raise JiraError(
                400, f"The operator '{operator}' supports only EMPTY for the field '{clause.field}'."
            )
        return _emptiness(searcher, empty=operator == "is")
    if operator in ("=", "!=", "in", "not in"):
        return _membership(asker, clause, searcher)
    (operand,) = clause.operands
    if isinstance(operand, Empty):
        raise JiraError(
            400, f"The operator '{operator}' does not support EMPTY for the field '{clause.field}'."
        )
    (value,) = searchers.values_of(asker, clause.field, searcher, _single(clause, searcher, operand))
    if operator in ("~", "!~"):
        found = f"jql_words({searcher.column}, ?)"
        return (found if operator == "~" else f"({searcher.column} IS NOT NULL AND NOT {found})"), (value,)
    if searcher.column == "i.id":
        return _key_order(operator, value)
    return f"{searcher.column} {operator} ?", (value,)


def _key_order(operator: str, issue: int) -> Sql:
    other = "SELECT {} FROM issues WHERE id = ?"
    project, number = other.format("project_id"), other.format("number")
    return f"(i.project_id = ({project}) AND i.number {operator} ({number}))", (issue, issue)


def _membership(asker: Asker, clause: Clause, searcher: Searcher) -> Sql:
    """``=`` and IN, where EMPTY may be among the values; the opposites leave out what is empty."""
    operands = [Empty() if _is_unset(searcher, one) else one for one in clause.operands]
    written = [operand for operand in operands if isinstance(operand, Literal | Call)]
    if clause.operator in ("=", "!="):
        written = [_single(clause, searcher, operand) for operand in written]
    values = [
        value for operand in written for value in searchers.values_of(asker, clause.field, searcher, operand)
    ]
    with_empty = any(isinstance(operand, Empty) for operand in operands)
    positive = clause.operator in ("=", "in")
    parts = [_among(searcher, values)] if written else []
    if not positive:
        parts = [(f"NOT {sql}", marked) for sql, marked in parts]
        return _joined("AND", [*parts, _emptiness(searcher, empty=False)])
    return _joined("OR", parts + ([_emptiness(searcher, empty=True)] if with_empty else []))


def _is_unset(searcher: Searcher, operand: Operand) -> bool:
    return isinstance(operand, Literal) and operand.text.casefold() == (searcher.unset or None)


def _single(clause: Clause, searcher: Searcher, operand: Literal | Call) -> Literal | Call:
    if searchers.gives_list(searcher, operand):
        raise JiraError(
            400, f"The operator '{clause.operator}' does not support lists for the field '{clause.field}'."
        )
    return operand


def _among(searcher: Searcher, values: list[Any]) -> Sql:
    marks = ", ".join("?" * len(values))
    if searcher.rows is not None:
        return f"EXISTS (SELECT 1 FROM ({searcher.rows}) AS v WHERE v.value IN ({marks}))", tuple(values)  # noqa: S608 - marks and own names
    if searcher.listed is None:
        return f"{searcher.column} IN ({marks})", tuple(values)
    each = f"SELECT 1 FROM json_each(i.fields, ?) AS v WHERE {searcher.each} IN ({marks})"  # noqa: S608 - marks and own names
    return f"EXISTS ({each})", (searcher.listed, *values)


def _emptiness(searcher: Searcher, *, empty: bool) -> Sql:
    return f"{searcher.column} IS {'' if empty else 'NOT '}NULL", ()


def _order(site: Site, terms: tuple[Sort, ...]) -> str:
    parts = []
    for term in terms:
        searcher = searchers.find(site, term.field)
        if searcher.operators <= {"~", "!~"}:
            raise JiraError(400, f"Not able to sort using field '{term.field}'.")
        direction = "DESC" if term.descending else "ASC"
        column = (searcher.sort or searcher.column).format(direction)
        parts.append(f"{column} {direction} NULLS {'FIRST' if term.descending else 'LAST'}")
    return ", ".join([*parts, DEFAULT_ORDER])
