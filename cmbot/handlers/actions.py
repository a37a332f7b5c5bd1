"""What a decision consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.models.attempts import AS_DEFINED

if TYPE_CHECKING:
    from cmbot.models.attempts import Cause, Changes, Order, OrderState, Verb
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
    changes: Changes = AS_DEFINED
    """What it does otherwise than the definition says."""
    order: Order | None = None
    """The order that it carries out; `None` if a move to Launch asks for it, or the retry policy."""


@dataclass(frozen=True)
class Ask:
    """Write down an order that follows from a launch or from the retry policy."""

    step: StepView
    """The step."""
    group: GroupView
    """The group, of whose newest attempt it is asked."""
    verb: Verb
    """What."""
    cause: Cause
    """The human act behind it."""


@dataclass(frozen=True)
class Accept:
    """Take a group as completed although something is missing: rules of the error catalogue say so."""

    step: StepView
    """The step."""
    group: GroupView
    """The group."""
    why: str
    """The rules, and what is missing."""


@dataclass(frozen=True)
class Judge:
    """Keep what a person says of an attempt that has ended: an acceptance, or a rejection."""

    step: StepView
    """The step."""
    group: GroupView
    """The group."""
    order: Order
    """Which, about its newest attempt."""


@dataclass(frozen=True)
class Steer:
    """Tell the WMS what is asked of a request."""

    step: StepView
    """The step."""
    group: GroupView
    """The group."""
    order: Order
    """A cancel or a restart of its newest attempt."""


@dataclass(frozen=True)
class Settle:
    """Keep what became of an order."""

    step: StepView
    """The step."""
    order: Order
    """Which."""
    state: OrderState
    """Done or refused."""
    note: str
    """In words."""


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
    asks: tuple[Ask, ...] = ()
    """Orders to write down."""
    accepts: tuple[Accept, ...] = ()
    """Groups that are completed as they are."""
    judges: tuple[Judge, ...] = ()
    """What people say of attempts that have ended."""
    steers: tuple[Steer, ...] = ()
    """What the WMS is to be told."""
    settles: tuple[Settle, ...] = ()
    """Orders that are over."""
    moves: tuple[MoveTo, ...] = ()
    """Statuses to set."""
    notices: tuple[Notice, ...] = ()
    """What to tell people."""
