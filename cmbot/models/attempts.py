"""What was done: causes, attempts and tries (design.md section 1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from cmbot.models.systems import System

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cmbot.models.issues import Person


@dataclass(frozen=True)
class Cause:
    """The one human act behind an attempt (design.md rule 3)."""

    id: str
    """``move:<issue id>:<history id>``, ``comment:<issue id>:<comment id>`` or ``request:<id>``; the two
    latter after another ``move:`` where they command a launch. Where the retry policy lets cmbot go on by
    itself ``rule:<step id>:<group>:<number>`` of what is rescued."""
    by: Person
    """Who."""
    at: datetime
    """When."""
    what: str
    """In words: ``moved CM-1 to Launch``."""

    def __str__(self) -> str:
        return f"{self.by} {self.what}"

    @property
    def automatic(self) -> bool:
        """Whether cmbot went on by itself with what the person had asked for."""
        return self.id.startswith("rule:")


@dataclass(frozen=True)
class Changes:
    """What an attempt does otherwise than the definition of its step says."""

    fresh: bool = False
    """Whether nothing of earlier attempts is used, neither by it nor by those after it."""
    tasks: tuple[str, ...] = ()
    """Labels of the only tasks that are run; empty for all."""
    site: str = ""
    """Compute site; empty for the step's own."""
    queue: str = ""
    """Queue of the site; empty for the WMS's choice."""
    memory: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Memory that is asked for, in MB by label, where it is more than the definition says."""


AS_DEFINED = Changes()
"""Nothing."""


class Verb(StrEnum):
    """What a person may ask of an attempt (design.md section 1)."""

    RETRY = "retry"
    """The next attempt."""
    RESTART = "restart"
    """The same request again."""
    CANCEL = "cancel"
    """Abort what runs."""
    ACCEPT = "accept"
    """Take what it made as its result, although something is missing."""
    REJECT = "reject"
    """Take nothing of what the group has made so far."""


class OrderState(StrEnum):
    """Where an order is."""

    OPEN = "open"
    """To be carried out, or not seen to have worked yet."""
    DONE = "done"
    """Seen to have worked."""
    REFUSED = "refused"
    """It cannot be carried out, or did nothing; its note says why."""


@dataclass(frozen=True)
class Order:
    """What a person asked of one attempt; it acts once."""

    id: int
    """Row in the journal."""
    cause: Cause
    """Who asked, when, and in which words."""
    verb: Verb
    """What."""
    step_id: str
    """Jira id of the step."""
    group: str
    """Name of the group."""
    number: int
    """Number of the attempt: a retry makes the next one."""
    changes: Changes = AS_DEFINED
    """What a retry does otherwise."""
    state: OrderState = OrderState.OPEN
    """Where it is."""
    note: str = ""
    """What became of it, for people."""
    sent: int = 0
    """How often the WMS was told."""
    sent_at: datetime | None = None
    """When it was told last, or found to have no such request."""


class AttemptState(StrEnum):
    """Where an attempt is; finer than the seven statuses, kept in the mirror."""

    RESERVED = "reserved"
    """Written down before anything starts."""
    SUBMITTED = "submitted"
    """The WMS has given it a request id."""
    RUNNING = "running"
    """Jobs are under way."""
    HELD = "held"
    """Suspended in the WMS."""
    CANCELLING = "cancelling"
    """A cancel was asked and has not finished."""
    MERGE_PENDING = "merge pending"
    """Payload ended, outputs not yet in the Butler registry or not yet counted."""
    SUCCEEDED = "succeeded"
    """The data report accounts for every expected quantum within the tolerance."""
    PARTIAL = "partial"
    """Some data exist, not all that were expected."""
    FAILED = "failed"
    """Ended without its result."""
    CANCELLED = "cancelled"
    """Ended because someone cancelled it."""
    REJECTED = "rejected"
    """Ended, and a person does not take its result: the next attempt uses nothing of it."""
    UNKNOWN = "unknown"
    """May exist in the WMS; never submitted again before that is known."""
    DUPLICATE = "duplicate"
    """Several live requests carry its name; a person decides."""

    @property
    def live(self) -> bool:
        """Whether the WMS may still change it."""
        return self not in _ENDED

    @property
    def ended_badly(self) -> bool:
        """Whether it ended without its whole result."""
        return self in _ENDED and self is not AttemptState.SUCCEEDED


JUDGED: Mapping[Verb, AttemptState] = {
    Verb.ACCEPT: AttemptState.SUCCEEDED,
    Verb.REJECT: AttemptState.REJECTED,
}
"""What a person's word about an attempt that has ended makes of it."""
_ENDED = frozenset(
    {
        AttemptState.SUCCEEDED,
        AttemptState.PARTIAL,
        AttemptState.FAILED,
        AttemptState.CANCELLED,
        AttemptState.REJECTED,
    }
)


class TryState(StrEnum):
    """Where one physical submission is (reference/predecessors.md section 8.3)."""

    RESERVED = "reserved"
    SUBMITTED = "submitted"
    NOT_SUBMITTED = "not submitted"


@dataclass(frozen=True)
class Recorded:
    """A workflow that somebody else ran: cmbot follows and counts it, and never submits it."""

    run: str
    """Collection with its outputs."""
    graph: str = ""
    """File of its quantum graph, if that was kept."""
    expected: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Quanta that were expected by task label, where there is no graph to say so."""


@dataclass(frozen=True)
class Try:
    """One physical ``bps submit`` with its own nonce."""

    id: int
    """Row in the journal."""
    attempt_id: int
    """Its attempt."""
    nonce: str
    """Eight hexadecimal digits that make its names unique."""
    name: str
    """Run name in the WMS: ``<STEPKEY>_<step>_g001_a1_<nonce>``."""
    state: TryState
    """Where it is."""
    directory: str
    """Directory of the child run: YAML, lock, captured output."""
    host: str
    """Host that reserved it; empty if it was restored from Jira after the mirror was lost."""
    reserved_at: datetime
    """When it was written down."""
    ended_at: datetime | None = None
    """When the child was first seen to have ended."""
    request_id: int | None = None
    """Request id in the WMS."""
    lookups: int = 0
    """Look-ups by name that succeeded and found nothing."""
    note: str = ""
    """What was seen last, for people."""
    seen_at: datetime | None = None
    """When the WMS last said how it is."""
    wms: System = System.PANDA
    """The WMS that has it."""
    site: str = ""
    """Compute site; empty in journals of before there were other systems than PanDA."""
    recorded: Recorded | None = None
    """What somebody else ran; `None` for cmbot's own submissions."""


@dataclass(frozen=True)
class Withdrawal:
    """That a person took back what an attempt had made: no chain holds it, and no rescue skips it."""

    cause: Cause
    """Who, when, and in which words."""
    removed: bool = False
    """Whether its collection is removed from the Butler too, with everything in it."""
    done: bool = False
    """Whether the Butler shows it."""


@dataclass(frozen=True)
class Attempt:
    """What people count: a1, a2 and so on."""

    id: int
    """Row in the journal."""
    step_id: str
    """Jira id of the step."""
    group: str
    """Name of the group: ``g001``, or ``g000`` without a split."""
    number: int
    """1 for the first."""
    state: AttemptState
    """Where it is."""
    cause: Cause
    """Why it exists."""
    created_at: datetime
    """When it was reserved."""
    ended_at: datetime | None = None
    """When it ended."""
    summary: str = ""
    """The reason of its state in a sentence."""
    since: datetime | None = None
    """When it came into its state."""
    attention: str = ""
    """Why a person should look at it: overdue, lost, or there more than once; empty if all is well."""
    reopened_at: datetime | None = None
    """When it was seen to go on after its end, because someone restarted it in the WMS."""
    hash: str = ""
    """Hash of the definition that it uses."""
    tries: tuple[Try, ...] = ()
    """Its submissions, oldest first; normally one."""
    changes: Changes = AS_DEFINED
    """What it does otherwise than that definition says."""
    orders: tuple[Order, ...] = ()
    """What people asked of it, oldest first."""
    withdrawal: Withdrawal | None = None
    """That what it made was taken back."""

    @property
    def label(self) -> str:
        """How people call it: ``a1``."""
        return f"a{self.number}"

    @property
    def last_try(self) -> Try | None:
        """Its newest submission."""
        return self.tries[-1] if self.tries else None

    @property
    def wms(self) -> System:
        """The WMS that has its newest submission."""
        return self.last_try.wms if self.last_try else System.PANDA

    def asked(self, verb: Verb) -> Order | None:
        """Find what is asked of it and not settled.

        Parameters
        ----------
        verb : `Verb`
            What.

        Returns
        -------
        order : `Order` or `None`
            The newest of that kind.
        """
        found = [order for order in self.orders if order.verb is verb and order.state is OrderState.OPEN]
        return found[-1] if found else None


def since_fresh(attempts: Sequence[Attempt]) -> Sequence[Attempt]:
    """Leave out what a fresh attempt put aside.

    Parameters
    ----------
    attempts : `~collections.abc.Sequence` [`Attempt`]
        Of one group, oldest first.

    Returns
    -------
    attempts : `~collections.abc.Sequence` [`Attempt`]
        From the newest fresh one on; all if there is none.
    """
    fresh = [place for place, attempt in enumerate(attempts) if attempt.changes.fresh]
    return attempts[fresh[-1] :] if fresh else attempts
