"""Say why a campaign, step or group is as it is, and what to do: from the mirror alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.comments.wiki import instant
from cmbot.exceptions import UserError
from cmbot.handlers import causes, starting
from cmbot.mirror import seen
from cmbot.operations.attention import attention
from cmbot.operations.status import epic_of
from cmbot.reconcile import views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView
    from cmbot.reconcile.edges import Local


def explain(local: Local, key: str) -> tuple[str, ...]:
    """Explain a campaign, step or group.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Its key.

    Returns
    -------
    lines : `tuple` [`str`, ...]
        Its status and whose act that is, what keeps it waiting, and what a person can do.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    key = seen.renamed(local.mirror).get(key, key)
    view = views.campaign(local, epic_of(local, key))
    path = next((path for path in _paths(view) if path[-1].key == key), None)
    if path is None:
        raise UserError(key, "is no part of a campaign that cmbot made", "see `cmbot status`")
    # What is at or below it.
    keys = {below[-1].key for below in _paths(view) if path[-1] in below}
    todo = [
        f"{waits.name or waits.key}: {waits.why}; {waits.todo}"
        for waits in attention(local, key)
        if waits.key in keys
    ]
    return (*_why(view, path), *_waiting(view, path), *(todo or ("nothing waits for a person",)))


def _paths(view: CampaignView) -> Iterator[tuple[Issue, ...]]:
    """Every issue of a campaign, with those above it before."""
    yield (view.issue,)
    yield from ((view.issue, step.issue) for step in view.steps)
    yield from (view.path(step, group) for step, group in view.groups if group.issue)


def _why(view: CampaignView, path: tuple[Issue, ...]) -> Iterator[str]:
    issue = path[-1]
    last = issue.last_move
    since = f" since {instant(last.at)}, by {last.by}" if last else ""
    yield f"{issue.key} is {issue.status}{since}"
    if issue.frozen:
        yield f"it is not followed: {issue.frozen}"
    if cause := causes.in_force(path, view.me):
        yield f"work may start because {cause.by} {cause.what} on {instant(cause.at)}"
    else:
        yield "no launch is in force: nothing new of it is submitted"


def _waiting(view: CampaignView, path: tuple[Issue, ...]) -> Iterator[str]:
    yield from map(str, view.problems)
    for step in view.steps:
        if step.issue.status.closed or (len(path) > 1 and step.issue not in path):
            continue
        reasons = (*starting.blockers(view, step), *filter(None, (step.waiting,)))
        yield from (f"{step.name} waits: {reason}" for reason in reasons)
        yield from (f"{step.name}: {problem}" for problem in step.problems)
