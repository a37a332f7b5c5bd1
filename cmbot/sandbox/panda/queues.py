"""Queues of sites with their limits and outages.

Without any queue in the table everything runs, wherever it asks to. With one, a task runs in the queue it
names, or in the smallest of its site's that its memory fits into (reference/panda.md 10), and waits where
there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

Status = Literal["online", "offline", "brokeroff", "test"]


class Queue(BaseModel):
    """One queue; body of ``POST /sandbox/queues``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=60)
    """Its name, for example ``SLAC_Rubin_Himem``."""
    site: str = Field(default="", max_length=60)
    """The site it belongs to."""
    status: Status = "online"
    """Only an online queue takes jobs; an outage is another status."""
    jobs: int | None = Field(default=None, ge=0)
    """How many jobs run at a time; null for no limit."""
    memory: int | None = Field(default=None, ge=1)
    """Largest request of a job, in MB."""
    cores: int | None = Field(default=None, ge=1)
    """Largest number of cores of a job."""
    walltime: int | None = Field(default=None, ge=1)
    """Longest job, in seconds; shown, not enforced."""


class Choice(BaseModel):
    """Where a job may run."""

    model_config = ConfigDict(frozen=True)

    queue: Queue | None = None
    """The queue; null where there is none, or where no table restricts anything."""
    problem: str = ""
    """Why there is none, in the broker's words; empty when it may run."""


def load(db: sqlite3.Connection) -> dict[str, Queue]:
    """All queues by name."""
    rows = db.execute("SELECT body FROM queues ORDER BY name").fetchall()
    return {queue.name: queue for queue in (Queue.model_validate_json(row[0]) for row in rows)}


def put(db: sqlite3.Connection, queue: Queue) -> None:
    """Add a queue, or change the one of that name."""
    db.execute(
        "INSERT OR REPLACE INTO queues (name, body) VALUES (?, ?)", (queue.name, queue.model_dump_json())
    )


def choose(queues: dict[str, Queue], named: str, site: str, memory: int, cores: int) -> Choice:
    """Find the queue for a job.

    Parameters
    ----------
    queues : `dict` [`str`, `Queue`]
        The table.
    named, site : `str`
        Queue and site the task asks for; either may be empty.
    memory : `int`
        Request of the job, in MB.
    cores : `int`
        Cores of the job.

    Returns
    -------
    choice : `Choice`
        The queue, or why there is none.
    """
    if not queues:
        return Choice()
    if named:
        candidates = [queues[named]] if named in queues else []
    else:
        candidates = _by_size(queue for queue in queues.values() if site in {"", queue.site})
    if not candidates:
        return Choice(problem=f"no candidates: queue {named or 'of ' + site} is not known")
    reasons = []
    for queue in candidates:
        reason = _refusal(queue, memory, cores)
        if not reason:
            return Choice(queue=queue)
        reasons.append(reason)
    return Choice(problem=f"no candidates: {'; '.join(reasons)}"[:250])


def table(queues: Iterable[Queue]) -> dict[str, dict[str, object]]:
    """Queue table as the information system publishes it: by name, ``maxrss`` in MB, 0 for no limit.

    Parameters
    ----------
    queues : iterable of `Queue`
        The queues.

    Returns
    -------
    table : `dict`
        Ready for JSON.
    """
    return {
        queue.name: {
            "name": queue.name,
            "nickname": queue.name,
            "panda_resource": queue.name,
            "panda_site": queue.site,
            "site": queue.site,
            "status": queue.status,
            "state": "ACTIVE",
            "cloud": "US",
            "vo_name": "wlcg",
            "corecount": queue.cores or 0,
            "maxrss": queue.memory or 0,
            "minrss": 0,
            "maxtime": queue.walltime or 0,
            "params": {} if queue.jobs is None else {"max_running": queue.jobs},
        }
        for queue in queues
    }


def _by_size(queues: Iterable[Queue]) -> list[Queue]:
    """Smallest first, those without a limit last."""
    return sorted(queues, key=lambda queue: (queue.memory is None, queue.memory or 0, queue.name))


def _refusal(queue: Queue, memory: int, cores: int) -> str:
    if queue.status != "online":
        return f"{queue.name} is {queue.status}"
    if queue.memory is not None and memory > queue.memory:
        return f"{queue.name} has {queue.memory} MB, {memory} MB asked"
    if queue.cores is not None and cores > queue.cores:
        return f"{queue.name} has {queue.cores} cores, {cores} asked"
    return ""
