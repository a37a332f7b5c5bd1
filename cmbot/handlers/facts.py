"""What is known of an attempt or an issue from all sides, and what a rule about it consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cmbot.models.attempts import AttemptState, TryState, Verb
from cmbot.wms.port import WmsReport
from cmbot.wms.states import WorkflowState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from cmbot.exceptions import CmbotError
    from cmbot.handlers.recovery import Outcome
    from cmbot.models.attempts import Attempt, Try
    from cmbot.models.issues import Issue, Person, Status

STATES: Mapping[WorkflowState, AttemptState] = {
    WorkflowState.SUBMITTED: AttemptState.SUBMITTED,
    WorkflowState.RUNNING: AttemptState.RUNNING,
    WorkflowState.FINISHING: AttemptState.RUNNING,
    WorkflowState.HELD: AttemptState.HELD,
    WorkflowState.CANCELLING: AttemptState.CANCELLING,
    # Ended, and nothing is known about the data before the data report.
    WorkflowState.ENDED_OK: AttemptState.MERGE_PENDING,
    WorkflowState.ENDED_PARTLY: AttemptState.MERGE_PENDING,
    WorkflowState.ENDED_FAILED: AttemptState.MERGE_PENDING,
    WorkflowState.CANCELLED: AttemptState.MERGE_PENDING,
}
"""What a workflow's state makes of its attempt; one that has ended and does not add up, nothing."""


_UNDER_WAY = {AttemptState.SUBMITTED, AttemptState.RUNNING, AttemptState.HELD}


class Does(StrEnum):
    """What comes of a row."""

    RECOVER = "recover"
    """Find out what became of a submission."""
    COUNT = "count"
    """Make the data report, and judge the attempt by it."""
    TAKE = "take"
    """Take over what the WMS says."""
    MOVE = "move"
    """Set the status."""
    WAIT = "wait"
    """Ask again at the next look."""
    REFUSE = "refuse"
    """Not go on with it, and say why while it lasts."""
    CANCEL = "cancel"
    """Tell the WMS to cancel it, again."""
    ASK = "ask"
    """Tell a person, once."""
    SAY = "say"
    """Show it; nothing else is done."""

    @property
    def acts(self) -> bool:
        """Whether it decides what is done with an attempt; otherwise it goes with whatever is done."""
        return self not in {Does.CANCEL, Does.ASK, Does.SAY}


@dataclass(frozen=True)
class Facts:
    """One attempt, as Jira, journal, WMS and Butler have it."""

    path: tuple[Issue, ...]
    """Campaign, step and group, as far as there is an issue."""
    attempt: Attempt
    """What the journal says."""
    now: datetime
    """The time."""
    deadline: Callable[[AttemptState], timedelta]
    """How long it may stay in a state without progress."""
    report: WmsReport | CmbotError | None = None
    """What the WMS says; `None` if it was not asked about this time."""
    said: Mapping[str, Any] = field(default_factory=dict)
    """The same, as it would be kept."""
    known: Mapping[str, Any] = field(default_factory=dict)
    """What was kept of its last answer; empty if there was none."""
    changed_at: datetime | None = None
    """When that answer was new."""
    others: tuple[int, ...] = ()
    """Other requests of its name."""
    outcome: Outcome | None = None
    """What would become of a submission without a request id, if that was looked at."""
    edited: tuple[str, ...] = ()
    """Fields that differ from what it uses, and that the next attempt will use."""
    distrusted: str = ""
    """Why what is known of its group contradicts itself."""

    @property
    def item(self) -> Try | None:
        """Its newest submission."""
        return self.attempt.last_try

    @property
    def submitted(self) -> bool:
        """Whether it has a request id."""
        return self.item is not None and self.item.state is TryState.SUBMITTED

    @property
    def reported(self) -> WmsReport | None:
        """What the WMS says, if it is about this attempt."""
        if not isinstance(self.report, WmsReport) or self.item is None or not self.submitted:
            return None
        return self.report if self.report.name.lower() == self.item.name.lower() else None

    @property
    def state(self) -> AttemptState:
        """The state that the WMS's answer amounts to."""
        state = STATES.get(self.reported.state, self.attempt.state) if self.reported else self.attempt.state
        cancel = self.attempt.asked(Verb.CANCEL)
        # A cancel does not show in the status at once, and may never (reference/panda.md section 6).
        return AttemptState.CANCELLING if cancel and cancel.sent and state in _UNDER_WAY else state


@dataclass(frozen=True)
class Standing:
    """One issue, and what its children or its attempts amount to."""

    issue: Issue
    """What Jira says."""
    target: Status
    """What it would be by the journal, recomputed and never counted."""
    acts: Sequence[datetime]
    """When the human acts happened for which work was started."""
    me: Person
    """cmbot's own account."""


Of = TypeVar("Of", Facts, Standing)


@dataclass(frozen=True)
class Row(Generic[Of]):
    """One rule."""

    name: str
    """Its name, for people and scripts."""
    does: Does
    """What comes of it."""
    says: Callable[[Of], str]
    """The condition: what is found and what is done about it, in words; empty if it does not hold."""


@dataclass(frozen=True)
class Finding:
    """A row whose condition holds."""

    rule: str
    """Name of the row."""
    does: Does
    """What comes of it."""
    says: str
    """In words."""


def findings(table: Sequence[Row[Of]], about: Of) -> Iterator[Finding]:
    """Find the rows whose conditions hold: what is done, and everything that is asked and said.

    Parameters
    ----------
    table : `~collections.abc.Sequence` [`Row`]
        See `~cmbot.handlers.inconsistencies`.
    about : `Facts` or `Standing`
        What is known.

    Yields
    ------
    finding : `Finding`
        In the order of the table.
    """
    acting = False
    for row in table:
        if (acting and row.does.acts) or not (said := row.says(about)):
            continue
        acting |= row.does.acts
        yield Finding(row.name, row.does, said)


def acting(table: Sequence[Row[Of]], about: Of) -> Does | None:
    """Tell what is done.

    Parameters
    ----------
    table, about
        As for `findings`.

    Returns
    -------
    does : `Does` or `None`
        `None` if everything is as it should be.
    """
    return next((found.does for found in findings(table, about) if found.does.acts), None)
