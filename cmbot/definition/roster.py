"""Rosters: YAML or iCalendar text -> shifts (requirements D7, V21)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from pydantic import Field, ValidationError, field_validator

from cmbot.definition import yaml_text
from cmbot.exceptions import UserError
from cmbot.models.issues import Person
from cmbot.models.roster import Roster, Shift
from cmbot.settings import Part, RosterSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PAST, FUTURE = timedelta(days=62), timedelta(days=366)
"""How far the events of a calendar, which may repeat for ever, are followed."""


class _Shift(Part):
    """One entry of a YAML roster."""

    start: datetime
    """When it begins; in the roster's zone unless it has its own."""
    end: datetime
    """When it is over."""
    operators: tuple[str, ...] = Field(min_length=1)
    """Who."""
    notes: str = ""
    """What they should know."""

    @field_validator("operators", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


class _File(Part):
    """A YAML roster."""

    shifts: tuple[_Shift, ...]
    """All shifts."""


def parse(text: str, settings: RosterSettings, around: datetime) -> Roster:
    """Read a roster.

    Parameters
    ----------
    text : `str`
        YAML; iCalendar (RFC 5545) if the file is called ``.ics``.
    settings : `~cmbot.settings.RosterSettings`
        What the file is called, its zone, and who is who in Jira.
    around : `datetime.datetime`
        Instant that is of interest: of a calendar `PAST` before it to `FUTURE` after it is read.

    Returns
    -------
    roster : `~cmbot.models.roster.Roster`
        Its shifts.

    Raises
    ------
    UserError
        If it cannot be read, or a shift in it makes no sense.
    """
    found = _events(text, settings, around) if settings.is_calendar else _entries(text, settings)
    return Roster(tuple(found))


def _entries(text: str, settings: RosterSettings) -> Iterator[Shift]:
    try:
        file = _File.model_validate(yaml_text.load(text, settings.file))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        remedy = "write shifts: [{start: 2026-11-20 08:00, end: 2026-11-20 16:00, operators: [anna]}]"
        raise UserError(settings.file, f"{where}: {first['msg']}", remedy) from error
    for entry in file.shifts:
        yield _shift(settings, (entry.start, entry.end), entry.operators, entry.notes)


def _events(text: str, settings: RosterSettings, around: datetime) -> Iterator[Shift]:
    try:
        calendar: Any = icalendar.Calendar.from_ical(text)
        _require_events(settings, calendar.walk("VEVENT"))
        for event in recurring_ical_events.of(calendar).between(around - PAST, around + FUTURE):
            yield _shift(settings, (event.start, event.end), _attendees(event), event.get("DESCRIPTION", ""))
    except (ValueError, KeyError) as error:
        remedy = "export it again as iCalendar (RFC 5545)"
        raise UserError(settings.file, f"is no calendar that can be read ({error})", remedy) from error


def _require_events(settings: RosterSettings, events: Sequence[Any]) -> None:
    if not events:
        raise UserError(settings.file, "the calendar has no events", "name the right file")
    for event in events:
        for instant in filter(None, (event.get("DTSTART"), event.get("DTEND"))):
            # A zone that the library does not know is left out, which would be another time.
            known = not isinstance(instant.dt, datetime) or instant.dt.tzinfo is not None
            if "TZID" in instant.params and not known:
                zone = instant.params["TZID"]
                raise UserError(settings.file, f"time zone {zone!r} is not known", "use an IANA name")


def _attendees(event: Any) -> tuple[str, ...]:
    """Addresses of those invited; of an event without any its title."""
    found = event.get("ATTENDEE", ())
    some = found if isinstance(found, list) else [found] if found else []
    addresses = [str(one).removeprefix("mailto:").removeprefix("MAILTO:") for one in some]
    return tuple(addresses) or (str(event.get("SUMMARY", "")),)


def _shift(settings: RosterSettings, times: tuple[date, date], names: Iterable[str], notes: str) -> Shift:
    start, end = (_instant(settings, at) for at in times)
    if end <= start:
        raise UserError(settings.file, f"the shift of {start} ends at {end}", "let it end after it begins")
    people = tuple(_person(settings, name.strip()) for name in names)
    return Shift(start, end, people, " ".join(str(notes).split()))


def _instant(settings: RosterSettings, at: date) -> datetime:
    local = at if isinstance(at, datetime) else datetime.combine(at, time())
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    zone = ZoneInfo(settings.time_zone)
    found = local.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) != local:
        problem = f"{local} does not exist in {settings.time_zone}: clocks are put forward"
        raise UserError(settings.file, problem, "write another time")
    return found


def _person(settings: RosterSettings, name: str) -> Person:
    if settings.people and name not in settings.people:
        raise UserError(settings.file, f"{name!r} is not known", "add the account to roster.people")
    if not name:
        raise UserError(settings.file, "a shift names nobody", "name its operator")
    return Person(settings.people.get(name, name), name)
