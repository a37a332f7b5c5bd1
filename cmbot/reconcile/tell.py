"""Turn a decision and the present state into outbox rows (design.md rule 6)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cmbot.comments.render import status_marker
from cmbot.handlers import mentions
from cmbot.mirror import (
    acts,
    commands,
    contradictions,
    events,
    journal,
    outbox,
    plans,
    records,
    reports,
    restore,
)
from cmbot.mirror import mentions as mentioned_before
from cmbot.models.issues import VERDICT, Status
from cmbot.models.summary import to_json
from cmbot.reconcile import linking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from sqlite3 import Connection

    from cmbot.handlers.actions import Decision, MoveTo
    from cmbot.models.issues import Issue
    from cmbot.models.notices import Notice
    from cmbot.models.summary import CampaignSummary, StepSummary
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Edges
    from cmbot.reconcile.summaries import Ended

_LOG = logging.getLogger(__name__)
PROPERTY = "cmbot.attempts"
"""Issue property of a step; longer lists go on in numbered ones."""


def campaign(edges: Edges, view: CampaignView, decision: Decision, ended: Ended, now: datetime) -> None:
    """Write down everything Jira should know of a campaign, in one transaction.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    decision : `~cmbot.handlers.actions.Decision`
        What was decided.
    ended : `~cmbot.reconcile.summaries.Ended`
        What came of what has ended.
    now : `datetime.datetime`
        The time.
    """
    known = outbox.markers(edges.mirror, [notice.marker for notice in decision.notices])
    with edges.mirror.writing() as connection:
        for notice in decision.notices:
            if notice.marker not in known:
                _say_notice(edges, connection, view, notice, now)
        for move in decision.moves:
            _say_move(edges, connection, move, now)
        for step in view.steps:
            _say_groups(edges, connection, step, now)
            begun = step.groups or step.problems or step.waiting or step.plan != "unasked"
            if begun and step.issue.key not in ended.pending:
                status = edges.comments.step(view, step, ended.steps.get(step.issue.key))
                _keep_status(edges, connection, step.issue, status, now)
            attempts(edges, connection, step.issue, now)
            _results(edges, connection, step.issue, now)
            for issue in (step.issue, *(group.issue for group in step.groups if group.issue)):
                _keep_verdict(edges, connection, issue, now)
            _keep_fields(edges, connection, step.issue, _counts(step), now)
            if found := ended.steps.get(step.issue.key):
                _keep_summary(edges, connection, step.issue, found, now)
        _keep_links(edges, connection, view, now)
        _keep_verdict(edges, connection, view.issue, now)
        if view.issue.key not in ended.pending:
            _keep_status(edges, connection, view.issue, edges.comments.campaign(view, ended.campaign), now)
        _keep_fields(edges, connection, view.issue, _counts(view), now)
        if ended.campaign is not None:
            _keep_summary(edges, connection, view.issue, ended.campaign, now)


def _say_notice(
    edges: Edges, connection: Connection, view: CampaignView, notice: Notice, now: datetime
) -> None:
    """Tell a milestone once, with who should act on it; each is mentioned once a day for one reason."""
    people = mentions.asked(notice, view, edges.roster.people(now))
    reason = mentions.reason(notice, view)
    mentioned = mentions.due(people, mentioned_before.last(connection, reason), now)
    text = edges.comments.notice(notice, people, mentioned)
    if outbox.say(connection, _of(notice.issue), "comment", notice.marker, {"text": text}, now):
        mentioned_before.keep(connection, mentioned, reason, now)
        _LOG.info("%s %s", notice.issue.key, notice.kind)


def attempts(edges: Edges, connection: Connection, step: Issue, now: datetime) -> None:
    """Keep the attempts of a step in its issue properties as they are, inside a transaction.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    step : `~cmbot.models.issues.Issue`
        The step.
    now : `datetime.datetime`
        The time.
    """
    for key, value in attempt_properties(edges, step).items():
        body = {"key": key, "value": value}
        marker = f"property:{step.id}:{key}"
        outbox.keep_said(connection, _of(step), "property", marker, body, now, timedelta(0))


def _results(edges: Edges, connection: Connection, step: Issue, now: datetime) -> None:
    interval = edges.settings.jira.comment_interval
    for key, value in records.results_properties(edges.mirror, step.id).items():
        body, marker = {"key": key, "value": value}, f"property:{step.id}:{key}"
        outbox.keep_said(connection, _of(step), "property", marker, body, now, interval)


def attempt_properties(edges: Edges, step: Issue) -> dict[str, dict[str, Any]]:
    """Write the attempts of a step as its issue properties.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step : `~cmbot.models.issues.Issue`
        The step.

    Returns
    -------
    properties : `dict` [`str`, `dict`]
        By property key.
    """
    known = [item for group in journal.attempts(edges.mirror, step.id).values() for item in group]
    return restore.to_properties(known, PROPERTY, contradictions.entries(edges.mirror, step.id))


def _of(issue: Issue) -> tuple[str, str]:
    return issue.id, issue.key


def _say_move(edges: Edges, connection: Connection, move: MoveTo, now: datetime) -> None:
    issue = move.issue
    # Unique for this stay in the present status: decided at every pass, told once.
    stay = issue.last_move.name if issue.last_move else 0
    marker = f"move:{issue.id}:{stay}:{move.target}"
    source = issue.shown or issue.status
    if source is move.target:
        # It was never moved: a command that cannot be followed is taken back.
        acts.take_back(connection, issue.id)
        commands.keep_said(edges.mirror, connection, _of(issue), now)
        events.add(connection, now, issue.key, "cmbot", f"{issue.key} stays in {source}", move.why)
        return
    body = {"source": source, "target": move.target, "cause": move.why}
    if outbox.say(connection, _of(issue), "move", marker, body, now):
        events.add(connection, now, issue.key, "cmbot", f"moving {issue.key} to {move.target}", move.why)
        _LOG.info("%s %s -> %s: %s", issue.key, source, move.target, move.why)


def _say_groups(edges: Edges, connection: Connection, step: StepView, now: datetime) -> None:
    rows = plans.groups_of(edges.mirror, step.issue.id)
    wanted = step.issue.status is not Status.ABANDONED and len(rows) <= edges.settings.work.group_issues
    for row, group in zip(rows, step.groups, strict=True):
        if group.issue is not None:
            _keep_fields(edges, connection, group.issue, dict(_group_fields(edges, group)), now)
        elif wanted and not row.issue_id:
            body = {
                "step": step.issue.key,
                "step_id": step.issue.id,
                "group": row.name,
                "summary": f"{step.name} {row.name}",
                "selection": group.selection,
            }
            marker = plans.group_marker(step.issue.id, row.name)
            outbox.say(connection, _of(step.issue), "group", marker, body, now)


def _keep_status(edges: Edges, connection: Connection, issue: Issue, text: str, now: datetime) -> None:
    interval = edges.settings.jira.comment_interval
    marker = status_marker(issue.id)
    outbox.keep_said(connection, _of(issue), "status comment", marker, {"text": text}, now, interval)


def _keep_summary(
    edges: Edges, connection: Connection, issue: Issue, summary: CampaignSummary | StepSummary, now: datetime
) -> None:
    """Attach a summary, for programs and for people; a new version takes the place of the old one."""
    interval = edges.settings.jira.comment_interval
    texts = {"summary.json": to_json(summary), "summary.md": edges.comments.summary(summary)}
    for name, text in texts.items():
        marker = f"attachment:{issue.id}:{name}"
        body = {"name": f"cmbot-{name}", "text": text}
        outbox.keep_said(connection, _of(issue), "attachment", marker, body, now, interval)


def _keep_verdict(edges: Edges, connection: Connection, issue: Issue, now: datetime) -> None:
    """Keep in Jira who has judged the data, when and why; the verdict itself if it was commanded."""
    said = issue.judgement
    if said is None or said.by is None or said.by == edges.me:
        return
    fields: dict[str, Any] = {"Verdict at": said.at}
    if said.commanded:
        fields |= {VERDICT: said.verdict, "Verdict reason": said.reason or None}
    if said.by.name:
        # At a terminal people need not have the names that they have in Jira.
        fields["Verdict by"] = said.by
    _keep_fields(edges, connection, issue, fields, now, f"verdict:{issue.id}")


def _keep_links(edges: Edges, connection: Connection, view: CampaignView, now: datetime) -> None:
    interval = edges.settings.jira.comment_interval
    for issue, text, url in linking.of(edges, view):
        marker = f"link:{issue.id}:{text}"
        outbox.keep_said(connection, _of(issue), "link", marker, {"text": text, "url": url}, now, interval)


def _keep_fields(
    edges: Edges,
    connection: Connection,
    issue: Issue,
    fields: dict[str, Any],
    now: datetime,
    marker: str = "",
) -> None:
    present = {
        name: edges.jira.raw(name, value) for name, value in fields.items() if name in edges.jira.field_ids
    }
    if not any(value is not None for value in present.values()):
        return
    interval = edges.settings.jira.comment_interval
    outbox.keep_said(connection, _of(issue), "fields", marker or f"fields:{issue.id}", present, now, interval)


def _counts(of: CampaignView | StepView | GroupView) -> dict[str, Any]:
    """Quanta once they are known; until then only the progress of the jobs."""
    if not of.quanta.total:
        return {"Percent done": of.jobs.percent} if of.jobs.total else {}
    return {
        "Quanta total": of.quanta.total,
        "Quanta done": of.quanta.done,
        "Quanta failed": of.quanta.failed,
        "Percent done": of.progress.percent,
    }


def _group_fields(edges: Edges, group: GroupView) -> Iterator[tuple[str, Any]]:
    last = group.last
    item = last.last_try if last else None
    if last is None or item is None:
        return
    as_run = reports.read(edges.mirror, item.id, "as-run") or {}
    yield "Attempt", last.number
    yield "As-run hash", as_run.get("sha256", "")
    yield "Archive hash", (reports.read(edges.mirror, item.id, reports.ARCHIVED) or {}).get("manifest", "")
    yield "Error summary", last.summary
    yield "Submitted at", item.reserved_at
    yield "Ended at", last.ended_at
    yield "Graph size", (reports.read(edges.mirror, item.id, "graph") or {}).get("quanta")
    if item.request_id is not None:
        yield "WMS id", str(item.request_id)
        if link := edges.comments.request(item):
            yield "PanDA link", link
        if link := edges.comments.logs(item):
            yield "Logs link", link
    yield from _counts(group).items()
