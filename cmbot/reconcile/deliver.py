"""Tell Jira what is in the outbox, one issue in order, others unaffected (design.md rules 6 and 8)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from cmbot.exceptions import CredentialsError, NotFound, Refused, RemoteError, UserError
from cmbot.mirror import deliveries, outbox, plans, unread

if TYPE_CHECKING:
    from datetime import datetime

    from cmbot.mirror.outbox import Row
    from cmbot.reconcile.edges import Edges

_LOG = logging.getLogger(__name__)
_LONGEST = timedelta(hours=1)
_COMMENTS = frozenset({"comment", "status comment"})


def all_due(edges: Edges, now: datetime) -> int:
    """Tell everything that is due.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    told : `int`
        How many rows arrived.

    Raises
    ------
    CredentialsError
        If Jira does not accept the token any more: nothing else is tried.
    """
    stuck: set[str] = set()
    kept: set[str] = set()
    told = 0
    for row in deliveries.pending(edges.mirror, now):
        if row.issue_id in stuck or (row.kind in outbox.KEPT and row.issue_id in kept):
            continue
        if row.kind in outbox.KEPT:
            # One such write for an issue and pass: Jira limits the writes to one issue.
            kept.add(row.issue_id)
        # What is looked for by a search must not be made again before every search would know it.
        settled = now + edges.jira.settling if row.kind == "group" else now
        with edges.mirror.writing() as connection:
            deliveries.sending(connection, row, settled)
        try:
            result = _tell(edges, row)
        except CredentialsError:
            raise
        except (UserError, Refused) as error:
            _explain(edges, row, error, now)
            continue
        except RemoteError as error:
            stuck.add(row.issue_id)
            _put_off(edges, row, error, now)
            if isinstance(error, NotFound):
                # It may be gone: the next pass looks.
                with edges.mirror.writing() as connection:
                    unread.add(connection, row.issue_id, row.issue_key, now)
            if edges.jira.paused_until is not None:
                break
            continue
        with edges.mirror.writing() as connection:
            deliveries.told(connection, row, result, now)
        told += 1
    return told


def _tell(edges: Edges, row: Row) -> str:
    body, jira = row.body, edges.jira
    match row.kind:
        case "comment":
            return jira.post_comment_once(row.issue_id, row.marker, body["text"])
        case "status comment":
            return jira.ensure_comment(row.issue_id, row.marker, body["text"], known_id=row.result or None)
        case "move":
            moved = jira.ensure_transition(row.issue_id, body["source"], body["target"], cause=body["cause"])
            return "" if moved else "overtaken"
        case "fields":
            jira.ensure_fields(row.issue_id, body)
            return ""
        case "property":
            jira.ensure_property(row.issue_id, body["key"], body["value"])
            return ""
        case "attachment":
            return jira.ensure_attachment(row.issue_id, body["name"], body["text"].encode())
        case "link":
            jira.ensure_remote_link(row.issue_id, f"cmbot:{body['text']}", body["url"], body["text"])
            return ""
        case "group":
            return _make_group(edges, row)
        case unknown:
            raise UserError(row.issue_key, f"outbox row of unknown kind {unknown!r}", "run a newer cmbot")


def _make_group(edges: Edges, row: Row) -> str:
    body = row.body
    fields = {
        "summary": body["summary"],
        "issuetype": {"name": edges.settings.jira.issue_types["group"]},
        "parent": {"key": body["step"]},
    }
    if "Data query" in edges.jira.field_ids:
        fields["Data query"] = body["selection"]
    issue_id, key = edges.jira.ensure_issue(row.marker, fields)
    plans.name_group_issue(edges.mirror, body["step_id"], body["group"], issue_id, key)
    return key


def _explain(edges: Edges, row: Row, error: UserError | Refused, now: datetime) -> None:
    """Tell on the issue, once, what someone must change before this can be told; the rest goes on."""
    again = now + _back_off(row)
    marker = f"refused by Jira:{row.marker}"
    with edges.mirror.writing() as connection:
        deliveries.refused(connection, row, str(error), again)
        said = row.kind not in _COMMENTS and outbox.say(
            connection,
            (row.issue_id, row.issue_key),
            "comment",
            marker,
            {"text": edges.comments.problem(marker, error)},
            now,
        )
    level = logging.WARNING if said or row.kind in _COMMENTS else logging.DEBUG
    _LOG.log(level, "%s %s not told, next try at %s: %s", row.issue_key, row.kind, again, error)


def _back_off(row: Row) -> timedelta:
    return min(timedelta(seconds=5 * 2 ** min(row.sends, 10)), _LONGEST)


def _put_off(edges: Edges, row: Row, error: RemoteError, now: datetime) -> None:
    again = now + _back_off(row)
    if error.retry_at is not None:
        again = max(again, error.retry_at)
    with edges.mirror.writing() as connection:
        deliveries.failed(connection, row, str(error), again)
    _LOG.warning("%s %s not told, next try at %s: %s", row.issue_key, row.kind, again, error)
