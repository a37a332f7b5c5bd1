"""Whether the workflows of a step differ in more than their names and data (requirement B16)."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any

from cmbot.models.views import Unlike

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OWN = frozenset({"uniqProcName", "submitPath", "operator"})
"""What each workflow has of its own: its names, and who launched it (requirement D7)."""
_OWN_DATA = frozenset({"payloadName", "inCollection", "dataQuery", "output", "outputRun"})
"""The same of the payload."""
_COMPUTED = {"--data-id-table": 2, "--clobber-outputs": 1, "--skip-existing-in": 2}
"""Graph options that name a group's data or what a rescue skips, and how many arguments each is."""


def shared(config: Mapping[str, Any]) -> dict[str, Any]:
    """Give what all workflows of a step should have in common.

    Parameters
    ----------
    config : `~collections.abc.Mapping`
        A BPS configuration.

    Returns
    -------
    values : `dict` [`str`, `Any`]
        By path, as ``pipetask.isr.requestMemory``; without names, collections and query.
    """
    rest = {key: value for key, value in config.items() if key not in _OWN}
    payload = config.get("payload")
    if isinstance(payload, dict):
        rest["payload"] = {key: value for key, value in payload.items() if key not in _OWN_DATA}
    if isinstance(options := config.get("extraQgraphOptions"), str):
        rest["extraQgraphOptions"] = _chosen(options)
    return {path: value for path, value in leaves(rest, "") if value != ""}


def differences(workflows: Mapping[str, Mapping[str, Any]]) -> tuple[Unlike, ...]:
    """Find what is not the same in all workflows of a step.

    Parameters
    ----------
    workflows : `~collections.abc.Mapping`
        What `shared` gave of each, by its name for people: ``g001 a1``.

    Returns
    -------
    differences : `tuple` [`~cmbot.models.views.Unlike`, ...]
        By path; what most of them have, or else the first, is the usual.
    """
    found: dict[tuple[str, str], list[str]] = {}
    usual: dict[str, str] = {}
    for path in sorted(set().union(*workflows.values())):
        values = {name: _text(values.get(path)) for name, values in workflows.items()}
        usual[path] = Counter(values.values()).most_common(1)[0][0]
        for name, value in values.items():
            if value != usual[path]:
                found.setdefault((path, value), []).append(name)
    return tuple(Unlike(path, value, usual[path], tuple(names)) for (path, value), names in found.items())


def parted(options: str) -> tuple[list[str], list[str]]:
    """Part the options of ``pipetask qgraph``.

    Parameters
    ----------
    options : `str`
        BPS's extraQgraphOptions.

    Returns
    -------
    chosen, computed : `list` [`str`]
        What somebody chose, and what names a group's data or what a rescue skips.

    Raises
    ------
    ValueError
        If it is no command line.
    """
    chosen, computed = list[str](), list[str]()
    words = iter(shlex.split(options))
    for word in words:
        more = [next(words, "") for _ in range(_COMPUTED.get(word, 0) - 1)]
        (computed if word in _COMPUTED else chosen).extend((word, *more))
    return chosen, computed


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Walk through a configuration.

    Parameters
    ----------
    value : `Any`
        The configuration, or a part of it.
    path : `str`
        Where that is; empty for the whole.

    Yields
    ------
    path, value : `str`, `Any`
        What is no mapping, or an empty one.
    """
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _chosen(options: str) -> str:
    try:
        return " ".join(parted(options)[0])
    except ValueError:
        return options


def _text(value: Any) -> str:
    return "" if value is None else str(value)
