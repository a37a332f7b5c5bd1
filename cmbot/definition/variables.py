"""Variables of a campaign file: declared with a type, filled when a campaign is created (requirement B11).

``$(night)`` in a text is replaced by the value; a value that is nothing but ``$(night)`` keeps its type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from cmbot.definition import parts
from cmbot.exceptions import DefinitionError, Problem
from cmbot.models.campaign import one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_PLACE = re.compile(r"\$\(([^()]*)\)")
_NIGHT = re.compile(r"\d{8}", re.ASCII)
_FLAGS = {"true": True, "false": False}

Value = str | int | float | bool | list[int]


def _night(text: str) -> int:
    if not _NIGHT.fullmatch(text):
        raise ValueError
    date(int(text[:4]), int(text[4:6]), int(text[6:]))
    return int(text)


_TYPES: Mapping[str, tuple[Callable[[str], Value], str]] = {
    "text": (str, "a text"),
    "integer": (int, "a whole number"),
    "number": (float, "a number"),
    "flag": (lambda text: _FLAGS[text.lower()], "true or false"),
    "night": (_night, "a day as YYYYMMDD"),
    "integers": (lambda text: [int(item) for item in text.split(",")], "whole numbers with commas between"),
}
"""How the text of a value is read, and what it should be."""


@dataclass(frozen=True)
class Variable:
    """One variable of a campaign file."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    type: Annotated[str, one_of(*_TYPES)] = "text"
    """What its values are; a night is a day_obs, YYYYMMDD."""
    default: str | bool | int | float | tuple[int, ...] | None = None
    """Its value if none is given; without one it must be given."""
    description: str = ""
    """What it means."""


def fill(data: Mapping[str, Any], given: Mapping[str, str], source: str) -> dict[str, Any]:
    """Fill the variables of a campaign file.

    Parameters
    ----------
    data : `~collections.abc.Mapping`
        Content of the file; its ``variables`` declare them.
    given : `~collections.abc.Mapping` [`str`, `str`]
        Values by name.
    source : `str`
        Name of the file, for messages.

    Returns
    -------
    data : `dict`
        The same without ``variables``, everything filled.

    Raises
    ------
    DefinitionError
        If a variable is missing, ill-typed, not declared or used nowhere: all of them.
    """
    declared: Mapping[str, Variable] = parts.read(
        Mapping[str, Variable], data.get("variables") or {}, f"{source} variables"
    )
    content = {key: value for key, value in data.items() if key != "variables"}
    used = {name for text in _texts(content) for name in _PLACE.findall(text)}
    problems, values = list(_unknown(declared, given, used)), dict[str, Value]()
    for name, variable in declared.items():
        text = given[name] if name in given else _text(variable.default)
        read, wanted = _TYPES[variable.type]
        about = f" ({variable.description})" if variable.description else ""
        if text is None:
            problems.append(Problem(name, f"has no value{about}", f"say --set {name}=VALUE, {wanted}"))
            continue
        try:
            values[name] = read(text)
        except (ValueError, KeyError):
            problems.append(Problem(name, f"cannot be {text!r:.80}{about}", f"give {wanted}"))
    if problems:
        raise DefinitionError(source, tuple(problems))
    filled: dict[str, Any] = _filled(content, values)
    return filled


def _unknown(declared: Collection[str], given: Collection[str], used: set[str]) -> Iterator[Problem]:
    listed = ", ".join(declared) or "no variables"
    for name in sorted(set(given) - set(declared)):
        yield Problem(name, "is no variable of this file", f"it declares {listed}")
    for name in sorted(used - set(declared)):
        yield Problem(f"$({name})", "is not declared", f"add it to variables; the file declares {listed}")
    for name in sorted(set(declared) - used):
        yield Problem(name, "is declared and used nowhere", f"write $({name}), or remove it")


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, (dict, list)):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _texts(value)


def _filled(data: Any, values: Mapping[str, Value]) -> Any:
    if isinstance(data, dict):
        return {key: _filled(value, values) for key, value in data.items()}
    if isinstance(data, list):
        return [_filled(value, values) for value in data]
    if not isinstance(data, str):
        return data
    if whole := _PLACE.fullmatch(data):
        return values[whole[1]]
    return _PLACE.sub(lambda found: _text(values[found[1]]) or "", data)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
