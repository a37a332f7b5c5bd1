"""See what changed in Jira (design.md rules 1 and 7)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cmbot.exceptions import CredentialsError, NotFound, RemoteError, UserError
from cmbot.jira_schema import parse
from cmbot.mirror import events, outbox, restore, seen
from cmbot.mirror.database import stamp
from cmbot.models.issues import Issue, Level
from cmbot.reconcile import movers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from cmbot.jira.reading import Changed
    from cmbot.reconcile.edges import Edges

_LOG = logging.getLogger(__name__)
_CURSOR = "jira cursor"


def changes(edges: Edges, now: datetime) -> tuple[Issue, ...]:
    """Search once for what changed, and read each changed issue.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    issues : `tuple` [`~cmbot.models.issues.Issue`, ...]
        Those that changed since they were last read.

    Raises
    ------
    RemoteError
        If Jira does not answer; the cursor stays, so nothing is missed.
    """
    known = edges.mirror.note(_CURSOR)
    listed = edges.jira.changed(int(known) if known else None)
    changed, unread = [], ""
    for item in listed:
        if seen.issue_version(edges.mirror, item["id"]) == stamp(item["updated"]):
            continue
        if not edges.names.managed(item["issuetype"]):
            continue
        try:
            if issue := look(edges, item, now):
                changed.append(issue)
        except CredentialsError:
            raise
        except RemoteError as error:
            # One issue that cannot be read holds up nobody; the cursor stays, so it is read again.
            unread = str(error)
            _LOG.warning("%s", error)
    if listed and not unread:
        newest = max(item["updated"] for item in listed)
        cursor = int((newest - edges.settings.jira.overlap).timestamp() * 1000)
        edges.mirror.remember(_CURSOR, str(max(cursor, int(known or 0))))
    return tuple(changed)


def look(edges: Edges, item: Changed, now: datetime) -> Issue | None:
    """Read one issue, keep it, and record what people did to it.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    item : `~cmbot.jira.reading.Changed`
        Which.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue` or `None`
        `None` if it cannot be read; the reason is told on the issue, others go on.

    Raises
    ------
    RemoteError
        If Jira does not answer.
    """
    try:
        return reread(edges, item["id"], now)
    except NotFound:
        _LOG.warning("%s is gone or hidden: kept as it was seen last", item["key"])
    except UserError as error:
        _LOG.warning("%s", error)
        _tell_unreadable(edges, item, error, now)
    return None


def reread(edges: Edges, issue_id: str, now: datetime) -> Issue:
    """Read one issue from Jira, which is never stale, and keep it.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    issue_id : `str`
        Which.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue`
        As it is now.

    Raises
    ------
    UserError
        If it does not fit the schema.
    RemoteError
        If Jira does not answer.
    """
    body = edges.jira.issue(issue_id)
    # Before it is kept: whoever moved it must be known, or it is read again.
    issue = movers.judge(edges, parse.issue(body, edges.names))
    before = next(iter(seen.bodies(edges.mirror, id=issue.id)), None)
    seen.save_issue(edges.mirror, issue, body)
    _record_moves(edges, issue, before)
    if issue.level is Level.STEP and issue.attempts:
        count = restore.from_properties(edges.mirror, issue.id, issue.attempts, str(edges.tries), now)
        if count:
            _LOG.warning("%s %d attempts restored from Jira", issue.key, count)
    return issue


def _record_moves(edges: Edges, issue: Issue, before: Mapping[str, Any] | None) -> None:
    old = {move.history_id for move in parse.issue(before, edges.names).moves} if before else set()
    new = [move for move in issue.moves if move.history_id not in old]
    if not new:
        return
    with edges.mirror.writing() as connection:
        for move in new:
            who = "cmbot" if move.by == edges.me else str(move.by)
            what = f"moved {issue.key} from {move.source or 'elsewhere'} to {move.target or 'elsewhere'}"
            events.add(connection, move.at, issue.key, who, what, f"history {move.history_id}")
            _LOG.info("%s moved to %s by %s", issue.key, move.target, who)


def _tell_unreadable(edges: Edges, item: Changed, error: UserError, now: datetime) -> None:
    marker = f"unreadable:{item['id']}"
    text = edges.comments.problem(marker, error)
    with edges.mirror.writing() as connection:
        outbox.keep_said(
            connection,
            (item["id"], item["key"]),
            "status comment",
            marker,
            {"text": text},
            now,
            edges.settings.jira.comment_interval,
        )
