"""Searching with JQL."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.issueshapes import IssueShapes
from cmbot.sandbox.jira.search import search
from cmbot.sandbox.jira.wantedfields import wanted_fields

from .call import Call, SignedIn, answer, integer

router = APIRouter()


@router.get("/search")
def by_query(call: Call) -> Response:
    """Search, asked in the address."""
    return _found(
        call,
        {
            "jql": call.text("jql"),
            "startAt": call.text("startAt", "0"),
            "maxResults": call.text("maxResults", "50"),
            "fields": call.words("fields"),
            "expand": call.words("expand"),
            "properties": call.words("properties"),
        },
    )


@router.post("/search")
def by_body(call: Call) -> Response:
    """Search, asked in the body."""
    return _found(call, call.object)


def _found(call: SignedIn, asked: dict[str, Any]) -> Response:
    jql = asked.get("jql") or ""
    if not isinstance(jql, str):
        raise JiraError(400, "'jql' must be a string.")
    start, limit = (
        integer("startAt", asked.get("startAt", 0)),
        integer("maxResults", asked.get("maxResults", 50)),
    )
    page = search(call.site, call.user, jql, start, limit)
    chosen = wanted_fields(call.site.config, words_of(asked, "fields"), "*navigable")
    shape = IssueShapes(
        call.site, call.shapes, chosen, words_of(asked, "expand"), words_of(asked, "properties")
    )
    return answer(
        {
            "expand": "schema,names",
            "startAt": page.start,
            "maxResults": page.limit,
            "total": page.total,
            "issues": [shape(issue) for issue in page.issues],
        }
        | shape.about_fields()
    )


def words_of(asked: dict[str, Any], name: str) -> list[str]:
    """A list of words in a request's body, or written with commas."""
    found = asked.get(name) or []
    if isinstance(found, str):
        found = found.split(",")
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise JiraError(400, f"'{name}' must be a list of strings.")
    return found
