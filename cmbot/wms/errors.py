"""From what components say of one job to the errors that count (reference/panda.md section 5)."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from cmbot.models.failures import Failure, FailureKind, JobError
from cmbot.wms.masking import masked

if TYPE_CHECKING:
    from collections.abc import Iterable

COMPONENTS = (
    "brokerage",
    "dataservice",
    "executor",
    "jobdispatcher",
    "pilot",
    "taskbuffer",
    "transform",
    "supervisor",
)
"""In the monitor's order."""
LONGEST_DIAG = 300
"""Characters of a message that are kept and compared with rules; PanDA's own limit is 250."""
_SHOWN = 120
_DIGITS = re.compile(r"[0-9]+")
_MOST_KINDS = 200
_NOTHING = JobError("job", 0, "no component says why")
_MORE = JobError("job", 0, "more kinds of failures than are told apart")
# What remains once another component has spoken, in the order in which the monitor drops it.
_ECHOES = (frozenset({"taskbuffer:300", "dataservice:200"}), frozenset({"supervisor:8970"}))
_ALONE = frozenset({"pilot:1305", "pilot:1235"})


def distinct(errors: Iterable[JobError]) -> tuple[JobError, ...]:
    """Drop what only repeats another component, as the monitor does, so that people see the same.

    Parameters
    ----------
    errors : `~collections.abc.Iterable` [`~cmbot.models.failures.JobError`]
        Of one failed job, as the components said it; a code of 0 says nothing.

    Returns
    -------
    errors : `tuple` [`~cmbot.models.failures.JobError`, ...]
        At least one.
    """
    found = sorted({JobError(error.component, error.code, diag(error)) for error in errors if error.code > 0})
    for echoes in _ECHOES:
        found = [error for error in found if error.name not in echoes] or found
    alone = [error for error in found if error.name in _ALONE]
    return tuple(alone[:1] or found) or (_NOTHING,)


def of_quantum(label: str, message: str, data_id: str) -> Failure:
    """Describe a failed quantum, where only the data report says that it failed.

    Parameters
    ----------
    label : `str`
        Label of its task.
    message : `str`
        What it said; the last line names the error.
    data_id : `str`
        Its DataId.

    Returns
    -------
    failure : `~cmbot.models.failures.Failure`
        With the error ``quantum:1``.
    """
    said = distinct([JobError("quantum", 1, last_line(message))])
    return Failure(label, said, exit_code=1, data_id=data_id)


def last_line(message: str) -> str:
    """Find the line of a message that names the error: the last one that says anything."""
    lines = [line.strip() for line in message[-10_000:].splitlines()]
    return next((line for line in reversed(lines) if line), "")


def diag(error: JobError) -> str:
    """Make a message comparable: one line, without the place where it happened and without secrets.

    Parameters
    ----------
    error : `~cmbot.models.failures.JobError`
        As its component said it.

    Returns
    -------
    diag : `str`
        At most `LONGEST_DIAG` characters.
    """
    # Cut before anything else is done with it: it may be of any length.
    text = " ".join(error.diag[: 10 * LONGEST_DIAG].split())
    text = masked("".join(filter(str.isprintable, text)))
    if text.lower().startswith("lost heartbeat"):
        return "lost heartbeat"
    return text.partition(" at ")[0][:LONGEST_DIAG].strip()


def shape(text: str) -> str:
    """Give messages that differ only in numbers the same shape.

    Parameters
    ----------
    text : `str`
        A message.

    Returns
    -------
    shape : `str`
        With ``#`` for every number, cut.
    """
    return _DIGITS.sub("#", text)[:_SHOWN]


def kinds(failures: Iterable[Failure]) -> tuple[FailureKind, ...]:
    """Count failures that look the same to every rule.

    Parameters
    ----------
    failures : `~collections.abc.Iterable` [`~cmbot.models.failures.Failure`]
        Each input once.

    Returns
    -------
    kinds : `tuple` [`~cmbot.models.failures.FailureKind`, ...]
        The most frequent first. Beyond 200, those of a label are counted together, so that no flood of
        different messages can fill the mirror; no rule knows what they are.
    """
    groups: dict[tuple[object, ...], list[Failure]] = defaultdict(list)
    for each in failures:
        failure = each
        said = tuple((error.name, shape(error.diag)) for error in failure.errors)
        key: tuple[object, ...] = (failure.label, said, failure.exit_code, failure.site)
        if len(groups) >= _MOST_KINDS and key not in groups:
            key, failure = (failure.label,), replace(failure, errors=(_MORE,), exit_code=None)
        groups[key].append(failure)
    found = [FailureKind(group[-1], len(group)) for group in groups.values()]
    return tuple(sorted(found, key=lambda kind: (-kind.count, kind.example.label, kind.example.errors)))
