"""What a Jira issue is to cmbot: level, status, fields and the moves people made."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Level(StrEnum):
    """The three levels of a campaign in Jira (design.md section 1)."""

    CAMPAIGN = "campaign"
    STEP = "step"
    GROUP = "group"


class Status(StrEnum):
    """The seven statuses, the same for every level (design.md section 3)."""

    DRAFT = "Draft"
    LAUNCH = "Launch"
    RUNNING = "Running"
    PAUSED = "Paused"
    FAILED = "Failed"
    COMPLETED = "Completed"
    ABANDONED = "Abandoned"

    @property
    def active(self) -> bool:
        """Whether work may start under it."""
        return self in {Status.LAUNCH, Status.RUNNING}

    @property
    def closed(self) -> bool:
        """Whether nobody expects more of it."""
        return self in {Status.COMPLETED, Status.ABANDONED}


class Role(StrEnum):
    """What people may be to a campaign; who is neither may look and comment (requirement V16)."""

    DEFINER = "definer"
    """Writes down what is to be done."""
    OPERATOR = "operator"
    """Has it done."""


VERDICT = "Verdict"
"""The field that holds one."""


class Verdict(StrEnum):
    """Whether a person accepted the data; apart from the status (requirements G1, G2)."""

    GOOD = "good"
    BAD = "bad"
    NONE = "none"


@dataclass(frozen=True, order=True)
class Person:
    """Someone with a Jira account, or at a terminal of cmbot's."""

    account: str
    """User name on Data Center, account id on Cloud: what is compared."""
    name: str = field(default="", compare=False)
    """What people are shown; empty at a terminal, whose user names need not be Jira's."""

    def __str__(self) -> str:
        return self.name or self.account


@dataclass(frozen=True)
class Move:
    """One change of status, as one entry of the history."""

    issue_id: str
    """Jira's id of the issue, which outlives its key."""
    issue_key: str
    """The key at the time of reading."""
    history_id: int
    """The entry's id; ids grow, so they order moves."""
    at: datetime
    """When, with its zone."""
    by: Person
    """Who."""
    source: Status | None
    """Status before, or `None` if it is not one of ours."""
    target: Status | None
    """Status after, or `None` if it is not one of ours."""
    roles: frozenset[Role] | None = None
    """Roles that its author had when it was first seen; `None` where nobody asked."""
    cause: str = ""
    """Id of the human act, where the history does not have it: the person commanded it elsewhere. Then the id
    of the entry is that of the newest move before it."""
    words: str = ""
    """What was commanded, then."""

    @property
    def name(self) -> str:
        """What it is told from the other moves of its issue by."""
        return self.cause or str(self.history_id)


@dataclass(frozen=True)
class Edit:
    """One change of a field that people fill in, as one entry of the history."""

    history_id: int
    """The entry's id."""
    at: datetime
    """When, with its zone."""
    by: Person
    """Who."""
    field: str
    """cmbot's name of the field."""
    before: str
    """Value before, as people see it; empty for none."""
    after: str
    """Value after, as people see it; empty for none."""
    cause: str = ""
    """Id of the human act, where the history does not have it: a verdict that was commanded. Then the id of
    the entry is that of the newest verdict before it."""
    reason: str = ""
    """Why, then."""


@dataclass(frozen=True)
class Judgement:
    """What a person says of data."""

    verdict: Verdict
    """Good or bad."""
    by: Person | None
    """Who; `None` if nobody knows any more."""
    at: datetime | None
    """When, as far as that is known."""
    reason: str
    """Why; may be empty."""
    commanded: bool = False
    """Whether it was commanded, so that cmbot has to write it into Jira."""


@dataclass(frozen=True)
class Comment:
    """One comment, as far as cmbot reads comments."""

    id: str
    """Jira's id."""
    author: Person
    """Who wrote it."""
    at: datetime
    """When it was written."""
    body: str
    """Wiki markup; hostile until parsed."""
    edited_by: Person
    """Who changed it last; its author as long as nobody else did."""
    restricted: bool = False
    """Whether not everybody who sees the issue may read it."""


@dataclass(frozen=True)
class Issue:
    """One campaign, step or group as Jira shows it."""

    id: str
    """Jira's id."""
    key: str
    """Jira's key; changes when the issue is moved."""
    level: Level
    """Its level, from the issue type."""
    status: Status
    """Its present status."""
    summary: str
    """Short name (requirement B2)."""
    updated: datetime
    """Jira's own time of the last change."""
    parent: str = ""
    """Key of the epic of a step, or of the step of a group."""
    blocked_by: tuple[str, ...] = ()
    """Keys of the issues that must be completed first."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Field values by the names of `cmbot.jira_schema.fields`; absent when empty."""
    moves: tuple[Move, ...] = ()
    """Changes of status, oldest first."""
    edits: tuple[Edit, ...] = ()
    """Changes of the fields that people fill in, oldest first."""
    attempts: tuple[Mapping[str, Any], ...] = ()
    """What the issue property ``cmbot.attempts`` remembers, for a lost mirror."""
    labels: tuple[str, ...] = ()
    """Labels."""
    assignee: Person | None = None
    """Whose it is in Jira, if it is anybody's."""
    description: str = ""
    """Text of the issue: of a step, instructions for operators (requirement B14)."""
    frozen: str = ""
    """Why cmbot does not follow it now and starts nothing for it; empty if it does."""
    created: datetime | None = None
    """Jira's own time of its making; `None` where it was read before cmbot asked for that."""
    shown: Status | None = None
    """Status in Jira, where a person's command counts already and Jira does not show it yet."""

    @property
    def judgement(self) -> Judgement | None:
        """What a person says of its data; `None` if nobody has judged them."""
        said = str(self.fields.get(VERDICT) or Verdict.NONE)
        if said not in (Verdict.GOOD, Verdict.BAD):
            return None
        reason = str(self.fields.get("Verdict reason") or "")
        last = next((edit for edit in reversed(self.edits) if edit.field == VERDICT), None)
        if last is not None and last.after == said:
            return Judgement(Verdict(said), last.by, last.at, reason, bool(last.cause))
        # Of a command that is forgotten here Jira still knows.
        return Judgement(Verdict(said), self.fields.get("Verdict by"), self.fields.get("Verdict at"), reason)

    @property
    def last_move(self) -> Move | None:
        """The newest change of status."""
        return self.moves[-1] if self.moves else None
