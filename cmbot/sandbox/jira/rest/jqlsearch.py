"""Cloud's search: bounded queries, opaque page tokens, no totals; and the old search, which is gone."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.issueshapes import IssueShapes
from cmbot.sandbox.jira.jql.syntax import parse
from cmbot.sandbox.jira.search import search
from cmbot.sandbox.jira.wantedfields import wanted_fields

from .call import Call, SignedIn, answer, integer
from .search import words_of

if TYPE_CHECKING:
    from cmbot.sandbox.jira.issues import Issue
    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()
ORDER_LIMIT = 7
PAGE_LIMIT = 5000
"""Most issues on a page with ids and keys only."""
FIELDS_PAGE_LIMIT = 100
"""Most issues on a page with fields; the vendor names no number."""
PROPERTY_LIMIT = 5
RECONCILED_LIMIT = 50
TOKEN_LIFE = 7 * 24 * 3600 * 1000
"""Milliseconds for which a page token can be used."""
_REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration "
    "guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


@router.get("/search")
@router.post("/search")
def removed(call: Call) -> Response:
    """The search by offset: 410."""
    del call
    raise JiraError(410, _REMOVED)


@router.get("/search/jql")
def by_query(call: Call) -> Response:
    """Search, asked in the address."""
    asked: dict[str, Any] = {name: call.words(name) for name in ("fields", "expand", "properties")}
    asked |= {name: call.text(name) for name in ("jql", "nextPageToken") if call.text(name)}
    asked["maxResults"] = call.text("maxResults", "50")
    asked["reconcileIssues"] = call.words("reconcileIssues")
    return _found(call, asked)


@router.post("/search/jql")
def by_body(call: Call) -> Response:
    """Search, asked in the body."""
    return _found(call, call.object)


@router.post("/search/approximate-count")
def approximate_count(call: Call) -> Response:
    """How many issues a query finds, more or less."""
    jql = bounded(call.object)
    return answer({"count": search(call.site, call.user, jql, 0, 0).total})


def bounded(asked: dict[str, Any]) -> str:
    """The query of a request.

    Raises
    ------
    JiraError
        Raised with 400 for a query without a restriction, or one that sorts by too many fields.
    """
    jql = asked.get("jql") or ""
    if not isinstance(jql, str):
        raise JiraError(400, "'jql' must be a string.")
    query = parse(jql)
    if query.condition is None:
        raise JiraError(
            400,
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.",
        )
    if len(query.order) > ORDER_LIMIT:
        raise JiraError(400, f"The maximum number of fields in ORDER BY is {ORDER_LIMIT}.")
    return jql


def _found(call: SignedIn, asked: dict[str, Any]) -> Response:
    jql, limit = bounded(asked), integer("maxResults", asked.get("maxResults", 50))
    names, keys = words_of(asked, "fields"), words_of(asked, "properties")
    if limit < 1:
        raise JiraError(400, "The value of 'maxResults' must be greater than 0.")
    if len(keys) > PROPERTY_LIMIT:
        raise JiraError(400, f"At most {PROPERTY_LIMIT} properties can be asked for.")
    current = _reconciled(asked)
    start = _start(call, jql, asked.get("nextPageToken"))
    only_ids = set(names) <= {"id", "key"} and not keys
    most = min(limit, PAGE_LIMIT if only_ids else FIELDS_PAGE_LIMIT)
    if call.site.is_strange_to(call.user.name):
        most = call.site.index.cut(most)
    page = search(call.site, call.user, jql, start, most, current)
    shape = IssueShapes(
        call.site,
        call.shapes,
        wanted_fields(call.site.config, names, "id"),
        words_of(asked, "expand"),
        keys,
    )
    found: Json = {"issues": [_shaped(shape, issue, names) for issue in page.issues]}
    end = start + len(page.issues)
    found["isLast"] = end >= page.total
    if not found["isLast"]:
        found["nextPageToken"] = _token(call, jql, end)
    return answer(found | shape.about_fields())


def _shaped(shape: IssueShapes, issue: Issue, names: list[str]) -> Json:
    """An issue with what was asked for: nothing but its id if nothing was."""
    if not names and not shape.expand and not shape.with_properties:
        return {"id": str(issue.id)}
    found = shape(issue)
    return found if names != ["id"] else {name: found[name] for name in ("id", "self", "fields")}


def _reconciled(asked: dict[str, Any]) -> list[int]:
    """The ids of issues that are to be found as they are now, however far the index lags behind."""
    ids = asked.get("reconcileIssues") or []
    if not isinstance(ids, list) or len(ids) > RECONCILED_LIMIT:
        raise JiraError(400, f"'reconcileIssues' must be a list of at most {RECONCILED_LIMIT} ids.")
    return [integer("reconcileIssues", number) for number in ids]


def _digest(jql: str) -> str:
    return hashlib.sha256(jql.encode()).hexdigest()[:16]


def _token(call: SignedIn, jql: str, start: int) -> str:
    # never the same twice, even for a page that brought nothing: clients stop when a token repeats
    content = json.dumps([_digest(jql), start, call.site.store.now(), secrets.token_hex(4)])
    return base64.urlsafe_b64encode(content.encode()).decode()


def _start(call: SignedIn, jql: str, token: Any) -> int:
    """Where the page begins that a token stands for."""
    if token is None:
        return 0
    try:
        digest, start, made, _ = json.loads(base64.urlsafe_b64decode(token))
        fresh = digest == _digest(jql) and 0 <= call.site.store.now() - int(made) <= TOKEN_LIFE
        if not fresh or not 0 <= int(start) < 10**9:
            raise ValueError(token)
        return int(start)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise JiraError(400, "The nextPageToken is not valid for this query, or has expired.") from None
