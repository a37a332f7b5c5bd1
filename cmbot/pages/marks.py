"""How a state is shown: a word, a shape and a colour that says no more than they do (requirement V9)."""

from __future__ import annotations

from dataclasses import dataclass

from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Status


@dataclass(frozen=True)
class Mark:
    """How a state is shown."""

    word: str
    """Its word."""
    shape: str
    """One character, which can be told apart without colour."""
    tone: str
    """Class of the style sheet: ``done``, ``failed``, ``running``, ``held`` or ``waiting``."""


_TONES = {"done": "✓", "failed": "✗", "running": "▶", "held": "‖", "waiting": "○"}
_STATES = {
    "waiting": "waiting",
    "failing": "failed",
    "withdrawn": "held",
    "removed": "waiting",
    Status.DRAFT: "waiting",
    Status.LAUNCH: "running",
    Status.RUNNING: "running",
    Status.PAUSED: "held",
    Status.FAILED: "failed",
    Status.COMPLETED: "done",
    Status.ABANDONED: "waiting",
    AttemptState.RESERVED: "waiting",
    AttemptState.SUBMITTED: "running",
    AttemptState.RUNNING: "running",
    AttemptState.HELD: "held",
    AttemptState.CANCELLING: "held",
    AttemptState.MERGE_PENDING: "running",
    AttemptState.SUCCEEDED: "done",
    AttemptState.PARTIAL: "failed",
    AttemptState.FAILED: "failed",
    AttemptState.CANCELLED: "failed",
    AttemptState.REJECTED: "failed",
    AttemptState.UNKNOWN: "held",
    AttemptState.DUPLICATE: "held",
}


def mark(state: str) -> Mark:
    """Show a state.

    Parameters
    ----------
    state : `str`
        A status of an issue, a state of an attempt, or what a group's state may be beside these.

    Returns
    -------
    mark : `Mark`
        Its word, shape and tone.

    Raises
    ------
    KeyError
        If there is no such state.
    """
    tone = _STATES[state]
    return Mark(str(state), _TONES[tone], tone)
