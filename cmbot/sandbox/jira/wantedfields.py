"""Which fields of an issue a caller asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .configuration import Configuration
    from .fielddefinition import Field


def wanted_fields(config: Configuration, words: Iterable[str], default: str) -> list[Field]:
    """The fields that a ``fields`` parameter names.

    Parameters
    ----------
    config : `Configuration`
        The site's configuration.
    words : `~collections.abc.Iterable` [`str`]
        Ids or names, ``*all``, ``*navigable``, and exclusions that begin with ``-``. Unknown ones are
        ignored, as Jira does.
    default : `str`
        What is meant if nothing (or only exclusions) is named.
    """
    listed = [word.strip() for word in words if word.strip()]
    if all(word.startswith("-") for word in listed):
        listed.insert(0, default)
    chosen: dict[str, Field] = {}
    by_name = {field.name.casefold(): field for field in config.fields.values()}
    for word in listed:
        if word in ("*all", "*navigable"):
            chosen |= {f.id: f for f in config.fields.values() if f.navigable or word == "*all"}
        elif word.startswith("-"):
            chosen.pop(word[1:], None)
        elif found := config.fields.get(word) or by_name.get(word.casefold()):
            chosen[found.id] = found
    return list(chosen.values())
