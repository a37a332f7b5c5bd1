"""The jobs that failed of a campaign, a step or a group, each with its log: asked of PanDA's monitor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.mirror import reports
from cmbot.models.systems import System
from cmbot.operations.report import chosen
from cmbot.panda.links import MonitorLinks, payload_log
from cmbot.reconcile import failures
from cmbot.wms import errors

if TYPE_CHECKING:
    from cmbot.models.failures import Failure
    from cmbot.reconcile.edges import Local
    from cmbot.wms.port import FailedJobs


@dataclass(frozen=True)
class Job:
    """The last attempt of PanDA at one input, which failed (requirement F9)."""

    attempt: str
    """Of what: ``step1 g001 a2``."""
    request: int
    """Its workflow."""
    task: str
    """Task label."""
    job: int | None
    """PandaID."""
    number: int
    """Which attempt of PanDA's this was."""
    site: str
    """Queue where it ran."""
    error: str
    """Component and code: ``pilot:1305``."""
    diag: str
    """Its words."""
    exit_code: int | None
    """Exit code of the payload; `None` if it never ended."""
    memory: int | None
    """Memory it asked for (MB)."""
    used: int | None
    """Memory that was measured (MB)."""
    page: str
    """Its page in the monitor."""
    log: str
    """Log of the payload; empty if the job names none."""
    data_ids: tuple[str, ...]
    """DataIds of the failed quanta that it may be of; more than one where these say the same."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script."""
        return asdict(self)


def jobs(local: Local, wms: FailedJobs, key: str, group: str = "", task: str = "") -> tuple[Job, ...]:
    """List the failed jobs of the newest attempts; one request for each 600 tasks with failed jobs, or two.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    wms : `~cmbot.wms.port.FailedJobs`
        PanDA.
    key, group : `str`
        As in `~cmbot.operations.report.chosen`.
    task : `str`, optional
        Only jobs of this label.

    Returns
    -------
    jobs : `tuple` [`Job`, ...]
        By step, group, task and PandaID.

    Raises
    ------
    UserError
        If the key or the group is not known here, or no monitor is.
    RemoteError
        If the monitor does not answer, or its budget is spent.
    """
    if not local.settings.panda.monitor:
        raise UserError("panda.monitor", "is not set, and PanDA tells of jobs only there", "see `cmbot logs`")
    items = [
        (f"{step.name} {each.name} {each.last.label}", item)
        for step, groups in chosen(local, key, group)
        for each in groups
        if each.last and (item := each.last.last_try) and item.request_id and item.wms is System.PANDA
    ]
    asked = [failures.of_try(local, item) for _, item in items]
    told = wms.failures([each for each in asked if each.failed])
    links = MonitorLinks(local.settings.panda.monitor, local.settings.links)
    found = []
    for attempt, item in items:
        said = errors.by_reason(reports.failed_quanta(local.mirror, item.id))
        failed = (each for each in told.get(item.request_id or 0, ()) if task in {"", each.label})
        found += [
            _job(attempt, each, links, errors.candidates(each, said.get(each.label, {})))
            for each in sorted(failed, key=lambda one: (one.label, one.job or 0))
        ]
    return tuple(found)


def _job(attempt: str, failure: Failure, links: MonitorLinks, data_ids: tuple[str, ...]) -> Job:
    error = failure.errors[0]
    return Job(
        attempt=attempt,
        request=failure.request_id or 0,
        task=failure.label,
        job=failure.job,
        number=failure.attempt,
        site=failure.site,
        error=error.name,
        diag=error.diag,
        exit_code=failure.exit_code,
        memory=failure.memory,
        used=failure.used,
        page=links.job(failure.job) if failure.job is not None else "",
        log=payload_log(failure.log),
        data_ids=data_ids,
    )
