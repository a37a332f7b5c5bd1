"""What hangs on an issue: comments, properties, links, attachments, watchers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import UploadFile

from cmbot.sandbox.jira import attachments, comments, issuelinks, issues, properties, remotelinks, watchers
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.issueshapes import IssueShapes
from cmbot.sandbox.jira.markup import to_html

from .call import Call, SignedIn, answer, nothing, page

if TYPE_CHECKING:
    from cmbot.sandbox.jira.attachments import Attachment
    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()
downloads = APIRouter()


# ------------------------------------------------------------------------------------------ comments
@router.get("/issue/{key}/comment")
def all_comments(call: Call, key: str) -> Response:
    """The comments of an issue."""
    issue = issues.find(call.site, key)
    found = comments.listed(call.site, issue.id, call.text("orderBy", "created"))
    return answer(page([_comment(call, one) for one in found], call, "comments", 1048576))


@router.post("/issue/{key}/comment")
def add_comment(call: Call, key: str) -> Response:
    """Comment on an issue."""
    issue = issues.find(call.site, key)
    number = comments.add(call.site, call.user, issue.id, call.object)
    return answer(_comment(call, comments.find(call.site, issue.id, str(number))), 201)


@router.get("/issue/{key}/comment/{number}")
def one_comment(call: Call, key: str, number: str) -> Response:
    """One comment."""
    return answer(_comment(call, comments.find(call.site, issues.find(call.site, key).id, number)))


@router.put("/issue/{key}/comment/{number}")
def edit_comment(call: Call, key: str, number: str) -> Response:
    """Edit a comment."""
    issue = issues.find(call.site, key)
    comments.edit(call.site, call.user, comments.find(call.site, issue.id, number), call.object)
    return answer(_comment(call, comments.find(call.site, issue.id, number)))


@router.delete("/issue/{key}/comment/{number}")
def delete_comment(call: Call, key: str, number: str) -> Response:
    """Delete a comment."""
    comments.delete(call.site, comments.find(call.site, issues.find(call.site, key).id, number))
    return nothing()


def _comment(call: SignedIn, comment: comments.Comment) -> Json:
    found = call.shapes.comment(comment)
    if "renderedBody" in call.words("expand"):
        found["renderedBody"] = to_html(comment.body, call.shapes.around)
    return found


# ---------------------------------------------------------------------------------------- properties
Owner = tuple[properties.Owner, int, str]


def _owner(call: Call) -> Owner:
    """The issue or comment in the path."""
    named = call.request.path_params
    if "comment" in named:
        comment = comments.find(call.site, None, named["comment"])
        return "comment", comment.id, f"comment/{comment.id}"
    issue = issues.find(call.site, named["issue"])
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


# --------------------------------------------------------------------------------------------- links
@router.post("/issueLink")
def add_link(call: Call) -> Response:
    """Link two issues."""
    issuelinks.add(call.site, call.user, call.object)
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
            "inwardIssue": brief(issues.find(call.site, str(link.inward))),
            "outwardIssue": brief(issues.find(call.site, str(link.outward))),
        }
    )


@router.delete("/issueLink/{number}")
def delete_link(call: Call, number: str) -> Response:
    """Remove an issue link."""
    issuelinks.delete(call.site, call.user, issuelinks.find(call.site, number))
    return nothing()


@router.get("/issue/{key}/remotelink")
def remote_links(call: Call, key: str) -> Response:
    """The remote links, or the one with a global id."""
    issue = issues.find(call.site, key)
    global_id = call.text("globalId")
    if global_id:
        return answer(
            call.shapes.remote_link(key, remotelinks.find(call.site, issue.id, global_id=global_id))
        )
    return answer([call.shapes.remote_link(key, link) for link in remotelinks.listed(call.site, issue.id)])


@router.post("/issue/{key}/remotelink")
def put_remote_link(call: Call, key: str) -> Response:
    """Add a remote link, or replace the one with the same global id."""
    issue = issues.find(call.site, key)
    number, new = remotelinks.put(call.site, call.user, issue.id, call.object)
    found = {"id": number, "self": call.shapes.link(f"issue/{key}/remotelink/{number}")}
    return answer(found, 201 if new else 200)


@router.get("/issue/{key}/remotelink/{number}")
def remote_link(call: Call, key: str, number: str) -> Response:
    """One remote link."""
    link = remotelinks.find(call.site, issues.find(call.site, key).id, number)
    return answer(call.shapes.remote_link(key, link))


@router.put("/issue/{key}/remotelink/{number}")
def replace_remote_link(call: Call, key: str, number: str) -> Response:
    """Overwrite a remote link."""
    link = remotelinks.find(call.site, issues.find(call.site, key).id, number)
    remotelinks.replace(call.site, link.id, call.object)
    return nothing()


@router.delete("/issue/{key}/remotelink")
def delete_remote_link_by_global_id(call: Call, key: str) -> Response:
    """Remove the remote link with a global id."""
    issue = issues.find(call.site, key)
    link = remotelinks.find(call.site, issue.id, global_id=call.text("globalId"))
    remotelinks.delete(call.site, call.user, issue.id, link)
    return nothing()


@router.delete("/issue/{key}/remotelink/{number}")
def delete_remote_link(call: Call, key: str, number: str) -> Response:
    """Remove a remote link."""
    issue = issues.find(call.site, key)
    remotelinks.delete(call.site, call.user, issue.id, remotelinks.find(call.site, issue.id, number))
    return nothing()


# --------------------------------------------------------------------------------------- attachments
async def _files(request: Request) -> list[tuple[str, str, bytes]]:
    """Name, media type and content of every uploaded file."""
    if request.headers.get("x-atlassian-token", "").casefold() not in ("no-check", "nocheck"):
        raise JiraError(403, "XSRF check failed")
    if int(request.headers.get("content-length", "0") or 0) > 2 * attachments.SIZE_LIMIT:
        raise JiraError(413, "The upload is too large.")
    async with request.form(max_files=20, max_fields=20) as form:
        return [
            (one.filename or "file", one.content_type or "application/octet-stream", await one.read())
            for one in form.getlist("file")
            if isinstance(one, UploadFile)
        ]


@router.post("/issue/{key}/attachments")
def attach(call: Call, key: str, files: Annotated[list[tuple[str, str, bytes]], Depends(_files)]) -> Response:
    """Attach files."""
    issue = issues.find(call.site, key)
    with call.site.store.transaction():
        made = [attachments.add(call.site, call.user, issue.id, *file) for file in files]
    return answer([call.shapes.attachment(one) for one in made])


@router.get("/attachment/meta")
def attachment_limits(call: Call) -> Response:
    """Whether files may be attached, and how large."""
    return answer({"enabled": bool(call.user.active), "uploadLimit": attachments.SIZE_LIMIT})


@router.get("/attachment/{number}")
def attachment(call: Call, number: str) -> Response:
    """What is known of a file."""
    return answer(call.shapes.attachment(attachments.find(call.site, number)))


@router.delete("/attachment/{number}")
def delete_attachment(call: Call, number: str) -> Response:
    """Remove a file."""
    attachments.delete(call.site, call.user, attachments.find(call.site, number))
    return nothing()


@downloads.get("/secure/attachment/{number}/{name}")
def download(call: Call, number: str, name: str) -> Response:
    """The file itself."""
    del name
    found = attachments.find(call.site, number)
    return file_answer(found, attachments.content(call.site, found))


def file_answer(attachment: Attachment, content: bytes) -> Response:
    """A file as a download that no browser runs."""
    return Response(
        content,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name)}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


# ------------------------------------------------------------------------------------------ watchers
@router.get("/issue/{key}/watchers")
def all_watchers(call: Call, key: str) -> Response:
    """Who watches an issue."""
    issue = issues.find(call.site, key)
    people = [call.shapes.user(person.name) for person in watchers.of_issue(call.site, issue.id)]
    return answer({**IssueShapes(call.site, call.shapes, []).watches(issue), "watchers": people})


@router.post("/issue/{key}/watchers")
def add_watcher(call: Call, key: str) -> Response:
    """Let somebody watch: a bare JSON string, or the ``userName`` parameter."""
    issue = issues.find(call.site, key)
    name = call.text("userName") or (call.body if call.raw else None)
    if not isinstance(name, str) or not name:
        raise JiraError(400, "A user name is expected.")
    watchers.add(call.site, issue.id, name)
    return nothing()


@router.delete("/issue/{key}/watchers")
def remove_watcher(call: Call, key: str) -> Response:
    """Let somebody watch no longer."""
    issue = issues.find(call.site, key)
    name = call.text("username")
    if not name:
        raise JiraError(400, "A user name is expected.")
    watchers.remove(call.site, issue.id, name)
    return nothing()
