"""Properties of issues and comments."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response

from cmbot.sandbox.jira import comments, properties
from cmbot.sandbox.jira.permissions import need_own

from .call import Call, answer, nothing

router = APIRouter()
Owner = tuple[properties.Owner, int, str]


def _owner(call: Call) -> Owner:
    """The issue or comment in the path."""
    named, writes = call.request.path_params, call.request.method != "GET"
    if "comment" in named:
        comment = comments.find(call.site, None, named["comment"])
        issue = call.issue(str(comment.issue))
        call.comment(issue, str(comment.id))
        if writes:
            need_own(call.site.config, call.user, "EDIT", "COMMENTS", comment.author, issue)
        return "comment", comment.id, f"comment/{comment.id}"
    issue = call.issue(named["issue"], *(["EDIT_ISSUES"] if writes else []), refusal=403)
    return "issue", issue.id, f"issue/{issue.id}"


Owned = Annotated[Owner, Depends(_owner)]


@router.get("/issue/{issue}/properties")
@router.get("/comment/{comment}/properties")
def property_keys(call: Call, owner: Owned) -> Response:
    """The keys of the properties."""
    kind, number, path = owner
    return answer(
        {
            "keys": [
                {"self": call.shapes.link(f"{path}/properties/{quote(key)}"), "key": key}
                for key in properties.keys(call.site, kind, number)
            ]
        }
    )


@router.get("/issue/{issue}/properties/{name:path}")
@router.get("/comment/{comment}/properties/{name:path}")
def read_property(call: Call, owner: Owned, name: str) -> Response:
    """One property."""
    return answer({"key": name, "value": properties.get(call.site, owner[0], owner[1], name)})


@router.put("/issue/{issue}/properties/{name:path}")
@router.put("/comment/{comment}/properties/{name:path}")
def put_property(call: Call, owner: Owned, name: str) -> Response:
    """Set a property."""
    new = properties.put(call.site, owner[0], owner[1], name, call.body)
    return nothing(201 if new else 200)


@router.delete("/issue/{issue}/properties/{name:path}")
@router.delete("/comment/{comment}/properties/{name:path}")
def delete_property(call: Call, owner: Owned, name: str) -> Response:
    """Remove a property."""
    properties.delete(call.site, owner[0], owner[1], name)
    return nothing()
