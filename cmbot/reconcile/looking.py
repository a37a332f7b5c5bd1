"""Read one issue from Jira, which is never stale; freeze it if it cannot be followed, and thaw it.

Its id is its identity. An issue that is gone, hidden, archived, moved, converted or unreadable stays in the
mirror as it was seen last: nothing is started for it, what runs is followed to its end, and people are told.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import NotFound, RemoteError, UserError
from cmbot.jira_schema import parse
from cmbot.mirror import events, frozen, outbox, plans, seen, unread
from cmbot.models.issues import Level
from cmbot.reconcile import listening, movers, restoring

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from sqlite3 import Connection

    from cmbot.models.issues import Issue, Person
    from cmbot.reconcile.edges import Edges

_LOG = logging.getLogger(__name__)


class _Elsewhere(UserError):
    """It is not where cmbot could write to it, or not what cmbot knew."""


class _Absent(_Elsewhere):
    """It is gone or archived: no search finds it, and one that does says that it is back, unchanged."""


def look(edges: Edges, row: unread.Row, now: datetime, body: Mapping[str, Any] | None = None) -> set[str]:
    """Read an issue that is to be read.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    row : `~cmbot.mirror.unread.Row`
        Which, and why.
    now : `datetime.datetime`
        The time.
    body : `~collections.abc.Mapping`, optional
        What Jira says of it, if it was read together with others.

    Returns
    -------
    keys : `set` [`str`]
        Keys of what is different now, and of its parents; empty if nothing is.

    Raises
    ------
    RemoteError
        If Jira does not answer.
    """
    before = seen.body(edges.mirror, row.id)
    try:
        issue = reread(edges, row.id, now, listed=row.key if row.version else "", body=body)
        _meet_blockers(edges, issue, row, now)
    except UserError as error:
        _LOG.debug("%s", error)
    after, left = seen.body(edges.mirror, row.id), unread.find(edges.mirror, row.id)
    if before == after and row.error == (left.error if left else ""):
        return set()
    issues = [parse.issue(body, edges.names) for body in (before, after) if body]
    keys = {key for issue in issues for key in (issue.key, issue.parent)}
    return (keys | ({left.parent} if left else set())) - {""}


def reread(
    edges: Edges, issue_id: str, now: datetime, *, listed: str = "", body: Mapping[str, Any] | None = None
) -> Issue:
    """Read one issue and keep it.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    issue_id : `str`
        Which.
    now : `datetime.datetime`
        The time.
    listed : `str`, optional
        Its key in a search that has just found it in the project.
    body : `~collections.abc.Mapping`, optional
        As in `look`.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue`
        As it is now, with what people commanded.

    Raises
    ------
    UserError
        If it cannot be followed; it is frozen now.
    RemoteError
        If Jira does not answer.
    """
    try:
        body = body or _read(edges, issue_id)
        # Before it is kept: what cannot be found out now is found out when it is read again.
        issue = movers.judge(edges, _checked(edges, body, now, listed))
    except UserError as error:
        _freeze(edges, body or {"id": issue_id}, error, now)
        raise
    if issue.level is Level.STEP and issue.attempts:
        restoring.step(edges, issue, now)
    _keep(edges, issue, body, now)
    return movers.commanded(edges, issue)


def _read(edges: Edges, issue_id: str) -> Mapping[str, Any]:
    try:
        return edges.jira.issue(issue_id)
    except NotFound as error:
        key = (seen.version(edges.mirror, issue_id) or (error.subject, ""))[0]
        remedy = "bring it back, or let cmbot's account browse it"
        raise _Absent(key, "is gone, or hidden from cmbot", remedy) from error


def _checked(edges: Edges, body: Mapping[str, Any], now: datetime, listed: str) -> Issue:
    key, kind = str(body["key"]), str(body["fields"]["issuetype"]["name"])
    if body["read_only"]:
        archived = "is archived" if body["fields"].get("archiveddate") else "is archived, or closed to cmbot"
        raise _Absent(key, archived, "restore it, or let cmbot's account edit it")
    if _in_other_project(edges, body, listed):
        raise _Elsewhere(key, f"is in another project now, as {key}", "move it back")
    if not edges.names.managed(kind):
        raise _Elsewhere(key, f"is of type {kind} now, which cmbot does not manage", "convert it back")
    issue = parse.issue(body, edges.names)
    known = seen.body(edges.mirror, issue.id)
    if known is not None and plans.made_of(edges.mirror, issue.id):
        before = parse.issue(known, edges.names)
        if issue.level is not before.level:
            raise _Elsewhere(key, f"was a {before.level} and is a {issue.level} now", "convert it back")
        if not _same_parent(edges, before.parent, issue.parent, now):
            there = f"{before.parent} to {issue.parent or 'nowhere'}"
            raise _Elsewhere(key, f"was taken from {there}", f"put it back under {before.parent}")
    return issue


def _in_other_project(edges: Edges, body: Mapping[str, Any], listed: str) -> bool:
    """Compare projects by id: a project may get another key, and then all its issues do."""
    note, found = project_note(edges), str(body["fields"]["project"]["id"])
    known = edges.mirror.note(note)
    if listed == body["key"] and known != found:
        edges.mirror.remember(note, found)
        return False
    return known not in ("", found)


def project_note(edges: Edges) -> str:
    """Name the note that holds the id of the project.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.

    Returns
    -------
    name : `str`
        For `~cmbot.mirror.Mirror.note`.
    """
    return f"id of project {edges.settings.jira.project}"


def _same_parent(edges: Edges, before: str, after: str, now: datetime) -> bool:
    if before == after:
        return True
    if after and not seen.knows(edges.mirror, after):
        # It may be the same one under a new key.
        try:
            reread(edges, after, now)
        except UserError as error:
            _LOG.debug("%s", error)
    return seen.renamed(edges.mirror).get(before, before) == after


def _meet_blockers(edges: Edges, issue: Issue, row: unread.Row, now: datetime) -> None:
    """Read what an issue waits for, if no search has shown it yet: unknown, it would hold up nothing."""
    try:
        for key in issue.blocked_by:
            if key.startswith(f"{edges.settings.jira.project}-") and not seen.knows(edges.mirror, key):
                with suppress(UserError):
                    reread(edges, key, now)
    except RemoteError:
        with edges.mirror.writing() as connection:
            unread.add(connection, row.id, row.key, now, row.version, row.kind)
        raise


def _freeze(edges: Edges, body: Mapping[str, Any], error: UserError, now: datetime) -> None:
    issue_id, silent = str(body["id"]), isinstance(error, _Elsewhere)
    version, row = seen.version(edges.mirror, issue_id), unread.find(edges.mirror, issue_id)
    key = version[0] if version else error.subject
    with edges.mirror.writing() as connection:
        if silent and version is None:
            # It was never one of cmbot's.
            unread.done(connection, issue_id)
            return
        why = f"{error.problem}; {error.remedy}"
        parent = "" if silent else parse.parent(body, edges.names)
        absent = isinstance(error, _Absent)
        frozen.freeze(connection, issue_id, key, why, now, parent=parent, silent=silent, absent=absent)
        if row is None or row.error != why:
            events.add(connection, now, key, "cmbot", f"does not follow {key} now", why)
            _LOG.warning("%s is frozen: %s", key, why)
        if not silent:
            text = edges.comments.problem(_unreadable(issue_id), error)
            _say(edges, connection, (issue_id, key), text, now)


def _unreadable(issue_id: str) -> str:
    """Name the comment that says whether an issue can be followed."""
    return f"unreadable:{issue_id}"


def _say(edges: Edges, connection: Connection, issue: tuple[str, str], text: str, now: datetime) -> None:
    marker, interval = _unreadable(issue[0]), edges.settings.jira.comment_interval
    outbox.keep_said(connection, issue, "status comment", marker, {"text": text}, now, interval)


def _keep(edges: Edges, issue: Issue, body: Mapping[str, Any], now: datetime) -> None:
    known, row = seen.body(edges.mirror, issue.id), unread.find(edges.mirror, issue.id)
    acts = new_acts(edges, issue, known)
    with edges.mirror.writing() as connection:
        seen.save_issue(
            connection, issue, {name: value for name, value in body.items() if name != "comments"}
        )
        acts += listening.keep(edges, connection, issue, body, now)
        unread.done(connection, issue.id)
        events.add_all(connection, acts)
        if row is not None and row.frozen:
            events.add(connection, now, issue.key, "cmbot", f"follows {issue.key} again", "it is back")
            _LOG.info("%s is followed again", issue.key)
            marker = _unreadable(issue.id)
            if outbox.markers(edges.mirror, [marker]):
                _say(edges, connection, (issue.id, issue.key), edges.comments.readable(marker), now)
    for act in acts:
        # A text may be long; all of it is among the events.
        _LOG.info("%s: %s %s", act.issue_key, act.who, shorten(act.what, 120))


def new_acts(edges: Edges, issue: Issue, known: Mapping[str, Any] | None) -> list[events.Event]:
    """Tell who moved and edited the issue since it was last read (requirement W13).

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    issue : `~cmbot.models.issues.Issue`
        As it is now.
    known : `~collections.abc.Mapping` or `None`
        As it was seen before, if it was.

    Returns
    -------
    acts : `list` [`~cmbot.mirror.events.Event`]
        To be kept.
    """
    found = []
    before = parse.issue(known, edges.names) if known else None
    old = {act.history_id for act in before.moves + before.edits} if before else set()
    for move in issue.moves:
        if move.history_id not in old:
            who = _name(edges, move.by)
            what = f"moved {issue.key} from {move.source or 'elsewhere'} to {move.target or 'elsewhere'}"
            found.append(events.Event(move.at, issue.key, who, what, f"history {move.history_id}"))
    for edit in issue.edits:
        if edit.history_id not in old:
            who = _name(edges, edit.by)
            what = f"changed {edit.field} of {issue.key} from {edit.before!r} to {edit.after!r}"
            found.append(events.Event(edit.at, issue.key, who, what, f"history {edit.history_id}"))
    return found


def _name(edges: Edges, person: Person) -> str:
    return "cmbot" if person == edges.me else str(person)
