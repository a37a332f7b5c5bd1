"""The pex_config overrides of a step (requirement B8): checked, and as ``pipetask qgraph`` takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.definition import grammar
from cmbot.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def problems(
    overrides: Mapping[str, str | Mapping[str, bool | int | float | str]], field: str
) -> Iterator[Problem]:
    """Find everything in overrides that cannot be passed on.

    Parameters
    ----------
    overrides : `~collections.abc.Mapping`
        By task label: a file of overrides, or values by field.
    field : `str`
        Name of the Jira field, for messages.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        One per label, field or value.
    """
    for label, content in overrides.items():
        if not grammar.is_label(label):
            yield Problem(field, f"{label!r} is no task label", "write label: {field: value}")
        if isinstance(content, str):
            if not grammar.is_config_file(content):
                yield Problem(field, f"{label}: {content!r} is no file of overrides", "write PATH.py")
            continue
        for name, value in content.items():
            if not grammar.is_config_field(name):
                yield Problem(field, f"{label}: {name!r} is no field", "write label: {field: value}")
            if not grammar.is_config_value(value):
                yield Problem(
                    field, f"{label}: {name} cannot be {value!r}", "use letters, digits and _ . , : / @ + -"
                )


def arguments(overrides: Mapping[str, str | Mapping[str, bool | int | float | str]]) -> Iterator[str]:
    """Write overrides as arguments of ``pipetask qgraph``, which keeps them in the graph.

    Parameters
    ----------
    overrides : `~collections.abc.Mapping`
        By task label; without problems.

    Yields
    ------
    argument : `str`
        ``-C`` or ``-c``, and what follows it.
    """
    for label, content in overrides.items():
        if isinstance(content, str):
            yield from ("-C", f"{label}:{content}")
            continue
        for name, value in content.items():
            yield from ("-c", f"{label}:{name}={value}")
