"""Links between issues, and to other systems."""

from __future__ import annotations

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import issuelinks, remotelinks
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.issueshapes import IssueShapes

from .call import Call, SignedIn, answer, nothing
from .texts import comment_body

router = APIRouter()


@router.post("/issueLink")
def add_link(call: Call) -> Response:
    """Link two issues; one who may not see an end finds no such issue."""
    for name in ("inwardIssue", "outwardIssue"):
        end = call.object.get(name)
        if isinstance(end, dict):
            call.issue(str(end.get("key") or end.get("id")), "LINK_ISSUES")
    comment = comment_body(call, call.object.get("comment"))
    issuelinks.add(call.site, call.user, {**call.object, "comment": comment})
    return nothing(201)


@router.get("/issueLink/{number}")
def read_link(call: Call, number: str) -> Response:
    """One issue link."""
    link = issuelinks.find(call.site, number)
    brief = IssueShapes(call.site, call.shapes, []).brief
    return answer(
        {
            "id": str(link.id),
            "self": call.shapes.link(f"issueLink/{link.id}"),
            "type": call.shapes.link_type(link.type),
            "inwardIssue": brief(call.issue(str(link.inward))),
            "outwardIssue": brief(call.issue(str(link.outward))),
        }
    )


@router.delete("/issueLink/{number}")
def delete_link(call: Call, number: str) -> Response:
    """Remove an issue link."""
    link = issuelinks.find(call.site, number)
    for end in (link.inward, link.outward):
        call.issue(str(end), "LINK_ISSUES")
    issuelinks.delete(call.site, call.user, link)
    return nothing()


@router.get("/issue/{key}/remotelink")
def remote_links(call: Call, key: str) -> Response:
    """The remote links, or the one with a global id."""
    issue = call.issue(key)
    global_id = call.text("globalId")
    if global_id:
        return answer(
            call.shapes.remote_link(key, remotelinks.find(call.site, issue.id, global_id=global_id))
        )
    return answer([call.shapes.remote_link(key, link) for link in remotelinks.listed(call.site, issue.id)])


@router.post("/issue/{key}/remotelink")
def put_remote_link(call: Call, key: str) -> Response:
    """Add a remote link, or replace the one with the same global id."""
    issue = call.issue(key, "LINK_ISSUES", refusal=403)
    number, new = remotelinks.put(call.site, call.user, issue.id, call.object)
    found = {"id": number, "self": call.shapes.link(f"issue/{key}/remotelink/{number}")}
    return answer(found, 201 if new else 200)


@router.get("/issue/{key}/remotelink/{number}")
def remote_link(call: Call, key: str, number: str) -> Response:
    """One remote link."""
    link = remotelinks.find(call.site, call.issue(key).id, number)
    return answer(call.shapes.remote_link(key, link))


@router.put("/issue/{key}/remotelink/{number}")
def replace_remote_link(call: Call, key: str, number: str) -> Response:
    """Overwrite a remote link."""
    link = remotelinks.find(call.site, call.issue(key, "LINK_ISSUES", refusal=403).id, number)
    remotelinks.replace(call.site, link.id, call.object)
    return nothing()


@router.delete("/issue/{key}/remotelink")
def delete_remote_link_by_global_id(call: Call, key: str) -> Response:
    """Remove the remote link with a global id."""
    _typed(call)
    issue = call.issue(key, "LINK_ISSUES", refusal=403)
    link = remotelinks.find(call.site, issue.id, global_id=call.text("globalId"))
    remotelinks.delete(call.site, call.user, issue.id, link)
    return nothing()


@router.delete("/issue/{key}/remotelink/{number}")
def delete_remote_link(call: Call, key: str, number: str) -> Response:
    """Remove a remote link."""
    _typed(call)
    issue = call.issue(key, "LINK_ISSUES", refusal=403)
    remotelinks.delete(call.site, call.user, issue.id, remotelinks.find(call.site, issue.id, number))
    return nothing()


def _typed(call: SignedIn) -> None:
    """Refuse a request without a content type where Cloud does, though it has no body."""
    if call.site.flavour.bodyless_needs_type and "content-type" not in call.request.headers:
        raise JiraError(415, "Unsupported Media Type")
