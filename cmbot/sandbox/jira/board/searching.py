"""The search page: JQL, its answer as a table, and saved queries."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import filters
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.search import Page, search

from . import view
from .visit import Posted, Visit, Visiting  # noqa: TC001 - FastAPI reads the annotations

if TYPE_CHECKING:
    from cmbot.sandbox.jira.projectparts import Filter

router = APIRouter()
PAGE = 50
FIRST_QUERY = "ORDER BY updated DESC"


@router.get("/issues")
@router.get("/issues/")
def issues_page(visit: Visiting) -> Response:
    """Search, as the address says: ``jql`` or the number of a saved ``filter``."""
    asked = visit.request.query_params
    saved = filters.find(visit.site, asked["filter"]) if asked.get("filter") else None
    jql = asked.get("jql", saved.jql if saved else FIRST_QUERY)
    start = asked.get("start", "0")
    return _page(
        visit, jql, int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 0, saved
    )


@router.get("/quick")
def quick(visit: Visiting) -> Response:
    """Go to the issue whose key was typed, or search for words."""
    text = visit.request.query_params.get("text", "").strip()
    try:
        return visit.to(f"/browse/{visit.issue(text).key}")
    except JiraError:
        words = text.replace("\\", " ").replace('"', " ").strip()
        jql = f'text ~ "{words}" {FIRST_QUERY}' if words else FIRST_QUERY
        return visit.to(f"/issues/?jql={quote(jql)}")


@router.post("/issues/save")
def save(visit: Visiting, form: Posted) -> Response:
    """Save the query under a name."""
    body = {"name": form.get("name"), "jql": form.get("jql")}
    try:
        number = filters.put(visit.site, visit.user, body, None)
    except JiraError as error:
        return _page(visit, body["jql"], 0, None, error)
    return visit.to(f"/issues/?filter={number}")


@router.post("/issues/forget")
def forget(visit: Visiting, form: Posted) -> Response:
    """Forget one's own saved query."""
    filters.delete(visit.site, visit.user, filters.find(visit.site, form.get("filter")))
    return visit.to("/issues/")


def _page(
    visit: Visit, jql: str, start: int, saved: Filter | None, error: JiraError | None = None
) -> Response:
    texts = [] if error is None else [*error.messages, *error.errors.values()]
    try:
        found = search(visit.site, visit.user, jql, start, PAGE)
    except JiraError as problem:
        found, error = Page([], 0, PAGE, 0), problem
        texts = [*texts, *problem.messages, *problem.errors.values()]
    return visit.page(
        "search.html",
        "Search" if saved is None else saved.name,
        200 if error is None else 400,
        jql=jql,
        found=found,
        people=visit.site.config.users,
        saved=saved,
        filters=filters.listed(visit.site),
        texts=texts,
        hue=view.hue,
    )
