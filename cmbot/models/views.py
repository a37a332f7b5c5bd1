"""A whole campaign as it is now: what decisions and comments are made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cmbot.models.attempts import Attempt, AttemptState
from cmbot.models.issues import Issue, Person, Status
from cmbot.models.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cmbot.exceptions import Problem
    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.models.data_report import TaskCount
    from cmbot.models.failures import Explained
    from cmbot.models.issues import Edit

_STATUS = {
    AttemptState.RESERVED: Status.RUNNING,
    AttemptState.SUBMITTED: Status.RUNNING,
    AttemptState.RUNNING: Status.RUNNING,
    AttemptState.HELD: Status.RUNNING,
    AttemptState.CANCELLING: Status.RUNNING,
    AttemptState.MERGE_PENDING: Status.RUNNING,
    AttemptState.SUCCEEDED: Status.COMPLETED,
    AttemptState.PARTIAL: Status.FAILED,
    AttemptState.FAILED: Status.FAILED,
    AttemptState.CANCELLED: Status.FAILED,
    AttemptState.REJECTED: Status.FAILED,
    # It may be running: cmbot looks for it before anything else.
    AttemptState.UNKNOWN: Status.RUNNING,
    AttemptState.DUPLICATE: Status.PAUSED,
}
"""What the state of a group's newest attempt means on the board."""


@dataclass(frozen=True)
class Counts:
    """How far something is, in jobs or in quanta; the two are never mixed."""

    total: int = 0
    """Expected; 0 while it is not known."""
    done: int = 0
    """Succeeded."""
    failed: int = 0
    """Failed, or blocked by a failure."""
    running: int = 0
    """Under way."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.total + other.total,
            self.done + other.done,
            self.failed + other.failed,
            self.running + other.running,
        )

    @property
    def percent(self) -> float:
        """Done in percent; 100 only when exactly all are done (requirement V9)."""
        return (
            100.0
            if self.total and self.done == self.total
            else int(1000 * self.done / (self.total or 1)) / 10
        )


@dataclass(frozen=True)
class Difference:
    """A field that was edited since an attempt used it."""

    field: str
    """Its name."""
    before: str
    """What the newest attempt used; empty for nothing."""
    after: str
    """What it is now; empty for nothing."""
    used: bool
    """Whether the next attempt uses the new value."""
    edit: Edit | None = None
    """The newest edit of it, if the history has one."""


@dataclass(frozen=True)
class Unlike:
    """Something in which workflows of a step differ from the others, beside names and data (B16)."""

    field: str
    """Key of the BPS configuration, as ``pipetask.isr.requestMemory``."""
    value: str
    """What these have; empty for nothing."""
    usual: str
    """What the others have, or what was rendered; empty for nothing."""
    workflows: tuple[str, ...] = ()
    """Which: ``g002 a1``."""

    def __str__(self) -> str:
        more = f" and {len(self.workflows) - 5} more" if len(self.workflows) > 5 else ""
        which = f" in {', '.join(self.workflows[:5])}{more}" if self.workflows else ""
        return f"{self.field}: {self.value or 'nothing'} instead of {self.usual or 'nothing'}{which}"


@dataclass(frozen=True)
class Grace:
    """When a launch of many groups begins: until then it can be taken back (requirements V17, W12)."""

    cause_id: str
    """Id of the cause of the launch."""
    until: datetime
    """When the first of them starts."""
    groups: int
    """How many."""


@dataclass(frozen=True)
class GroupView:
    """One group of a step."""

    name: str
    """``g001``."""
    size: int
    """Values of the split dimension in it."""
    selection: str
    """How its data are selected, for people."""
    issue: Issue | None = None
    """Its sub-task, if it has one that was seen."""
    attempts: tuple[Attempt, ...] = ()
    """Oldest first."""
    jobs: Counts = Counts()
    """Jobs of its newest attempt, as the WMS counts them."""
    quanta: Counts = Counts()
    """Quanta of all its attempts, as the data report counts them; before it only the total."""
    details: tuple[str, ...] = ()
    """Messages of failed quanta, for people."""
    distrusted: str = ""
    """Why nothing of it is submitted whatever people launch: what is known of it contradicts itself."""
    failures: tuple[Explained, ...] = ()
    """Why jobs of its newest attempt failed, tolerated or not, as far as it is known."""
    merge_failed: bool = False
    """Whether everything of its newest attempt was made and only the final job failed, which registers it."""
    merged: bool = False
    """Whether the final job of its newest attempt succeeded."""
    stuck: bool = False
    """Whether its newest attempt, a rescue, made no more than was there before."""
    unexplained: bool = False
    """Whether the WMS still has to say why jobs of its newest attempt failed."""
    counted_at: datetime | None = None
    """When its jobs were last seen to change, while it runs."""
    tasks: tuple[TaskCount, ...] = ()
    """Quanta of its tasks, all its attempts together, as the data report counts them."""

    @property
    def last(self) -> Attempt | None:
        """Its newest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def progress(self) -> Counts:
        """How far it is, in quanta: until the Butler has counted them, estimated from its jobs."""
        quanta, jobs = self.quanta, self.jobs
        if quanta.done or quanta.failed or not (quanta.total and jobs.total):
            return quanta
        # Not all of them before they are counted (requirement V9).
        return Counts(quanta.total, min(quanta.total * jobs.done // jobs.total, quanta.total - 1))

    @property
    def outside(self) -> str:
        """Collection of the data that it stands for, if all of it was processed outside cmbot."""
        first = self.attempts[0].last_try if self.attempts and not self.size else None
        return first.recorded.run if first and first.recorded else ""

    @property
    def status(self) -> Status:
        """What its newest attempt amounts to; Draft while there is none."""
        return Status.DRAFT if self.last is None else _STATUS[self.last.state]

    @property
    def state(self) -> str:
        """Finer than its status; ``failing`` while it runs and jobs have failed (requirement V10)."""
        if self.last is None:
            return "waiting"
        if self.last.withdrawal and not self.last.state.live:
            return "removed" if self.last.withdrawal.removed else "withdrawn"
        failing = self.last.state is AttemptState.RUNNING and self.jobs.failed
        return "failing" if failing else self.last.state

    @property
    def expected_end(self) -> datetime | None:
        """When its jobs end if they go on as so far (requirement V9); `None` before a tenth is done."""
        item, jobs = self.last.last_try if self.last else None, self.jobs
        runs = self.last is not None and self.last.state is AttemptState.RUNNING
        if not runs or item is None or self.counted_at is None or not 0 < jobs.total <= 10 * jobs.done:
            return None
        return item.reserved_at + (self.counted_at - item.reserved_at) * (jobs.total / jobs.done)

    @property
    def failing(self) -> bool:
        """Whether something of it has failed for good, whether or not it goes on."""
        live = self.last is not None and self.last.state.live
        return bool(live and self.jobs.failed) or self.effective is Status.FAILED

    @property
    def left_running(self) -> bool:
        """Whether a person closed it while it goes on (reference/predecessors.md 8.4, rule 4)."""
        live = self.last is not None and self.last.state.live
        return live and self.issue is not None and self.issue.status.closed

    @property
    def decided(self) -> bool:
        """Whether a person, or cmbot, has said that nothing more of it is needed: completed or abandoned."""
        return self.issue is not None and self.issue.status in {Status.COMPLETED, Status.ABANDONED}

    @property
    def effective(self) -> Status:
        """What counts for the step: a person may have accepted what ended without its whole result."""
        accepted = self.issue is not None and self.issue.status is Status.COMPLETED and not self.rejected
        return Status.COMPLETED if accepted and self.status is Status.FAILED else self.status

    @property
    def rejected(self) -> bool:
        """Whether a person does not take its result."""
        return self.last is not None and self.last.state is AttemptState.REJECTED


class PlanState(StrEnum):
    """Whether a Butler was asked how a step splits."""

    UNASKED = "unasked"
    ASKED = "asked"
    READY = "ready"
    REFUSED = "refused"


@dataclass(frozen=True)
class StepView:
    """One step of a campaign."""

    issue: Issue
    """The step in Jira."""
    name: str
    """Its short name."""
    definition: StepDefinition | None = None
    """Its definition; `None` if it cannot be read."""
    groups: tuple[GroupView, ...] = ()
    """Its groups, once it was split."""
    plan: PlanState = PlanState.UNASKED
    """Whether it was split."""
    problems: tuple[Problem, ...] = ()
    """What the Butler refused, or what else keeps it from going on."""
    contradictions: tuple[Problem, ...] = ()
    """Those of the problems that are contradictions in what is known of it."""
    chained: bool = True
    """Whether its outputs can be found through its chain, by the next step and by people."""
    waiting: str = ""
    """What it waits for, if something outside the campaign holds it up."""
    stale: str = ""
    """Why what it has made is not to be trusted: what it was made of was judged bad, or is another by now."""
    paced: str = ""
    """Why groups that were launched have not begun although nothing is wrong: caps, rate, grace time."""
    grace: Grace | None = None
    """When the newest launch of many of its groups begins, or began."""
    differences: tuple[Difference, ...] = ()
    """What was edited in it since its newest attempt."""
    unlike: tuple[Unlike, ...] = ()
    """In what the newest attempts of its groups differ, beside names and data."""
    edits: tuple[Unlike, ...] = ()
    """What people changed in the prepared files that the newest attempts were submitted with."""
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Fields that the next attempt uses, of the ``campaign`` and of the ``step``."""
    failures: tuple[Explained, ...] = ()
    """Why jobs of the newest attempts of its groups failed, all groups together."""

    @property
    def checkpoint(self) -> bool:
        """Whether it processes nothing and waits for a person."""
        return self.definition is not None and self.definition.checkpoint

    @property
    def canary(self) -> GroupView | None:
        """The group that goes alone before the others, if the definition says so; none that was abandoned."""
        if self.definition is None or not self.definition.canary:
            return None
        return next((group for group in self.groups if not _abandoned(group.issue)), None)

    @property
    def frozen(self) -> tuple[Issue, ...]:
        """Issues of it that are not followed now."""
        issues = (self.issue, *(group.issue for group in self.groups))
        return tuple(issue for issue in issues if issue is not None and issue.frozen)

    @property
    def live(self) -> tuple[GroupView, ...]:
        """Groups that are in flight."""
        return tuple(group for group in self.groups if group.last and group.last.state.live)

    @property
    def running_since(self) -> datetime | None:
        """Since when something of it is in flight."""
        return min((group.last.created_at for group in self.live if group.last), default=None)

    @property
    def expected_end(self) -> datetime | None:
        """When the last of what is in flight ends; `None` if that cannot be said of each group of it."""
        return _latest([group.expected_end for group in self.live])

    @property
    def jobs(self) -> Counts:
        """Of all groups."""
        return sum((group.jobs for group in self.groups), Counts())

    @property
    def quanta(self) -> Counts:
        """Of all groups."""
        return sum((group.quanta for group in self.groups), Counts())

    @property
    def progress(self) -> Counts:
        """Of all groups."""
        return sum((group.progress for group in self.groups), Counts())

    @property
    def failing(self) -> bool:
        """Whether it runs and something of it has failed (requirement V10)."""
        failing = any(group.failing for group in self.groups if not _abandoned(group.issue))
        return failing and self.status is Status.RUNNING

    @property
    def groups_done(self) -> int:
        """Groups that have their result."""
        return sum(group.effective is Status.COMPLETED for group in self.groups)

    @property
    def status(self) -> Status:
        """What its groups amount to (design.md section 3, roll-up); Draft while nothing was tried.

        A checkpoint is what its issue says: it is Paused when it is reached.
        """
        if self.checkpoint:
            said = self.issue.status
            return said if said in {Status.PAUSED, Status.COMPLETED} else Status.DRAFT
        status = roll_up([group.effective for group in self.groups if not _abandoned(group.issue)])
        if status is Status.COMPLETED and self.plan in {PlanState.ASKED, PlanState.REFUSED}:
            # There may be more groups than are known.
            return Status.PAUSED
        return Status.RUNNING if status is Status.COMPLETED and not self.chained else status


_NO_LIMITS = Limits()


@dataclass(frozen=True)
class CampaignView:
    """One campaign with its steps."""

    issue: Issue
    """The epic."""
    me: Person
    """cmbot's own account, whose moves are no causes."""
    definition: CampaignDefinition | None = None
    """Its definition; `None` if it cannot be read."""
    problems: tuple[Problem, ...] = ()
    """What is wrong with the definition, as far as can be seen without a Butler."""
    steps: tuple[StepView, ...] = ()
    """In the order of their issues."""
    differences: tuple[Difference, ...] = ()
    """What was edited in the campaign itself since its newest attempt."""
    overdue: Mapping[str, str] = field(default_factory=dict)
    """Why a person should look at issues of which nothing starts, or that wait, for too long; by issue id."""
    limits: Limits = _NO_LIMITS
    """How far cmbot goes by itself."""

    @property
    def issues(self) -> tuple[Issue, ...]:
        """The epic and the issues of its steps."""
        return (self.issue, *(step.issue for step in self.steps))

    @property
    def groups(self) -> tuple[tuple[StepView, GroupView], ...]:
        """All groups of all steps, each with its step."""
        return tuple((step, group) for step in self.steps for group in step.groups)

    def path(self, step: StepView, group: GroupView) -> tuple[Issue, ...]:
        """Give the issues that a group is under, from the epic to its own sub-task, if there is one.

        Parameters
        ----------
        step, group
            One of its steps, and one of the step's groups.

        Returns
        -------
        path : `tuple` [`~cmbot.models.issues.Issue`, ...]
            Two or three issues.
        """
        return (self.issue, step.issue, *((group.issue,) if group.issue else ()))

    def waiting(self, issue: Issue) -> tuple[str, ...]:
        """Say what keeps the steps waiting that an issue is about.

        Parameters
        ----------
        issue : `~cmbot.models.issues.Issue`
            The epic, which is about all of them, or one of the steps.

        Returns
        -------
        waiting : `tuple` [`str`, ...]
            One or two for each step that waits.
        """
        return tuple(
            said
            for step in self.steps
            if issue in (self.issue, step.issue)
            for said in (step.waiting, step.paced)
            if said
        )

    @property
    def frozen(self) -> tuple[Issue, ...]:
        """Issues of it that are not followed now."""
        own = (self.issue,) if self.issue.frozen else ()
        return own + tuple(issue for step in self.steps for issue in step.frozen)

    @property
    def expected_end(self) -> datetime | None:
        """When the last of what is in flight ends; `None` if that cannot be said of each step of it."""
        return _latest([step.expected_end for step in self.steps if step.live])

    @property
    def jobs(self) -> Counts:
        """Of all steps."""
        return sum((step.jobs for step in self.steps), Counts())

    @property
    def quanta(self) -> Counts:
        """Of all steps."""
        return sum((step.quanta for step in self.steps), Counts())

    @property
    def progress(self) -> Counts:
        """Of all steps."""
        return sum((step.progress for step in self.steps), Counts())

    @property
    def failing(self) -> bool:
        """Whether one of its steps runs and something of it has failed (requirement V10)."""
        return any(step.failing for step in self.steps)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """All attempts of all groups."""
        return tuple(attempt for _, group in self.groups for attempt in group.attempts)


def roll_up(children: list[Status]) -> Status:
    """Roll the statuses of children up, recomputed and never counted (design.md section 3).

    Parameters
    ----------
    children : `list` [`Status`]
        Statuses of those that count.

    Returns
    -------
    status : `Status`
        Draft if nothing has begun; Paused if some are done, none runs and others have not begun.
    """
    kinds = set(children)
    if Status.RUNNING in kinds:
        return Status.RUNNING
    if kinds & {Status.FAILED, Status.PAUSED}:
        return Status.PAUSED
    if kinds == {Status.COMPLETED}:
        return Status.COMPLETED
    return Status.PAUSED if Status.COMPLETED in kinds else Status.DRAFT


def _abandoned(issue: Issue | None) -> bool:
    return issue is not None and issue.status is Status.ABANDONED


def _latest(ends: Sequence[datetime | None]) -> datetime | None:
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None
