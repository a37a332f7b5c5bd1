"""Cloud's resources about queries themselves: what they say, and which issues they would find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.jql import compile_query
from cmbot.sandbox.jira.jql.structure import structure
from cmbot.sandbox.jira.jql.syntax import parse
from cmbot.sandbox.jira.search import matching

from .call import Call, SignedIn, answer, integer
from .search import words_of

if TYPE_CHECKING:
    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()
VALIDATIONS = ("strict", "warn", "none")


@router.post("/jql/parse")
def parse_queries(call: Call) -> Response:
    """What each query says; ``validation`` tells whether unknown names are errors, warnings or nothing."""
    validation = call.text("validation", "strict")
    if validation not in VALIDATIONS:
        raise JiraError(400, f"'validation' must be one of {', '.join(VALIDATIONS)}.")
    return answer({"queries": [_parsed(call, jql, validation) for jql in _given(call.object, "queries")]})


@router.post("/jql/match")
def match_issues(call: Call) -> Response:
    """Which of some issues each query finds."""
    asked = call.object
    ids = asked.get("issueIds")
    if not isinstance(ids, list) or not ids:
        raise JiraError(400, "'issueIds' must be a list of ids.")
    numbers = [integer("issueIds", number) for number in ids]
    return answer({"matches": [_match(call, jql, numbers) for jql in _given(asked, "jqls")]})


def _given(asked: dict[str, Any], name: str) -> list[str]:
    found = words_of(asked, name)
    if not found:
        raise JiraError(400, f"'{name}' must be a list of at least one query.")
    return found


def _parsed(call: SignedIn, jql: str, validation: str) -> Json:
    try:
        found: Json = {"query": jql, "structure": structure(parse(jql))}
    except JiraError as error:
        return {"query": jql, "errors": list(error.messages)}
    try:
        compile_query(call.site, call.user, jql)
    except JiraError as error:
        if validation == "strict":
            return {"query": jql, "errors": list(error.messages)}
        if validation == "warn":
            found["warnings"] = list(error.messages)
    return found


def _match(call: SignedIn, jql: str, ids: list[int]) -> Json:
    try:
        return {"matchedIssues": matching(call.site, call.user, jql, ids), "errors": []}
    except JiraError as error:
        return {"matchedIssues": [], "errors": list(error.messages)}
