"""Files attached to issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import UploadFile

from cmbot.sandbox.jira import attachments
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import need_own

from .call import Call, SignedIn, answer, nothing

if TYPE_CHECKING:
    from cmbot.sandbox.jira.attachments import Attachment
    from cmbot.sandbox.jira.issues import Issue

router = APIRouter()
downloads = APIRouter()


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
    issue = call.issue(key, "CREATE_ATTACHMENTS")
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
    return answer(call.shapes.attachment(readable(call, number)[0]))


@router.delete("/attachment/{number}")
def delete_attachment(call: Call, number: str) -> Response:
    """Remove a file."""
    found, issue = readable(call, number)
    need_own(call.site.config, call.user, "DELETE", "ATTACHMENTS", found.author, issue)
    attachments.delete(call.site, call.user, found)
    return nothing()


@downloads.get("/secure/attachment/{number}/{name}")
def download(call: Call, number: str, name: str) -> Response:
    """The file itself."""
    del name
    found, _ = readable(call, number)
    return file_answer(found, attachments.content(call.site, found))


def readable(call: SignedIn, number: str) -> tuple[Attachment, Issue]:
    """A file and its issue, if the caller may see that."""
    found = attachments.find(call.site, number)
    try:
        return found, call.issue(str(found.issue))
    except JiraError:
        raise JiraError(404, f"The attachment with id '{number}' does not exist") from None


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
