"""Cloud's resources that read many issues or their histories at once."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import history, issues
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.issueshapes import IssueShapes
from cmbot.sandbox.jira.wantedfields import wanted_fields

from .call import Call, SignedIn, answer, integer
from .search import words_of

if TYPE_CHECKING:
    from cmbot.sandbox.jira.history import Entry
    from cmbot.sandbox.jira.issues import Issue
    from cmbot.sandbox.jira.shapes import Json

router = APIRouter()
FETCH_LIMIT = 100
HISTORY_ISSUES_LIMIT = 1000
HISTORY_FIELDS_LIMIT = 10
HISTORY_PAGE_LIMIT = 10_000
CHANGELOG_PAGE_LIMIT = 100


@router.post("/issue/bulkfetch")
def fetch_issues(call: Call) -> Response:
    """Up to a hundred issues, in the order of their ids; what is not found is named, not refused."""
    asked = call.object
    found, missed = _issues(call, asked, FETCH_LIMIT)
    chosen = wanted_fields(call.site.config, words_of(asked, "fields"), "*navigable")
    shape = IssueShapes(
        call.site, call.shapes, chosen, words_of(asked, "expand"), words_of(asked, "properties")
    )
    errors = [{"id": name, "errorMessage": "Issue does not exist or you cannot see it."} for name in missed]
    return answer({"issues": [shape(issue) for issue in found], "issueErrors": errors} | shape.about_fields())


@router.get("/issue/{key}/changelog")
def changelog(call: Call, key: str) -> Response:
    """A page of an issue's history, oldest first."""
    issue = call.issue(key)
    entries = history.entries(call.site, issue.id)
    start = max(0, call.number("startAt", 0))
    limit = max(1, min(call.number("maxResults", CHANGELOG_PAGE_LIMIT), CHANGELOG_PAGE_LIMIT))
    page = entries[start : start + limit]
    address = call.shapes.link(f"issue/{key}/changelog")
    last = start + len(page) >= len(entries)
    found: Json = {
        "self": f"{address}?maxResults={limit}&startAt={start}",
        "maxResults": limit,
        "startAt": start,
        "total": len(entries),
        "isLast": last,
        "values": [call.shapes.history(entry) for entry in page],
    }
    if not last:
        found["nextPage"] = f"{address}?maxResults={limit}&startAt={start + limit}"
    return answer(found)


@router.post("/issue/{key}/changelog/list")
def chosen_changelogs(call: Call, key: str) -> Response:
    """The history entries of the ids asked for."""
    issue = call.issue(key)
    ids = call.object.get("changelogIds")
    if not isinstance(ids, list):
        raise JiraError(400, "'changelogIds' must be a list of numbers.")
    wanted = {integer("changelogIds", number) for number in ids}
    found = [
        call.shapes.history(entry) for entry in history.entries(call.site, issue.id) if entry.id in wanted
    ]
    return answer({"startAt": 0, "maxResults": len(found), "total": len(found), "histories": found})


@router.post("/changelog/bulkfetch")
def fetch_changelogs(call: Call) -> Response:
    """The histories of many issues, oldest first; instants are milliseconds here."""
    asked = call.object
    fields = words_of(asked, "fieldIds")
    if len(fields) > HISTORY_FIELDS_LIMIT:
        raise JiraError(400, f"At most {HISTORY_FIELDS_LIMIT} field ids can be asked for.")
    limit = integer("maxResults", asked.get("maxResults", 1000))
    if not 1 <= limit <= HISTORY_PAGE_LIMIT:
        raise JiraError(400, f"'maxResults' must be between 1 and {HISTORY_PAGE_LIMIT}.")
    found, _ = _issues(call, asked, HISTORY_ISSUES_LIMIT)
    entries = sorted(
        (
            (issue, entry)
            for issue in found
            for entry in history.entries(call.site, issue.id)
            if not fields or any(item.field_id in fields for item in entry.items)
        ),
        key=lambda pair: (pair[1].created, pair[1].id),
    )
    start = _position(asked.get("nextPageToken"))
    page = entries[start : start + limit]
    by_issue: dict[int, list[Json]] = {}
    for issue, entry in page:
        by_issue.setdefault(issue.id, []).append(_bulk_entry(call, entry))
    body: Json = {
        "issueChangeLogs": [
            {"issueId": str(number), "changeHistories": several} for number, several in by_issue.items()
        ]
    }
    if start + len(page) < len(entries):
        body["nextPageToken"] = base64.urlsafe_b64encode(f"history {start + len(page)}".encode()).decode()
    return answer(body)


def _issues(call: SignedIn, asked: dict[str, Any], most: int) -> tuple[list[Issue], list[str]]:
    """The issues of a request by their ids, and the names that lead to none."""
    names = asked.get("issueIdsOrKeys")
    if not isinstance(names, list) or not names or not all(isinstance(name, str | int) for name in names):
        raise JiraError(400, "'issueIdsOrKeys' must be a list of ids or keys.")
    if len(names) > most:
        raise JiraError(400, f"At most {most} issues can be asked for.")
    found: dict[int, Issue] = {}
    missed: list[str] = []
    for name in names:
        try:
            issue = issues.seen(call.site, call.user, str(name))
        except JiraError:
            missed.append(str(name))
        else:
            found[issue.id] = issue
    return [found[number] for number in sorted(found)], missed


def _bulk_entry(call: SignedIn, entry: Entry) -> Json:
    return {**call.shapes.history(entry), "created": entry.created}


def _position(token: Any) -> int:
    if token is None:
        return 0
    try:
        word, number = base64.urlsafe_b64decode(token).decode().split(" ")
        if word != "history" or not number.isascii() or not number.isdigit():
            raise ValueError(token)
        return min(int(number), 10**9)
    except (ValueError, TypeError, binascii.Error):
        raise JiraError(400, "The nextPageToken is not valid.") from None
