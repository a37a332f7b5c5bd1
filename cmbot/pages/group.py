"""A step, a group, and a task of a group, down to what its logs say (requirements V4, F7, F10, F12, F13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cmbot.mirror.events import Event
    from cmbot.models.campaign import DataIdFile
    from cmbot.models.data_report import FailedQuantum
    from cmbot.models.failures import Explained
    from cmbot.models.views import Difference, Unlike
    from cmbot.operations.logs import Log
    from cmbot.operations.report import Report, TaskRow
    from cmbot.pages.campaign import Cell, Column
    from cmbot.pages.freshness import Freshness
    from cmbot.pages.waiting import Waiting

QUANTA = 100
"""Failed quanta on a page."""


@dataclass(frozen=True)
class Place:
    """Where something is, from the campaign down."""

    campaign: str
    """Key of the campaign."""
    campaign_name: str
    """Its name."""
    step: str
    """Key of the step."""
    step_name: str
    """Its name."""
    group: str = ""
    """Name of the group."""
    key: str = ""
    """Key of its sub-task; empty if it has none."""


@dataclass(frozen=True)
class TryRow:
    """One submission of an attempt, as it was run (requirement V4)."""

    attempt: str
    """``a1``."""
    state: str
    """Where the attempt is."""
    cause: str
    """The act behind it."""
    by: str
    """Whose act that was; of cmbot itself if its retry policy went on."""
    reserved: datetime
    """When it was written down."""
    ended: datetime | None
    """When the attempt ended."""
    request: int | None
    """Its request id."""
    wms: str
    """What has it."""
    site: str
    """Where."""
    name: str
    """Run name in the WMS."""
    run: str
    """RUN collection of its outputs; empty if the definition cannot be read."""
    directory: str
    """Submit directory."""
    spec: str
    """Hash of the definition that it used."""
    changes: tuple[str, ...]
    """What it does otherwise than that says."""
    archived: str
    """Hash of the manifest in the archive; empty if it is not archived."""
    summary: str
    """The reason of its state."""
    links: tuple[tuple[str, str], ...]
    """Where it can be looked at: text and address."""


@dataclass(frozen=True)
class Chosen:
    """DataIds that are included or excluded, and why (requirements C4, V22)."""

    kind: str
    """``include`` or ``exclude``."""
    file: DataIdFile
    """Which, and why."""


@dataclass(frozen=True)
class Card:
    """Why jobs failed: one reason (requirement V4)."""

    failure: Explained
    """The reason."""
    share: str
    """How much of the task's inputs, in percent."""
    links: tuple[tuple[str, str], ...]
    """Where the example can be looked at: text and address."""
    log: str
    """What was kept of the example's log; empty for nothing."""


@dataclass(frozen=True)
class StepPage:
    """A step."""

    fresh: Freshness
    """How old all of it is."""
    place: Place
    """Where it is."""
    column: Column
    """How it is."""
    waiting: tuple[Waiting, ...]
    """What of it waits for a person."""
    verdict: str
    """What a person said of its data."""
    groups: tuple[Cell, ...]
    """Its groups, of one page."""
    total: int
    """Groups in all."""
    more: str
    """Name of the group after which they go on; empty at the end."""
    report: Report | None
    """Tasks and states of the newest attempts of all groups; `None` if it has none."""
    cards: tuple[Card, ...]
    """Why jobs failed."""
    inputs: tuple[str, ...]
    """Input collections."""
    chosen: tuple[Chosen, ...]
    """DataIds that are included and excluded."""
    definition: Mapping[str, str]
    """What people wrote in its fields."""
    links: Mapping[str, str]
    """Where its fields lead."""
    differences: tuple[Difference, ...]
    """What was edited since its newest attempt."""
    unlike: tuple[Unlike, ...]
    """In what its workflows differ, beside names and data."""
    edits: tuple[Unlike, ...]
    """What people changed in the prepared files."""
    events: tuple[Event, ...]
    """The newest things that happened, newest first."""


@dataclass(frozen=True)
class GroupPage:
    """A group."""

    fresh: Freshness
    """How old all of it is."""
    place: Place
    """Where it is."""
    cell: Cell
    """How it is."""
    size: int
    """Values of the split dimension in it."""
    selection: str
    """How its data are selected."""
    collection: str
    """Collection of all its attempts; empty if the definition cannot be read."""
    waiting: tuple[Waiting, ...]
    """What of it waits for a person."""
    verdict: str
    """What a person said of its data."""
    tries: tuple[TryRow, ...]
    """Its submissions, newest first."""
    report: Report
    """Tasks and states of its newest attempt."""
    cards: tuple[Card, ...]
    """Why jobs failed."""
    quanta: tuple[FailedQuantum, ...]
    """Failed quanta, at most `QUANTA`."""
    submission: tuple[Log, ...]
    """What ``bps submit`` said."""
    chosen: tuple[Chosen, ...]
    """DataIds that are included and excluded."""
    inputs: tuple[str, ...]
    """Input collections of the campaign."""
    events: tuple[Event, ...]
    """The newest things that happened, newest first."""


@dataclass(frozen=True)
class TaskPage:
    """The jobs of one task label of a group."""

    fresh: Freshness
    """How old all of it is."""
    place: Place
    """Where it is."""
    label: str
    """The label."""
    attempt: str
    """The attempt that is shown."""
    task: TaskRow
    """Its jobs by state."""
    quanta: Mapping[str, int]
    """Its quanta by what became of them; empty before they were counted."""
    cards: tuple[Card, ...]
    """Why jobs failed, with example logs."""
    failed: tuple[FailedQuantum, ...]
    """Failed quanta, at most `QUANTA`."""
