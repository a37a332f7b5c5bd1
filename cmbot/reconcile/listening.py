"""Find the commands in the comments of an issue that was read (requirement W22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.jira.comments import marker_in
from cmbot.jira_schema import commands as grammar
from cmbot.jira_schema import parse
from cmbot.mirror import commands, events
from cmbot.models.commands import Heard

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta
    from sqlite3 import Connection

    from cmbot.models.issues import Comment, Issue
    from cmbot.reconcile.edges import Edges


def keep(
    edges: Edges, connection: Connection, issue: Issue, body: Mapping[str, Any], now: datetime
) -> list[events.Event]:
    """Keep the commands that were not heard before, inside a transaction.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    issue : `~cmbot.models.issues.Issue`
        The issue, as it is kept in the same transaction.
    body : `~collections.abc.Mapping`
        What Jira says of it, with its comments if it was read by itself.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    acts : `list` [`~cmbot.mirror.events.Event`]
        Who commands what.
    """
    if "comments" not in body:
        return []
    kept = commands.remembered(body["properties"].get(commands.PROPERTY))
    found = [parse.comment(comment) for comment in body["comments"]]
    commands.recall(connection, issue.id, kept, {comment.id: comment.author.account for comment in found})
    own = {edges.me.account, *edges.names.former}
    answered = {marker_in(comment.body) for comment in found if comment.author.account in own}
    acts = []
    for comment in found:
        lines = grammar.lines(comment.body) if comment.author.account not in own else ()
        unfit = _unfit(edges, issue, comment, kept.taken, now) if lines else ""
        heard = Heard(issue.id, comment.id, comment.author, comment.at, lines, comment.restricted, unfit)
        if not lines or not commands.hear(connection, heard):
            continue
        if answer_marker(comment.id) in answered:
            commands.finish(connection, comment.id)
            continue
        why = f"comment {comment.id}"
        acts += [
            events.Event(comment.at, issue.key, str(comment.author), f"writes {line!r}", why)
            for line in lines
        ]
    return acts


def answer_marker(comment_id: str) -> str:
    """Name the answer to a comment.

    Parameters
    ----------
    comment_id : `str`
        Jira's id of the comment.

    Returns
    -------
    marker : `str`
        What the answer is found by.
    """
    return f"answer:{comment_id}"


def _unfit(edges: Edges, issue: Issue, comment: Comment, taken: Collection[str], now: datetime) -> str:
    """Why nothing of a comment is carried out, although it may ask for something."""
    arrived, age = commands.arrived(edges.mirror, issue.id), edges.settings.jira.command_age
    if not comment.author.account:
        return "nobody is named as its author"
    if comment.id in taken:
        return "cmbot had begun it when it lost its notes, and does not know how far it came"
    if arrived is not None and comment.at <= arrived:
        return f"it was written before cmbot followed {issue.key}"
    if now - comment.at > age:
        return f"it was more than {_days(age)} old when cmbot read it"
    if comment.edited_by != comment.author:
        return f"{comment.edited_by} has changed it, and it stands under another name"
    return ""


def _days(age: timedelta) -> str:
    return f"{age.days} days" if age.days > 1 else str(age)
