"""Issues: create, read, edit, delete, assign, move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import issuecreation, issues, permissions, statusscheme, views
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.issueshapes import IssueShapes, edit_metadata
from cmbot.sandbox.jira.wantedfields import wanted_fields

from .call import Call, SignedIn, answer, nothing
from .texts import issue_body

if TYPE_CHECKING:
    from cmbot.sandbox.jira.issues import Issue
    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()


@router.post("/issue")
def create(call: Call) -> Response:
    """Create an issue."""
    return answer(
        _reference(call, issuecreation.create(call.site, call.user, issue_body(call, call.object))), 201
    )


@router.post("/issue/bulk")
def create_several(call: Call) -> Response:
    """Create issues one by one: 201 as soon as one succeeded."""
    elements = call.object.get("issueUpdates")
    if not isinstance(elements, list) or not elements:
        raise JiraError(400, "No issues were sent: 'issueUpdates' must be a list.")
    most = call.site.flavour.bulk_limit
    if most is not None and len(elements) > most:
        raise JiraError(400, f"At most {most} issues can be created at once.")
    made: list[Json] = []
    failed: list[Json] = []
    for position, element in enumerate(elements):
        try:
            if not isinstance(element, dict):
                raise JiraError(400, "An object is expected.")
            made.append(
                _reference(call, issuecreation.create(call.site, call.user, issue_body(call, element)))
            )
        except JiraError as error:
            failed.append(
                {"status": error.status, "elementErrors": error.envelope(), "failedElementNumber": position}
            )
    return answer({"issues": made, "errors": failed}, 201 if made else 400)


@router.get("/issue/{key}")
def read(call: Call, key: str) -> Response:
    """One issue."""
    issue = call.issue(key)
    if call.flag("updateHistory"):
        views.look(call.site, call.user, issue)
    chosen = wanted_fields(call.site.config, call.words("fields"), "*all")
    shape = IssueShapes(call.site, call.shapes, chosen, call.words("expand"), call.words("properties"))
    return answer(shape(issue) | shape.about_fields())


@router.put("/issue/{key}")
def edit(call: Call, key: str) -> Response:
    """Change fields."""
    issue = call.issue(key)
    may_silence = permissions.may(call.site.config, call.user, "ADMINISTER_PROJECTS", issue.project)
    refuses = call.site.flavour.silence_is_refused
    if refuses and not call.flag("notifyUsers", default=True) and not may_silence:
        raise JiraError(
            403, "To discard the user notification either admin or project admin permissions are required."
        )
    issues.edit(call.site, call.user, issue, issue_body(call, call.object))
    return read(call, key) if call.site.flavour.returns_issue and call.flag("returnIssue") else nothing()


@router.delete("/issue/{key}")
def delete(call: Call, key: str) -> Response:
    """Delete an issue, with its sub-tasks if asked."""
    issue = call.issue(key)
    issues.delete(call.site, call.user, issue, with_subtasks=call.flag("deleteSubtasks"))
    return nothing()


@router.get("/issue/{key}/editmeta")
def edit_meta(call: Call, key: str) -> Response:
    """The fields of the edit screen."""
    return answer(edit_metadata(call.shapes, call.issue(key)))


@router.put("/issue/{key}/assignee")
def assign(call: Call, key: str) -> Response:
    """Assign to somebody, or nobody."""
    issue = call.issue(key)
    issues.assign(call.site, call.user, issue, call.object)
    return nothing()


@router.get("/issue/{key}/transitions")
def transitions(call: Call, key: str) -> Response:
    """What this user may do now."""
    issue = call.issue(key)
    wanted = call.text("transitionId")
    with_fields = "transitions.fields" in call.words("expand")
    found = [
        call.shapes.transition(one, with_fields=with_fields)
        for one in statusscheme.available(call.site, call.user, issue)
        if wanted in ("", str(one.id))
    ]
    return answer({"expand": "transitions", "transitions": found})


@router.post("/issue/{key}/transitions")
def move(call: Call, key: str) -> Response:
    """Make a transition."""
    statusscheme.move(call.site, call.user, call.issue(key), issue_body(call, call.object))
    return nothing()


def _reference(call: SignedIn, issue: Issue) -> Json:
    return {"id": str(issue.id), "key": issue.key, "self": call.shapes.link(f"issue/{issue.id}")}
