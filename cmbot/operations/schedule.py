"""Campaigns from templates at certain times (requirements B27, B28, V24). Creating never launches."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cmbot.definition import file as campaign_file
from cmbot.exceptions import CmbotError, UserError
from cmbot.mirror import Mirror, creations
from cmbot.mirror.creations import Creation
from cmbot.operations.create import connect, prepare
from cmbot.operations.creations import begin, finish
from cmbot.operations.schedules import INSTANT, named, schedules
from cmbot.reconcile.opening import mirror_file

if TYPE_CHECKING:
    from cmbot.jira.gateway import Jira
    from cmbot.operations.creations import Made
    from cmbot.operations.schedules import Schedule
    from cmbot.settings import Settings


@dataclass(frozen=True)
class Line:
    """One schedule for people."""

    name: str
    """Its name."""
    cron: str
    """Its cron expression."""
    timezone: str
    """The time zone in which that is meant."""
    template: str
    """Its template."""
    next: str
    """Its next instant, UTC."""
    last: str = ""
    """The newest instant for which something was asked, UTC; empty if there was none."""
    campaign: str = ""
    """What was created then."""
    problem: str = ""
    """Why nothing was."""


def lines(settings: Settings, now: datetime | None = None) -> tuple[Line, ...]:
    """Describe all schedules.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    now : `datetime.datetime`, optional
        The time; now, if it is left out.

    Returns
    -------
    lines : `tuple` [`Line`, ...]
        In the order of the settings.

    Raises
    ------
    UserError
        If a cron expression or a time zone cannot be read.
    """
    found = schedules(settings)
    file = mirror_file(settings)
    with closing(Mirror(file if file.exists() else Path(":memory:"))) as mirror:
        return tuple(_line(mirror, schedule, now or datetime.now(UTC)) for schedule in found)


def _line(mirror: Mirror, schedule: Schedule, now: datetime) -> Line:
    one, coming = schedule.settings, schedule.after(now)
    known = creations.of(mirror, schedule.source)[:1]
    return Line(
        schedule.name,
        one.cron,
        one.timezone,
        one.template,
        f"{coming:{INSTANT}}" if coming else "never",
        *(part for last in known for part in (f"{last.due_at:{INSTANT}}", last.campaign, last.problem)),
    )


def make_due(mirror: Mirror, settings: Settings, jira: Jira, now: datetime) -> list[str]:
    """Create the campaigns whose time has come; each once, however often cmbot stops and starts.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    settings : `~cmbot.settings.Settings`
        With the schedules.
    jira : `~cmbot.jira.gateway.Jira`
        The gateway.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    troubles : `list` [`str`]
        What did not work: said once if a person must change something, else tried again at the next call.

    Raises
    ------
    UserError
        If a cron expression or a time zone cannot be read.
    """
    troubles = []
    for schedule in schedules(settings):
        for instant in due(mirror, schedule, now):
            try:
                make(mirror, settings, jira, schedule, instant, now)
            except UserError as error:
                problem = str(error)
                creations.begin(
                    mirror, Creation(schedule.key(instant), schedule.source, instant, "", "", problem)
                )
                troubles.append(f"{schedule.key(instant)}: {problem}")
            except CmbotError as error:
                troubles.append(f"{schedule.key(instant)}: {error}")
                break
    return troubles


def due(mirror: Mirror, schedule: Schedule, now: datetime) -> tuple[datetime, ...]:
    """Find the instants of a schedule for which a campaign is to be made.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database; a schedule begins when it is seen there for the first time.
    schedule : `Schedule`
        The schedule.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    instants : `tuple` [`datetime.datetime`, ...]
        What was begun and is not made, then what is new; of that the newest that may be caught up.
    """
    begun = mirror.note(_since(schedule))
    if not begun:
        mirror.remember(_since(schedule), now.isoformat())
        return ()
    known = creations.of(mirror, schedule.source)
    unfinished = [one.due_at for one in reversed(known) if one.open]
    since = max([datetime.fromisoformat(begun), *(one.due_at for one in known[:1])])
    return (*unfinished, *schedule.newest(since, now, schedule.settings.catch_up))


def make(
    mirror: Mirror, settings: Settings, jira: Jira, schedule: Schedule, instant: datetime, now: datetime
) -> Made:
    """Create the campaign of one instant, or give the one that is there.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    settings : `~cmbot.settings.Settings`
        All settings.
    jira : `~cmbot.jira.gateway.Jira`
        The gateway.
    schedule : `Schedule`
        The schedule.
    instant : `datetime.datetime`
        One of its own.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    made : `~cmbot.operations.creations.Made`
        The campaign.

    Raises
    ------
    UserError
        If the template or what it gives is wrong.
    RemoteError
        If Jira did not do it; asking again goes on from there.
    """
    known = creations.find(mirror, schedule.key(instant))
    # What was begun is finished as it was, also if its template was edited since.
    if known is None or known.problem:
        wanted = Creation(schedule.key(instant), schedule.source, instant, "", "", "")
        # Whoever set the schedule wants it each time, also where nothing but the name differs.
        known = begin(mirror, settings, wanted, schedule.definition(instant), schedule.directory, again=True)
    return finish(mirror, settings, jira, known, schedule.directory, now)


def run(settings: Settings, name: str, at: datetime | None = None) -> tuple[str, Made]:
    """Create the campaign of one instant for a person.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    name : `str`
        Name of the schedule.
    at : `datetime.datetime`, optional
        The instant is the last one not after this time; now, if it is left out.

    Returns
    -------
    key : `str`
        What it is known by.
    made : `~cmbot.operations.creations.Made`
        The campaign.

    Raises
    ------
    UserError
        If there is no such schedule or instant, or what it gives is wrong.
    RemoteError
        If Jira did not do it; asking again goes on from there.
    """
    schedule, now = named(settings, name), datetime.now(UTC)
    instant = schedule.last(at or now)
    with closing(Mirror(mirror_file(settings))) as mirror:
        return schedule.key(instant), make(mirror, settings, connect(settings), schedule, instant, now)


def tried(settings: Settings, name: str, at: datetime | None = None) -> tuple[str, str]:
    """Fill and check the template for one instant; nothing is written.

    Parameters
    ----------
    settings, name, at
        As for `run`.

    Returns
    -------
    key, text : `str`
        What it would be known by, and the campaign file.

    Raises
    ------
    UserError
        As from `run`.
    """
    schedule = named(settings, name)
    instant = schedule.last(at or datetime.now(UTC))
    definition, _ = prepare(settings, schedule.definition(instant), schedule.directory, again=True)
    return schedule.key(instant), campaign_file.write(definition)


def _since(schedule: Schedule) -> str:
    return f"{schedule.source} since"
