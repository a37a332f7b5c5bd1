"""Know what people were allowed to do when they moved an issue (requirement V16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.handlers.acts import with_acts
from cmbot.handlers.movers import to_judge, with_roles
from cmbot.handlers.verdicts import with_verdicts
from cmbot.mirror import acts, movers, verdicts

if TYPE_CHECKING:
    from cmbot.models.issues import Issue
    from cmbot.reconcile.edges import Edges, Local


def judge(edges: Edges, issue: Issue) -> Issue:
    """Ask Jira for the roles of those who moved an issue, and keep them.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    issue : `~cmbot.models.issues.Issue`
        As it was read.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue`
        With the roles in its moves.

    Raises
    ------
    RemoteError
        If Jira does not say who has which role.
    """
    if not edges.settings.jira.roles:
        return issue
    known = movers.of(edges.mirror, issue.id)
    new = {move.history_id: edges.jira.people.roles_of(move.by) for move in to_judge(issue, known, edges.me)}
    if new:
        movers.keep(edges.mirror, issue.id, new)
    return with_roles(issue, known | new)


def known(local: Local, issue: Issue) -> Issue:
    """Add what is known of the roles of those who moved an issue, and what people commanded.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    issue : `~cmbot.models.issues.Issue`
        As it was seen.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue`
        With the roles in its moves, and the status that counts.
    """
    if local.settings.jira.roles:
        issue = with_roles(issue, movers.of(local.mirror, issue.id))
    return commanded(local, issue)


def commanded(local: Local, issue: Issue) -> Issue:
    """Add what people commanded that counts as moves, and as verdicts.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    issue : `~cmbot.models.issues.Issue`
        As Jira shows it.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue`
        With the status and the verdict that count.
    """
    judged = with_verdicts(issue, verdicts.of(local.mirror, issue.id), local.me)
    return with_acts(judged, acts.of(local.mirror, issue.id, issue.key), local.me)
