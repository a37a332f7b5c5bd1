"""The one table of foreign status names (reference/panda.md sections 4 and 6).

iDDS, PanDA and BPS use the same words for different things: ``finished`` is success for a PanDA job
and partial for a PanDA task. Nothing else in cmbot interprets a foreign status name.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from cmbot.exceptions import RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping


class WorkflowState(StrEnum):
    """Where one submission is in its WMS."""

    SUBMITTED = "submitted"
    RUNNING = "running"
    HELD = "held"
    CANCELLING = "cancelling"
    FINISHING = "finishing"
    ENDED_OK = "ended ok"
    ENDED_PARTLY = "ended partly"
    ENDED_FAILED = "ended failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def ended(self) -> bool:
        """Whether the WMS does nothing more of its own accord; a restart may still revive it."""
        return self in _ENDED


_ENDED = frozenset(
    {
        WorkflowState.ENDED_OK,
        WorkflowState.ENDED_PARTLY,
        WorkflowState.ENDED_FAILED,
        WorkflowState.CANCELLED,
    }
)


class TaskState(StrEnum):
    """Where the jobs of one label are, together."""

    WAITING = "waiting"
    RUNNING = "running"
    HELD = "held"
    CANCELLING = "cancelling"
    DONE = "done"
    PARTLY = "partly"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether no more of its jobs will run, short of a restart."""
        return self in {TaskState.DONE, TaskState.PARTLY, TaskState.FAILED, TaskState.CANCELLED}


class JobState(StrEnum):
    """Where one job is."""

    WAITING = "waiting"
    RUNNING = "running"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    PRUNED = "pruned"
    CANCELLED = "cancelled"
    MOVED = "moved"
    UNKNOWN = "unknown"


State = TypeVar("State", WorkflowState, TaskState, JobState)


def _table(rows: Mapping[State, str]) -> dict[str, State]:
    return {name: state for state, names in rows.items() for name in names.split()}


_IDDS_REQUEST = _table(
    {
        WorkflowState.SUBMITTED: "New Ready Building Built Throttling",
        WorkflowState.RUNNING: "Transforming Extend ToResume Resuming Terminating",
        WorkflowState.HELD: "ToSuspend Suspending Suspended",
        WorkflowState.CANCELLING: "ToCancel Cancelling ToExpire Expiring",
        WorkflowState.FINISHING: "ToFinish ToForceFinish ToClose",
        WorkflowState.ENDED_OK: "Finished",
        WorkflowState.ENDED_PARTLY: "SubFinished",
        WorkflowState.ENDED_FAILED: "Failed Expired",
        WorkflowState.CANCELLED: "Cancelled",
    }
)
_LISTED = {name.lower(): state for name, state in _IDDS_REQUEST.items()}
_IDDS_TRANSFORM = _table(
    {
        TaskState.WAITING: "New Ready Building Built Throttling Queue WaitForTrigger",
        TaskState.RUNNING: "Transforming Extend ToResume Resuming Terminating ToFinish ToForceFinish",
        TaskState.HELD: "ToSuspend Suspending Suspended",
        TaskState.CANCELLING: "ToCancel Cancelling ToExpire Expiring",
        TaskState.DONE: "Finished",
        TaskState.PARTLY: "SubFinished",
        TaskState.FAILED: "Failed Expired",
        TaskState.CANCELLED: "Cancelled",
    }
)
_IDDS_PROCESSING = _table(
    {
        TaskState.WAITING: "New Submitting Submitted Prepared ToTrigger Triggering N/A",
        TaskState.RUNNING: "Running FinishedOnStep FinishedOnExec FinishedTerm ToResume Resuming ToFinish"
        " ToForceFinish Terminating Synchronizing",
        TaskState.HELD: "ToSuspend Suspending Suspended",
        TaskState.CANCELLING: "Cancel ToCancel Cancelling ToExpire Expiring",
        TaskState.DONE: "Finished",
        TaskState.PARTLY: "SubFinished",
        TaskState.FAILED: "Failed Lost Expired TimeOut Broken",
        TaskState.CANCELLED: "Cancelled",
    }
)
_PANDA_TASK = _table(
    {
        TaskState.WAITING: "registered defined assigning ready pending topreprocess preprocessing staging"
        " toreassign reassigning throttled rerefine",
        TaskState.RUNNING: "scouting scouted running prepared finishing passed toretry toincexec",
        TaskState.HELD: "paused",
        TaskState.CANCELLING: "aborting toabort tobroken",
        TaskState.DONE: "done",
        TaskState.PARTLY: "finished",
        TaskState.FAILED: "failed broken exhausted",
        TaskState.CANCELLED: "aborted",
    }
)
_PANDA_JOB = _table(
    {
        JobState.WAITING: "pending defined assigned waiting throttled activated sent",
        JobState.RUNNING: "starting running merging transferring",
        JobState.HELD: "holding",
        JobState.DONE: "finished",
        JobState.FAILED: "failed",
        JobState.CANCELLED: "cancelled",
        JobState.MOVED: "closed",
    }
)
_BPS_RUN = _table(
    {
        WorkflowState.SUBMITTED: "UNREADY READY PENDING",
        WorkflowState.RUNNING: "RUNNING",
        WorkflowState.HELD: "HELD",
        WorkflowState.ENDED_OK: "SUCCEEDED",
        WorkflowState.ENDED_FAILED: "FAILED PRUNED",
        WorkflowState.CANCELLED: "DELETED",
        WorkflowState.UNKNOWN: "UNKNOWN MISFIT",
    }
)
_BPS_JOB = _table(
    {
        JobState.UNKNOWN: "UNKNOWN MISFIT",
        JobState.WAITING: "UNREADY READY PENDING",
        JobState.RUNNING: "RUNNING",
        JobState.CANCELLED: "DELETED",
        JobState.HELD: "HELD",
        JobState.DONE: "SUCCEEDED",
        JobState.FAILED: "FAILED",
        JobState.PRUNED: "PRUNED",
    }
)


def request_state(name: str) -> WorkflowState:
    """Translate the status of an iDDS request, before any counts are looked at.

    Parameters
    ----------
    name : `str`
        For example ``Transforming``.

    Returns
    -------
    state : `WorkflowState`
        cmbot's word.

    Raises
    ------
    RemoteError
        If the name is not known; so in all functions of this module.
    """
    return _translate("iDDS request", _IDDS_REQUEST, name)


def listed_request_state(name: str) -> WorkflowState:
    """Translate the status of an iDDS request as the monitor lists it: old ones write it in lower case."""
    return _translate("iDDS request", _LISTED if name.islower() else _IDDS_REQUEST, name)


def transform_state(name: str) -> TaskState:
    """Translate the status of an iDDS transform."""
    return _translate("iDDS transform", _IDDS_TRANSFORM, name)


def processing_state(name: str) -> TaskState:
    """Translate the status of an iDDS processing, as in the monitor's ``tasks_statuses``."""
    return _translate("iDDS processing", _IDDS_PROCESSING, name)


def panda_task_state(name: str) -> TaskState:
    """Translate the status of a PanDA task, for which ``finished`` means partly."""
    return _translate("PanDA task", _PANDA_TASK, name)


def panda_job_state(name: str) -> JobState:
    """Translate the status of a PanDA job, for which ``finished`` means success."""
    return _translate("PanDA job", _PANDA_JOB, name)


def bps_run_state(name: str) -> WorkflowState:
    """Translate a name of BPS's ``WmsStates`` that is said of a run, before any counts are looked at."""
    return _translate("BPS run", _BPS_RUN, name)


def bps_job_state(name: str) -> JobState:
    """Translate a name of BPS's ``WmsStates`` that is said of a job."""
    return _translate("BPS job", _BPS_JOB, name)


def _translate(vocabulary: str, table: Mapping[str, State], name: str) -> State:
    try:
        return table[name]
    except KeyError:
        raise RemoteError(
            vocabulary, f"status {name!r} is not known to cmbot", "report it to the developers of cmbot"
        ) from None
