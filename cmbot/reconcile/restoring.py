"""Keep in Jira what a lost mirror could not know, and bring it back (design.md rule 5)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cmbot.exceptions import UserError
from cmbot.jira.twins import label
from cmbot.jira_schema import parse
from cmbot.mirror import contradictions, definitions, journal, plans, records, restore, seen
from cmbot.models.issues import Level
from cmbot.reconcile import archiving

if TYPE_CHECKING:
    from datetime import datetime

    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView
    from cmbot.reconcile.edges import Edges, Local

_LOG = logging.getLogger(__name__)
_KEPT = "kept"


def remember(edges: Edges, step: Issue) -> None:
    """Keep how a step was split, and the definitions of its attempts, as issue properties, before bps starts.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step : `~cmbot.models.issues.Issue`
        The step.

    Raises
    ------
    RemoteError
        If Jira does not take it.
    """
    if edges.mirror.note(_split(step)) != _KEPT:
        for key, value in records.split_properties(edges.mirror, step.id).items():
            edges.jira.ensure_property(step.id, key, value)
        edges.mirror.remember(_split(step), _KEPT)
    hashes = " ".join(item.hash for item in definitions.of(edges.mirror, step.id))
    if edges.mirror.note(_definitions(step)) != hashes:
        for key, value in records.results_properties(edges.mirror, step.id).items():
            edges.jira.ensure_property(step.id, key, value)
        edges.mirror.remember(_definitions(step), hashes)


def remember_recorded(edges: Edges, view: CampaignView) -> None:
    """Keep what `remember` keeps, of steps with workflows that others ran: no submission will do it.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Raises
    ------
    RemoteError
        If Jira does not take it.
    """
    for step in view.steps:
        tries = (item for group in step.groups for attempt in group.attempts for item in attempt.tries)
        if any(item.recorded for item in tries):
            remember(edges, step.issue)


def forget_split(local: Local, step: Issue) -> None:
    """Have the split of a step written anew before the next submission.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    step : `~cmbot.models.issues.Issue`
        The step, just split.
    """
    local.mirror.remember(_split(step), "")


def step(edges: Edges, issue: Issue, now: datetime) -> None:
    """Bring back what only Jira remembers of a step.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    issue : `~cmbot.models.issues.Issue`
        The step, with attempts in its properties.
    now : `datetime.datetime`
        The time.

    Raises
    ------
    RemoteError
        If Jira does not answer.
    """
    mirror = edges.mirror
    count = restore.from_properties(mirror, issue.id, issue.attempts, str(edges.tries), now)
    if not count and contradictions.WHOLE not in contradictions.of(mirror, issue.id):
        return
    # Until they are read: if Jira does not answer now, nothing of it may be asked or submitted meanwhile.
    contradictions.distrust(mirror, issue.id, contradictions.PENDING)
    _follow_at_least(edges, issue)
    properties = {
        key: value
        for prefix in (records.SPLIT, records.RESULTS)
        for key, value in edges.jira.properties(issue.id, prefix).items()
    }
    try:
        records.restore_results(mirror, issue.id, properties)
        records.restore_split(mirror, issue.id, properties)
        archiving.recall(edges, issue.id, now)
        edges.mirror.remember(_split(issue), _KEPT)
        contradictions.distrust(mirror, issue.id, "")
    except UserError as error:
        contradictions.distrust(mirror, issue.id, f"the property {error.subject} {error.problem}")
    _LOG.warning("%s %d attempts restored from Jira", issue.key, count)


def link(edges: Edges, epic: Issue) -> None:
    """Find the sub-tasks of groups again by the labels they were made with.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    epic : `~cmbot.models.issues.Issue`
        The campaign.
    """
    for body in seen.bodies(edges.mirror, level=Level.STEP, parent=epic.key):
        step_id = str(body["id"])
        rows = [row for row in plans.groups_of(edges.mirror, step_id) if not row.issue_id]
        if not rows:
            continue
        children = seen.bodies(edges.mirror, level=Level.GROUP, parent=str(body["key"]))
        parsed = [parse.issue(child, edges.names) for child in children]
        by_label = {name: child for child in parsed for name in child.labels}
        for row in rows:
            if child := by_label.get(label(plans.group_marker(step_id, row.name))):
                plans.name_group_issue(edges.mirror, step_id, row.name, child.id, child.key)


def _follow_at_least(edges: Edges, issue: Issue) -> None:
    """Give the attempts groups, so that they are followed; nothing is submitted of them."""
    known = {row.name for row in plans.groups_of(edges.mirror, issue.id)}
    attempts = journal.attempts(edges.mirror, issue.id)
    rows = [
        plans.GroupRow(issue.id, name, 0, {"where": "", "table": "", "parts": {}}, "", "")
        for name in sorted(attempts)
        if name not in known
    ]
    plans.freeze_groups(edges.mirror, issue.id, (*plans.groups_of(edges.mirror, issue.id), *rows))


def _split(step: Issue) -> str:
    return f"split {step.id}"


def _definitions(step: Issue) -> str:
    return f"definitions {step.id}"
