"""Failed jobs of many workflows by few questions (reference/panda.md section 11)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from cmbot.panda import monitor_jobs
from cmbot.wms.states import JobState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cmbot.models.failures import Failure
    from cmbot.panda.monitor import Monitor
    from cmbot.panda.monitor_jobs import Job
    from cmbot.wms.port import Failing

CHUNK = 600
"""Tasks in one question: the address stays below 8 kB, which web servers take."""
_LIMIT = 20_000
"""Jobs in one answer, for each of the monitor's tables."""
_NAMES = "pandaid,jeditaskid,jobname,jobstatus,attemptnr"


def failed(monitor: Monitor, asked: Sequence[Failing], days: int) -> dict[int, tuple[Failure, ...]]:
    """Ask why jobs failed; see `~cmbot.wms.port.FailedJobs.failures`.

    The monitor lists every failed attempt, also where a later one succeeded. Where it lists more inputs than
    failed, it is asked for the attempts that did not fail as well.

    Parameters
    ----------
    monitor : `~cmbot.panda.monitor.Monitor`
        The monitor.
    asked : `~collections.abc.Sequence` [`~cmbot.wms.port.Failing`]
        The workflows.
    days : `int`
        How far back.

    Returns
    -------
    failures : `dict` [`int`, `tuple` [`~cmbot.models.failures.Failure`, ...]]
        By request id.

    Raises
    ------
    RemoteError
        If there is no sensible answer.
    """
    labels = {
        task_id: task.label for each in asked for task in each.tasks if task.failed for task_id in task.ids
    }
    found = _ask(monitor, labels, days, jobstatus="failed", fields=",".join(monitor_jobs.FIELDS))
    if doubtful := _too_many(asked, found):
        others = _ask(monitor, {number: labels[number] for number in doubtful}, days, fields=_NAMES)
        found += [job for job in others if job.state is not JobState.FAILED]
    last = [job for job in monitor_jobs.newest(found) if job.failure is not None]
    return {each.request_id: _of(each, last) for each in asked}


def _ask(monitor: Monitor, labels: Mapping[int, str], days: int, **filters: str) -> list[Job]:
    numbers, found = sorted(labels), list[monitor_jobs.Job]()
    for begin in range(0, len(numbers), CHUNK):
        ids = "|".join(map(str, numbers[begin : begin + CHUNK]))
        data = monitor.ask("jobs/", days=days, jeditaskid=ids, outputs="jobs", limit=_LIMIT, **filters)
        found += monitor_jobs.jobs(data, labels)
    return found


def _too_many(asked: Iterable[Failing], found: Iterable[Job]) -> list[int]:
    """Tasks of labels of which more inputs are listed than failed."""
    listed = Counter(job.task_id for job in monitor_jobs.newest(found))
    return [
        task_id
        for each in asked
        for task in each.tasks
        if sum(listed[number] for number in task.ids) > task.failed
        for task_id in task.ids
        if listed[task_id]
    ]


def _of(workflow: Failing, found: Iterable[Job]) -> tuple[Failure, ...]:
    ids = {task_id for task in workflow.tasks for task_id in task.ids}
    return tuple(
        replace(job.failure, request_id=workflow.request_id, run=workflow.run)
        for job in found
        if job.task_id in ids and job.failure is not None
    )
