"""What every WMS is asked, and what it answers (design.md section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from cmbot.wms.states import TaskState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cmbot.exceptions import CmbotError
    from cmbot.models.failures import Failure
    from cmbot.wms.states import WorkflowState

FINAL_JOB = "finalJob"
"""Label of BPS's last job, which registers the outputs in the Butler."""


@dataclass(frozen=True)
class TaskReport:
    """The jobs of one task label; chunks of a label are added up."""

    order: int
    """Place in the pipeline: the number in the transform's name, 1 for the first."""
    label: str
    """Task label of the pipeline, or name of the cluster."""
    state: TaskState
    """Where its jobs are, together."""
    expected: int | None
    """Jobs in all; `None` while the WMS does not know."""
    done: int = 0
    """Jobs that succeeded."""
    failed: int = 0
    """Jobs that failed for good."""
    pruned: int = 0
    """Jobs that never run because one they depend on failed."""
    running: int = 0
    """Jobs under way."""
    pending: int = 0
    """Jobs that wait."""
    ids: tuple[int, ...] = ()
    """The WMS's own task ids, one for each chunk that has one."""
    dialog: str = ""
    """Why it waits or ended, in the WMS's own words."""


@dataclass(frozen=True)
class WmsReport:
    """What a WMS says about one request: it counts jobs, not data."""

    request_id: int
    """The id that was asked for."""
    name: str
    """Run name."""
    raw_status: str
    """The status in the WMS's own words."""
    state: WorkflowState
    """The same in cmbot's, with the counts considered."""
    tasks: tuple[TaskReport, ...] = ()
    """Its tasks in pipeline order; empty until the WMS has made them."""
    cancel_registered: bool = False
    """Whether the last command the WMS registered for it was a cancel."""

    @property
    def final_job(self) -> TaskState | None:
        """State of the final job; `None` while it does not exist."""
        return next((task.state for task in self.tasks if task.label == FINAL_JOB), None)

    @property
    def merged(self) -> bool:
        """Whether the final job succeeded, so that the outputs are in the Butler registry."""
        return self.final_job is TaskState.DONE

    @property
    def merge_failed(self) -> bool:
        """Whether only the final job failed: the data were made, and are not registered."""
        payload = [task.state for task in self.tasks if task.label != FINAL_JOB]
        ended_badly = self.final_job not in {None, TaskState.DONE} and self.state.ended
        return ended_badly and bool(payload) and set(payload) == {TaskState.DONE}

    @property
    def expected(self) -> int | None:
        """Jobs in all; `None` while any task's number is unknown or there is no task."""
        numbers = [task.expected for task in self.tasks]
        known = [number for number in numbers if number is not None]
        return sum(known) if numbers and len(known) == len(numbers) else None

    @property
    def done(self) -> int:
        """Jobs that succeeded."""
        return sum(task.done for task in self.tasks)

    @property
    def failed(self) -> int:
        """Jobs that failed for good."""
        return sum(task.failed for task in self.tasks)

    @property
    def pruned(self) -> int:
        """Jobs that never run because one they depend on failed."""
        return sum(task.pruned for task in self.tasks)

    @property
    def running(self) -> int:
        """Jobs under way."""
        return sum(task.running for task in self.tasks)


@dataclass(frozen=True)
class Look:
    """What one look at many requests showed."""

    reports: Mapping[int, WmsReport | CmbotError]
    """By request id: how it is, or why that is not known. A request that is not in it was not asked about
    this time; nothing is known to have changed."""
    others: Mapping[int, str]
    """Run names, by request id, of requests that were not asked for and were seen on the way, without those
    that were cancelled or failed. For most WMSs empty."""
    rows: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """By request id: what a monitor says of one that it has just seen ended, as it was received but for
    secrets. For most WMSs empty."""


@dataclass(frozen=True)
class Failing:
    """A workflow some of whose jobs failed."""

    request_id: int
    """Its id."""
    run: str
    """Its run name."""
    tasks: tuple[TaskReport, ...]
    """Its tasks; those without failed jobs are not asked about."""
    since: datetime
    """When it was submitted: nothing of it is older."""

    @property
    def failed(self) -> int:
        """Jobs that failed for good."""
        return sum(task.failed for task in self.tasks)


class FailedJobs(Protocol):
    """Knows why jobs failed."""

    def failures(self, asked: Sequence[Failing]) -> Mapping[int, tuple[Failure, ...]]:
        """Ask why jobs failed, with as few questions as the WMS allows.

        Parameters
        ----------
        asked : `~collections.abc.Sequence` [`Failing`]
            The workflows.

        Returns
        -------
        failures : `~collections.abc.Mapping` [`int`, `tuple` [`~cmbot.models.failures.Failure`, ...]]
            By request id: one for each input that failed for good, by its last attempt. Nothing where the WMS
            does not tell.

        Raises
        ------
        RemoteError
            If there is no sensible answer now.
        """
        ...


class Wms(FailedJobs, Protocol):
    """A workload management system, followed by request id."""

    def statuses(self, names: Mapping[int, str], since: datetime) -> Look:
        """Ask how many requests are, with as few questions as the WMS allows.

        Parameters
        ----------
        names : `~collections.abc.Mapping` [`int`, `str`]
            Their run names by request id, the most urgent first.
        since : `datetime.datetime`
            When the oldest of them was made.

        Returns
        -------
        look : `Look`
            What the WMS says; a trouble with one request, or with all, is in it.
        """
        ...

    def status(self, request_id: int) -> WmsReport:
        """Ask how a request is.

        Parameters
        ----------
        request_id : `int`
            Its id.

        Returns
        -------
        report : `WmsReport`
            What the WMS says.

        Raises
        ------
        NotFound
            If the WMS answers that there is no such request.
        RemoteError
            If it does not answer sensibly: the state is unknown, not changed.
        """
        ...

    def find(self, prefix: str) -> Mapping[str, int]:
        """Look requests up by the beginning of their run name.

        Parameters
        ----------
        prefix : `str`
            Compared literally and with case.

        Returns
        -------
        ids : `~collections.abc.Mapping` [`str`, `int`]
            Request id by run name. Two requests of one name may show as one.

        Raises
        ------
        RemoteError
            If the look-up failed: nothing is known then, least of all absence.
        """
        ...

    def cancel(self, request_id: int) -> None:
        """Register a cancel; that the request has ended is seen in its status only.

        Whoever calls it has compared the request's run name with the expected one before.

        Parameters
        ----------
        request_id : `int`
            Its id.

        Raises
        ------
        Refused, NotFound
            If the WMS did not register it.
        OutcomeUnknown
            If the answer was lost.
        """
        ...

    def restart(self, request_id: int) -> None:
        """Register a restart of what failed or did not run, under the same request id.

        Parameters
        ----------
        request_id : `int`
            Its id.

        Raises
        ------
        Refused, NotFound
            If the WMS did not register it.
        OutcomeUnknown
            If the answer was lost.
        """
        ...
