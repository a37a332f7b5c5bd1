"""What came of a step, a campaign, a production: what people look up years later (requirements E13, A12)."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads it
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - as above
from typing import TypeVar

from pydantic import TypeAdapter

from cmbot.models.data_report import TaskCount  # noqa: TC001 - as above

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class Usage:
    """What the quanta of one task took, as their metadata in the Butler say."""

    quanta: int
    """Quanta that left metadata."""
    sampled: int
    """How many of them were read; the others are taken to be like them."""
    wall: float
    """Seconds of all quanta by the clock."""
    cpu: float
    """Seconds of all quanta that a processor was busy."""
    memory: float
    """Largest resident set of those that were read, in MB."""


@dataclass(frozen=True)
class OutputType:
    """Datasets of one type that a step makes."""

    dataset_type: str
    """Its name."""
    label: str
    """Label of the task that writes it."""
    count: int
    """Datasets in the step's collection."""
    groups: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Datasets by group."""


@dataclass(frozen=True)
class Contents:
    """What a Butler holds of a step."""

    types: tuple[OutputType, ...]
    """Every type that its tasks write, also those of which there is none."""
    usage: Mapping[str, Usage] = field(hash=False)
    """By task label; without tasks that left no metadata."""


@dataclass(frozen=True)
class Totals:
    """A step, campaign or production in a row (requirement E13)."""

    expected: int = 0
    """Quanta of the graphs."""
    produced: int = 0
    """Quanta that made their outputs."""
    failed: int = 0
    """Quanta without a result."""
    datasets: int | None = None
    """Datasets in the Butler, without metadata, logs and configurations; `None` while it was not asked."""
    started: datetime | None = None
    """When the first submission was made."""
    ended: datetime | None = None
    """When the last attempt ended; `None` while something runs."""
    core_hours: float | None = None
    """Time of the quanta by the clock, times the cores that they asked for; `None` while it is not known."""
    cpu_hours: float | None = None
    """Time of the quanta that a processor was busy."""

    @property
    def wall_hours(self) -> float | None:
        """From the first submission to the last end."""
        if self.started is None or self.ended is None:
            return None
        return (self.ended - self.started).total_seconds() / 3600


@dataclass(frozen=True)
class Missing:
    """Data that were expected and not made, and why not."""

    label: str
    """Label of the task."""
    data_id: str
    """DataId of the quantum as JSON; empty for several together."""
    why: str
    """The reason."""


@dataclass(frozen=True)
class Coverage:
    """How much of one group's input was processed (requirement C12)."""

    group: str
    """Its name."""
    key: str
    """Key of its sub-task, if it has one."""
    selection: str
    """How its input is selected."""
    inputs: int
    """Values of the split dimension in it."""
    state: str
    """How its newest attempt ended."""
    attempts: int
    """How many there were."""
    expected: int
    """Quanta of its graphs."""
    produced: int
    """Quanta that made their outputs."""
    missing: tuple[Missing, ...] = ()
    """What was not made."""


@dataclass(frozen=True)
class Remark:
    """What a person said that is worth keeping: a verdict, an exception, a reason."""

    at: datetime | None
    """When; `None` for what the definition says."""
    by: str
    """Who; empty for what the definition says."""
    about: str
    """Key of the issue."""
    text: str
    """What."""


@dataclass(frozen=True)
class StepSummary:
    """What came of a step."""

    key: str
    """Key of its issue."""
    name: str
    """Its short name."""
    status: str
    """Its status in Jira."""
    verdict: str
    """What a person said of the data: good, bad or none."""
    pipeline: str
    """Pipeline file and subset."""
    query: str
    """Data query."""
    software: tuple[str, ...]
    """Environments, with tags and images, that its attempts used."""
    collection: str
    """Where its outputs are found; empty if there is nothing in the Butler."""
    totals: Totals
    """In a row."""
    coverage: tuple[Coverage, ...] = ()
    """By group."""
    tasks: tuple[TaskCount, ...] = ()
    """Quanta by task, as the data reports count them."""
    datasets: tuple[OutputType, ...] = ()
    """What is in its collection."""
    usage: Mapping[str, Usage] = field(default_factory=dict, hash=False)
    """What its tasks took."""
    left_out: tuple[str, ...] = ()
    """Inputs that people left out, and why."""
    suspicious: tuple[str, ...] = ()
    """Counts that a person should look at."""
    remarks: tuple[Remark, ...] = ()
    """What people said, oldest first."""
    links: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Where metrics, quality plots and the like are, by what the issue calls them (requirement E11)."""

    @property
    def missing(self) -> tuple[tuple[str, Missing], ...]:
        """What was not made, each with its group."""
        return tuple((group.group, each) for group in self.coverage for each in group.missing)


@dataclass(frozen=True)
class CampaignSummary:
    """What came of a campaign."""

    key: str
    """Key of its epic."""
    name: str
    """Its short name."""
    production: str
    """The production that it belongs to; empty for none."""
    kind: str
    """What it does: DataProc, CalibProc … (requirement A1)."""
    stage: str
    """How serious it is."""
    status: str
    """Its status in Jira."""
    verdict: str
    """What a person said of the data: good, bad or none."""
    reason: str
    """Why it was run."""
    butler: str
    """Butler repository."""
    inputs: tuple[str, ...]
    """Input collections."""
    collection: str
    """Where its outputs are found; empty if there is nothing in the Butler."""
    totals: Totals
    """All steps together."""
    steps: tuple[StepSummary, ...] = ()
    """In the order of their issues."""
    remarks: tuple[Remark, ...] = ()
    """What people said of the whole, oldest first."""
    people: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Who defined it, who operated it, who signs for it, by role (requirement A14)."""
    links: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Where metrics, quality plots and the like are, by what the epic calls them."""
    verdict_by: str = ""
    """Who said so; empty where nobody did."""

    @property
    def suspicious(self) -> tuple[str, ...]:
        """Of all steps."""
        return tuple(f"{step.name}: {text}" for step in self.steps for text in step.suspicious)

    @property
    def software(self) -> tuple[str, ...]:
        """Of all steps, each once."""
        return tuple(dict.fromkeys(text for step in self.steps for text in step.software))


@dataclass(frozen=True)
class ProductionSummary:
    """Campaigns with the same production name, added up (requirement A2)."""

    name: str
    """The production."""
    totals: Totals
    """All campaigns together."""
    campaigns: tuple[CampaignSummary, ...]
    """In the order of their keys."""


def to_json(summary: StepSummary | CampaignSummary | ProductionSummary) -> str:
    """Give a summary to a program.

    Parameters
    ----------
    summary : `StepSummary` or `CampaignSummary` or `ProductionSummary`
        What came of something.

    Returns
    -------
    text : `str`
        JSON, by the names of the fields; the same for the same summary.
    """
    return TypeAdapter(type(summary)).dump_json(summary, indent=1).decode() + "\n"


def add_up(totals: tuple[Totals, ...]) -> Totals:
    """Add up what is known; what is not known of one is not known of all.

    Parameters
    ----------
    totals : `tuple` [`Totals`, ...]
        Of steps or campaigns.

    Returns
    -------
    totals : `Totals`
        All together.
    """
    begun = [each.started for each in totals if each.started is not None]
    ended = [each.ended for each in totals if each.started is not None]
    ends = [at for at in ended if at is not None]
    return Totals(
        expected=sum(each.expected for each in totals),
        produced=sum(each.produced for each in totals),
        failed=sum(each.failed for each in totals),
        datasets=_sum(tuple(each.datasets for each in totals)),
        started=min(begun, default=None),
        ended=max(ends) if ends and len(ends) == len(ended) else None,
        core_hours=_sum(tuple(each.core_hours for each in totals)),
        cpu_hours=_sum(tuple(each.cpu_hours for each in totals)),
    )


def _sum(values: tuple[_Number | None, ...]) -> _Number | None:
    known = [value for value in values if value is not None]
    return sum(known) if values and len(known) == len(values) else None
