"""The first page: what waits for a person, what is active, what ended lately (requirements V1, V2, F1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cmbot.jira_schema.fields import FIELDS, FieldType
from cmbot.models.issues import Status
from cmbot.operations.attention import Kind
from cmbot.pages.bars import Bar, of_counts
from cmbot.pages.query import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView
    from cmbot.operations.attention import Waits
    from cmbot.pages.freshness import Freshness
    from cmbot.pages.query import Query
    from cmbot.pages.waiting import Waiting

RECENT = timedelta(days=14)
"""What changed since then, or is active, is on the first page (requirements F4, V2)."""
_OUT_OF_STEP = {Kind.FROZEN, Kind.UNTOLD, Kind.OLD, Kind.UNKNOWN, Kind.DUPLICATE}
"""What says that Jira, cmbot and PanDA do not agree."""
_ACTIVE = {Status.LAUNCH, Status.RUNNING, Status.PAUSED}


@dataclass(frozen=True)
class CampaignRow:
    """One campaign in a list."""

    key: str
    """Its key."""
    name: str
    """Its name."""
    production: str
    """Its production."""
    kind: str
    """What it does."""
    owner: str
    """Who defined it."""
    operators: tuple[str, ...]
    """Who looks after it and its steps."""
    sites: tuple[str, ...]
    """Where its steps run."""
    status: str
    """Its status in Jira; ``failing`` if it runs and something failed (requirement V10)."""
    sync: str
    """What Jira, cmbot and PanDA do not agree on; empty if they agree."""
    health: str
    """What is wrong with it; empty if it goes well."""
    steps: Bar
    """Its steps."""
    groups: Bar
    """Its groups."""
    quanta: Bar
    """Its quanta."""
    started: datetime | None
    """When its first attempt began."""
    ended: datetime | None
    """When its last attempt ended; `None` while one goes on."""
    changed: datetime
    """Last change in Jira of it or one of its steps."""
    next: str
    """What a person has to do next; empty for nothing."""
    links: Mapping[str, str]
    """Where its fields lead: metrics, quality …; what has no target is not in it (requirement F1)."""

    @property
    def active(self) -> bool:
        """Whether it goes on, or waits for a person to go on."""
        return self.status == "failing" or self.status in _ACTIVE


@dataclass(frozen=True)
class HomePage:
    """The first page."""

    fresh: Freshness
    """How old all of it is."""
    query: Query
    """What was asked for."""
    waiting: tuple[Waiting, ...]
    """What waits for a person."""
    active: tuple[CampaignRow, ...]
    """What goes on."""
    recent: tuple[CampaignRow, ...]
    """What ended, or is being defined, and changed lately."""
    more: str
    """Key after which the list goes on; empty at its end."""
    choices: Mapping[str, tuple[str, ...]]
    """What can be chosen in the filters."""
    broken: tuple[str, ...]
    """Keys of campaigns that cannot be shown; the log of cmbot says why."""


@dataclass(frozen=True)
class OlderPage:
    """Campaigns of any age, the last changed first."""

    fresh: Freshness
    """How old all of it is."""
    query: Query
    """What was asked for."""
    rows: tuple[CampaignRow, ...]
    """Campaigns."""
    more: str
    """Key after which the list goes on; empty at its end."""
    broken: tuple[str, ...]
    """Keys of campaigns that cannot be shown; the log of cmbot says why."""


def row(view: CampaignView, waiting: Sequence[Waits]) -> CampaignRow:
    """Make the row of a campaign.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    waiting : `~collections.abc.Sequence` [`~cmbot.operations.attention.Waits`]
        What of it waits for a person, the most urgent first.

    Returns
    -------
    row : `CampaignRow`
        For a list.
    """
    epic, attempts = view.issue, view.attempts
    out = [waits for waits in waiting if waits.kind in _OUT_OF_STEP]
    ill = [waits for waits in waiting if waits.kind not in _OUT_OF_STEP and waits.kind is not Kind.PAUSED]
    live = any(attempt.state.live for attempt in attempts)
    return CampaignRow(
        key=epic.key,
        name=epic.summary,
        production=epic.fields.get("Production", ""),
        kind=epic.fields.get("Campaign kind", ""),
        owner=str(epic.fields.get("Definer", "")),
        operators=tuple(
            dict.fromkeys(str(one) for issue in view.issues for one in issue.fields.get("Operators", ()))
        ),
        sites=sites(view),
        status="failing" if view.failing else epic.status,
        sync=_first(out),
        health=_first(ill) or ("jobs have failed" if view.failing else ""),
        steps=_of("steps", [str(step.status) for step in view.steps]),
        groups=groups_bar(view),
        quanta=of_counts("quanta", view.quanta),
        started=min((attempt.created_at for attempt in attempts), default=None),
        ended=None if live else max((each.ended_at for each in attempts if each.ended_at), default=None),
        changed=max(issue.updated for issue in view.issues),
        next=waiting[0].todo if waiting else "",
        links=led(epic),
    )


def led(issue: Issue) -> dict[str, str]:
    """Give the addresses in the fields of an issue, by name; whether they are web addresses is seen later."""
    return {
        field.name: str(issue.fields[field.name])
        for field in FIELDS
        if field.type is FieldType.URL and issue.fields.get(field.name)
    }


def sites(view: CampaignView) -> tuple[str, ...]:
    """Name the sites at which the steps of a campaign run.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    names : `tuple` [`str`, ...]
        As its definition says and where its attempts went, without repetitions.
    """
    said = view.definition.site if view.definition else view.issue.fields.get("Compute site", "")
    own = [step.definition.site for step in view.steps if step.definition]
    went = sorted({attempt.last_try.site for attempt in view.attempts if attempt.last_try})
    return tuple(dict.fromkeys(site for site in (said, *own, *went) if site))


def groups_bar(view: CampaignView) -> Bar:
    """Count the groups of a campaign.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    bar : `~cmbot.pages.bars.Bar`
        Of those that are known by now.
    """
    return _of("groups", [str(group.effective) for _, group in view.groups])


def choices(rows: Iterable[CampaignRow]) -> Mapping[str, tuple[str, ...]]:
    """List what can be chosen in the filters.

    Parameters
    ----------
    rows : `~collections.abc.Iterable` [`CampaignRow`]
        All rows.

    Returns
    -------
    choices : `dict` [`str`, `tuple` [`str`, ...]]
        By filter, without what would choose nothing.
    """
    rows = tuple(rows)
    found = {
        "production": {row.production for row in rows},
        "type": {row.kind for row in rows},
        "site": {site for row in rows for site in row.sites},
        "owner": {row.owner for row in rows},
        "operator": {one for row in rows for one in row.operators},
        # What runs and fails is Running in Jira.
        "status": {Status.RUNNING if row.status == "failing" else row.status for row in rows},
    }
    return {name: tuple(sorted(filter(None, values))) for name, values in found.items()}


def page(rows: Iterable[CampaignRow], query: Query) -> tuple[tuple[CampaignRow, ...], str]:
    """Sort rows, and take those of one page.

    Parameters
    ----------
    rows : `~collections.abc.Iterable` [`CampaignRow`]
        Rows in any order.
    query : `~cmbot.pages.query.Query`
        In which order, and after which row.

    Returns
    -------
    rows : `tuple` [`CampaignRow`, ...]
        At most as many as are asked for.
    more : `str`
        Key after which the list goes on; empty at its end.
    """
    column = query.sort.removeprefix("-")
    # Times and numbers are asked for with the newest and the most first.
    backwards = (column in {"changed", "done", "failed"}) != query.sort.startswith("-")
    ordered = sorted(rows, key=lambda each: (_value(each, column), each.key), reverse=backwards)
    keys = [each.key for each in ordered]
    start = keys.index(query.after) + 1 if query.after in keys else 0
    end = start + count(query.rows)
    shown = tuple(ordered[start:end])
    return shown, shown[-1].key if end < len(ordered) else ""


def _value(each: CampaignRow, column: str) -> object:
    match column:
        case "done":
            return each.groups.done
        case "failed":
            return each.groups.failed
        case _:
            return getattr(each, column)


def _of(unit: str, statuses: list[str]) -> Bar:
    done, failed, running = (statuses.count(each) for each in ("Completed", "Failed", "Running"))
    return Bar(unit, done, failed, running, len(statuses))


def _first(waiting: Sequence[Waits]) -> str:
    if not waiting:
        return ""
    more = f" (and {len(waiting) - 1} more)" if len(waiting) > 1 else ""
    return f"{waiting[0].kind}: {waiting[0].why}{more}"
