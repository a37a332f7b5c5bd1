"""Plain data, as YAML and JSON hold them, to the parts of a definition and back."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from cmbot.exceptions import DefinitionError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 80
"""Characters of a wrong value that are repeated."""


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def read(kind: Any, data: Any, subject: str) -> Any:
    """Make a part of a definition of plain data.

    Parameters
    ----------
    kind : `type`
        One of the classes of `cmbot.models.campaign`, or a type made of them.
    data : `Any`
        Mappings, lists and scalars.
    subject : `str`
        The file or field, for messages.

    Returns
    -------
    part : `Any`
        Of that kind.

    Raises
    ------
    DefinitionError
        If keys are missing, unknown or of the wrong type: all of them.
    """
    try:
        return _reader(kind).validate_python(data)
    except ValidationError as error:
        raise DefinitionError(subject, tuple(_problem(item) for item in error.errors())) from error


def plain(part: Any) -> Any:
    """Give the plain data of a part, without what is as it is by default: it says what somebody decided.

    Parameters
    ----------
    part : `Any`
        A part of a definition.

    Returns
    -------
    data : `Any`
        Mappings, lists and scalars; `read` makes the same part of it.
    """
    if is_dataclass(part) and not isinstance(part, type):
        found = {item: getattr(part, item.name) for item in fields(part)}
        return {item.name: plain(value) for item, value in found.items() if value != _default(item)}
    if isinstance(part, dict):
        return {key: plain(value) for key, value in part.items()}
    if isinstance(part, (tuple, list)):
        return [plain(value) for value in part]
    return str(part) if isinstance(part, str) else part


def schema(kind: type) -> dict[str, Any]:
    """Make the JSON Schema of a part (requirement B33).

    Parameters
    ----------
    kind : `type`
        One of the classes of `cmbot.models.campaign`.

    Returns
    -------
    schema : `dict`
        Its descriptions are the docstrings of the fields.
    """
    made = _reader(kind).json_schema()
    for name, part in {kind.__name__: made, **made.get("$defs", {})}.items():
        described = _docstrings(getattr(inspect.getmodule(kind), name))
        for key, entry in part.get("properties", {}).items():
            entry["description"] = described[key]
    return made


def _default(item: Any) -> Any:
    # MISSING, which no value is, where there is none.
    return item.default if item.default_factory is MISSING else item.default_factory()


def _docstrings(kind: type) -> Mapping[str, str]:
    [tree] = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    lines = tree.body if isinstance(tree, ast.ClassDef) else []
    return {
        line.target.id: " ".join(after.value.value.split())
        for line, after in pairwise(lines)
        if isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }


def _problem(item: Any) -> Problem:
    where = ".".join(str(part) for part in item["loc"]) or "it"
    match item["type"]:
        case "missing":
            return Problem(where, "is missing", "add it")
        case "unexpected_keyword_argument":
            return Problem(where, "is not known", "remove it or correct its spelling")
        case "string_pattern_mismatch":
            known = item["ctx"]["pattern"].strip("^$()").replace("|", ", ")
            return Problem(where, f"{repr(item['input'])[:_LONGEST]} is not known", f"use {known}")
        case _:
            said = item["msg"][:1].lower() + item["msg"][1:]
            return Problem(where, said, f"write it in place of {repr(item['input'])[:_LONGEST]}")
