"""Components of PanDA that report errors, and what they say of an attempt that ended badly.

Source: reference/panda.md section 5 and the recorded jobs.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Component(NamedTuple):
    """One component, with its columns of a job."""

    name: str
    """Name in the monitor's error keys, as in ``pilot:1305``."""
    code: str
    """Column of its code."""
    diag: str | None
    """Column of its text; transform has none."""


COMPONENTS = (
    Component("brokerage", "brokerageerrorcode", "brokerageerrordiag"),
    Component("dataservice", "ddmerrorcode", "ddmerrordiag"),
    Component("executor", "exeerrorcode", "exeerrordiag"),
    Component("jobdispatcher", "jobdispatchererrorcode", "jobdispatchererrordiag"),
    Component("pilot", "piloterrorcode", "piloterrordiag"),
    Component("taskbuffer", "taskbuffererrorcode", "taskbuffererrordiag"),
    Component("transform", "transexitcode", None),
    Component("supervisor", "superrorcode", "superrordiag"),
)
"""In the monitor's order."""

Errors = dict[str, tuple[int, str | None]]
"""Code and text by name of the component."""

PAYLOAD_FAILED, OVER_MEMORY, TERMINATED, KILLED_BY_SERVER = 1305, 1235, 1201, 1144
"""Codes of the pilot."""
LOST_HEARTBEAT, KILLED = 100, 100
"""Codes of the job dispatcher and of the task buffer."""
_DIAG_LIMIT = 250


def payload_errors(exit_code: int, last_words: str) -> Errors:
    """Errors of a payload that ended badly by itself.

    Parameters
    ----------
    exit_code : `int`
        Not 0; 128 + N for a signal N. A killed payload leaves no word of the pilot.
    last_words : `str`
        Last line of its standard error.

    Returns
    -------
    errors : `dict`
        By component.
    """
    errors: Errors = {"executor": (exit_code, "payload failed"), "transform": (exit_code, None)}
    if exit_code == 128 + signal.SIGKILL:
        errors["executor"] = (exit_code, None)
    elif exit_code == 128 + signal.SIGTERM:
        errors["pilot"] = (TERMINATED, "Job killed by signal: SIGTERM")
    else:
        errors["pilot"] = (PAYLOAD_FAILED, f"Failed to execute payload:{last_words}"[:_DIAG_LIMIT])
    return errors


def memory_errors(used: float, limit: float) -> Errors:
    """Errors of a payload that was killed for its memory, both in MB."""
    text = f"Job has exceeded the memory limit: {used * 1024:.0f} kB > {limit * 1024:.0f} kB"
    code = 128 + signal.SIGKILL
    return {"executor": (code, None), "pilot": (OVER_MEMORY, text), "transform": (code, None)}


def columns(errors: Mapping[str, tuple[int, str | None]]) -> dict[str, object]:
    """Columns of a job, without its exit code: 0 and null for a component that says nothing.

    Parameters
    ----------
    errors : mapping
        Code and text by name of the component.

    Returns
    -------
    columns : `dict` [`str`, `object`]
        ``piloterrorcode``, ``piloterrordiag`` and so on.
    """
    found: dict[str, object] = {}
    for component in COMPONENTS:
        if component.diag is not None:
            found[component.code], found[component.diag] = errors.get(component.name, (0, None))
    return found
