"""Who watches an issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import watchers
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.issueshapes import IssueShapes

from .call import Call, SignedIn, answer, nothing

if TYPE_CHECKING:
    from cmbot.sandbox.jira.issues import Issue

router = APIRouter()


@router.get("/issue/{key}/watchers")
def all_watchers(call: Call, key: str) -> Response:
    """Who watches an issue."""
    issue = call.issue(key)
    people = [call.shapes.user(person.name) for person in watchers.of_issue(call.site, issue.id)]
    return answer({**IssueShapes(call.site, call.shapes, []).watches(issue), "watchers": people})


@router.post("/issue/{key}/watchers")
def add_watcher(call: Call, key: str) -> Response:
    """Let somebody watch: a bare JSON string, or a query parameter."""
    name = _named(call) or (call.body if call.raw else None)
    if not isinstance(name, str) or not name:
        raise JiraError(400, "A user is expected.")
    issue = _watched(call, key, name)
    watchers.add(call.site, issue.id, name)
    return nothing()


@router.delete("/issue/{key}/watchers")
def remove_watcher(call: Call, key: str) -> Response:
    """Let somebody watch no longer."""
    name = _named(call)
    if not name:
        raise JiraError(400, "A user is expected.")
    issue = _watched(call, key, name)
    watchers.remove(call.site, issue.id, name)
    return nothing()


def _named(call: SignedIn) -> str:
    return next(filter(None, map(call.text, call.site.flavour.user_parameters)), "")


def _watched(call: SignedIn, key: str, name: str) -> Issue:
    """The issue; others than oneself are added and removed with a permission of its own."""
    oneself = call.site.flavour.identified(call.site.config, name) == call.user
    free = oneself and not call.issue(key).read_only
    return call.issue(key, *([] if free else ["MANAGE_WATCHERS"]))
