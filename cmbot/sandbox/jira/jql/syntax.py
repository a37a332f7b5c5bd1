"""The grammar of JQL."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import lark

from cmbot.sandbox.jira.errors import JiraError

from .reserved import RESERVED
from .tree import (
    Both,
    Call,
    Clause,
    Condition,
    Empty,
    Literal,
    Not,
    Operand,
    Past,
    Predicate,
    Query,
    Sort,
)

GRAMMAR = r"""
start: [or_] [order]
?or_: and_ (OR and_)*
?and_: not_ (AND not_)*
?not_: NOT not_ -> negation
     | "(" or_ ")"
     | clause
clause: field OPERATOR operand                  -> comparison
      | field IN several                        -> among
      | field NOT IN several                    -> not_among
      | field IS operand                        -> is_
      | field IS NOT operand                    -> is_not
      | field WAS operand predicate*            -> was
      | field WAS NOT operand predicate*        -> was_not
      | field WAS IN several predicate*         -> was_in
      | field WAS NOT IN several predicate*     -> was_not_in
      | field CHANGED predicate*                -> changed
predicate: (AFTER | BEFORE | ON | DURING | BY | FROM | TO) (listing | one)
several: listing | called
listing: "(" operand ("," operand)* ")"
one: operand
called: call
?operand: EMPTY -> empty
        | call
        | literal
call: WORD "(" [literal ("," literal)*] ")"
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
WAS.2: /was(?![\w.-])/i
CHANGED.2: /changed(?![\w.-])/i
AFTER.2: /after(?![\w.-])/i
BEFORE.2: /before(?![\w.-])/i
ON.2: /on(?![\w.-])/i
DURING.2: /during(?![\w.-])/i
FROM.2: /from(?![\w.-])/i
TO.2: /to(?![\w.-])/i
DIRECTION.2: /(asc|desc)(?![\w.-])/i
CUSTOM.3: /cf\[\d+\]/i
STRING: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/
WORD: /[^\s"'=!<>~(),\[\]|&{}*\/%^$#@?;+]+/
%ignore /\s+/
"""


_PLAIN = re.compile(r"cf\[\d+\]|[\w.-]+", re.IGNORECASE)


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
        return Not(found[1])

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

    def was(self, found: list[Any]) -> Past:
        return Past(found[0], "was", (found[2],), tuple(found[3:]))

    def was_not(self, found: list[Any]) -> Past:
        return Past(found[0], "was not", (found[3],), tuple(found[4:]))

    def was_in(self, found: list[Any]) -> Past:
        return Past(found[0], "was in", found[3], tuple(found[4:]))

    def was_not_in(self, found: list[Any]) -> Past:
        return Past(found[0], "was not in", found[4], tuple(found[5:]))

    def changed(self, found: list[Any]) -> Past:
        return Past(found[0], "changed", (), tuple(found[2:]))

    def predicate(self, found: list[Any]) -> Predicate:
        return Predicate(found[0].lower(), found[1])

    def listing(self, found: list[Any]) -> tuple[Operand, ...]:
        return tuple(found)

    one = called = listing

    def several(self, found: list[Any]) -> tuple[Operand, ...]:
        return tuple(found[0])

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


def quoted(text: str) -> str:
    """A name or value as it must be written in a query: in quotes unless it is a plain word."""
    if _PLAIN.fullmatch(text) and text.casefold() not in RESERVED:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unquoted(token: lark.Token) -> str:
    if token.type == "STRING":
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    if token.casefold() in RESERVED:
        problem = (
            f"'{token}' is a reserved JQL word. You must surround it in quotation marks to use it in a query"
        )
        raise JiraError(400, _located(problem, token.line or 1, token.column or 1))
    return str(token)


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
    except lark.exceptions.VisitError as error:
        raise error.orig_exc from None
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
