"""Every state that is none for ever has a deadline, after which a person is told (requirement W5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.handlers import causes
from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from cmbot.models.attempts import Attempt
    from cmbot.models.issues import Issue, Move, Person

_WORDS = {
    AttemptState.RESERVED: "it was written down and is not submitted; look at the log of its submission",
    AttemptState.SUBMITTED: "{wms} has started nothing of it; look at its tasks",
    AttemptState.RUNNING: "nothing of it has changed in {wms}; look at its tasks",
    AttemptState.HELD: "it is suspended in {wms}; resume or cancel it there",
    AttemptState.CANCELLING: "its cancel has not come to an end; cancel it again in {wms}",
    AttemptState.MERGE_PENDING: "its data report was not made; look at the log of pipetask report",
    AttemptState.UNKNOWN: "whether {wms} has it is not known; look there for its name",
}


def overdue(
    attempt: Attempt,
    deadline: Callable[[AttemptState], timedelta],
    changed_at: datetime | None,
    now: datetime,
    *,
    without_jobs: bool = False,
    unsettled: str = "",
    dialog: str = "",
) -> str:
    """Say why a person should look at an attempt.

    Parameters
    ----------
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt.
    deadline : `~collections.abc.Callable`
        How long it may stay in a state without progress.
    changed_at : `datetime.datetime` or `None`
        When the WMS last said something new of it.
    now : `datetime.datetime`
        The time.
    without_jobs : `bool`, optional
        Whether the WMS knows of no job of it yet.
    unsettled : `str`, optional
        The status with which its request has ended, if its counts do not add up.
    dialog : `str`, optional
        Why it waits, in the WMS's own words.

    Returns
    -------
    reason : `str`
        The same as long as nothing changes: an instant, no age. Empty if it is in time.
    """
    # That there are several is why the campaign is paused: it was told then.
    if not attempt.state.live or attempt.state is AttemptState.DUPLICATE:
        return ""
    since = max(filter(None, (attempt.since or attempt.created_at, changed_at)))
    state = attempt.state
    if state is AttemptState.RUNNING and without_jobs:
        state = AttemptState.SUBMITTED
    words = _WORDS[state].format(wms=attempt.wms)
    if unsettled:
        state = AttemptState.MERGE_PENDING
        said = f"{attempt.wms} ended it as {unsettled}"
        words = f"{said}, and the counts of its jobs do not add up; look at its tasks"
    if now - since < deadline(state):
        return ""
    said = f" ({attempt.wms} says: {dialog})" if dialog else ""
    return f"{attempt.state} since {instant(since)}: {words}{said}"


def launch(issue: Issue, me: Person, patience: timedelta, now: datetime) -> Move | None:
    """Find the launch of an issue of which nothing has started for too long.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        The issue.
    me : `~cmbot.models.issues.Person`
        cmbot's own account.
    patience : `datetime.timedelta`
        How long it may stay in Launch.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    move : `~cmbot.models.issues.Move` or `None`
        `None` if it is not in Launch, or not for so long.
    """
    move = causes.launch_of(issue, me) if issue.status is Status.LAUNCH else None
    return move if move is not None and now - move.at >= patience else None


def lost(attempt: Attempt, patience: timedelta, now: datetime) -> str:
    """Say that the WMS does not know a request any more.

    Parameters
    ----------
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt; the WMS has just said that there is no such request.
    patience : `datetime.timedelta`
        How long that may be an error of the WMS's.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    reason : `str`
        Empty as long as it may be an error (reference/predecessors.md 8.4, rule 2).
    """
    item = attempt.last_try
    if item is None:
        return ""
    since = item.seen_at or attempt.since or attempt.created_at
    if now - since < patience:
        return ""
    return (
        f"{attempt.wms} has not had request {item.request_id} since {instant(since)}: "
        "it was lost or put into an archive; look in the monitor"
    )


def instant(at: datetime) -> str:
    """Write a time for people."""
    return at.strftime("%Y-%m-%d %H:%M UTC")
