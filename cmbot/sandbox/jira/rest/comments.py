"""Comments of issues."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import comments, restriction
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.markup import to_html
from cmbot.sandbox.jira.permissions import need_own

from .call import Call, SignedIn, answer, integer, nothing, page
from .texts import comment_body

if TYPE_CHECKING:
    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()
cloud = APIRouter()
LIST_LIMIT = 1000


@router.get("/issue/{key}/comment")
def all_comments(call: Call, key: str) -> Response:
    """The comments of an issue."""
    issue = call.issue(key)
    found = [
        one
        for one in comments.listed(call.site, issue.id, call.text("orderBy", "created"))
        if restriction.readable(call.site, call.user, issue.project, one.visibility)
    ]
    return answer(page([_comment(call, one) for one in found], call, "comments", 1048576))


@router.post("/issue/{key}/comment")
def add_comment(call: Call, key: str) -> Response:
    """Comment on an issue."""
    issue = call.issue(key, "ADD_COMMENTS")
    number = comments.add(call.site, call.user, issue.id, comment_body(call, call.object))
    return answer(_comment(call, call.comment(issue, str(number))), 201)


@router.get("/issue/{key}/comment/{number}")
def one_comment(call: Call, key: str, number: str) -> Response:
    """One comment."""
    return answer(_comment(call, call.comment(call.issue(key), number)))


@router.put("/issue/{key}/comment/{number}")
def edit_comment(call: Call, key: str, number: str) -> Response:
    """Edit a comment."""
    issue = call.issue(key)
    found = call.comment(issue, number)
    need_own(call.site.config, call.user, "EDIT", "COMMENTS", found.author, issue)
    comments.edit(call.site, call.user, found, comment_body(call, call.object))
    return answer(_comment(call, call.comment(issue, number)))


@router.delete("/issue/{key}/comment/{number}")
def delete_comment(call: Call, key: str, number: str) -> Response:
    """Delete a comment."""
    issue = call.issue(key)
    found = call.comment(issue, number)
    need_own(call.site.config, call.user, "DELETE", "COMMENTS", found.author, issue)
    comments.delete(call.site, call.user, found)
    return nothing()


@cloud.post("/comment/list")
def some_comments(call: Call) -> Response:
    """Comments of any issues by their ids; those the caller may not read are left out."""
    ids = call.object.get("ids")
    if not isinstance(ids, list) or not ids or len(ids) > LIST_LIMIT:
        raise JiraError(400, f"'ids' must be a list of 1 to {LIST_LIMIT} comment ids.")
    found = []
    for number in sorted({integer("ids", one) for one in ids}):
        with suppress(JiraError):  # as if it were not there
            comment = comments.find(call.site, None, str(number))
            found.append(_comment(call, call.comment(call.issue(str(comment.issue)), str(number))))
    page = {"startAt": 0, "maxResults": 1048576, "total": len(found), "isLast": True}
    return answer({**page, "values": found})


def _comment(call: SignedIn, comment: comments.Comment) -> Json:
    found = call.shapes.comment(comment)
    if "renderedBody" in call.words("expand"):
        found["renderedBody"] = to_html(comment.body, call.shapes.around)
    return found
