"""Cloud's work on many issues at once, and how far it is: always done, for the sandbox does it at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from cmbot.sandbox.jira import properties, tasks
from cmbot.sandbox.jira.errors import JiraError

from .call import Call, SignedIn, answer, integer

if TYPE_CHECKING:
    from cmbot.sandbox.jira.tasks import Task

router = APIRouter()
TRANSITION_LIMIT = 1000
PROPERTY_LIMIT = 10_000


@router.post("/bulk/issues/transition")
def transition(call: Call) -> Response:
    """Make transitions of up to a thousand issues."""
    inputs = call.object.get("bulkTransitionInputs")
    if not isinstance(inputs, list) or not inputs:
        raise JiraError(400, "bulkTransitionInputs must not be empty")
    wanted = dict(pair for one in inputs for pair in _pairs(one))
    if len(wanted) > TRANSITION_LIMIT:
        raise JiraError(400, f"At most {TRANSITION_LIMIT} issues can be transitioned at once.")
    return answer({"taskId": str(tasks.move(call.site, call.user, wanted))}, 201)


@router.get("/bulk/queue/{number}")
def progress(call: Call, number: str) -> Response:
    """How far such work is."""
    task = _task(call, number, 400)
    return answer(
        {
            "taskId": number,
            "status": "COMPLETE",
            "progressPercent": 100,
            "submittedBy": {"accountId": call.site.config.users[task.user].account_id},
            "created": task.created,
            "started": task.created,
            "updated": task.created,
            "totalIssueCount": len(task.done) + len(task.failed) + task.unseen,
            "processedAccessibleIssues": task.done,
            "failedAccessibleIssues": task.failed,
            "invalidOrInaccessibleIssueCount": task.unseen,
        }
    )


@router.put("/issue/properties/{name}")
def set_property(call: Call, name: str) -> Response:
    """Set a property of many issues: 303 to the task."""
    asked = call.object
    if "expression" in asked:
        raise JiraError(400, "The sandbox evaluates no Jira expressions: send a 'value'.")
    if "value" not in asked:
        raise JiraError(400, "A 'value' is expected.")
    properties.packed(name, asked["value"])
    chosen = _chosen(call, name, asked.get("filter") or {})
    number = tasks.set_property(call.site, call.user, name, asked["value"], chosen)
    return RedirectResponse(call.shapes.link(f"task/{number}"), 303)


@router.get("/task/{number}")
def task(call: Call, number: str) -> Response:
    """A task."""
    found = _task(call, number, 404)
    return answer(
        {
            "self": call.shapes.link(f"task/{number}"),
            "id": number,
            "description": found.description,
            "status": "COMPLETE",
            "result": f"{len(found.done)} issues changed, {len(found.failed)} not.",
            "submittedBy": call.site.config.users[found.user].id,
            "progress": 100,
            "elapsedRuntime": 0,
            "submitted": found.created,
            "started": found.created,
            "finished": found.created,
            "lastUpdate": found.created,
        }
    )


def _task(call: SignedIn, number: str, status: int) -> Task:
    found = tasks.find(call.site, call.user, number)
    if found is None:
        raise JiraError(status, f"The task with id {number} does not exist.")
    return found


def _pairs(raw: Any) -> list[tuple[str, str]]:
    names = raw.get("selectedIssueIdsOrKeys") if isinstance(raw, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str | int) for name in names):
        raise JiraError(400, "'selectedIssueIdsOrKeys' must be a list of ids or keys.")
    if not isinstance(raw.get("transitionId"), str | int):
        raise JiraError(400, "'transitionId' must be given.")
    return [(str(name), str(raw["transitionId"])) for name in names]


def _chosen(call: SignedIn, key: str, wanted: Any) -> list[int]:
    """The issues of a filter: by id, by having the property, by its present value; all without one."""
    if not isinstance(wanted, dict):
        raise JiraError(400, "'filter' must be an object.")
    ids = wanted.get("entityIds")
    if ids is not None and (not isinstance(ids, list) or len(ids) > PROPERTY_LIMIT):
        raise JiraError(400, f"'entityIds' must be a list of at most {PROPERTY_LIMIT} ids.")
    sql = "SELECT i.id, p.value FROM issues i LEFT JOIN issue_properties p ON p.owner_id = i.id AND p.key = ?"
    present = {row["id"]: row["value"] for row in call.site.store.rows(sql, key)}
    numbers = list(present) if ids is None else [integer("entityIds", number) for number in ids]
    return [number for number in numbers if _fits(present.get(number), wanted)]


def _fits(kept: str | None, wanted: dict[str, Any]) -> bool:
    if "currentValue" in wanted:
        return kept is not None and json.loads(kept) == wanted["currentValue"]
    return wanted.get("hasProperty") in (None, kept is not None)
