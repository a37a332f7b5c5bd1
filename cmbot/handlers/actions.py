"""What a decision consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmbot.models.attempts import Cause
    from cmbot.models.issues import Issue, Status
    from cmbot.models.notices import Notice
    from cmbot.models.views import GroupView, StepView


@dataclass(frozen=True)
class Submit:
    """Start the next attempt of a group."""

    step: StepView
    """Its step."""
    group: GroupView
    """The group."""
    number: int
    """Number of the attempt."""
    cause: Cause
    """The human act that asks for it."""


@dataclass(frozen=True)
class MoveTo:
    """Set the status of an issue."""

    issue: Issue
    """Which, as it was read."""
    target: Status
    """The status it should have."""
    why: str
    """The reason, for the history and the events."""


@dataclass(frozen=True)
class Decision:
    """What is to be done for one campaign now."""

    plans: tuple[StepView, ...] = ()
    """Steps whose split a Butler is to be asked for."""
    submits: tuple[Submit, ...] = ()
    """Attempts that are asked for; caps may let some of them wait."""
    moves: tuple[MoveTo, ...] = ()
    """Statuses to set."""
    notices: tuple[Notice, ...] = ()
    """What to tell people."""
