"""Write docs/settings.md: every setting with its type, its default and what it is for.

Run ``python tests/settings_reference.py`` after changing cmbot/settings.py; a test compares.
"""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import UnionType
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticUndefined

from cmbot.settings import Secret, Settings

FILE = Path(__file__).parents[1] / "docs" / "settings.md"

HEAD = """# Settings

Generated from `cmbot/settings.py` by `python tests/settings_reference.py`.

One YAML file, named by `--settings` or `CMBOT_SETTINGS` (`cmbot.yaml` if neither says otherwise); unknown
keys are refused. [config/settings.yaml](../config/settings.yaml) is an example. Durations are written as in
ISO 8601 (`PT5M`) or in seconds. `<name>` is a name of your choice. A secret is never in the file: it is
`{variable: NAME}` or `{file: PATH}`, and the variable comes first if it is set.
"""


def described(model: type[BaseModel]) -> dict[str, str]:
    """Read the docstrings under the fields of a model.

    Parameters
    ----------
    model : `type`
        A settings model.

    Returns
    -------
    texts : `dict` [`str`, `str`]
        By field, on one line.
    """
    (node,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(node, ast.ClassDef)
    texts = {}
    for field, text in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            assert isinstance(text, ast.Expr), f"{model.__name__}.{field.target.id} has no docstring"
            texts[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split()).replace("``", "`")
    return texts


def rows(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, str, str, str]]:
    """List the settings of a model, the ones inside it included.

    Parameters
    ----------
    model : `type`
        A settings model.
    path : `str`, optional
        Where it is.

    Yields
    ------
    row : `tuple` [`str`, ...]
        Path, type, default and text.
    """
    texts = described(model)
    for name, field in model.model_fields.items():
        where = f"{path}{name}"
        inner, many = _inside(field.annotation)
        if inner is not None and inner is not Secret:
            where += ".<name>" if many else ""
            yield where, "", "" if field.is_required() or many else "none", texts[name]
            yield from rows(inner, f"{where}.")
        else:
            yield where, _type(field.annotation), _default(field), texts[name]


def page() -> str:
    """Write the page.

    Returns
    -------
    text : `str`
        Markdown.
    """
    lines = [HEAD]
    for name, field in Settings.model_fields.items():
        inner, many = _inside(field.annotation)
        assert inner is not None
        lines += [
            f"## {name}",
            "",
            described(Settings)[name],
            "",
            "| setting | type | default | |",
            "|---|---|---|---|",
        ]
        for cells in rows(inner, f"{name}.<name>." if many else f"{name}."):
            path, kind, default, text = (cell.replace("|", r"\|") for cell in cells)
            lines.append(f"| `{path}` | {kind} | {default} | {text} |")
        lines.append("")
    return "\n".join(lines)


def _inside(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """Find the model in an annotation, and whether it stands in a mapping."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation, False
    many = typing.get_origin(annotation) is Mapping
    for argument in typing.get_args(annotation):
        found, _ = _inside(argument)
        if found is not None:
            return found, many
    return None, many


def _type(annotation: Any) -> str:
    words = {str: "text", int: "whole number", float: "number", bool: "yes or no", timedelta: "duration"}
    if annotation in words:
        return words[annotation]
    arguments = [one for one in typing.get_args(annotation) if one is not type(None)]
    if typing.get_origin(annotation) is tuple:
        return f"list of {_type(arguments[0])}"
    if typing.get_origin(annotation) is Mapping:
        return f"{_type(arguments[0])} to {_type(arguments[1])}"
    if isinstance(annotation, UnionType):
        return " or ".join(dict.fromkeys(map(_type, arguments)))
    if annotation is Secret:
        return "secret"
    return str(getattr(annotation, "__name__", annotation))


def _default(field: Any) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "**required**"
    if value in ("", None, ()) or value == {}:
        return "none"
    return f"`{TypeAdapter(Any).dump_json(value).decode().strip(chr(34))}`"


if __name__ == "__main__":
    FILE.write_text(page())
