"""Reading what ``pipetask report`` wrote, without I/O (reference/bps.md section 4).

The file is that of ``pipetask report REPO graph… --force-v2 --full-output-filename out.json``. All graphs
of a group are given, the first attempt first: a rescue's own graph holds only what was rescued. A graph whose
RUN does not exist yet cannot be reported: pipetask ends with "No collection with name …".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import RemoteError
from cmbot.models.data_report import DataReport, FailedQuantum, TaskCount

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SUBJECT = "pipetask report"
_FAILED = "FAILED"
_KINDS = ("successful", "failed", "blocked", "unknown", "wonky")
"""What a quantum can be: exactly one of these."""


def parse_report(text: str, at: datetime) -> DataReport:
    """Read a report.

    Parameters
    ----------
    text : `str`
        The file, as JSON.
    at : `datetime.datetime`
        When it was made, with its zone.

    Returns
    -------
    report : `cmbot.models.data_report.DataReport`
        The counts and the failed quanta.

    Raises
    ------
    RemoteError
        Raised if the file is not such a report, lacks something, or its counts do not add up.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _strange(f"it is not JSON ({error})") from error
    tasks = _get(content, "tasks", dict, "the report")
    if not tasks:
        raise _strange("it lists no task")
    counts = tuple(_count(label, entry) for label, entry in tasks.items())
    failed = tuple(quantum for label, entry in tasks.items() for quantum in _failed_quanta(label, entry))
    return DataReport(counts, failed, at)


def _count(label: str, entry: Any) -> TaskCount:
    numbers = {key: _number(entry, f"n_{key}", label) for key in _KINDS}
    total = sum(numbers.values())
    expected = _number(entry, "n_expected", label)
    if total != expected:
        told = ", ".join(f"{value} {key}" for key, value in numbers.items())
        raise _strange(f"{label} does not add up: {told} are {total}, but {expected} were expected")
    listed = len(_get(entry, "failed_quanta", list, label))
    if listed != numbers["failed"]:
        raise _strange(f"{label} does not add up: {numbers['failed']} failed, but {listed} are listed")
    return TaskCount(
        label=label,
        expected=expected,
        caveats=sum(len(quanta) for quanta in _get(entry, "caveats", dict, label).values()),
        recovered=len(_get(entry, "recovered_quanta", list, label)),
        **numbers,
    )


def _failed_quanta(label: str, entry: Mapping[str, Any]) -> list[FailedQuantum]:
    found = []
    for quantum in entry["failed_quanta"]:
        data_id = _get(quantum, "data_id", dict, f"a failed quantum of {label}")
        runs = _get(quantum, "runs", dict, f"a failed quantum of {label}")
        messages = _get(quantum, "messages", list, f"a failed quantum of {label}")
        # runs are listed in the order of the graphs
        failed_in = [run for run, status in runs.items() if status == _FAILED] or list(runs)
        if not failed_in:
            raise _strange(f"a failed quantum of {label} names no RUN")
        found.append(FailedQuantum(label, data_id, "\n".join(map(str, messages)), failed_in[-1]))
    return found


def _get(entry: Any, key: str, kind: type, where: str) -> Any:
    if not isinstance(entry, dict) or key not in entry:
        raise _strange(f"{where} has no {key}")
    if not isinstance(entry[key], kind):
        raise _strange(f"{where}: {key} is {type(entry[key]).__name__}, not {kind.__name__}")
    return entry[key]


def _number(entry: Any, key: str, where: str) -> int:
    value: int = _get(entry, key, int, where)
    if isinstance(value, bool) or value < 0:
        raise _strange(f"{where}: {key} is {value}")
    return value


def _strange(problem: str) -> RemoteError:
    return RemoteError(SUBJECT, problem, "look at the file; this version of pipetask may write another form")
