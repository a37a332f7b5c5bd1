"""What people are told: facts, to be put into words by `cmbot.comments`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmbot.exceptions import Problem
    from cmbot.models.attempts import Cause
    from cmbot.models.failures import Explained
    from cmbot.models.issues import Issue


class NoticeKind(StrEnum):
    """The milestones that earn a comment of their own (design.md rule 6)."""

    LAUNCHING = "launching"
    LAUNCHED = "launched"
    REFUSED = "refused"
    PAUSED = "paused"
    FAILED = "failed"
    COMPLETED = "completed"
    DISTRUSTED = "distrusted"
    ATTENTION = "attention"
    REOPENED = "reopened"
    CREATED = "created"


@dataclass(frozen=True)
class Notice:
    """One thing to tell on one issue, once."""

    kind: NoticeKind
    """Which milestone."""
    issue: Issue
    """Where it is told."""
    marker: str
    """Unique for ever: the same thing is never told twice."""
    cause: Cause | None = None
    """The human act that led to it."""
    happened: tuple[str, ...] = ()
    """What happened, a sentence each."""
    problems: tuple[Problem, ...] = ()
    """What someone must change."""
    failures: tuple[Explained, ...] = ()
    """Why jobs failed."""
    coming: str = ""
    """What comes next, or what a person can do."""
