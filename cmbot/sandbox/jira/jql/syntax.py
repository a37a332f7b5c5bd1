"""The grammar of JQL and the tree it yields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import lark

from cmbot.sandbox.jira.errors import JiraError

GRAMMAR = r"""
start: [or_] [order]
?or_: and_ (OR and_)*
?and_: not_ (AND not_)*
?not_: NOT not_ -> negation
     | "(" or_ ")"
     | clause
clause: field OPERATOR operand                  -> comparison
      | field IN listing                           -> among
      | field NOT IN listing                       -> not_among
      | field IS operand                        -> is_
      | field IS NOT operand                    -> is_not
listing: "(" operand ("," operand)* ")"
?operand: EMPTY -> empty
        | WORD "(" [literal ("," literal)*] ")" -> call
        | literal
literal: WORD | STRING
field: CUSTOM | WORD | STRING
order: ORDER BY sort ("," sort)*
sort: field [DIRECTION]

OPERATOR: "<=" | ">=" | "!=" | "!~" | "=" | "<" | ">" | "~"
AND.2: /(and(?![\w.-])|&&?)/i
OR.2: /(or(?![\w.-])|\|\|?)/i
NOT.2: /(not(?![\w.-])|!(?![=~]))/i
IN.2: /in(?![\w.-])/i
IS.2: /is(?![\w.-])/i
EMPTY.2: /(empty|null)(?![\w.-])/i
ORDER.2: /order(?![\w.-])/i
BY.2: /by(?![\w.-])/i
DIRECTION.2: /(asc|desc)(?![\w.-])/i
CUSTOM.3: /cf\[\d+\]/i
STRING: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/
WORD: /[^\s"'=!<>~(),\[\]|&{}*\/%^$#@?;+]+/
%ignore /\s+/
"""


@dataclass(frozen=True)
class Literal:
    """A word, number or string."""

    text: str
    """Without its quotes."""
    quoted: bool
    """Whether it had quotes: an unquoted number can be an instant, a quoted one cannot."""


@dataclass(frozen=True)
class Call:
    """A function."""

    name: str
    """Name without parentheses."""
    arguments: tuple[str, ...]
    """Arguments."""


@dataclass(frozen=True)
class Empty:
    """EMPTY or NULL."""


Operand = Literal | Call | Empty


@dataclass(frozen=True)
class Clause:
    """A field, an operator and what it is compared with."""

    field: str
    """Name as written."""
    operator: str
    """In lower case: ``=``, ``not in``, ``is`` ..."""
    operands: tuple[Operand, ...]
    """One, or those of a list."""


@dataclass(frozen=True)
class Both:
    """Several conditions joined by AND or OR."""

    word: str
    """``AND`` or ``OR``."""
    parts: tuple[Condition, ...]
    """The conditions."""


Condition = Clause | Both


@dataclass(frozen=True)
class Sort:
    """One term of ORDER BY."""

    field: str
    """Name as written."""
    descending: bool
    """Direction."""


@dataclass(frozen=True)
class Query:
    """A parsed query."""

    condition: Condition | None
    """None finds everything."""
    order: tuple[Sort, ...]
    """Empty if the query does not say."""


_OPPOSITE = {
    "=": "!=",
    "~": "!~",
    "<": ">=",
    ">": "<=",
    "in": "not in",
    "is": "is not",
}
_OPPOSITE |= {value: key for key, value in _OPPOSITE.items()}


def negated(condition: Condition) -> Condition:
    """The opposite; as in Jira, NOT is pushed down to the operators: ``NOT a = 1`` is ``a != 1``."""
    if isinstance(condition, Clause):
        return Clause(condition.field, _OPPOSITE[condition.operator], condition.operands)
    return Both("OR" if condition.word == "AND" else "AND", tuple(map(negated, condition.parts)))


class _Build(lark.Transformer[lark.Token, Query]):
    """Turns lark's tree into ours."""

    def start(self, found: list[Any]) -> Query:
        condition, order = found
        return Query(condition, order or ())

    def or_(self, found: list[Any]) -> Condition:
        return Both("OR", tuple(found[::2]))

    def and_(self, found: list[Any]) -> Condition:
        return Both("AND", tuple(found[::2]))

    def negation(self, found: list[Any]) -> Condition:
        return negated(found[1])

    def comparison(self, found: list[Any]) -> Clause:
        return Clause(found[0], str(found[1]), (found[2],))

    def among(self, found: list[Any]) -> Clause:
        return Clause(found[0], "in", found[2])

    def not_among(self, found: list[Any]) -> Clause:
        return Clause(found[0], "not in", found[3])

    def is_(self, found: list[Any]) -> Clause:
        return Clause(found[0], "is", (found[2],))

    def is_not(self, found: list[Any]) -> Clause:
        return Clause(found[0], "is not", (found[3],))

    def listing(self, found: list[Any]) -> tuple[Operand, ...]:
        return tuple(found)

    def empty(self, _: list[Any]) -> Empty:
        return Empty()

    def call(self, found: list[Any]) -> Call:
        return Call(str(found[0]), tuple(one.text for one in found[1:] if one is not None))

    def literal(self, found: list[Any]) -> Literal:
        return Literal(_unquoted(found[0]), found[0].type == "STRING")

    def field(self, found: list[Any]) -> str:
        return _unquoted(found[0])

    def order(self, found: list[Any]) -> tuple[Sort, ...]:
        return tuple(found[2:])

    def sort(self, found: list[Any]) -> Sort:
        return Sort(found[0], found[1] is not None and found[1].lower() == "desc")


def _unquoted(token: lark.Token) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token.type == "STRING" else str(token)


@lru_cache(maxsize=1)
def _parser() -> lark.Lark:
    return lark.Lark(GRAMMAR, parser="lalr", maybe_placeholders=True)


def parse(text: str) -> Query:
    """Read a query.

    Raises
    ------
    JiraError
        Raised with 400 and the place of the mistake.
    """
    try:
        return _Build().transform(_parser().parse(text))
    except RecursionError:
        raise JiraError(400, "Error in the JQL Query: it is nested too deeply.") from None
    except lark.UnexpectedToken as error:
        if error.token.type == "$END":
            raise JiraError(400, "Error in the JQL Query: the query ends where more is expected.") from None
        problem = f"unexpected '{error.token}'"
        raise JiraError(400, _located(problem, error.line, error.column)) from None
    except lark.UnexpectedCharacters as error:
        problem = f"The character '{error.char}' is a reserved JQL character or out of place"
        raise JiraError(400, _located(problem, error.line, error.column)) from None


def _located(problem: str, line: int, column: int) -> str:
    return f"Error in the JQL Query: {problem}. (line {line}, character {column})"
