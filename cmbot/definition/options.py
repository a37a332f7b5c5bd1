"""The BPS options that a step may set: an allow-list, since some BPS keys run commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RESOURCES: dict[str, type | tuple[type, ...]] = {
    "requestMemory": int,
    "requestCpus": int,
    "requestDisk": int,
    "requestWalltime": int,
    "memoryMultiplier": (int, float),
    "memoryLimit": int,
    "numberOfRetries": int,
    "queue": str,
    "preemptible": bool,
}
_CLUSTER: dict[str, type | tuple[type, ...]] = _RESOURCES | {
    "pipetasks": str,
    "dimensions": str,
    "equalDimensions": str,
    "partitionDimensions": str,
    "partitionMaxClusters": int,
    "partitionMaxSize": int,
}
_TOP: dict[str, type | tuple[type, ...]] = _RESOURCES | {"clusterAlgorithm": str, "maxJobsPerTask": int}
_SECTIONS = {"pipetask": _RESOURCES, "cluster": _CLUSTER}
_FINAL_JOB: dict[str, type | tuple[type, ...]] = {
    "requestMemory": int,
    "requestCpus": int,
    "queue": str,
    "whenRun": str,
}
_TEXT = re.compile(r"[A-Za-z0-9_ ,.:\-]*")
_MOST = 10**9
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

OPTIONS = tuple(sorted([*_TOP, *_SECTIONS, "finalJob"]))


def problems(options: Mapping[str, Any], field: str) -> Iterator[Problem]:
    """Find everything in a step's BPS options that cannot be passed on.

    Parameters
    ----------
    options : `~collections.abc.Mapping`
        The parsed options.
    field : `str`
        Name of the field, for messages.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        One per key.
    """
    for key, value in options.items():
        if key in _SECTIONS:
            yield from _section(f"{field} {key}", value, _SECTIONS[key])
        elif key == "finalJob":
            yield from _values(f"{field} {key}", value, _FINAL_JOB)
        else:
            yield from _values(field, {key: value}, _TOP)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Put BPS options above others, as BPS reads one file after the other.

    Parameters
    ----------
    below, above : `~collections.abc.Mapping`
        Options; of the site and of the step, for one.

    Returns
    -------
    options : `dict`
        All of them; where both say something, what is above counts.
    """
    both = dict(below)
    for key, value in above.items():
        old = both.get(key)
        both[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def _section(where: str, section: Any, known: Mapping[str, type | tuple[type, ...]]) -> Iterator[Problem]:
    if not isinstance(section, dict):
        yield Problem(where, "is not a mapping of labels", "write label: {key: value}")
        return
    for label, values in section.items():
        if not _LABEL.fullmatch(str(label)):
            yield Problem(where, f"{label!r} is not a label", "use letters, digits and _")
        yield from _values(f"{where} {label}", values, known)


def _values(where: str, values: Any, known: Mapping[str, type | tuple[type, ...]]) -> Iterator[Problem]:
    if not isinstance(values, dict):
        yield Problem(where, "is not a mapping", "write key: value")
        return
    for key, value in values.items():
        wanted = known.get(key)
        if wanted is None:
            yield Problem(
                where, f"{key} is not an option that a step may set", f"use {', '.join(sorted(known))}"
            )
        elif not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            yield Problem(where, f"{key} cannot be {value!r}", f"give {_name(wanted)}")
        elif isinstance(value, str) and not _TEXT.fullmatch(value):
            yield Problem(
                where, f"{key} holds characters that are not allowed", "use letters, digits, _ , . : -"
            )
        elif isinstance(value, (int, float)) and not 0 <= value < _MOST:
            yield Problem(where, f"{key} cannot be {value}", f"give a number from 0 to {_MOST:,}")


def _name(kind: type | tuple[type, ...]) -> str:
    return {int: "a whole number", str: "a text", bool: "true or false"}.get(
        kind if isinstance(kind, type) else int, "a number"
    )
