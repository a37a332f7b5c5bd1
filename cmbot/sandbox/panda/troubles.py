"""Failures on demand: which jobs are hit, and what happens to them.

They are kept in the store, tried in the order they were made, and the first that fits an attempt hits it.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from shlex import quote
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from cmbot.sandbox.panda.components import COMPONENTS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

_MESSAGE = """\
Traceback (most recent call last):
  File "sandbox.py", line 1, in <module>
RuntimeError: made to fail by the sandbox PanDA"""
_NAMES = tuple(component.name for component in COMPONENTS)
_Glob = Field(default="*", max_length=200)


class ComponentError(BaseModel):
    """An error of one component of PanDA."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: Literal[
        "brokerage",
        "dataservice",
        "executor",
        "jobdispatcher",
        "pilot",
        "taskbuffer",
        "transform",
        "supervisor",
    ]
    """Which one."""
    code: int = Field(ge=1, le=10**6)
    """Its code, for example 100 of the job dispatcher for a lost heartbeat."""
    diag: str | None = Field(default=None, max_length=2000)
    """Its text."""


class Trouble(BaseModel):
    """What is to go wrong; body of ``POST /sandbox/troubles``.

    Without any effect it lets the jobs it fits through, before a wider trouble can hit them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: str = _Glob
    """Glob of run names; case counts in all globs."""
    task: str = _Glob
    """Glob of task labels; ``finalJob`` is the final merge."""
    job: str = _Glob
    """Glob of job names, as BPS gives them."""
    data_id: dict[str, int | str] = Field(default={}, max_length=20)
    """Values that must all be words of the job's name; a clustered job does not name every quantum."""
    queue: str = _Glob
    """Glob of the queues the job runs in."""
    attempts: int | None = Field(default=None, ge=1)
    """Only the first so many attempts of a job; null for all."""
    times: int | None = Field(default=None, ge=1)
    """Only so many attempts in all; null for no limit."""
    exit_code: int | None = Field(default=None, ge=1, le=255)
    """The payload is not run; a process that ends with this code is."""
    signal: int | None = Field(default=None, ge=1, le=31)
    """The payload is not run; a process that ends by this signal is."""
    memory: int | None = Field(default=None, ge=1, le=10**9)
    """Memory the job uses, in MB: killed if it asked for less, otherwise it runs and this is reported."""
    errors: tuple[ComponentError, ...] = Field(default=(), max_length=len(_NAMES))
    """What components say. Alone they end the attempt before the payload runs."""
    message: str = Field(default=_MESSAGE, max_length=10_000)
    """What a failing job writes to standard error."""
    delay: float = Field(default=0.0, ge=0, le=10**7)
    """Seconds, by the sandbox's clock, before the payload begins."""
    stuck: bool = False
    """Whether the job never begins, as long as the trouble is there."""

    @property
    def replaces_payload(self) -> bool:
        """Whether the payload is not run, whatever the job asked for."""
        return self.exit_code is not None or self.signal is not None or bool(self.errors)

    @property
    def command(self) -> str:
        """Shell command that fails in place of the payload."""
        end = f"kill -{self.signal} $$; sleep 10" if self.signal else f"exit {self.exit_code or 1}"
        return f"printf '%s\\n' {quote(self.message)} >&2; {end}"

    def fits(self, job: Mapping[str, object], queue: str, number: int) -> bool:
        """Whether it hits an attempt.

        Parameters
        ----------
        job : mapping
            ``run``, ``label`` and ``name`` of the job.
        queue : `str`
            Queue it runs in.
        number : `int`
            Which attempt of the job, from 1.

        Returns
        -------
        fits : `bool`
            Whether it does; how often it has hit is not looked at.
        """
        name = str(job["name"]).partition("+")[0]
        globs = ((str(job["run"]), self.run), (str(job["label"]), self.task), (name, self.job))
        words = set(re.split(r"[^A-Za-z0-9.-]+", name))
        return (
            (self.attempts is None or number <= self.attempts)
            and fnmatchcase(queue, self.queue)
            and all(fnmatchcase(text, glob) for text, glob in globs)
            and all(str(value) in words for value in self.data_id.values())
        )


def load(db: sqlite3.Connection) -> dict[int, Trouble]:
    """Troubles that still can hit, by id."""
    rows = db.execute("SELECT id, hits, body FROM troubles ORDER BY id").fetchall()
    found = ((row["id"], row["hits"], Trouble.model_validate_json(row["body"])) for row in rows)
    return {
        number: trouble for number, hits, trouble in found if trouble.times is None or hits < trouble.times
    }


def add(db: sqlite3.Connection, trouble: Trouble) -> int:
    """Keep a trouble; its id."""
    cursor = db.execute("INSERT INTO troubles (body) VALUES (?)", (trouble.model_dump_json(),))
    return int(cursor.lastrowid or 0)


def hit(db: sqlite3.Connection, number: int) -> None:
    """Count an attempt that was hit."""
    db.execute("UPDATE troubles SET hits = hits + 1 WHERE id = ?", (number,))


def report(db: sqlite3.Connection) -> list[dict[str, object]]:
    """All troubles as JSON, with their ids and how often they hit."""
    rows = db.execute("SELECT * FROM troubles ORDER BY id").fetchall()
    return [
        {"id": row["id"], "hits": row["hits"]} | Trouble.model_validate_json(row["body"]).model_dump()
        for row in rows
    ]
