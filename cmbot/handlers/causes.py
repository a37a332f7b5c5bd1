"""Which human act is in force, and which attempt it has not caused yet (design.md rule 3)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cmbot.jira_schema.statuses import refusal
from cmbot.models.attempts import JUDGED, Cause, OrderState, Verb
from cmbot.models.issues import Level, Status

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cmbot.models.attempts import Attempt
    from cmbot.models.issues import Issue, Move, Person
    from cmbot.models.views import GroupView

_STAMP = timedelta(seconds=1)
"""Some sites stamp moves with whole seconds."""


def launch_of(issue: Issue, me: Person) -> Move | None:
    """Find the launch that an issue is still under.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        With its moves.
    me : `~cmbot.models.issues.Person`
        cmbot's own account.

    Returns
    -------
    move : `~cmbot.models.issues.Move` or `None`
        The newest move to Launch by a person, unless the issue has since left Launch and Running, whoever
        moved it: cmbot by pausing or refusing, a person by deciding otherwise. Moves that the table
        refuses neither launch nor end anything.
    """
    if not issue.status.active:
        return None
    for move in reversed(issue.moves):
        if is_refused(issue, move, me):
            continue
        if move.target is Status.LAUNCH and move.by != me:
            return move
        if move.target is None or not move.target.active:
            return None
    return None


def in_force(path: tuple[Issue, ...], me: Person) -> Cause | None:
    """Find the human act under which something may start.

    Parameters
    ----------
    path : `tuple` [`~cmbot.models.issues.Issue`, ...]
        Campaign, step and group, as far as they exist, from the outside in.
    me : `~cmbot.models.issues.Person`
        cmbot's own account.

    Returns
    -------
    cause : `~cmbot.models.attempts.Cause` or `None`
        The newest launch of any of them that nobody has taken back since on any other of them: a person
        who pauses a campaign also stops the steps that were launched one by one before. A step that was made
        after its campaign was launched was not meant: it is launched by itself (requirement B37).
    """
    newest: Move | None = None
    for issue in path:
        launch = launch_of(issue, me)
        if launch is None or any(_withdrawn(other, launch, me) or _younger(other, launch) for other in path):
            continue
        if newest is None or _order(launch) > _order(newest):
            newest = launch
    return cause_of(newest) if newest else None


def added_later(epic: Issue, step: Issue, me: Person) -> bool:
    """Tell whether a step waits for a launch of its own: it was made after its campaign was launched.

    Parameters
    ----------
    epic, step : `~cmbot.models.issues.Issue`
        The campaign and the step.
    me : `~cmbot.models.issues.Person`
        cmbot's own account.

    Returns
    -------
    added_later : `bool`
        Whether a launch of the campaign would start it, were it older.
    """
    launch = launch_of(epic, me)
    return launch is not None and _younger(step, launch) and in_force((epic, step), me) is None


def cause_of(move: Move) -> Cause:
    """Make the cause of a move to Launch.

    Parameters
    ----------
    move : `~cmbot.models.issues.Move`
        The move.

    Returns
    -------
    cause : `~cmbot.models.attempts.Cause`
        Named by issue id and history id, which outlive keys and names, or by the command that stands for it.
    """
    return Cause(
        id=f"move:{move.cause}" if move.cause else f"move:{move.issue_id}:{move.history_id}",
        by=move.by,
        at=move.at,
        what=move.words or f"moved {move.issue_key} to {move.target}",
    )


def is_refused(issue: Issue, move: Move, me: Person) -> bool:
    """Tell whether a move of a person's counts for nothing.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        What was moved.
    move : `~cmbot.models.issues.Move`
        One of its moves.
    me : `~cmbot.models.issues.Person`
        cmbot's own account.

    Returns
    -------
    refused : `bool`
        Whether the table does not let this person make it.
    """
    if move.by == me or move.target is None:
        return False
    return refusal(issue.level, move.source, move.target, move.roles) is not None


def next_number(group: GroupView, cause: Cause | None) -> int | None:
    """Number the attempt that a cause asks for, if it still asks for one.

    Parameters
    ----------
    group : `~cmbot.models.views.GroupView`
        With its attempts.
    cause : `~cmbot.models.attempts.Cause` or `None`
        What is in force.

    Returns
    -------
    number : `int` or `None`
        `None` if nothing is asked for: no cause, a cause that has its attempt, an attempt that is
        live or has succeeded, or a cause older than the newest attempt's.
    """
    last = group.last
    if cause is None:
        return None
    if last is None:
        return 1
    if last.state.live or not last.state.ended_badly:
        return None
    used = any(act.id == cause.id for attempt in group.attempts for act in acts(attempt))
    return None if used or cause.at < last.cause.at else last.number + 1


def acts(attempt: Attempt) -> tuple[Cause, ...]:
    """List the human acts for which work was started on an attempt.

    Parameters
    ----------
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt.

    Returns
    -------
    causes : `tuple` [`~cmbot.models.attempts.Cause`, ...]
        Its own, and those of its restarts.
    """
    restarts = [
        order.cause
        for order in attempt.orders
        if order.verb is Verb.RESTART and order.state is not OrderState.REFUSED
    ]
    return (attempt.cause, *restarts)


def judgements(attempt: Attempt) -> tuple[Cause, ...]:
    """List the human acts by which an attempt was accepted or rejected.

    Parameters
    ----------
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt.

    Returns
    -------
    causes : `tuple` [`~cmbot.models.attempts.Cause`, ...]
        Oldest first.
    """
    done = (order for order in attempt.orders if order.verb in JUDGED and order.state is OrderState.DONE)
    return tuple(order.cause for order in done)


def taken_back(path: Iterable[Issue], since: datetime, me: Person) -> bool:
    """Tell whether a person has stopped something since.

    Parameters
    ----------
    path : `~collections.abc.Iterable` [`~cmbot.models.issues.Issue`]
        Campaign, step and group, as far as they exist.
    since : `datetime.datetime`
        From when on.
    me : `~cmbot.models.issues.Person`
        cmbot's own account.

    Returns
    -------
    taken_back : `bool`
        Whether somebody else, who may, moved one of them out of Launch and Running.
    """
    return any(
        move.by != me
        and move.at >= since
        and not is_refused(issue, move, me)
        and (move.target is None or not move.target.active)
        for issue in path
        for move in issue.moves
    )


def _younger(issue: Issue, launch: Move) -> bool:
    # Sub-tasks are made by cmbot itself, when their step is launched.
    made = issue.created if issue.level is Level.STEP and issue.id != launch.issue_id else None
    return made is not None and made - launch.at >= _STAMP


def _withdrawn(issue: Issue, launch: Move, me: Person) -> bool:
    return any(
        _order(move) > _order(launch)
        and move.by != me
        and not is_refused(issue, move, me)
        and (move.target is None or not move.target.active)
        for move in issue.moves
    )


def _order(move: Move) -> tuple[float, int]:
    return move.at.timestamp(), move.history_id
