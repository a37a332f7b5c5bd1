"""Cloud's pages of lists, and the lists that only Cloud gives in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from cmbot.sandbox.jira.cloud import CLOUD_ID
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import may_open
from cmbot.sandbox.jira.workflowcreation import CATEGORY_WORDS

from .call import Call, SignedIn, answer

if TYPE_CHECKING:
    from cmbot.sandbox.jira.shapes import Json
    from cmbot.sandbox.jira.statusparts import Status

router = APIRouter()
edge = APIRouter()
PAGE_LIMIT = 100


def bean(call: SignedIn, values: list[Any], limit: int = 50) -> Json:
    """A page as ``startAt`` and ``maxResults`` ask, with the address of the next one."""
    start = max(0, call.number("startAt", 0))
    most = max(1, min(call.number("maxResults", limit), max(limit, PAGE_LIMIT)))
    page = values[start : start + most]
    address = call.shapes.base_url + call.request.url.path.removeprefix(call.request.app.state.context_path)
    found: Json = {
        "self": f"{address}?{urlencode({'maxResults': most, 'startAt': start})}",
        "maxResults": most,
        "startAt": start,
        "total": len(values),
        "isLast": start + len(page) >= len(values),
        "values": page,
    }
    if not found["isLast"]:
        found["nextPage"] = f"{address}?{urlencode({'maxResults': most, 'startAt': start + most})}"
    return found


@router.get("/project/search")
def projects(call: Call) -> Response:
    """The projects the caller may see, by key or name."""
    text = call.text("query").casefold()
    keys, ids = call.words("keys"), call.words("id")
    kept = call.words("status") or ["live"]
    if unknown := set(kept) - {"live", "archived", "deleted"}:
        raise JiraError(400, f"Unknown project status '{min(unknown)}'.")
    found = [
        call.shapes.project(project)
        for project in call.site.config.projects.values()
        if may_open(call.site.config, call.user, project)
        and ("live" if project.archived is None else "archived") in kept
        and (text in project.name.casefold() or project.key.casefold().startswith(text))
        and (not keys or project.key in keys)
        and (not ids or str(project.id) in ids)
    ]
    return answer(bean(call, found))


@router.get("/field/search")
def fields(call: Call) -> Response:
    """The fields, by kind, id or name."""
    kinds, ids, text = call.words("type"), call.words("id"), call.text("query").casefold()
    if unknown := set(kinds) - {"custom", "system"}:
        raise JiraError(400, f"Unknown field type '{min(unknown)}'.")
    found = [
        {
            "id": field.id,
            "name": field.name,
            "schema": call.shapes.schema(field),
            "description": field.description,
        }
        for field in call.site.config.fields.values()
        if (not kinds or ("custom" if field.custom else "system") in kinds)
        and (not ids or field.id in ids)
        and text in field.name.casefold()
    ]
    return answer(bean(call, found))


@router.get("/statuses/search")
def statuses(call: Call) -> Response:
    """The statuses, by name and category."""
    text, category = call.text("searchString").casefold(), call.text("statusCategory")
    if category not in ("", *CATEGORY_WORDS.values()):
        raise JiraError(400, f"Unknown status category '{category}'.")
    found = [
        _status(status)
        for status in call.site.config.statuses.values()
        if text in status.name.casefold() and category in ("", CATEGORY_WORDS[status.category.key])
    ]
    return answer(bean(call, found, 200))


@router.get("/label")
def labels(call: Call) -> Response:
    """All labels, those on issues that the caller may not see too."""
    sql = "SELECT DISTINCT l.value FROM issues i, json_each(i.fields, '$.labels') l ORDER BY l.value"
    return answer(bean(call, [row["value"] for row in call.site.store.rows(sql)], 1000))


def _status(status: Status) -> Json:
    return {
        "id": str(status.id),
        "name": status.name,
        "statusCategory": CATEGORY_WORDS[status.category.key],
        "description": "",
        "scope": {"type": "GLOBAL"},
        "usages": [],
        "workflowUsages": [],
    }


@edge.get("/_edge/tenant_info")
def tenant(request: Request) -> Response:
    """The id by which the gateway knows this site; needs no credentials."""
    del request
    return answer({"cloudId": CLOUD_ID})
