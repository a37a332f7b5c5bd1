"""YAML from people: safe types only, with limits on size, depth and aliases."""

from __future__ import annotations

from typing import Any

import yaml

from cmbot.exceptions import UserError

MAX_BYTES = 1_000_000
MAX_DEPTH = 20


class _Loader(yaml.CSafeLoader):
    """Safe types, no repeated keys, keys that are text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if repeated := {key for key in keys if keys.count(key) > 1}:
            raise yaml.YAMLError(f"{', '.join(sorted(repeated))} is written more than once")
        mapping = super().construct_mapping(node, deep=deep)
        if strange := [key for key in mapping if not isinstance(key, str)]:
            raise yaml.YAMLError(f"the key {strange[0]!r:.40} is not text; write it in quotes")
        return mapping


def load(text: str, subject: str) -> Any:
    """Read YAML that a person wrote.

    Parameters
    ----------
    text : `str`
        YAML.
    subject : `str`
        Where it comes from, for messages.

    Returns
    -------
    data : `Any`
        Mappings, lists and scalars.

    Raises
    ------
    UserError
        If it is too large, too deep, uses aliases, has keys that are not text, or is not YAML.
    """
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise UserError(subject, f"is larger than {MAX_BYTES} bytes", "make it smaller")
    try:
        depth = 0
        # Before anything is built: aliases can grow without bound, and depth is recursion.
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not allowed")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise UserError(subject, f"is nested deeper than {MAX_DEPTH}", "make it flatter")
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - _Loader is CSafeLoader with less
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        # What is not closed is noticed behind the last line.
        where = f" at line {min(mark.line + 1, len(text.splitlines()))}" if mark else ""
        said = getattr(error, "problem", None) or str(error)
        raise UserError(subject, f"is not valid YAML{where}: {said}", "correct it") from error
