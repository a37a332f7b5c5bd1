"""Productions: campaigns that belong together, rolled up anew each time (requirement A2)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.models.issues import Status
from cmbot.models.views import Counts, roll_up
from cmbot.reconcile import views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView
    from cmbot.reconcile.edges import Local


@dataclass(frozen=True)
class Campaign:
    """One campaign of a production."""

    key: str
    """Key of its epic."""
    name: str
    """Its name."""
    kind: str
    """What kind of processing it is."""
    stage: str
    """Which stage it is in: pilot, production …"""
    mode: str
    """How it is run."""
    status: Status
    """Its status in Jira."""
    failing: bool
    """Whether it runs and something of it has failed."""
    steps_done: int
    """Steps that are completed."""
    steps: int
    """All its steps."""
    jobs: Counts
    """How far its jobs are."""
    quanta: Counts
    """How many of its quanta are known to be in the Butler."""


@dataclass(frozen=True)
class Production:
    """Campaigns that belong together."""

    name: str
    """As their field "Production" says, else the key of the issue that is their parent, else a label."""
    campaigns: tuple[Campaign, ...]
    """In the order of their issues."""

    @property
    def status(self) -> Status:
        """What its campaigns amount to; those that were abandoned do not count."""
        kinds = [each.status for each in self.campaigns if each.status is not Status.ABANDONED]
        asked: list[Status] = [Status.RUNNING if status is Status.LAUNCH else status for status in kinds]
        return roll_up(asked) if asked else Status.ABANDONED

    @property
    def done(self) -> int:
        """Campaigns that are completed."""
        return sum(each.status is Status.COMPLETED for each in self.campaigns)

    @property
    def jobs(self) -> Counts:
        """Of all its campaigns."""
        return sum((each.jobs for each in self.campaigns), Counts())

    @property
    def quanta(self) -> Counts:
        """Of all its campaigns."""
        return sum((each.quanta for each in self.campaigns), Counts())

    @property
    def line(self) -> str:
        """All of it for people."""
        quanta = self.quanta
        counted = f"; {quanta.done} of {quanta.total} quanta, {quanta.failed} failed" if quanta.total else ""
        failing = ", failing" if any(each.failing for each in self.campaigns) else ""
        return f"{self.status}{failing}; {self.done} of {len(self.campaigns)} campaigns completed{counted}"

    def to_json(self) -> dict[str, Any]:
        """Give it to a script.

        Returns
        -------
        data : `dict`
            By field.
        """
        rolled = {"status": self.status, "jobs": asdict(self.jobs), "quanta": asdict(self.quanta)}
        return {"name": self.name, **rolled, "campaigns": [asdict(each) for each in self.campaigns]}


def productions(local: Local, name: str = "") -> tuple[Production, ...]:
    """Roll campaigns up.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    name : `str`, optional
        A production, the key of a parent issue, or a label; empty for every production that campaigns name in
        their field, or are below.

    Returns
    -------
    productions : `tuple` [`Production`, ...]
        By name.

    Raises
    ------
    UserError
        If no campaign belongs to it.
    """
    epics = views.epics(local)
    names = [name] if name else sorted({own for epic in epics if (own := _own(epic))})
    found = tuple(
        Production(each, tuple(_campaign(views.campaign(local, epic)) for epic in epics if _in(epic, each)))
        for each in names
    )
    if name and not found[0].campaigns:
        known = ", ".join(sorted({own for epic in epics if (own := _own(epic))})) or "none"
        remedy = f'fill in the field "Production" of its campaigns; known are {known}'
        raise UserError(name, "no campaign belongs to this production", remedy)
    return found


def _own(epic: Issue) -> str:
    return " ".join(str(epic.fields.get("Production", "")).split()) or epic.parent


def _in(epic: Issue, name: str) -> bool:
    return name in {_own(epic), epic.parent, *epic.labels}


def _campaign(view: CampaignView) -> Campaign:
    fields = view.issue.fields
    steps: Sequence[Status] = [step.issue.status for step in view.steps]
    return Campaign(
        key=view.issue.key,
        name=view.issue.summary,
        kind=str(fields.get("Campaign kind", "")),
        stage=str(fields.get("Campaign stage", "")),
        mode=str(fields.get("Campaign mode", "")),
        status=view.issue.status,
        failing=view.failing,
        steps_done=steps.count(Status.COMPLETED),
        steps=len(steps),
        jobs=view.jobs,
        quanta=view.quanta,
    )
