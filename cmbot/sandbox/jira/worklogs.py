"""Work that people log on issues, and what it does to the estimate."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import caps, durations, fieldinput, history, issues, restriction
from .errors import FieldProblem, JiraError, refused

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from .configuration import User
    from .happenings import Kind
    from .issues import Issue
    from .site import Site

log = logging.getLogger(__name__)
ADJUSTMENTS = ("auto", "new", "leave", "manual")


@dataclass(frozen=True)
class Worklog:
    """A piece of work."""

    id: int
    """Number."""
    issue: int
    """Id of its issue."""
    author: str
    """Login name of who worked."""
    update_author: str
    """Login name of who edited it last."""
    body: str
    """What was done, wiki markup."""
    visibility: Mapping[str, Any] | None
    """Role or group that may see it."""
    started: int
    """When the work began, milliseconds."""
    seconds: int
    """How long it took."""
    created: int
    """Milliseconds."""
    updated: int
    """Milliseconds."""


@dataclass(frozen=True)
class Adjustment:
    """What a change of the log does to the remaining estimate."""

    way: str = "auto"
    """``auto``, ``new``, ``leave`` or ``manual``."""
    length: int = 0
    """Seconds: the new estimate, or what a manual one takes away (or gives back)."""


def adjustment(way: str, new: str, by: str, name: str) -> Adjustment:
    """What a request's parameters say of the estimate.

    Parameters
    ----------
    way, new, by : `str`
        ``adjustEstimate``, ``newEstimate`` and ``reduceBy`` (or ``increaseBy``); empty if absent.
    name : `str`
        Name of the last one, for the refusal.

    Raises
    ------
    JiraError
        Raised with 400 for an unknown way, or a length that is missing or unreadable.
    """
    if way not in ("", *ADJUSTMENTS):
        raise refused("adjustEstimate", f"Unknown adjustment '{way[:40]}': {', '.join(ADJUSTMENTS)}.")
    wanted, text = ("newEstimate", new) if way == "new" else (name, by)
    if way not in ("new", "manual"):
        return Adjustment(way or "auto")
    try:
        return Adjustment(way, durations.read(text))
    except FieldProblem as problem:
        raise refused(wanted, str(problem)) from None


def listed(site: Site, user: User, issue: Issue) -> list[Worklog]:
    """The work logged on an issue that a user may see, oldest first."""
    rows = site.store.rows("SELECT * FROM worklogs WHERE issue_id = ? ORDER BY started, id", issue.id)
    found = [_from_row(row) for row in rows]
    return [one for one in found if restriction.readable(site, user, issue.project, one.visibility)]


def changed(site: Site, user: User, since: int = 0) -> list[Worklog]:
    """The work that a user may see and that was logged or changed since an instant, the longest ago first."""
    rows = site.store.rows("SELECT * FROM worklogs WHERE updated >= ? ORDER BY updated, id", since)
    found = []
    for one in map(_from_row, rows):
        issue = issues.find(site, str(one.issue))
        if issues.visible(site, user, issue) and restriction.readable(
            site, user, issue.project, one.visibility
        ):
            found.append(one)
    return found


def find(site: Site, user: User, issue: Issue, number: str) -> Worklog:
    """One piece of work on an issue, or 404."""
    found = next((one for one in listed(site, user, issue) if str(one.id) == number), None)
    if found is None:
        raise JiraError(404, f"Cannot find worklog with id: '{number}'.")
    return found


def add(site: Site, user: User, issue: Issue, body: Mapping[str, Any], adjust: Adjustment) -> int:
    """Log work; returns its number."""
    now = site.store.now()
    seconds = _seconds(body)
    if seconds is None:
        raise refused("timeSpent", "Worklog must not be null: you must indicate the time spent working.")
    with site.store.transaction():
        caps.check(site, "worklogs", issue.id)
        number = site.store.insert(
            "worklogs",
            issue_id=issue.id,
            author=user.name,
            update_author=user.name,
            body=_comment(body) or "",
            visibility=restriction.read(site, user, issue.project, body.get("visibility")),
            started=_started(site, body) or now,
            seconds=seconds,
            created=now,
            updated=now,
        )
        _account(site, user, issue, seconds, adjust, "work logged", _kept(site, number))
    log.info("%s: %s s of work logged by %s", issue.key, seconds, user.name)
    return number


def edit(
    site: Site, user: User, issue: Issue, old: Worklog, body: Mapping[str, Any], adjust: Adjustment
) -> None:
    """Change a piece of work."""
    seconds = _seconds(body)
    seconds = old.seconds if seconds is None else seconds
    comment = _comment(body)
    visibility = (
        restriction.read(site, user, issue.project, body["visibility"])
        if "visibility" in body
        else None
        if old.visibility is None
        else json.dumps(old.visibility)
    )
    with site.store.transaction():
        site.store.run(
            "UPDATE worklogs SET body = ?, visibility = ?, started = ?, seconds = ?, update_author = ?, "
            "updated = ? WHERE id = ?",
            old.body if comment is None else comment,
            visibility,
            _started(site, body) or old.started,
            seconds,
            user.name,
            site.store.now(),
            old.id,
        )
        _account(site, user, issue, seconds - old.seconds, adjust, "work edited", _kept(site, old.id))


def delete(site: Site, user: User, issue: Issue, old: Worklog, adjust: Adjustment) -> None:
    """Remove a piece of work; the estimate gets it back, unless told otherwise."""
    with site.store.transaction():
        site.store.run("DELETE FROM worklogs WHERE id = ?", old.id)
        back = Adjustment("manual", -adjust.length) if adjust.way == "manual" else adjust
        _account(site, user, issue, -old.seconds, back, "work deleted", old)


def _kept(site: Site, number: int) -> Worklog:
    (row,) = site.store.rows("SELECT * FROM worklogs WHERE id = ?", number)
    return _from_row(row)


def _account(
    site: Site, user: User, issue: Issue, seconds: int, adjust: Adjustment, kind: Kind, about: Worklog
) -> None:
    """Let the issue's sum and estimate follow, with their history, and tell."""
    issue = issues.find(site, str(issue.id))
    before = issue.values.get("timeestimate")
    after = before
    if adjust.way == "new":
        after = adjust.length
    elif before is not None and adjust.way != "leave":
        after = max(0, before - (adjust.length if adjust.way == "manual" else seconds))
    spent = (issue.values.get("timespent") or 0) + seconds
    items = issues.apply(site, issue, {"timespent": spent or None, "timeestimate": after})
    history.record(site, issue.id, user, items, kind=kind, about=about)


def _seconds(body: Mapping[str, Any]) -> int | None:
    """Length of the work in a request; None if it says nothing."""
    try:
        raw = body.get("timeSpentSeconds")
        if isinstance(raw, int) and not isinstance(raw, bool):
            found = raw
        elif body.get("timeSpent") is None:
            return None
        else:
            found = durations.read(body["timeSpent"])
        if not 0 < found <= durations.LIMIT:
            raise FieldProblem("The time spent must be more than nothing.")
    except FieldProblem as problem:
        raise refused("timeLogged", str(problem)) from None
    return found


def _comment(body: Mapping[str, Any]) -> str | None:
    text = body.get("comment")
    if text is not None and (not isinstance(text, str) or len(text) > fieldinput.TEXT_LIMIT):
        raise refused(
            "comment", f"The comment must be a text of at most {fieldinput.TEXT_LIMIT:,} characters."
        )
    return text


def _started(site: Site, body: Mapping[str, Any]) -> int | None:
    raw = body.get("started")
    try:
        return None if raw is None else int(fieldinput.instant(site, site.config.fields["created"], raw))
    except FieldProblem as problem:
        raise refused("started", str(problem)) from None


def _from_row(row: sqlite3.Row) -> Worklog:
    visibility = row["visibility"]
    return Worklog(
        id=row["id"],
        issue=row["issue_id"],
        author=row["author"],
        update_author=row["update_author"],
        body=row["body"],
        visibility=None if visibility is None else json.loads(visibility),
        started=row["started"],
        seconds=row["seconds"],
        created=row["created"],
        updated=row["updated"],
    )
