"""A campaign as a grid of groups and steps (requirements V3, F14, F20)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.jira_schema.fields import FIELDS, FieldType
from cmbot.models.issues import Status, Verdict
from cmbot.pages.bars import Bar, of_counts, of_group
from cmbot.pages.query import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.mirror.events import Event
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.pages.freshness import Freshness
    from cmbot.pages.graph import Graph
    from cmbot.pages.home import CampaignRow
    from cmbot.pages.waiting import Waiting

ROWS = "100"
"""Rows of the grid on a page, unless an address asks for more."""
EVENTS = 50
"""Events on a page."""


@dataclass(frozen=True)
class Cell:
    """A group of a step."""

    step: str
    """Key of its step."""
    group: str
    """Its name."""
    key: str
    """Key of its sub-task; empty if it has none."""
    state: str
    """Its state."""
    attempt: str
    """Its newest attempt; empty if there is none."""
    bar: Bar
    """How far it is."""
    causes: int
    """Reasons why jobs failed, each with an example log."""
    verdict: str
    """What a person said of its data; empty for nothing."""
    good: bool
    """Whether it needs nobody's look: it has its result, and nobody called that bad."""


@dataclass(frozen=True)
class Column:
    """A step."""

    key: str
    """Its key."""
    name: str
    """Its name."""
    state: str
    """Its status in Jira; ``failing`` if it runs and something failed."""
    groups: Bar
    """Its groups."""
    quanta: Bar
    """Its quanta."""
    said: tuple[str, ...]
    """What it waits for, and what is wrong with it."""
    verdict: str
    """What a person said of its data; empty for nothing."""


@dataclass(frozen=True)
class Row:
    """The groups of one name."""

    name: str
    """``g001``."""
    cells: tuple[Cell | None, ...]
    """One for each step; `None` where a step has no such group."""

    @property
    def good(self) -> bool:
        """Whether none of them needs a look."""
        return all(cell is None or cell.good for cell in self.cells)


@dataclass(frozen=True)
class CampaignPage:
    """A campaign."""

    fresh: Freshness
    """How old all of it is."""
    row: CampaignRow
    """As in lists."""
    reason: str
    """Why it is run."""
    verdict: str
    """What a person said of its data, with who and why; empty for nothing."""
    problems: tuple[str, ...]
    """What is wrong with its definition."""
    waiting: tuple[Waiting, ...]
    """What of it waits for a person."""
    graph: Graph
    """Which step waits for which."""
    columns: tuple[Column, ...]
    """Its steps."""
    rows: tuple[Row, ...]
    """Its groups, of one page."""
    total: int
    """Rows in all."""
    collapsed: int
    """Rows that are left out because nothing in them needs a look."""
    whole: bool
    """Whether those are shown too."""
    more: str
    """Name of the row after which the grid goes on; empty at its end."""
    definition: Mapping[str, str]
    """What people wrote in its fields."""
    events: tuple[Event, ...]
    """The newest things that happened to it, who did them and why; newest first."""


def grid(view: CampaignView) -> tuple[Row, ...]:
    """Arrange the groups of a campaign.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    rows : `tuple` [`Row`, ...]
        By name of the groups, a cell for each step.
    """
    found = [{group.name: cell(step, group) for group in step.groups} for step in view.steps]
    names = sorted({name for groups in found for name in groups})
    return tuple(Row(name, tuple(groups.get(name) for groups in found)) for name in names)


def cell(step: StepView, group: GroupView) -> Cell:
    """Show a group in a cell.

    Parameters
    ----------
    step, group
        The step, and one of its groups.

    Returns
    -------
    cell : `Cell`
        For the grid.
    """
    verdict = verdict_of(group.issue)
    return Cell(
        step=step.issue.key,
        group=group.name,
        key=group.issue.key if group.issue else "",
        state=group.state,
        attempt=group.last.label if group.last else "",
        bar=of_group(group),
        causes=len(group.failures),
        verdict=verdict,
        good=group.effective is Status.COMPLETED and verdict != Verdict.BAD and not group.distrusted,
    )


def column(step: StepView) -> Column:
    """Show a step at the top of its column.

    Parameters
    ----------
    step : `~cmbot.models.views.StepView`
        The step.

    Returns
    -------
    column : `Column`
        With its groups rolled up.
    """
    statuses = [group.effective for group in step.groups]
    done, failed, running = (
        statuses.count(each) for each in (Status.COMPLETED, Status.FAILED, Status.RUNNING)
    )
    return Column(
        key=step.issue.key,
        name=step.name,
        state="failing" if step.failing else str(step.issue.status),
        groups=Bar("groups", done, failed, running, len(statuses)),
        quanta=of_counts("quanta", step.quanta),
        said=tuple(filter(None, (step.waiting, step.paced, *map(str, step.problems)))),
        verdict=verdict_of(step.issue),
    )


def shown(rows: Sequence[Row], words: Mapping[str, str]) -> tuple[tuple[Row, ...], int, str]:
    """Choose the rows of one page.

    Parameters
    ----------
    rows : `~collections.abc.Sequence` [`Row`]
        All rows.
    words : `~collections.abc.Mapping` [`str`, `str`]
        ``after``: the row after which it begins; ``rows``: how many; ``all``: rows that need no look are
        shown too.

    Returns
    -------
    rows : `tuple` [`Row`, ...]
        As many as are asked for.
    collapsed : `int`
        How many were left out because they need no look.
    more : `str`
        Name of the row after which it goes on; empty at the end.

    Raises
    ------
    UserError
        If something else is asked for.
    """
    if strange := set(words) - {"after", "all", "rows"}:
        raise UserError("the address", f"asks for {strange.pop()[:50]!r}", "use after, all, rows")
    most = count(words.get("rows", ROWS))
    wanted = [row for row in rows if "all" in words or not row.good]
    left = [row for row in wanted if row.name > words.get("after", "")]
    page = tuple(left[:most])
    return page, len(rows) - len(wanted), page[-1].name if len(left) > most else ""


def verdict_of(issue: Issue | None) -> str:
    """Say what a person said of data; empty for nothing."""
    said = str(issue.fields.get("Verdict", "")) if issue else ""
    return "" if said == Verdict.NONE else said


def whole_verdict(issue: Issue) -> str:
    """Say what a person said of data, with who and why; empty for nothing."""
    said = verdict_of(issue)
    by, why = (issue.fields.get(name, "") for name in ("Verdict by", "Verdict reason"))
    return "".join((said, f" by {by}" if by else "", f": {why}" if why else "")) if said else ""


def written(issue: Issue) -> dict[str, str]:
    """Give what people wrote in the fields of an issue, by name."""
    return {
        field.name: _text(issue.fields[field.name])
        for field in FIELDS
        if not field.by_bot and field.type is not FieldType.URL and issue.fields.get(field.name)
    }


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
