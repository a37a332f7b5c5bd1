"""Contents the way iDDS shows them: outputs of a task with the last attempts of their jobs.

Source: reference/panda.md 7.2, ``get_contents_output_ext``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cmbot.sandbox.panda.rows import task_id_of
from cmbot.sandbox.panda.times import http_date
from cmbot.sandbox.panda.vocabulary import wire

if TYPE_CHECKING:
    import sqlite3

    from cmbot.sandbox.panda.rows import Row
    from cmbot.sandbox.panda.store import Store

_CONTENT_STATUS = {
    "pending": "New",
    "activated": "New",
    "running": "Processing",
    "finished": "Available",
    "failed": "FinalFailed",
    "missing": "Missing",
    "cancelled": "Cancelled",
}
_JOB_ERRORS = {
    "brokerage": "brokerage",
    "ddm": "dataservice",
    "exe": "executor",
    "job_dispatcher": "jobdispatcher",
    "pilot": "pilot",
    "sup": "supervisor",
    "task_buffer": "taskbuffer",
}
"""Component by its name in a content's fields."""


def content_rows(store: Store, request_id: int, workload: int) -> list[Row]:
    """Answer of ``get_contents_output_ext`` for one task: its outputs with the last attempt of their jobs.

    Parameters
    ----------
    store : `Store`
        The store.
    request_id : `int`
        Request.
    workload : `int`
        Workload id of the task.

    Returns
    -------
    rows : `list` [`dict`]
        Empty for an unknown task.
    """
    found = store.rows(
        "SELECT jobs.*, tasks.id AS task_id, tasks.name AS task, request_id, tasks.site, tasks.max_attempt,"
        " attempts.id AS panda_id, attempts.number, attempts.exit_code, attempts.max_rss, attempts.errors,"
        " attempts.memory AS asked, attempts.started, attempts.ended, attempts.state AS job_status,"
        " (SELECT min(id) FROM attempts WHERE job_id = jobs.id) AS first"
        " FROM jobs JOIN tasks ON tasks.id = task_id LEFT JOIN attempts"
        " ON attempts.id = (SELECT max(id) FROM attempts WHERE job_id = jobs.id)"
        " WHERE request_id = ? AND tasks.id = ? ORDER BY jobs.id",
        *(request_id, task_id_of(workload)),
    )
    return [_content(row, workload) for row in found]


def _content(row: sqlite3.Row, workload: int) -> Row:
    """One output content; its job's fields are null while no attempt was made."""
    found = json.loads(row["errors"] or "{}")
    errors: Row = {}
    for name, component in _JOB_ERRORS.items():
        errors[f"{name}_error_code"], errors[f"{name}_error_diag"] = found.get(component, (0, None))
    return {
        **errors,
        "attempt_nr": row["number"],
        "computing_site": row["site"],
        "content_id": row["id"],
        "end_time": http_date(row["ended"]) if row["ended"] else None,
        "jedi_task_id": workload,
        "job_name": row["first"] and f"{row['task']}_{row['request_id']}_{row['task_id']}.{row['first']}",
        "job_status": row["job_status"],
        "max_attempt": row["max_attempt"],
        "max_rss": None if row["max_rss"] is None else round(row["max_rss"] * 1024),
        "min_ram_count": row["asked"],
        "name": row["name"],
        "panda_id": row["panda_id"],
        "request_id": row["request_id"],
        "scope": "pseudo_dataset",
        "start_time": http_date(row["started"]) if row["started"] else None,
        "status": wire("ContentStatus", _CONTENT_STATUS[row["state"]]),
        "trans_exit_code": row["exit_code"],
        "transform_id": row["task_id"],
        "workload_id": workload,
    }
