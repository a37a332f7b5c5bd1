"""From what components say of one job to the errors that count (reference/panda.md section 5)."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from cmbot.models.failures import Failure, FailureKind, JobError
from cmbot.wms.masking import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cmbot.models.data_report import FailedQuantum

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
_BEFORE = " failed. Exception "
"""Ends what pipetask writes before an exception: which task on which DataId."""
_DIGITS = re.compile(r"[0-9]+")
_MOST_KINDS = 200
_NOTHING = JobError("job", 0, "no component says why")
_MORE = JobError("job", 0, "more kinds of failures than are told apart")
# What remains once another component has spoken, in the order in which the monitor drops it.
_ECHOES = (frozenset({"taskbuffer:300", "dataservice:200"}), frozenset({"supervisor:8970"}))
_PAYLOAD = frozenset({"pilot:1305", "transform:1", "executor:1"})
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


def of_quanta(quanta: Iterable[FailedQuantum]) -> tuple[FailureKind, ...]:
    """Describe failures where only the data report tells of them.

    Parameters
    ----------
    quanta : `~collections.abc.Iterable` [`~cmbot.models.data_report.FailedQuantum`]
        The failed quanta.

    Returns
    -------
    kinds : `tuple` [`~cmbot.models.failures.FailureKind`, ...]
        With the error ``quantum:1``.
    """
    said = ((each, distinct([JobError("quantum", 1, reason(each.message))])) for each in quanta)
    return kinds(Failure(each.label, errors, 1, data_id=_name(each)) for each, errors in said)


def located(found: Iterable[FailureKind], quanta: Iterable[FailedQuantum]) -> tuple[FailureKind, ...]:
    """Add what the data report knows to what the WMS told.

    The WMS knows jobs, not DataIds, and of a failed payload often no more than that some quantum failed.

    Parameters
    ----------
    found : `~collections.abc.Iterable` [`~cmbot.models.failures.FailureKind`]
        Failures, as the WMS tells.
    quanta : `~collections.abc.Iterable` [`~cmbot.models.data_report.FailedQuantum`]
        Failed quanta, as the data report tells.

    Returns
    -------
    kinds : `tuple` [`~cmbot.models.failures.FailureKind`, ...]
        As many failures. One that says the same as a quantum has its DataId; payloads that do not say more
        than that they failed are told apart by what their quanta said, where these are as many.
    """
    left = list(quanta)
    told, silent = [], defaultdict[str, list[FailureKind]](list)
    for kind in found:
        same = next((each for each in left if _says(kind.example, each)), None)
        if same is not None:
            told.append(replace(kind, example=replace(kind.example, data_id=_name(same))))
        elif kind.example.errors[0].name in _PAYLOAD:
            silent[kind.example.label].append(kind)
        else:
            told.append(kind)
    for label, those in silent.items():
        own = [each for each in left if each.label == label]
        told += _split(those, own) if len(own) == sum(kind.count for kind in those) else those
    return tuple(sorted(told, key=_order))


def by_reason(quanta: Iterable[FailedQuantum]) -> dict[str, dict[str, list[str]]]:
    """Sort failed quanta by what they said.

    Parameters
    ----------
    quanta : `~collections.abc.Iterable` [`~cmbot.models.data_report.FailedQuantum`]
        The failed quanta.

    Returns
    -------
    data_ids : `dict` [`str`, `dict` [`str`, `list` [`str`]]]
        By label and reason; the reason is empty where they said nothing.
    """
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for each in quanta:
        found[each.label][reason(each.message)].append(_name(each))
    return found


def candidates(failure: Failure, said: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Name the quanta that a failed job may have run.

    Parameters
    ----------
    failure : `~cmbot.models.failures.Failure`
        The job.
    said : `~collections.abc.Mapping` [`str`, `~collections.abc.Sequence` [`str`]]
        DataIds of the failed quanta of its label, by their reason.

    Returns
    -------
    data_ids : `tuple` [`str`, ...]
        Those that say what the job says; if none does, and its payload says no more than that it failed, all.
    """
    words = [error.diag for error in failure.errors]
    same = [names for why, names in said.items() if why and any(why in each for each in words)]
    silent = failure.errors[0].name in _PAYLOAD
    return tuple(name for names in same or (said.values() if silent else ()) for name in names)


def _largest(alike: list[Failure]) -> Failure:
    """One of them, with the most memory that any asked for and used: all are to have enough."""
    asked, used = (
        max(filter(None, amounts), default=None)
        for amounts in ([each.memory for each in alike], [each.used for each in alike])
    )
    return replace(alike[-1], memory=asked, used=used)


def _split(those: list[FailureKind], quanta: list[FailedQuantum]) -> list[FailureKind]:
    by_quanta = of_quanta(quanta)
    first = those[0].example
    if len(by_quanta) > 1:
        # Which of the jobs said which is not known.
        first = replace(first, job=None, log="", attempt=0)
    return [
        FailureKind(
            replace(
                first,
                errors=(replace(first.errors[0], diag=kind.example.errors[0].diag),),
                data_id=kind.example.data_id,
            ),
            kind.count,
        )
        for kind in by_quanta
    ]


def _says(failure: Failure, quantum: FailedQuantum) -> bool:
    said = reason(quantum.message)
    return bool(said) and failure.label == quantum.label and any(said in each.diag for each in failure.errors)


def _name(quantum: FailedQuantum) -> str:
    return ", ".join(f"{dimension}={value}" for dimension, value in sorted(quantum.data_id.items()))


def _order(kind: FailureKind) -> tuple[object, ...]:
    return (-kind.count, kind.example.label, kind.example.errors)


def reason(message: str) -> str:
    """Find what a quantum failed of in its message.

    Parameters
    ----------
    message : `str`
        Of pipetask; its last line names the exception, often behind the task and the DataId.

    Returns
    -------
    reason : `str`
        Without what stands before the exception; empty if it says nothing.
    """
    lines = [line.strip() for line in message[-10_000:].splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    return last.partition(_BEFORE)[2] or last


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
    found = [FailureKind(_largest(group), len(group)) for group in groups.values()]
    return tuple(sorted(found, key=_order))
