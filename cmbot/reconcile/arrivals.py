"""Keep what was read together and never seen before in one transaction: after a start that may be everything.

Whatever is not plain (a change of something known, attempts or commands to restore, links to meet, anything
that does not fit) is left to `looking`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import RemoteError, UserError
from cmbot.jira.reading import COMMANDS
from cmbot.jira_schema import parse
from cmbot.mirror import events, seen, unread
from cmbot.models.issues import Level
from cmbot.reconcile import looking, movers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cmbot.models.issues import Issue
    from cmbot.reconcile.edges import Edges

_LOG = logging.getLogger(__name__)


def keep(edges: Edges, rows: Sequence[unread.Row], bodies: dict[str, Mapping[str, Any]]) -> list[Issue]:
    """Keep new issues.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    rows : `~collections.abc.Sequence` [`~cmbot.mirror.unread.Row`]
        What is to be read.
    bodies : `dict`
        What Jira says of them, by id, as far as it was read together; what must be read by itself is removed.

    Returns
    -------
    issues : `list` [`~cmbot.models.issues.Issue`]
        Those that were kept.
    """
    known = seen.versions(edges.mirror, bodies)
    project = _project(edges, rows, bodies)
    plain: list[tuple[Issue, Mapping[str, Any]]] = []
    for row in rows:
        body = bodies.get(row.id)
        if body is None or row.id in known or row.error or body["fields"]["project"]["id"] != project:
            continue
        try:
            issue = movers.judge(edges, parse.issue(body, edges.names))
        except (UserError, RemoteError):
            continue
        if _commanded(issue, body):
            del bodies[row.id]
        elif not issue.attempts and not issue.blocked_by:
            plain.append((issue, body))
    new = [issue for issue, _ in plain]
    if new:
        with edges.mirror.writing() as connection:
            seen.save_new(connection, plain)
            unread.done(connection, *(issue.id for issue in new))
            events.add_all(connection, [act for issue in new for act in looking.new_acts(edges, issue, None)])
        _LOG.info("%d issues seen for the first time", len(new))
    return new


def _commanded(issue: Issue, body: Mapping[str, Any]) -> bool:
    """Whether commands in its comments may matter, which only come with an issue that is read by itself."""
    active = issue.level is Level.CAMPAIGN and issue.status.active
    return active or COMMANDS in body["properties"]


def _project(edges: Edges, rows: Iterable[unread.Row], bodies: Mapping[str, Mapping[str, Any]]) -> str:
    """Tell the id of the project; what a search has just found in it shows that, once."""
    note = looking.project_note(edges)
    if not edges.mirror.note(note):
        for row in rows:
            if row.version and row.id in bodies and row.key == bodies[row.id]["key"]:
                edges.mirror.remember(note, str(bodies[row.id]["fields"]["project"]["id"]))
                break
    return edges.mirror.note(note)
