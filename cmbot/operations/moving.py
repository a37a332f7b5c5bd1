"""Launch and pause by a command: it counts as if the person had moved the issue (design.md section 3)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cmbot.exceptions import DefinitionError, UserError
from cmbot.handlers.campaign import decide
from cmbot.jira_schema.statuses import refusal
from cmbot.mirror import acts, commands, events
from cmbot.models.issues import Status
from cmbot.operations.status import epic_of
from cmbot.reconcile import views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cmbot.handlers.actions import Decision
    from cmbot.models.attempts import Cause
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView
    from cmbot.reconcile.edges import Local


class _DryRun(Exception):
    """Nothing is kept."""


def move(local: Local, key: str, target: Status, cause: Cause) -> tuple[str, ...]:
    """Write down what a person commands of a campaign, step or group; a pass carries it out.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Its key.
    target : `~cmbot.models.issues.Status`
        The status that it is to have.
    cause : `~cmbot.models.attempts.Cause`
        The human act.

    Returns
    -------
    lines : `tuple` [`str`, ...]
        What follows from it.

    Raises
    ------
    UserError
        If it cannot be moved there now; nothing was changed.
    """
    with local.mirror.writing() as connection:
        issue = issue_of(views.campaign(local, epic_of(local, key)), key)
        _require(local, issue, target, cause)
        acts.add(connection, issue, target, cause)
        commands.keep_said(local.mirror, connection, (issue.id, issue.key), cause.at)
        view = views.campaign(local, epic_of(local, key))
        decision = decide(view)
        for notice in decision.notices:
            # What would turn back a move refuses a command before anything is changed.
            if notice.marker.startswith(f"refused:{issue.id}:") and notice.problems:
                raise DefinitionError(issue.key, notice.problems)
        what = f"wants {issue.key} in {target}"
        events.add(connection, cause.at, issue.key, str(cause.by), what, f"{cause.what} ({cause.id})")
        return tuple(_launched(view, decision) if target is Status.LAUNCH else _stopped(view, issue))


def would(local: Local, act: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """Show what would follow from a command, and take it back.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    act : `~collections.abc.Callable`
        Writes it down, and says what follows.

    Returns
    -------
    lines : `tuple` [`str`, ...]
        What follows.

    Raises
    ------
    UserError
        If it cannot be done.
    """
    lines: tuple[str, ...] = ()
    with suppress(_DryRun), local.mirror.writing():
        lines = act()
        raise _DryRun
    return lines


def issue_of(view: CampaignView, key: str) -> Issue:
    """Find an issue of a campaign.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    key : `str`
        Key of the campaign, or of a step or group of it.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue`
        The issue.

    Raises
    ------
    UserError
        If it has none with that key.
    """
    issues = (*view.issues, *(group.issue for _, group in view.groups if group.issue))
    for issue in issues:
        if issue.key == key:
            return issue
    raise UserError(key, "is no part of a campaign that cmbot made", "see `cmbot status`")


def _require(local: Local, issue: Issue, target: Status, cause: Cause) -> None:
    if issue.frozen:
        raise UserError(issue.key, f"is not followed: {issue.frozen}", "mend that first")
    if issue.status is target:
        raise UserError(issue.key, f"is in {target} already", "there is nothing to do")
    if reason := refusal(issue.level, issue.status, target):
        raise UserError(issue.key, f"is {issue.status}", reason)
    last = issue.last_move
    if last is not None and last.by != local.me and last.at > cause.at:
        problem = f"was moved to {last.target} by {last.by} after that was written"
        raise UserError(issue.key, problem, "write it again if it is still wanted")


def _launched(view: CampaignView, decision: Decision) -> Iterator[str]:
    begins = [
        f"{step.name} ({step.issue.key}): the Butler is asked how its data split" for step in decision.plans
    ]
    begins += [f"{each.step.name} {each.group.name} a{each.number} is submitted" for each in decision.submits]
    begins += [f"{each.step.name} {each.group.name}: {each.verb}" for each in decision.asks]
    yield from begins or ["it is launched; nothing of it can begin yet"]
    yield from (f"{step.name} waits: {step.waiting}" for step in view.steps if step.waiting)


def _stopped(view: CampaignView, issue: Issue) -> Iterator[str]:
    live = [
        f"{step.name} {group.name} {group.last.label}"
        for step, group in view.groups
        if group.last and group.last.state.live and issue in view.path(step, group)
    ]
    yield "nothing new of it is submitted"
    if live:
        yield f"what runs goes on: {', '.join(live[:10])}" + (
            f" and {len(live) - 10} more" if live[10:] else ""
        )
