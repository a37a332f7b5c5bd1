"""What a query says, as the grammar yields it."""

from __future__ import annotations

from dataclasses import dataclass, replace


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
class Predicate:
    """What narrows a condition on the history: ``AFTER "2026-11-20"``."""

    word: str
    """In lower case: ``after``, ``by`` ..."""
    operands: tuple[Operand, ...]
    """One, or those of a list."""


@dataclass(frozen=True)
class Past:
    """A condition on a field's history."""

    field: str
    """Name as written."""
    operator: str
    """``was``, ``was in``, ``changed``, or one of these with ``not``."""
    operands: tuple[Operand, ...]
    """Values; none for ``changed``."""
    predicates: tuple[Predicate, ...]
    """What must hold of the same period or change."""


@dataclass(frozen=True)
class Both:
    """Several conditions joined by AND or OR."""

    word: str
    """``AND`` or ``OR``."""
    parts: tuple[Condition, ...]
    """The conditions."""


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    part: Condition
    """The condition."""


Condition = Clause | Past | Both | Not


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
    "was": "was not",
    "was in": "was not in",
    "changed": "not changed",
}
_OPPOSITE |= {value: key for key, value in _OPPOSITE.items()}


def pushed(condition: Condition, *, opposite: bool = False) -> Clause | Past | Both:
    """The condition or its opposite without any NOT; as in Jira, ``NOT a = 1`` becomes ``a != 1``."""
    match condition:
        case Not():
            return pushed(condition.part, opposite=not opposite)
        case Both():
            word = condition.word if not opposite else "OR" if condition.word == "AND" else "AND"
            return Both(word, tuple(pushed(part, opposite=opposite) for part in condition.parts))
        case _:
            operator = _OPPOSITE[condition.operator] if opposite else condition.operator
            return replace(condition, operator=operator)
