"""Jobs as the monitor lists them; pure (reference/panda.md section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cmbot.models.failures import Failure, JobError
from cmbot.panda.monitor_rows import block, count, integer, text
from cmbot.wms.errors import COMPONENTS, distinct
from cmbot.wms.states import JobState, panda_job_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmbot.panda.monitor_rows import Row

FIELDS = (
    "pandaid",
    "jeditaskid",
    "reqid",
    "jobname",
    "jobstatus",
    "attemptnr",
    "computingsite",
    "pilotid",
    "minramcount",
    "maxrss",
    "transexitcode",
    "transformerrordiag",
    *(
        f"{prefix}error{word}"
        for prefix in ("brokerage", "ddm", "exe", "jobdispatcher", "pilot", "taskbuffer", "sup")
        for word in ("code", "diag")
    ),
)
"""Fields of a job that are read; naming them keeps an answer small."""
_PREFIXES = {"dataservice": "ddm", "executor": "exe", "supervisor": "sup"}
"""Component -> beginning of its columns, where that is another word."""
_TRANSFORM = "transform"


@dataclass(frozen=True)
class Job:
    """One attempt of PanDA at one input."""

    task_id: int
    """Its task."""
    name: str
    """Its input: the same for all attempts at it."""
    job_id: int
    """PandaID."""
    attempt: int
    """Which attempt."""
    state: JobState
    """Where it is."""
    failure: Failure | None
    """Why it failed, if it did."""


def jobs(data: Any, labels: Mapping[int, str]) -> tuple[Job, ...]:
    """Read ``/jobs/``.

    Parameters
    ----------
    data : `Any`
        The JSON.
    labels : `~collections.abc.Mapping` [`int`, `str`]
        Task labels by id of the tasks that were asked for; rows of others are left out.

    Returns
    -------
    jobs : `tuple` [`Job`, ...]
        All attempts that are listed.

    Raises
    ------
    RemoteError
        If there is no list of jobs, or a status is not known.
    """
    found = []
    for row in block(data, "jobs"):
        task_id, job_id, name = integer(row, "jeditaskid"), integer(row, "pandaid"), text(row, "jobname")
        if task_id is None or task_id not in labels or job_id is None or not name:
            continue
        state = panda_job_state(text(row, "jobstatus"))
        failure = _failure(row, labels[task_id], task_id, job_id) if state is JobState.FAILED else None
        found.append(Job(task_id, name, job_id, count(row, "attemptnr"), state, failure))
    return tuple(found)


def newest(found: Iterable[Job]) -> tuple[Job, ...]:
    """Keep the newest attempt at each input.

    Parameters
    ----------
    found : `~collections.abc.Iterable` [`Job`]
        Of one answer or several.

    Returns
    -------
    jobs : `tuple` [`Job`, ...]
        One for each input, by PandaID.
    """
    last: dict[tuple[int, str], Job] = {}
    for job in found:
        key = (job.task_id, job.name.lower())
        if key not in last or (job.attempt, job.job_id) >= (last[key].attempt, last[key].job_id):
            last[key] = job
    return tuple(sorted(last.values(), key=lambda job: job.job_id))


def log_address(pilotid: str) -> str:
    """Find the pilot's log in a job's ``pilotid`` (reference/panda.md section 12).

    Parameters
    ----------
    pilotid : `str`
        ``URL|type|version``.

    Returns
    -------
    url : `str`
        Empty if it is no web address.
    """
    url = pilotid.partition("|")[0].strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    plain = url.isascii() and url.isprintable() and not any(each in url for each in " <>\"'{}[]|\\^`")
    safe = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    return url if plain and safe and len(url) <= 1000 else ""


def _failure(row: Row, label: str, task_id: int, job_id: int) -> Failure:
    said = [
        JobError(component, count(row, f"{prefix}errorcode"), text(row, f"{prefix}errordiag"))
        for component in COMPONENTS
        if component != _TRANSFORM
        for prefix in (_PREFIXES.get(component, component),)
    ]
    exit_code = integer(row, "transexitcode")
    if exit_code is not None and exit_code > 0:
        words = text(row, "transformerrordiag") or f"Unknown transformation exit code {exit_code}"
        said.append(JobError(_TRANSFORM, exit_code, words))
    return Failure(
        label=label,
        errors=distinct(said),
        exit_code=exit_code,
        site=text(row, "computingsite"),
        job=job_id,
        task=task_id,
        attempt=count(row, "attemptnr"),
        log=log_address(text(row, "pilotid")),
        memory=integer(row, "minramcount"),
        used=used // 1024 if (used := integer(row, "maxrss")) else None,
    )
