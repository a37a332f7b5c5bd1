"""Schedules as the settings have them: templates, instants, and what is filled in (requirements B27, V24)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from cmbot.definition import file as campaign_file
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.models.campaign import CampaignDefinition
    from cmbot.settings import ScheduleSettings, Settings

_PLACE = re.compile(r"\{([^{}]*)\}")
_FIELDS = 5
INSTANT = "%Y-%m-%dT%H:%M:%SZ"
"""How instants are written: UTC."""
_SPANS = tuple(timedelta(days=days) for days in (1, 30, 366))
"""How far back instants are looked for, one after the other: a cron expression may mean every minute. What is
older is nobody's night any more."""


@dataclass(frozen=True)
class Schedule:
    """One schedule, read from the settings."""

    name: str
    """Its name."""
    settings: ScheduleSettings
    """As it is set."""
    trigger: CronTrigger
    """Its cron expression, in its time zone."""

    @property
    def source(self) -> str:
        """Who asks for its campaigns."""
        return f"schedule {self.name}"

    def key(self, instant: datetime) -> str:
        """Name what is asked for at an instant, which is asked for once."""
        return f"{self.source} {instant.astimezone(UTC):{INSTANT}}"

    def after(self, instant: datetime) -> datetime | None:
        """Give the next instant after one, in UTC."""
        found: datetime | None = self.trigger.get_next_fire_time(None, instant + timedelta(microseconds=1))
        return found.astimezone(UTC) if found else None

    def between(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Give the instants after one and not after another, in order."""
        found = self.after(since)
        while found is not None and found <= until:
            yield found
            found = self.after(found)

    @property
    def directory(self) -> Path:
        """Where its template is, with the sets of DataIds that it names."""
        return Path(self.settings.template).parent

    def newest(self, since: datetime, until: datetime, count: int) -> list[datetime]:
        """Give the newest instants after one time and not after another, in order; at most so many."""
        found: list[datetime] = []
        for span in _SPANS:
            found = list(self.between(max(since, until - span), until))[-count:]
            if len(found) == count or until - span <= since:
                break
        return found

    def last(self, until: datetime) -> datetime:
        """Give the last instant not after a time.

        Raises
        ------
        UserError
            If there was none for a year.
        """
        found = self.newest(until - _SPANS[-1], until, 1)
        if not found:
            problem = f"{self.settings.cron!r} had no instant in the year before {until:%Y-%m-%d}"
            raise UserError(f"schedules.{self.name}.cron", problem, "say --at, or correct it")
        return found[0]

    def definition(self, instant: datetime) -> CampaignDefinition:
        """Fill the template for an instant.

        Parameters
        ----------
        instant : `datetime.datetime`
            One of its own.

        Returns
        -------
        definition : `~cmbot.models.campaign.CampaignDefinition`
            The campaign; not checked yet.

        Raises
        ------
        UserError
            If the template cannot be read, or its variables cannot be filled.
        """
        try:
            text = Path(self.settings.template).read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"schedules.{self.name}.template", f"cannot be read ({error})", "correct it"
            ) from error
        return campaign_file.read(text, self.settings.template, self.values(instant))

    def values(self, instant: datetime) -> dict[str, str]:
        """Give the values of the template's variables for an instant.

        Parameters
        ----------
        instant : `datetime.datetime`
            One of its own.

        Returns
        -------
        values : `dict` [`str`, `str`]
            By name of the variable.

        Raises
        ------
        UserError
            If a value asks for something that a schedule does not know.
        """
        here = instant.astimezone(self.trigger.timezone)
        year, week, _ = here.isocalendar()
        known = {
            "night": f"{here - timedelta(days=1):%Y%m%d}",
            "date": f"{here:%Y%m%d}",
            "week": f"{year}_{week:02}",
        }
        filled = {}
        for name, text in self.settings.variables.items():
            if strange := set(_PLACE.findall(text)) - known.keys():
                problem = f"{text!r} asks for {strange.pop()!r}"
                raise UserError(
                    f"schedules.{self.name}.variables.{name}", problem, f"known are {', '.join(known)}"
                )
            filled[name] = _PLACE.sub(lambda found: known[found[1]], text)
        return filled


def named(settings: Settings, name: str) -> Schedule:
    """Find a schedule.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    name : `str`
        Its name.

    Returns
    -------
    schedule : `Schedule`
        The schedule.

    Raises
    ------
    UserError
        If there is none, or it cannot be read.
    """
    if name not in settings.schedules:
        known = ", ".join(settings.schedules) or "none"
        raise UserError(name, "is no schedule", f"the settings (schedules) have {known}")
    return Schedule(name, settings.schedules[name], _trigger(name, settings.schedules[name]))


def schedules(settings: Settings) -> tuple[Schedule, ...]:
    """Read all schedules.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.

    Returns
    -------
    schedules : `tuple` [`Schedule`, ...]
        In the order of the settings.

    Raises
    ------
    UserError
        If a cron expression or a time zone cannot be read.
    """
    return tuple(Schedule(name, one, _trigger(name, one)) for name, one in settings.schedules.items())


def _trigger(name: str, one: ScheduleSettings) -> CronTrigger:
    where = f"schedules.{name}"
    fields = one.cron.split()
    if len(fields) != _FIELDS:
        raise UserError(
            f"{where}.cron", f"{one.cron!r} has {len(fields)} fields", "write five: 30 8 * * mon-fri"
        )
    minute, hour, day, month, weekday = fields
    if re.search(r"\d", weekday):
        # cron begins the week with Sunday, and the library with Monday.
        raise UserError(
            f"{where}.cron", f"{weekday} is ambiguous", "name days of the week: mon, tue, mon-fri"
        )
    try:
        return CronTrigger(
            minute=minute,
            hour=hour,
            day=day,
            month=month,
            day_of_week=weekday,
            timezone=ZoneInfo(one.timezone),
        )
    except ZoneInfoNotFoundError as error:
        problem = f"{one.timezone!r} is no time zone"
        raise UserError(f"{where}.timezone", problem, "write one such as America/Santiago") from error
    except ValueError as error:
        raise UserError(f"{where}.cron", f"{one.cron!r}: {error}", "write it as cron does") from error
