"""What was done: causes, attempts and tries (design.md section 1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from cmbot.models.issues import Person


@dataclass(frozen=True)
class Cause:
    """The one human act behind an attempt (design.md rule 3)."""

    id: str
    """``move:<issue id>:<history id>``, ``comment:<issue id>:<comment id>`` or ``request:<id>``."""
    by: Person
    """Who."""
    at: datetime
    """When."""
    what: str
    """In words: ``moved CM-1 to Launch``."""


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


_ENDED = frozenset(
    {AttemptState.SUCCEEDED, AttemptState.PARTIAL, AttemptState.FAILED, AttemptState.CANCELLED}
)


class TryState(StrEnum):
    """Where one physical submission is (reference/predecessors.md section 8.3)."""

    RESERVED = "reserved"
    SUBMITTED = "submitted"
    NOT_SUBMITTED = "not submitted"


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

    @property
    def label(self) -> str:
        """How people call it: ``a1``."""
        return f"a{self.number}"

    @property
    def last_try(self) -> Try | None:
        """Its newest submission."""
        return self.tries[-1] if self.tries else None
