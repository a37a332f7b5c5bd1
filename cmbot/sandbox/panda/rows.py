"""Requests and transforms the way iDDS shows them.

Field by field after the recorded answers (reference/panda.md 7.2); what the sandbox does not have is null
there as well.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cmbot.sandbox.panda.progress import state_counts, task_status
from cmbot.sandbox.panda.times import http_date
from cmbot.sandbox.panda.vocabulary import wire

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from cmbot.sandbox.panda.store import Store

Row = dict[str, object]

_WORKLOAD_OFFSET = 5000
_COUNTED = ("total", "new", "processed", "processing", "activated", "failed", "missing", "preprocessing")
_COLLECTION_STATUS = {
    "Transforming": "Open",
    "Finished": "Closed",
    "SubFinished": "SubClosed",
    "Failed": "SubClosed",
    "Cancelled": "Cancelled",
}
_PROCESSING_STATUS = {
    "Finished": "Finished",
    "SubFinished": "SubFinished",
    "Failed": "Failed",
    "Cancelled": "Cancelled",
}


def workload_id(task_id: int) -> int:
    """PanDA task id of a transform; another number than its id, as in reality."""
    return task_id + _WORKLOAD_OFFSET


def task_id_of(workload: int) -> int:
    """Id of the transform with a PanDA task id."""
    return workload - _WORKLOAD_OFFSET


def request_rows(store: Store, request_id: int | None, *, detail: bool) -> list[Row]:
    """Answer of ``get_requests``.

    Parameters
    ----------
    store : `Store`
        The store.
    request_id : `int` or `None`
        One request; `None` for all.
    detail : `bool`
        One row for each transform. A request without transforms has one row, in which its id and
        everything of the transform are null: iDDS's outer join.

    Returns
    -------
    rows : `list` [`dict`]
        Empty for an unknown id.
    """
    found = store.rows(
        "SELECT * FROM requests WHERE archived = 0 AND (? IS NULL OR id = ?) ORDER BY id",
        request_id,
        request_id,
    )
    answer: list[Row] = []
    for request in found:
        if not detail:
            answer.append(_request(request))
            continue
        with store.transaction() as db:
            tasks = db.execute("SELECT * FROM tasks WHERE request_id = ?", (request["id"],)).fetchall()
            counts = state_counts(db, request["id"])
        rows = [
            _request(request) | _transform(request["status"], task, counts[task["id"]])
            for task in reversed(tasks)
        ]
        answer += rows or [_request(request) | dict.fromkeys(_transform_fields()) | {"request_id": None}]
    return answer


def file_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """Counters of a transform's input and output collection, from the states of its jobs.

    An input is new while its job waits for others, and processed once it was released; an output is new until
    its job runs. Cancelled jobs stay new (recorded after an abort).

    Parameters
    ----------
    counts : mapping [`str`, `int`]
        Number of jobs by state.

    Returns
    -------
    counters : `dict` [`str`, `int`]
        ``input_total_files`` and the others.
    """
    unreleased = counts.get("pending", 0) + counts.get("cancelled", 0)
    missing, total = counts.get("missing", 0), sum(counts.values())
    inputs = {
        "total": total,
        "new": unreleased,
        "missing": missing,
        "processed": total - unreleased - missing,
    }
    outputs = {
        "total": total,
        "new": unreleased + counts.get("activated", 0),
        "processing": counts.get("running", 0),
        "processed": counts.get("finished", 0),
        "failed": counts.get("failed", 0),
        "missing": missing,
    }
    sides = {"input": inputs, "output": outputs}
    return {f"{side}_{what}_files": files.get(what, 0) for side, files in sides.items() for what in _COUNTED}


def _request(row: sqlite3.Row) -> Row:
    """Fields of the request."""
    created, updated = http_date(row["created"]), http_date(row["updated"])
    empty = [
        "additional_data_storage",
        "campaign",
        "campaign_group",
        "campaign_tag",
        "errors",
        "expired_at",
        "failed_transforms",
        "finished_transforms",
        "group_id",
        "locking_hostname",
        "locking_pid",
        "locking_thread_id",
        "locking_thread_name",
        "processing_transforms",
        "subfinished_transforms",
        "total_transforms",
        "userdn",
        "workload_id",
    ]
    return {
        **dict.fromkeys(empty),
        "accessed_at": updated,
        "campaign_scope": "Default",
        "cloud": row["cloud"],
        "command": wire("CommandType", "NoneCommand"),
        "created_at": created,
        "locking": wire("RequestLocking", "Idle"),
        "max_new_retries": 3,
        "max_update_retries": 0,
        "name": row["name"],
        "new_poll_period": "0:00:01",
        "new_retries": 0,
        "next_poll_at": created,
        "oldstatus": wire("RequestStatus", "New"),
        "priority": 0,
        "queue": row["queue"],
        "request_id": row["id"],
        "request_type": wire("RequestType", "Workflow"),
        "requester": "panda",
        "scope": "workflow",
        "site": row["site"],
        "status": wire("RequestStatus", row["status"]),
        "substatus": wire("RequestStatus", row["substatus"]),
        "transform_tag": "workflow",
        "update_poll_period": "0:00:10",
        "update_retries": 0,
        "updated_at": updated,
        "username": row["username"],
    }


def transform_status(request_status: str, counts: Mapping[str, int]) -> str:
    """Status of a transform; after an abort that ended in Failed it says so, too (recorded)."""
    status = task_status(counts)
    return "Failed" if status == "Cancelled" and request_status == "Failed" else status


def processing_status(status: str, counts: Mapping[str, int]) -> str:
    """Status of a transform's processing.

    Parameters
    ----------
    status : `str`
        Status of the transform.
    counts : mapping [`str`, `int`]
        Number of its jobs by state.

    Returns
    -------
    status : `str`
        Name of a processing status.
    """
    if status != "Transforming":
        return _PROCESSING_STATUS[status]
    return "Submitted" if set(+Counter(counts)) <= {"pending", "activated"} else "Running"


def _transform(request_status: str, task: sqlite3.Row, counts: Mapping[str, int]) -> Row:
    """Fields of one transform with its processing and collections."""
    status = transform_status(request_status, counts)
    created, updated = http_date(task["created"]), http_date(task["updated"])
    fields: Row = {
        **file_counts(counts),
        "processing_created_at": created,
        "processing_finished_at": updated if status == "Finished" else None,
        "processing_id": task["id"],
        "processing_status": wire("ProcessingStatus", processing_status(status, counts)),
        "processing_transform_id": task["id"],
        "processing_updated_at": updated,
        "processing_workload_id": workload_id(task["id"]),
        "transform_created_at": created,
        "transform_finished_at": updated if status == "Finished" else None,
        "transform_id": task["id"],
        "transform_name": task["name"],
        "transform_status": wire("TransformStatus", status),
        "transform_type": wire("TransformType", "Workflow"),
        "transform_updated_at": updated,
        "transform_workload_id": workload_id(task["id"]),
    }
    names = {"input": "pseudo_input_collection#{}", "output": "pseudo_output_collection#{}.0..1"}
    for position, (side, name) in enumerate(names.items()):
        fields |= {
            f"{side}_coll_bytes": counts.get("finished", 0),
            f"{side}_coll_id": 2 * task["id"] - 1 + position,
            f"{side}_coll_name": name.format(task["number"]),
            f"{side}_coll_scope": "pseudo_dataset",
            f"{side}_coll_status": wire("CollectionStatus", _COLLECTION_STATUS[status]),
            f"{side}_coll_transform_id": task["id"],
        }
    return fields


def _transform_fields() -> list[str]:
    """Names of what is null before there is a transform."""
    collection = ["bytes", "id", "name", "scope", "status", "transform_id"]
    processing = ["created_at", "finished_at", "id", "status", "transform_id", "updated_at", "workload_id"]
    transform = ["created_at", "finished_at", "id", "name", "status", "type", "updated_at", "workload_id"]
    return [
        *file_counts({}),
        *(f"{side}_coll_{field}" for side in ("input", "output") for field in collection),
        *(f"processing_{field}" for field in processing),
        *(f"transform_{field}" for field in transform),
    ]
