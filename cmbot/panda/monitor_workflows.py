"""Workflows and tasks as the monitor lists them; pure (reference/panda.md sections 3.1 and 3.2)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cmbot.panda.monitor_rows import count, integer, rows, text
from cmbot.panda.names import TaskName, panda_task_name
from cmbot.wms.judgement import task_state
from cmbot.wms.masking import masked
from cmbot.wms.port import TaskReport
from cmbot.wms.states import TaskState, WorkflowState, listed_request_state, panda_task_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.panda.monitor_rows import Row

_BUILD = "build_task"
_DIALOG = 300
# Percents of new servers, counts of old ones: compared, never used as numbers.
_NUMBERS = ("total_tasks", "finished_files", "failed_files", "remaining_files", "processed_files")
_GROWING = ("total_files", "total_jedi_files")
_GONE = {"cancelled", "failed", "expired"}


@dataclass(frozen=True)
class Progress:
    """One workflow: enough to see that it has changed."""

    request_id: int
    """Its id."""
    name: str
    """Its run name; old servers write it in lower case."""
    raw_status: str
    """Status of the request, as it was sent."""
    state: WorkflowState
    """The same in cmbot's word, before any counts are looked at."""
    marks: tuple[str, ...]
    """What differs when anything about it differs."""
    has_jobs: bool
    """Whether PanDA knows of jobs of it, so that it has tasks to ask for."""
    row: Row = field(compare=False)
    """As it was received."""


@dataclass(frozen=True)
class MonitorTask:
    """One PanDA task: one chunk of a label."""

    task_id: int
    """Its JEDI task id."""
    request_id: int
    """Its workflow."""
    name: TaskName
    """Place in the pipeline, label and chunk."""
    report: TaskReport
    """Its state and jobs."""
    dialog: str
    """Why it waits or ended, in PanDA's words; empty for none."""
    memory: int | None
    """Memory it asks for (MB)."""
    site: str
    """Where it runs."""


def progress(data: Any, asked: Mapping[int, str]) -> dict[int, Progress]:
    """Read ``/idds/wfprogress/``. What is missing is not gone: ask iDDS.

    Parameters
    ----------
    data : `Any`
        The JSON.
    asked : `~collections.abc.Mapping` [`int`, `str`]
        Run names by request id; rows of others are left out.

    Returns
    -------
    progress : `dict` [`int`, `Progress`]
        By request id.

    Raises
    ------
    RemoteError
        If it is no list, or a status is not known.
    """
    found = {}
    for row in rows(data, "workflows"):
        number, name = integer(row, "request_id"), text(row, "r_name")
        if number is None or number not in asked or name.lower() != asked[number].lower():
            continue
        status = text(row, "r_status")
        jobs = bool(count(row, "total_jedi_files") or count(row, "total_files"))
        state = listed_request_state(status)
        found[number] = Progress(number, name, status, state, _marks(row, status), jobs, row)
    return found


def names(data: Any) -> dict[int, str]:
    """Name every workflow of ``/idds/wfprogress/``, but those that were cancelled or failed.

    Parameters
    ----------
    data : `Any`
        The JSON.

    Returns
    -------
    names : `dict` [`int`, `str`]
        Run name by request id.

    Raises
    ------
    RemoteError
        If it is no list.
    """
    found = {}
    for row in rows(data, "workflows"):
        number, name = integer(row, "request_id"), text(row, "r_name")
        if number is not None and name and text(row, "r_status").lower() not in _GONE:
            found[number] = name
    return found


def _marks(row: Row, status: str) -> tuple[str, ...]:
    statuses = row.get("tasks_statuses")
    tasks = sorted(f"{key}={value}" for key, value in statuses.items()) if isinstance(statuses, dict) else []
    return (status.lower(), *tasks, *(f"{name}={row.get(name)}" for name in (*_NUMBERS, *_GROWING)))


def tasks(data: Any, asked: Mapping[int, str]) -> dict[int, tuple[MonitorTask, ...]]:
    """Read ``/tasks/``.

    Parameters
    ----------
    data : `Any`
        The JSON.
    asked : `~collections.abc.Mapping` [`int`, `str`]
        Run names by request id; see `task_rows`.

    Returns
    -------
    tasks : `dict` [`int`, `tuple` [`MonitorTask`, ...]]
        By request id, in pipeline order; a request without tasks is not in it.

    Raises
    ------
    RemoteError
        If it is no list, or a status is not known.
    """
    found: dict[int, dict[int, MonitorTask]] = defaultdict(dict)
    for row in task_rows(data, asked):
        number, task_id, name = integer(row, "reqid"), integer(row, "jeditaskid"), text(row, "taskname")
        if number is not None and task_id is not None:
            found[number][task_id] = _task(row, task_id, number, panda_task_name(name, asked[number], number))
    return {
        number: tuple(sorted(each.values(), key=lambda task: (task.name, task.task_id)))
        for number, each in found.items()
    }


def task_rows(data: Any, asked: Mapping[int, str]) -> Iterator[Row]:
    """Keep the rows of ``/tasks/`` that belong to the question, as they were received.

    Parameters
    ----------
    data : `Any`
        The JSON.
    asked : `~collections.abc.Mapping` [`int`, `str`]
        Run names by request id; rows of others are left out: a misspelt filter answers with everything.

    Yields
    ------
    row : `~collections.abc.Mapping`
        Of a workflow that was asked about; with an id.

    Raises
    ------
    RemoteError
        If it is no list.
    """
    for row in rows(data, "tasks"):
        number = integer(row, "reqid")
        if number is None or number not in asked or integer(row, "jeditaskid") is None:
            continue
        if text(row, "taskname").lower().startswith((f"{asked[number].lower()}_", _BUILD)):
            yield row


def _task(row: Row, task_id: int, request_id: int, name: TaskName) -> MonitorTask:
    counts = row.get("dsinfo")
    # Outside dsinfo the numbers may be empty texts.
    numbers: Row = counts if isinstance(counts, dict) else row
    done, failed, pruned = (count(numbers, f"nfiles{word}") for word in ("finished", "failed", "missing"))
    given = integer(numbers, "nfiles")
    state = task_state(panda_task_state(text(row, "status")), failed=failed, pruned=pruned)
    # nfiles leaves out the pruned ones.
    expected = None if given is None or (not given and not state.ended) else given + pruned
    waiting = max(0, (expected or 0) - done - failed - pruned)
    running = state is TaskState.RUNNING
    dialog = masked(" ".join(text(row, "errordialog").split()))
    report = TaskReport(
        order=name.order,
        label=name.label,
        state=state,
        expected=expected,
        done=done,
        failed=failed,
        pruned=pruned,
        running=waiting if running else 0,
        pending=0 if running else waiting,
        ids=(task_id,),
        dialog="" if state is TaskState.DONE else dialog[:_DIALOG],
    )
    return MonitorTask(task_id, request_id, name, report, dialog, integer(row, "ramcount"), text(row, "site"))
