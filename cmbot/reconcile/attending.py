"""What needs a person: attempts that are overdue, lost or there twice (requirement W5); and what is old."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from cmbot.handlers import causes, inconsistencies, overdue
from cmbot.mirror import events, journal
from cmbot.models.attempts import AttemptState, TryState
from cmbot.reconcile import troubles
from cmbot.wms.port import WmsReport

if TYPE_CHECKING:
    from cmbot.handlers.facts import Facts
    from cmbot.models.attempts import Attempt
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges
    from cmbot.reconcile.polling import Seen

_LOG = logging.getLogger(__name__)


def attend(edges: Edges, step: StepView, facts: Facts) -> None:
    """Keep why a person should look at an attempt, or that nobody need any more.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step : `~cmbot.models.views.StepView`
        The step.
    facts : `~cmbot.handlers.facts.Facts`
        What is known of the attempt, after this pass has done with it what it does.
    """
    attempt = facts.attempt
    if facts.item is None or not attempt.state.live:
        return
    if facts.submitted and attempt.state is not AttemptState.MERGE_PENDING and facts.report is None:
        # Not asked about this time.
        return
    reason = inconsistencies.attention(facts)
    if reason == attempt.attention:
        return
    with edges.mirror.writing() as connection:
        journal.set_attempt(connection, attempt.id, attention=reason)
        if reason:
            what = f"{step.name} {attempt.group} {attempt.label} needs a person"
            events.add(connection, facts.now, step.issue.key, "cmbot", what, reason)
    said = reason or "nobody need look at it any more"
    _LOG.info("%s %s %s: %s", step.issue.key, attempt.group, attempt.label, said)


def waits(edges: Edges, view: CampaignView, now: datetime) -> None:
    """Keep what takes too long: launches of which nothing starts, and steps that wait for a server.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    now : `datetime.datetime`
        The time.
    """
    for issue in view.issues:
        move = overdue.launch(issue, view.me, edges.settings.work.launch_deadline, now)
        if move is not None and not edges.mirror.note(launch_note(issue)):
            why = f"in Launch since {overdue.instant(move.at)}, and nothing of it has started"
            edges.mirror.remember(launch_note(issue), why)
            _LOG.warning("%s %s", issue.key, why)
    for step in view.steps:
        _wait(edges, view, step, now)


def _wait(edges: Edges, view: CampaignView, step: StepView, now: datetime) -> None:
    """Keep since when a step waits, and that it is too long, as long as somebody wants something of it."""
    mirror, begun = edges.mirror, f"waits since {step.issue.id}"
    noted = mirror.note(begun)
    live = any(group.last is not None and group.last.state.live for group in step.groups)
    wanted = live or not step.chained or causes.in_force((view.issue, step.issue), view.me) is not None
    if not step.waiting or not wanted:
        for name in (begun, waiting_note(step.issue)) if noted else ():
            mirror.remember(name, "")
    elif not noted:
        mirror.remember(begun, now.isoformat())
    elif now - (since := datetime.fromisoformat(noted)) >= edges.settings.work.waiting_deadline:
        mirror.remember(waiting_note(step.issue), f"waits since {overdue.instant(since)}")


def waiting_note(issue: Issue) -> str:
    """Name the note that says that a step waits for too long.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        The step.

    Returns
    -------
    name : `str`
        Empty as long as it does not.
    """
    return f"waits too long {issue.id}"


def launch_note(issue: Issue) -> str:
    """Name the note that says that a launch takes too long.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        The issue, in Launch.

    Returns
    -------
    name : `str`
        Another for each launch.
    """
    return f"overdue {issue.id} {issue.last_move.name if issue.last_move else 0}"


def old(edges: Edges, attempt: Attempt, seen: Seen, now: datetime) -> str:
    """Say that the WMS has not told about an attempt for long.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt.
    seen : `~cmbot.reconcile.polling.Seen`
        What the last look at the WMS showed.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    trouble : `str`
        With an instant, no age (design.md rule 6); empty if what is known is fresh.
    """
    item = attempt.last_try
    polled = item is not None and item.state is TryState.SUBMITTED and attempt.state.live
    if item is None or not polled or attempt.state is AttemptState.MERGE_PENDING:
        return ""
    last = item.seen_at or attempt.since or attempt.created_at
    found = seen.reports.get(item.id)
    if isinstance(found, WmsReport) or now - last < edges.settings.panda.stale:
        return ""
    why = troubles.read(edges.mirror, "PanDA")[0] or "it is not its turn yet"
    return f"what is shown of request {item.request_id} is of {overdue.instant(last)}: {why}"
