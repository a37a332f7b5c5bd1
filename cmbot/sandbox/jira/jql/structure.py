"""A parsed query as the JSON of Cloud's ``jql/parse``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .syntax import quoted
from .tree import Both, Call, Clause, Empty, Not

if TYPE_CHECKING:
    from .tree import Condition, Operand, Predicate, Query

Json = dict[str, Any]


def structure(query: Query) -> Json:
    """``where`` and ``orderBy``, each where the query has it."""
    found: Json = {}
    if query.condition is not None:
        found["where"] = _condition(query.condition)
    if query.order:
        terms: list[Json] = [
            {"field": _field(term.field), "direction": "desc" if term.descending else "asc"}
            for term in query.order
        ]
        found["orderBy"] = {"fields": terms}
    return found


def _condition(condition: Condition) -> Json:
    if isinstance(condition, Not):
        return {"operator": "not", "clauses": [_condition(condition.part)]}
    if isinstance(condition, Both):
        return {
            "operator": condition.word.lower(),
            "clauses": [_condition(part) for part in condition.parts],
        }
    found: Json = {"field": _field(condition.field), "operator": condition.operator}
    if condition.operands:
        found["operand"] = _operands(condition.operands, several=condition.operator.endswith("in"))
    if not isinstance(condition, Clause):
        found["predicates"] = [_predicate(one) for one in condition.predicates]
    return found


def _predicate(predicate: Predicate) -> Json:
    several = len(predicate.operands) > 1
    return {"operator": predicate.word, "operand": _operands(predicate.operands, several=several)}


def _field(name: str) -> Json:
    return {"name": name, "encodedName": quoted(name)}


def _operands(operands: tuple[Operand, ...], *, several: bool) -> Json:
    shown = [_operand(one) for one in operands]
    if not several or (len(operands) == 1 and isinstance(operands[0], Call)):
        return shown[0]
    return {"values": shown, "encodedOperand": f"({', '.join(map(_written, shown))})"}


def _operand(operand: Operand) -> Json:
    if isinstance(operand, Empty):
        return {"keyword": "empty", "encodedOperand": "empty"}
    if isinstance(operand, Call):
        arguments = list(operand.arguments)
        written = f"{operand.name}({', '.join(map(quoted, arguments))})"
        return {"function": operand.name, "arguments": arguments, "encodedOperand": written}
    return {"value": operand.text, "encodedValue": quoted(operand.text)}


def _written(operand: Json) -> str:
    return str(operand.get("encodedOperand", operand.get("encodedValue")))
