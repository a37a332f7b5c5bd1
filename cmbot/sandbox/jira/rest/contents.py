"""Cloud's download of attachments: led elsewhere, or given here, whole or in part."""

from __future__ import annotations

import re

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from cmbot.sandbox.jira import attachments
from cmbot.sandbox.jira.errors import JiraError

from .call import Call  # noqa: TC001 - FastAPI reads annotations
from .files import file_answer, readable

router = APIRouter()
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@router.get("/attachment/content/{number}")
def content(call: Call, number: str) -> Response:
    """The file: 303 to where it is, or with ``redirect=false`` the file itself, in part if a range is asked.

    Raises
    ------
    JiraError
        Raised with 416 for a range outside the file.
    """
    found, _ = readable(call, number)
    if call.flag("redirect", default=True):
        return RedirectResponse(f"{call.shapes.base_url}/secure/attachment/{found.id}/file", 303)
    whole = attachments.content(call.site, found)
    asked = _RANGE.fullmatch(call.request.headers.get("range", ""))
    if asked is None or asked[0] == "bytes=-":
        return file_answer(found, whole)
    first, last = asked[1], asked[2]
    start = int(first) if first else max(0, len(whole) - int(last))
    end = min(int(last) if first and last else len(whole) - 1, len(whole) - 1)
    if start > end:
        raise JiraError(
            416, "Requested range is not satisfiable", headers={"Content-Range": f"bytes */{len(whole)}"}
        )
    answer = file_answer(found, whole[start : end + 1])
    answer.status_code = 206
    answer.headers["Content-Range"] = f"bytes {start}-{end}/{len(whole)}"
    return answer
