"""Votes, and work that is logged on issues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import votes, worklogs
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.issueshapes import IssueShapes
from cmbot.sandbox.jira.permissions import need_own

from .call import Call, SignedIn, answer, integer, nothing, page
from .texts import comment_body

if TYPE_CHECKING:
    from cmbot.sandbox.jira.shapes import Json
    from cmbot.sandbox.jira.worklogs import Adjustment

router = APIRouter()
CHANGED_LIMIT = 1000


@router.get("/issue/{key}/votes")
def all_votes(call: Call, key: str) -> Response:
    """Who voted for an issue."""
    issue = call.issue(key, "VIEW_VOTERS_AND_WATCHERS")
    voters = [call.shapes.user(person.name) for person in votes.of_issue(call.site, issue.id)]
    return answer({**IssueShapes(call.site, call.shapes, []).votes(issue), "voters": voters})


@router.post("/issue/{key}/votes")
def vote(call: Call, key: str) -> Response:
    """Vote for an issue."""
    votes.cast(call.site, call.user, call.issue(key))
    return nothing()


@router.delete("/issue/{key}/votes")
def withdraw(call: Call, key: str) -> Response:
    """Take a vote back."""
    votes.withdraw(call.site, call.user, call.issue(key))
    return nothing()


@router.get("/issue/{key}/worklog")
def all_worklogs(call: Call, key: str) -> Response:
    """The work logged on an issue."""
    found = worklogs.listed(call.site, call.user, call.issue(key))
    return answer(page([call.shapes.worklog(one) for one in found], call, "worklogs", 1048576))


@router.post("/issue/{key}/worklog")
def log_work(call: Call, key: str) -> Response:
    """Log work on an issue."""
    issue = call.issue(key, "WORK_ON_ISSUES")
    number = worklogs.add(call.site, call.user, issue, _body(call), _adjustment(call, "reduceBy"))
    return answer(call.shapes.worklog(worklogs.find(call.site, call.user, issue, str(number))), 201)


@router.get("/worklog/updated")
def changed_worklogs(call: Call) -> Response:
    """The work that was logged or changed since an instant, in milliseconds, the longest ago first."""
    text = call.text("since", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise JiraError(400, f"'since' must be an instant in milliseconds, got {text[:40]!r}.")
    since = int(text)
    found = worklogs.changed(call.site, call.user, since)
    page = found[:CHANGED_LIMIT]
    address = call.shapes.link("worklog/updated")
    last = len(page) == len(found)
    until = page[-1].updated if page else since
    body: Json = {
        "values": [{"worklogId": one.id, "updatedTime": one.updated, "properties": []} for one in page],
        "since": since,
        "until": until,
        "self": f"{address}?since={since}",
        "lastPage": last,
    }
    return answer(body if last else {**body, "nextPage": f"{address}?since={until}"})


@router.post("/worklog/list")
def chosen_worklogs(call: Call) -> Response:
    """Up to a thousand pieces of work by their numbers."""
    ids = call.object.get("ids")
    if not isinstance(ids, list) or len(ids) > CHANGED_LIMIT:
        raise JiraError(400, f"'ids' must be a list of at most {CHANGED_LIMIT} numbers.")
    wanted = {integer("ids", number) for number in ids}
    found = [one for one in worklogs.changed(call.site, call.user) if one.id in wanted]
    return answer([call.shapes.worklog(one) for one in found])


@router.get("/issue/{key}/worklog/{number}")
def one_worklog(call: Call, key: str, number: str) -> Response:
    """One piece of work."""
    return answer(call.shapes.worklog(worklogs.find(call.site, call.user, call.issue(key), number)))


@router.put("/issue/{key}/worklog/{number}")
def edit_worklog(call: Call, key: str, number: str) -> Response:
    """Change a piece of work."""
    issue = call.issue(key)
    old = worklogs.find(call.site, call.user, issue, number)
    need_own(call.site.config, call.user, "EDIT", "WORKLOGS", old.author, issue)
    worklogs.edit(call.site, call.user, issue, old, _body(call), _adjustment(call, "reduceBy"))
    return answer(call.shapes.worklog(worklogs.find(call.site, call.user, issue, number)))


@router.delete("/issue/{key}/worklog/{number}")
def delete_worklog(call: Call, key: str, number: str) -> Response:
    """Remove a piece of work."""
    issue = call.issue(key)
    old = worklogs.find(call.site, call.user, issue, number)
    need_own(call.site.config, call.user, "DELETE", "WORKLOGS", old.author, issue)
    worklogs.delete(call.site, call.user, issue, old, _adjustment(call, "increaseBy"))
    return nothing()


def _body(call: SignedIn) -> Json:
    return dict(comment_body(call, call.object, "comment"))


def _adjustment(call: SignedIn, by: str) -> Adjustment:
    return worklogs.adjustment(call.text("adjustEstimate"), call.text("newEstimate"), call.text(by), by)
