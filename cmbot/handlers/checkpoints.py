"""Checkpoints: steps without groups, at which a person looks before the campaign goes on (requirement D8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.handlers import causes, starting
from cmbot.handlers.actions import MoveTo
from cmbot.models.issues import Status
from cmbot.models.notices import Notice, NoticeKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cmbot.models.attempts import Cause
    from cmbot.models.views import CampaignView, StepView


def passed(view: CampaignView) -> Iterator[StepView]:
    """Find the checkpoints that a launch passes.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    step : `~cmbot.models.views.StepView`
        Reached, and not completed yet.
    """
    yield from (step for step in _reached(view) if _passed(view, step))


def moves(view: CampaignView) -> Iterator[MoveTo]:
    """Pause the checkpoints that are reached, and complete those that a launch passes.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    move : `~cmbot.handlers.actions.MoveTo`
        One for each checkpoint whose status is another.
    """
    for step in _reached(view):
        if cause := _passed(view, step):
            yield MoveTo(step.issue, Status.COMPLETED, f"{cause.by} {cause.what} after it was reached")
        elif step.issue.status is not Status.PAUSED:
            yield MoveTo(step.issue, Status.PAUSED, "what comes before it is completed")


def notices(view: CampaignView) -> Iterator[Notice]:
    """Tell that a checkpoint is reached, where it stands, once.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    notice : `~cmbot.models.notices.Notice`
        With what its description asks of people.
    """
    for step in _reached(view):
        if _passed(view, step):
            continue
        before = ", ".join(step.definition.after) if step.definition else ""
        asked = tuple(line.strip() for line in step.issue.description.splitlines() if line.strip())
        yield Notice(
            NoticeKind.PAUSED,
            step.issue,
            f"checkpoint:{step.issue.id}:{_since(view, step):%Y%m%dT%H%M%S}",
            _last_cause(view, step),
            (f"checkpoint {step.name} is reached: {before} completed", *asked),
            coming=f"Move {step.issue.key} to Completed, or {view.issue.key} to Launch, to go on.",
        )


def _reached(view: CampaignView) -> Iterator[StepView]:
    for step in view.steps:
        stopped = view.problems or view.issue.frozen or step.issue.frozen or view.issue.status.closed
        ready = step.checkpoint and not stopped and not step.issue.status.closed
        if ready and not starting.blockers(view, step):
            yield step


def _passed(view: CampaignView, step: StepView) -> Cause | None:
    """The launch that was made after a checkpoint was reached."""
    cause = causes.in_force((view.issue, step.issue), view.me)
    return cause if cause is not None and cause.at > _since(view, step) else None


def _since(view: CampaignView, step: StepView) -> datetime:
    """When the last of the steps before a checkpoint was completed."""
    names = step.definition.after if step.definition else ()
    return max(_completed(view, other) for other in view.steps if other.name in names)


def _completed(view: CampaignView, step: StepView) -> datetime:
    ended = [attempt.ended_at for group in step.groups for attempt in group.attempts if attempt.ended_at]
    moves = (move for move in step.issue.moves if move.target is Status.COMPLETED)
    # What cmbot says of work that ended comes later than its end, and maybe than a person's decision.
    moved = [move.at for move in moves if move.by != view.me or not ended]
    return max((*ended, *moved), default=step.issue.updated)


def _last_cause(view: CampaignView, step: StepView) -> Cause | None:
    names = step.definition.after if step.definition else ()
    before = [group.last.cause for other, group in view.groups if other.name in names and group.last]
    return max(before, key=lambda cause: cause.at, default=None)
