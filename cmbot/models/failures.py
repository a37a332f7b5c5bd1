"""Why jobs failed, and what is to be done about it (reference/panda.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Flavour(StrEnum):
    """Where a failure comes from."""

    INFRASTRUCTURE = "infrastructure"
    PAYLOAD = "payload"
    CONFIGURATION = "configuration"
    CRITICAL = "critical"


class Action(StrEnum):
    """What is to be done about a failure, the mildest first."""

    ACCEPT = "accept"
    """Nothing, as long as few enough fail."""
    RESCUE = "rescue"
    """A retry that skips what exists."""
    RESCUE_WITH_MORE_MEMORY = "rescue with more memory"
    """The same, asking for more memory."""
    REVIEW = "review"
    """A person looks at it."""
    PAUSE = "pause"
    """Nothing new is submitted before a person has looked at it."""

    @property
    def severity(self) -> int:
        """Place among the actions: of several the worst wins."""
        return tuple(Action).index(self)


@dataclass(frozen=True, order=True)
class JobError:
    """What one component says of a failed job."""

    component: str
    """``pilot``, ``transform`` …; ``quantum`` where only the data report is known, ``job`` where nothing
    says anything."""
    code: int
    """Its code; 0 where nothing says anything."""
    diag: str = ""
    """Its words, on one line."""

    @property
    def name(self) -> str:
        """Component and code: ``pilot:1305``."""
        return f"{self.component}:{self.code}"


@dataclass(frozen=True)
class Failure:
    """One input that failed for good, by its last attempt."""

    label: str
    """Task label."""
    errors: tuple[JobError, ...]
    """What its components say, without repetitions; at least one."""
    exit_code: int | None = None
    """Exit code of the payload; `None` if it never ended."""
    site: str = ""
    """Where it ran."""
    job: int | None = None
    """The WMS's id of the job."""
    task: int | None = None
    """The WMS's id of its task."""
    attempt: int = 0
    """Which attempt of the WMS this was."""
    log: str = ""
    """Address of its pilot log, which stands beside the payload's; empty for none."""
    memory: int | None = None
    """Memory it asked for (MB); the most of those that look the same."""
    used: int | None = None
    """Memory that was measured (MB); the most of those that look the same."""
    request_id: int | None = None
    """Its workflow."""
    run: str = ""
    """Run name of the workflow."""
    data_id: str = ""
    """DataId of a quantum that failed like this, for people."""


@dataclass(frozen=True)
class FailureKind:
    """Failures that look the same to every rule."""

    example: Failure
    """One of them."""
    count: int
    """Inputs."""


@dataclass(frozen=True)
class Explained:
    """Failures for one reason: one line for people."""

    error: JobError
    """What was decided by."""
    label: str
    """Task label."""
    count: int
    """Inputs that failed so."""
    expected: int
    """Inputs of that label in the whole step; 0 while that is not known."""
    example: Failure
    """One of them."""
    action: Action
    """What is to be done."""
    flavour: Flavour | None = None
    """Where it comes from; `None` if no rule knows it."""
    rule: str = ""
    """Name of the rule that decided; empty if none did."""
    note: str = ""
    """What the rule says about it, or why it did not do what it says."""
    tickets: tuple[str, ...] = ()
    """Tickets of the rule."""
    would: str = ""
    """Name of the passive rule that would have decided; empty for none."""
    would_do: Action | None = None
    """What that rule would have done."""
    tolerance: float = 0.0
    """Fraction of the step's inputs that the rule accepts."""
    to_site: str = ""
    """Site where the rule has a rescue run; empty for the step's own."""
    to_queue: str = ""
    """Queue where the rule has a rescue run; empty for the WMS's choice."""

    @property
    def for_memory(self) -> bool:
        """Whether it failed for its memory, as far as any rule knows."""
        return Action.RESCUE_WITH_MORE_MEMORY in {self.action, self.would_do}


def share(part: int, whole: int) -> str:
    """Write a share in percent, truthfully at both ends (requirement V9).

    Parameters
    ----------
    part, whole : `int`
        Counts.

    Returns
    -------
    text : `str`
        Rounded down to tenths: 100 only for everything, 0 only for nothing; empty without a whole.
    """
    if whole <= 0:
        return ""
    if part >= whole:
        return "100 %"
    tenths = 1000 * part // whole
    if part and not tenths:
        return "< 0.1 %"
    return f"{tenths // 10}.{tenths % 10} %" if tenths else "0 %"
