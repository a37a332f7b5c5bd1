"""Log files of jobs, under the names and below the address that ``pilotid`` gives (reference/panda.md 12)."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import PlainTextResponse

from cmbot.sandbox.panda.monitor import jobrows
from cmbot.sandbox.panda.times import single

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from cmbot.sandbox.panda.processes import Site
    from cmbot.sandbox.panda.store import Store

NAMES = (
    "payload.stderr",
    "payload.stdout",
    "pilotlog.txt",
    "memory_monitor_summary.json",
    "memory_monitor_output.txt",
)
"""Files of a job; what the payload wrote, and what the pilot would have."""

_LIMIT = 4 * 2**20
_WRITTEN = {"payload.stderr": "stderr", "payload.stdout": "stdout"}
_PLAIN = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


def text(site: Site, attempt: sqlite3.Row, name: str) -> bytes:
    """Content of a log file, its last 4 MB.

    Parameters
    ----------
    site : `Site`
        Where logs are.
    attempt : `sqlite3.Row`
        Row of the attempt, as `monitor.reading` gives it.
    name : `str`
        One of `NAMES`.

    Returns
    -------
    text : `bytes`
        Empty where there is nothing yet.
    """
    if name in _WRITTEN:
        path = site.directory(attempt["request_id"], attempt["id"]) / _WRITTEN[name]
        return _tail(path) if path.exists() else b""
    return (_pilot(attempt) if name == "pilotlog.txt" else _memory(attempt, name)).encode()


def find(store: Store, panda_id: int) -> sqlite3.Row | None:
    """Row of an attempt, whether the monitor knows it or not."""
    found = store.rows(
        "SELECT attempts.*, request_id, coalesce(nullif(attempts.queue, ''), nullif(tasks.queue, ''),"
        " tasks.site) AS place FROM attempts JOIN jobs ON jobs.id = job_id JOIN tasks ON tasks.id = task_id"
        " WHERE attempts.id = ?",
        panda_id,
    )
    return found[0] if found else None


def router(store: Store, site: Site) -> APIRouter:
    """Make the route of the log store.

    Parameters
    ----------
    store : `Store`
        The store.
    site : `Site`
        Where logs are.

    Returns
    -------
    router : `fastapi.APIRouter`
        One route.
    """
    routes = APIRouter()

    @routes.get("/logs/{queue}/PandaJob_{number}/{name}")
    def log(queue: str, number: str, name: str) -> Response:
        known = number.isascii() and number.isdecimal() and len(number) < 19
        attempt = find(store, int(number)) if known else None
        if attempt is None or name not in NAMES or queue != jobrows.log_place(attempt):
            raise HTTPException(404, "no such log")
        return PlainTextResponse(text(site, attempt, name), headers=_PLAIN)

    return routes


def _tail(path: Path) -> bytes:
    """End of a log that may still grow."""
    with path.open("rb") as stream:
        stream.seek(max(stream.seek(0, os.SEEK_END) - _LIMIT, 0))
        return stream.read(_LIMIT)


def _pilot(attempt: sqlite3.Row) -> str:
    lines = [f"{single(attempt['started'])} | INFO | sandbox pilot {jobrows.PILOT}, job {attempt['id']}"]
    if attempt["ended"]:
        said = [f"{name}:{code} {diag or ''}" for name, (code, diag) in jobrows.errors(attempt).items()]
        ending = f"payload exit code {attempt['exit_code']}, {attempt['state']}"
        lines += [f"{single(attempt['ended'])} | {word}" for word in (f"INFO | {ending}", *_warned(said))]
    return "".join(f"{line}\n" for line in lines)


def _warned(said: list[str]) -> list[str]:
    return [f"WARNING | {line}" for line in said]


def _memory(attempt: sqlite3.Row, name: str) -> str:
    kilobytes = round((attempt["max_rss"] or 0) * 1024)
    if name.endswith(".json"):
        return json.dumps({"Max": {"rss": kilobytes, "pss": kilobytes}, "Avg": {"rss": None, "pss": None}})
    return f"Time\tPSS\tRSS\n{single(attempt['ended'] or attempt['started'])}\t{kilobytes}\t{kilobytes}\n"
