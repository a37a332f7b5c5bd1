"""Archiving, as each deployment offers it: issue by issue on Data Center, in lists on Cloud.

Data Center's ``POST issue/archive`` answers with a stream whose form is not described: it is not emulated.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import archiving
from cmbot.sandbox.jira.errors import JiraError

from .call import Call, SignedIn, answer, nothing
from .setup import find_project

datacenter = APIRouter()
cloud = APIRouter()


@datacenter.put("/issue/{key}/archive")
def archive(call: Call, key: str) -> Response:
    """Archive an issue."""
    archiving.turn(call.site, call.user, call.issue(key), archived=True)
    return nothing()


@datacenter.put("/issue/{key}/restore")
def restore(call: Call, key: str) -> Response:
    """Restore an issue."""
    archiving.turn(call.site, call.user, call.issue(key), archived=False)
    return nothing()


@datacenter.put("/project/{key}/archive")
@cloud.post("/project/{key}/archive")
def archive_project(call: Call, key: str) -> Response:
    """Archive a project."""
    archiving.turn_project(call.site, call.user, find_project(call, key), archived=True)
    return nothing()


@datacenter.put("/project/{key}/restore")
def restore_project(call: Call, key: str) -> Response:
    """Restore a project: 202, for it is to be indexed again."""
    archiving.turn_project(call.site, call.user, find_project(call, key), archived=False)
    return nothing(202)


@cloud.post("/project/{key}/restore")
def restored_project(call: Call, key: str) -> Response:
    """Restore a project; answers with it."""
    found = archiving.turn_project(call.site, call.user, find_project(call, key), archived=False)
    return answer(call.afresh.project_details(found))


@cloud.put("/issue/archive")
def archive_several(call: Call) -> Response:
    """Archive issues, with a report."""
    return _several(call, archived=True)


@cloud.put("/issue/unarchive")
def restore_several(call: Call) -> Response:
    """Restore issues, with a report."""
    return _several(call, archived=False)


def _several(call: SignedIn, *, archived: bool) -> Response:
    names = call.object.get("issueIdsOrKeys")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise JiraError(400, "'issueIdsOrKeys' must be a list of ids or keys.")
    report = archiving.turn_several(call.site, call.user, names, archived=archived)
    errors = {
        word: {"count": len(left), "issueIdsOrKeys": left, "message": archiving.REASONS[word]}
        for word, left in report.left_out.items()
    }
    return answer({"errors": errors, "numberOfIssuesUpdated": report.changed})
