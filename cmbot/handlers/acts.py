"""What people command counts as if they had moved the issue, before Jira shows it (design.md section 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmbot.handlers.actions import MoveTo
from cmbot.handlers.causes import cause_of
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmbot.models.issues import Issue, Move, Person
    from cmbot.models.views import CampaignView


def with_acts(issue: Issue, acts: Sequence[Move], me: Person) -> Issue:
    """Put what was commanded between the moves of an issue.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        As Jira shows it.
    acts : `~collections.abc.Sequence` [`~cmbot.models.issues.Move`]
        What was commanded, oldest first, each with the id of the move that it follows.
    me : `~cmbot.models.issues.Person`
        cmbot's own account: by its next move Jira shows what was commanded.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue`
        With the status that counts.
    """
    if not acts:
        return issue
    moves: list[Move] = []
    left = list(acts)
    for move in (None, *issue.moves):
        if move is not None and not _shows(move, moves, me):
            moves.append(move)
        while left and (move.history_id if move else 0) >= left[0].history_id:
            moves.append(left.pop(0))
    # What follows a move that the history does not have any more.
    moves += left
    last = moves[-1]
    shown = issue.status if last.cause and last.target is not issue.status else None
    status = last.target if shown is not None and last.target is not None else issue.status
    return replace(issue, moves=tuple(moves), status=status, shown=shown)


def to_show(view: CampaignView) -> Iterator[MoveTo]:
    """Find the issues whose status Jira does not show yet; a launch shows when something of it has begun.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    move : `~cmbot.handlers.actions.MoveTo`
        To the status that a person commanded.
    """
    for issue in (*view.issues, *(group.issue for _, group in view.groups if group.issue)):
        if issue.shown is not None and issue.status is not Status.LAUNCH and issue.last_move is not None:
            yield MoveTo(issue, issue.status, str(cause_of(issue.last_move)))


def _shows(move: Move, before: Sequence[Move], me: Person) -> bool:
    return bool(before and before[-1].cause and move.by == me and move.target is before[-1].target)
