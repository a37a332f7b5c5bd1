"""Rows of iDDS's ``get_requests`` as reports (reference/panda.md section 7.2); pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import RemoteError
from cmbot.panda.names import TaskName, transform_name
from cmbot.wms.judgement import combined, task_state, workflow_state
from cmbot.wms.port import TaskReport, WmsReport
from cmbot.wms.states import WorkflowState, request_state, transform_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Row = Mapping[str, Any]


def report(request_id: int, rows: Sequence[Row]) -> WmsReport:
    """Make a report of the rows of one request.

    Parameters
    ----------
    request_id : `int`
        The id that was asked for: before iDDS has made transforms, the only row has none.
    rows : `~collections.abc.Sequence`
        At least one, in any order.

    Returns
    -------
    report : `~cmbot.wms.port.WmsReport`
        The report.

    Raises
    ------
    RemoteError
        If a row belongs to another request or is not what iDDS sends.
    """
    for row in rows:
        if not isinstance(row, dict) or row.get("request_id") not in {None, request_id}:
            raise RemoteError(
                f"request {request_id}", "iDDS answered about something else", "cmbot tries again"
            )
    run, status = str(rows[0].get("name") or ""), _name(rows[0], "status")
    tasks = _tasks(run, rows)
    command = request_state(_name(rows[0], "substatus")) if rows[0].get("substatus") else None
    return WmsReport(
        request_id=request_id,
        name=run,
        raw_status=status,
        state=workflow_state(status, tasks, cancel_asked=command is WorkflowState.CANCELLING),
        tasks=tasks,
        cancel_registered=command is WorkflowState.CANCELLING,
    )


def _tasks(run: str, rows: Iterable[Row]) -> tuple[TaskReport, ...]:
    labels: dict[str, list[tuple[TaskName, TaskReport]]] = defaultdict(list)
    for row in rows:
        if row.get("transform_id") is not None:
            name = transform_name(str(row.get("transform_name") or ""), run)
            labels[name.label].append((name, _chunk(name, row)))
    return in_order(labels)


def in_order(labels: Mapping[str, list[tuple[TaskName, TaskReport]]]) -> tuple[TaskReport, ...]:
    """Bring tasks into pipeline order, the chunks of a label added up.

    Parameters
    ----------
    labels : `~collections.abc.Mapping` [`str`, `list`]
        By label its chunks with their names.

    Returns
    -------
    tasks : `tuple` [`~cmbot.wms.port.TaskReport`, ...]
        One for each label.
    """
    sorted_chunks = (sorted(each, key=lambda pair: pair[0]) for each in labels.values())
    merged = (_added([chunk for _, chunk in each]) for each in sorted_chunks)
    return tuple(sorted(merged, key=lambda task: (task.order, task.label)))


def _chunk(name: TaskName, row: Row) -> TaskReport:
    done, failed, pruned = (
        _count(row, f"output_{word}_files") for word in ("processed", "failed", "missing")
    )
    running = _count(row, "output_processing_files")
    state = task_state(transform_state(_name(row, "transform_status")), failed=failed, pruned=pruned)
    # A total of 0 says only that iDDS has not counted yet, as long as the task goes on.
    total = _count(row, "output_total_files")
    expected = None if row.get("output_total_files") is None or (not total and not state.ended) else total
    task_id = row.get("transform_workload_id")
    return TaskReport(
        order=name.order,
        label=name.label,
        state=state,
        expected=expected,
        done=done,
        failed=failed,
        pruned=pruned,
        running=running,
        pending=max(0, total - done - failed - pruned - running),
        ids=(task_id,) if isinstance(task_id, int) else (),
    )


def _added(chunks: Sequence[TaskReport]) -> TaskReport:
    totals = [chunk.expected for chunk in chunks]
    known = [total for total in totals if total is not None]
    return TaskReport(
        order=min(chunk.order for chunk in chunks),
        label=chunks[0].label,
        state=combined([chunk.state for chunk in chunks]),
        expected=sum(known) if len(known) == len(totals) else None,
        done=sum(chunk.done for chunk in chunks),
        failed=sum(chunk.failed for chunk in chunks),
        pruned=sum(chunk.pruned for chunk in chunks),
        running=sum(chunk.running for chunk in chunks),
        pending=sum(chunk.pending for chunk in chunks),
        ids=tuple(number for chunk in chunks for number in chunk.ids),
        dialog=next((chunk.dialog for chunk in chunks if chunk.dialog), ""),
    )


def _count(row: Row, key: str) -> int:
    """Read a count; iDDS sends null for none."""
    value = row.get(key)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RemoteError("iDDS", f"{key} is {value!r}, no number of files", "cmbot tries again")
    return value


def _name(row: Row, key: str) -> str:
    """Read an enumeration as iDDS encodes it."""
    match row.get(key):
        case {"attributes": {"_name_": str(name)}}:
            return name
        case value:
            raise RemoteError("iDDS", f"{key} is {value!r}, no status", "cmbot tries again")
