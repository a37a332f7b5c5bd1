"""What a person does to an issue besides editing: comments, links, files, watching, voting, archiving."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import UploadFile

from cmbot.sandbox.jira import archiving, attachments, comments, issuelinks, votes, watchers
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import need_own
from cmbot.sandbox.jira.restriction import readable

from .visit import Posted, Visit, Visiting  # noqa: TC001 - FastAPI reads the annotations

if TYPE_CHECKING:
    from cmbot.sandbox.jira.comments import Comment

router = APIRouter()


@router.post("/browse/{key}/comment")
def comment(visit: Visiting, form: Posted, key: str) -> Response:
    """Write a comment."""
    issue = visit.issue(key, "ADD_COMMENTS")
    body = form.get("body").replace("\r\n", "\n")
    comments.add(visit.site, visit.user, issue.id, {"body": body})
    return visit.to(f"/browse/{issue.key}#comments")


@router.post("/browse/{key}/comment/{number}")
def edit_comment(visit: Visiting, form: Posted, key: str, number: str) -> Response:
    """Change the text of a comment; who may see it stays."""
    found = _comment(visit, key, number, "EDIT")
    body = {"body": form.get("body").replace("\r\n", "\n"), "visibility": found.visibility}
    comments.edit(visit.site, visit.user, found, body)
    return visit.to(f"/browse/{key}#comment-{found.id}")


@router.post("/browse/{key}/comment/{number}/delete")
def delete_comment(visit: Visiting, form: Posted, key: str, number: str) -> Response:
    """Remove a comment."""
    del form
    comments.delete(visit.site, visit.user, _comment(visit, key, number, "DELETE"))
    return visit.to(f"/browse/{key}#comments")


def _comment(visit: Visit, key: str, number: str, verb: str) -> Comment:
    issue = visit.issue(key)
    found = comments.find(visit.site, issue.id, number)
    if not readable(visit.site, visit.user, issue.project, found.visibility):
        raise JiraError(404, f"Can not find a comment for the id: {number}.")
    need_own(visit.site.config, visit.user, verb, "COMMENTS", found.author, issue)
    return found


@router.post("/browse/{key}/link")
def link(visit: Visiting, form: Posted, key: str) -> Response:
    """Link an issue: ``words`` names the type and, behind a colon, which way it is read from here."""
    issue, other = visit.issue(key, "LINK_ISSUES"), visit.issue(form.get("other").strip(), "LINK_ISSUES")
    number, _, way = form.get("words").partition(":")
    ends = [issue, other] if way == "outward" else [other, issue]
    inward, outward = ({"key": end.key} for end in ends)
    asked = {"type": {"id": number}, "inwardIssue": inward, "outwardIssue": outward}
    issuelinks.add(visit.site, visit.user, asked)
    return visit.to(f"/browse/{issue.key}#links")


@router.post("/browse/{key}/link/{number}/delete")
def unlink(visit: Visiting, form: Posted, key: str, number: str) -> Response:
    """Remove a link."""
    del form
    issue, found = visit.issue(key, "LINK_ISSUES"), issuelinks.find(visit.site, number)
    if issue.id not in (found.inward, found.outward):
        raise JiraError(404, "The link belongs to another issue.")
    for end in (found.inward, found.outward):
        visit.issue(str(end), "LINK_ISSUES")
    issuelinks.delete(visit.site, visit.user, found)
    return visit.to(f"/browse/{issue.key}#links")


async def _dropped(request: Request, visit: Visiting) -> list[tuple[str, str, bytes]]:
    """Name, media type and content of the files in a form that carries its session's token."""
    if int(request.headers.get("content-length", "0") or 0) > 2 * attachments.SIZE_LIMIT:
        raise JiraError(413, "The upload is too large.")
    async with request.form(max_files=20, max_fields=20) as form:
        sent = form.get("csrf")
        if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), visit.session.csrf.encode()):
            raise JiraError(403, "XSRF check failed: reload the page and try again.")
        return [
            (one.filename, one.content_type or "application/octet-stream", await one.read())
            for one in form.getlist("file")
            if isinstance(one, UploadFile) and one.filename
        ]


@router.post("/browse/{key}/attach")
def attach(
    visit: Visiting, key: str, files: Annotated[list[tuple[str, str, bytes]], Depends(_dropped)]
) -> Response:
    """Attach files."""
    issue = visit.issue(key, "CREATE_ATTACHMENTS")
    with visit.site.store.transaction():
        for file in files:
            attachments.add(visit.site, visit.user, issue.id, *file)
    return visit.to(f"/browse/{issue.key}#attachments")


@router.post("/browse/{key}/file/{number}/delete")
def detach(visit: Visiting, form: Posted, key: str, number: str) -> Response:
    """Remove a file."""
    del form
    issue = visit.issue(key)
    found = attachments.find(visit.site, number)
    if found.issue != issue.id:
        raise JiraError(404, "The attachment belongs to another issue.")
    need_own(visit.site.config, visit.user, "DELETE", "ATTACHMENTS", found.author, issue)
    attachments.delete(visit.site, visit.user, found)
    return visit.to(f"/browse/{issue.key}#attachments")


@router.post("/browse/{key}/watch")
def watch(visit: Visiting, form: Posted, key: str) -> Response:
    """Watch an issue, or no longer."""
    issue = visit.issue(key)
    if issue.read_only:
        raise JiraError(403, f"{issue.key} is archived: it can only be read.")
    turn = watchers.add if form.get("on") else watchers.remove
    turn(visit.site, issue.id, visit.user.name)
    return visit.to(f"/browse/{issue.key}")


@router.post("/browse/{key}/archive")
def archive(visit: Visiting, form: Posted, key: str) -> Response:
    """Archive an issue, or restore it."""
    issue = visit.issue(key)
    archiving.turn(visit.site, visit.user, issue, archived=bool(form.get("on")))
    return visit.to(f"/browse/{issue.key}")


@router.post("/browse/{key}/vote")
def vote(visit: Visiting, form: Posted, key: str) -> Response:
    """Vote for an issue, or no longer."""
    issue = visit.issue(key)
    turn = votes.cast if form.get("on") else votes.withdraw
    turn(visit.site, visit.user, issue)
    return visit.to(f"/browse/{issue.key}")
