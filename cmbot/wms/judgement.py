"""From status names and counts to one state (reference/panda.md section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.wms.states import TaskState, WorkflowState, request_state

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cmbot.wms.port import TaskReport


def workflow_state(raw_status: str, tasks: Sequence[TaskReport], *, cancel_asked: bool) -> WorkflowState:
    """Judge a request by its status and the counts of its tasks.

    A status alone says too little: ``Finished`` also ends a request whose failures were tolerated,
    and a cancelled request may end as ``Failed``.

    Parameters
    ----------
    raw_status : `str`
        Name of the iDDS request status.
    tasks : `~collections.abc.Sequence` [`~cmbot.wms.port.TaskReport`]
        Its tasks, as far as they exist.
    cancel_asked : `bool`
        Whether someone asked to cancel it and nobody asked for a restart since.

    Returns
    -------
    state : `WorkflowState`
        ``UNKNOWN`` if the request has ended but the counts do not add up (yet).

    Raises
    ------
    RemoteError
        If the status name is not known.
    """
    state = request_state(raw_status)
    if not state.ended:
        return WorkflowState.CANCELLING if cancel_asked else state
    if state is WorkflowState.ENDED_FAILED and cancel_asked:
        return WorkflowState.CANCELLED
    return counted(state, tasks)


def counted(state: WorkflowState, tasks: Sequence[TaskReport]) -> WorkflowState:
    """Correct the state of a workflow by the counts of its tasks.

    Parameters
    ----------
    state : `WorkflowState`
        What the status name says.
    tasks : `~collections.abc.Sequence` [`~cmbot.wms.port.TaskReport`]
        Its tasks, as far as they exist.

    Returns
    -------
    state : `WorkflowState`
        ``UNKNOWN`` if it has ended but the counts do not add up (yet).
    """
    if state is WorkflowState.ENDED_OK:
        return _finished(tasks)
    if state is WorkflowState.ENDED_FAILED and any(task.done for task in tasks):
        return WorkflowState.ENDED_PARTLY
    return state


def task_state(state: TaskState, *, failed: int, pruned: int) -> TaskState:
    """Correct the state of a task by its counts: a task that lost jobs is not done.

    Parameters
    ----------
    state : `TaskState`
        What the status name says.
    failed, pruned : `int`
        Jobs that failed, and jobs that never ran because of it.

    Returns
    -------
    state : `TaskState`
        The same, or ``PARTLY``.
    """
    return TaskState.PARTLY if state is TaskState.DONE and (failed or pruned) else state


def combined(states: Collection[TaskState]) -> TaskState:
    """Combine the states of the chunks of one label.

    Parameters
    ----------
    states : `~collections.abc.Collection` [`TaskState`]
        At least one.

    Returns
    -------
    state : `TaskState`
        Their state as one.
    """
    kinds = set(states)
    if len(kinds) == 1:
        return kinds.pop()
    if all(state.ended for state in kinds):
        return TaskState.PARTLY if kinds & {TaskState.DONE, TaskState.PARTLY} else TaskState.FAILED
    for state in (TaskState.CANCELLING, TaskState.RUNNING, TaskState.HELD):
        if state in kinds:
            return state
    return TaskState.RUNNING


def _finished(tasks: Sequence[TaskReport]) -> WorkflowState:
    if any(task.failed or task.pruned for task in tasks):
        return WorkflowState.ENDED_PARTLY
    if tasks and all(task.done == task.expected for task in tasks):
        return WorkflowState.ENDED_OK
    return WorkflowState.UNKNOWN
