"""Names and numbers of iDDS, and how they look on the wire.

Source: reference/panda.md 4.1, 4.2 and the recorded payloads. An enumeration member travels as an
object with its class, its module and its attributes; only the ``_name_`` means the same in every class.
"""

from __future__ import annotations

REQUEST_STATUS = [
    "New",
    "Ready",
    "Transforming",
    "Finished",
    "SubFinished",
    "Failed",
    "Extend",
    "ToCancel",
    "Cancelling",
    "Cancelled",
    "ToSuspend",
    "Suspending",
    "Suspended",
    "ToResume",
    "Resuming",
    "ToExpire",
    "Expiring",
    "Expired",
    "ToFinish",
    "ToForceFinish",
    "Terminating",
    "Building",
    "Built",
    "Throttling",
    "ToClose",
]

TRANSFORM_STATUS = [*REQUEST_STATUS[:23], "Queue", "Throttling", "WaitForTrigger"]

PROCESSING_STATUS = [
    "New",
    "Submitting",
    "Submitted",
    "Running",
    "Finished",
    "Failed",
    "Lost",
    "Cancel",
    "FinishedOnStep",
    "FinishedOnExec",
    "FinishedTerm",
    "SubFinished",
    "ToCancel",
    "Cancelling",
    "Cancelled",
    "ToSuspend",
    "Suspending",
    "Suspended",
    "ToResume",
    "Resuming",
    "ToExpire",
    "Expiring",
    "Expired",
    "TimeOut",
    "ToFinish",
    "ToForceFinish",
    "Broken",
    "Terminating",
    "ToTrigger",
    "Triggering",
    "Synchronizing",
    "Prepared",
]

TASK_STATUS = [
    *("registered", "defined", "assigning", "ready", "pending", "scouting", "scouted", "running", "prepared"),
    *("done", "finished", "failed", "broken", "aborted", "exhausted"),
    *("aborting", "toabort", "finishing", "passed", "topreprocess", "preprocessing", "tobroken", "toretry"),
    *("toincexec", "rerefine", "paused", "throttled", "staging", "toreassign", "reassigning"),
]
"""Of a PanDA task (reference/panda.md 4.3)."""

COLLECTION_STATUS = [
    "New",
    "Updated",
    "Processing",
    "Open",
    "Closed",
    "SubClosed",
    "Failed",
    "Deleted",
    "Cancelled",
    "Suspended",
]

CONTENT_STATUS = [
    "New",
    "Processing",
    "Available",
    "Failed",
    "FinalFailed",
    "Lost",
    "Deleted",
    "Mapped",
    "FakeAvailable",
    "Missing",
    "Cancelled",
]

ENDED = frozenset({"Finished", "SubFinished", "Failed", "Cancelled", "Expired"})
"""Statuses in which a request or a transform rests until somebody asks for a retry."""

_VALUES: dict[str, dict[str, int]] = {
    "RequestStatus": {name: value for value, name in enumerate(REQUEST_STATUS)},
    "TransformStatus": {name: value for value, name in enumerate(TRANSFORM_STATUS)},
    "ProcessingStatus": {name: value for value, name in enumerate(PROCESSING_STATUS)},
    "CollectionStatus": {name: value for value, name in enumerate(COLLECTION_STATUS)},
    "ContentStatus": {name: value for value, name in enumerate(CONTENT_STATUS)},
    "CommandType": {"NoneCommand": 0},
    "RequestLocking": {"Idle": 0},
    "RequestType": {"Workflow": 0},
    "TransformType": {"Workflow": 0},
}


def wire(kind: str, name: str) -> dict[str, object]:
    """Encode one enumeration member the way iDDS's JSON does.

    Parameters
    ----------
    kind : `str`
        Class of the member, for example ``RequestStatus``.
    name : `str`
        Name of the member.

    Returns
    -------
    member : `dict`
        Class, module and attributes.

    Raises
    ------
    KeyError
        If the class or the name is not in the tables.
    """
    value = _VALUES[kind][name]
    attributes = {"_value_": value, "_name_": name, "_sort_order_": value, "_loading": False}
    return {"class": kind, "module": "idds.common.constants", "attributes": attributes}
