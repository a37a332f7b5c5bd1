"""What each move of a person's needs, does, and is answered with when it cannot be followed.

The manual is generated from it, together with who may make each move (`cmbot.jira_schema.statuses`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.models.issues import Level, Status

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Transition:
    """One move, for people."""

    needs: str
    """What must be so."""
    effect: str
    """What then happens."""
    refused: str
    """What cmbot does and says otherwise."""


_BACK = "moved back once, with every reason, its field and what to do"
_ANY = "nothing"
_LEFT = "what runs is followed to its end; nothing is taken back in PanDA"

_LAUNCH = {
    Level.CAMPAIGN: Transition(
        "a definition without problems; git tags that mean what was written down; a step that can start, or "
        "something that failed",
        "steps start in their order, under the pause policy; what failed is retried, except what a person "
        "completed or abandoned; a checkpoint that is reached is passed; many groups begin after a while",
        _BACK,
    ),
    Level.STEP: Transition(
        "the same; every step before it completed, with data that nobody judged bad",
        "its groups start, or those that failed are retried; a checkpoint is passed",
        _BACK,
    ),
    Level.GROUP: Transition(
        "the same; it is not completed, and what is known of it does not contradict itself",
        "its first attempt, or the next one, which rescues what exists",
        _BACK,
    ),
}
_EVERY = {
    Status.DRAFT: Transition(_ANY, f"nothing new of it is submitted; {_LEFT}", _BACK),
    Status.PAUSED: Transition(_ANY, f"nothing new of it is submitted; {_LEFT}", _BACK),
    Status.FAILED: Transition(
        _ANY, f"it counts as ended without its result; what depends on it waits; {_LEFT}", _BACK
    ),
    Status.COMPLETED: Transition(
        _ANY, f"it counts as ended with its result: what is there is accepted; {_LEFT}", _BACK
    ),
    Status.ABANDONED: Transition(
        _ANY, f"nobody goes on with it; a step goes on without a group; {_LEFT}", _BACK
    ),
}

#: Level -> status after -> the move; only cmbot moves to Running.
TRANSITIONS: Mapping[Level, Mapping[Status, Transition]] = {
    level: {**_EVERY, Status.LAUNCH: launch} for level, launch in _LAUNCH.items()
}
