"""Who is on shift when (requirements D7, V21)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cmbot.models.issues import Person


@dataclass(frozen=True)
class Shift:
    """Some people for some time."""

    start: datetime
    """When it begins, with its zone."""
    end: datetime
    """When it is over: the first instant that is not part of it."""
    people: tuple[Person, ...]
    """Who, at least one."""
    notes: str = ""
    """What they should know, written by who made the roster."""


@dataclass(frozen=True)
class Roster:
    """All shifts that are known; they may overlap and leave gaps."""

    shifts: tuple[Shift, ...] = ()
    """In any order."""

    def on_shift(self, at: datetime) -> tuple[Shift, ...]:
        """Find the shifts of an instant.

        Parameters
        ----------
        at : `datetime.datetime`
            With its zone.

        Returns
        -------
        shifts : `tuple` [`Shift`, ...]
            Those that began last first; empty in a gap.
        """
        return self._ordered(shift for shift in self.shifts if shift.start <= at < shift.end)

    def people(self, at: datetime) -> tuple[Person, ...]:
        """Find the people of an instant.

        Parameters
        ----------
        at : `datetime.datetime`
            With its zone.

        Returns
        -------
        people : `tuple` [`~cmbot.models.issues.Person`, ...]
            Each once; empty in a gap.
        """
        return tuple(dict.fromkeys(person for shift in self.on_shift(at) for person in shift.people))

    def changed(self, at: datetime) -> datetime | None:
        """Find the newest shift change.

        Parameters
        ----------
        at : `datetime.datetime`
            With its zone.

        Returns
        -------
        change : `datetime.datetime` or `None`
            Beginning of the shift that began last; `None` before the first. When a shift ends and none
            begins there is nobody to hand over to.
        """
        return max((shift.start for shift in self.shifts if shift.start <= at), default=None)

    def before(self, at: datetime) -> tuple[Shift, ...]:
        """Find the shifts that hand over at an instant.

        Parameters
        ----------
        at : `datetime.datetime`
            Of a shift change.

        Returns
        -------
        shifts : `tuple` [`Shift`, ...]
            Those that end there; where none does, those that ended last before.
        """
        end = max((shift.end for shift in self.shifts if shift.end <= at), default=None)
        return self._ordered(shift for shift in self.shifts if shift.end == end)

    def following(self, at: datetime) -> tuple[Shift, ...]:
        """Find the shifts that begin next.

        Parameters
        ----------
        at : `datetime.datetime`
            With its zone.

        Returns
        -------
        shifts : `tuple` [`Shift`, ...]
            Those of the next shift change; empty if the roster ends.
        """
        start = min((shift.start for shift in self.shifts if shift.start > at), default=None)
        return self._ordered(shift for shift in self.shifts if shift.start == start)

    def _ordered(self, shifts: Iterable[Shift]) -> tuple[Shift, ...]:
        return tuple(sorted(shifts, key=lambda one: (one.start, one.end, one.people), reverse=True))


@dataclass(frozen=True)
class Handover:
    """What the people of a new shift should know of one campaign."""

    key: str
    """Key of its epic."""
    at: datetime
    """When the shift began."""
    to: tuple[Person, ...]
    """Who is on shift; empty in a gap."""
    of: tuple[Person, ...]
    """Who was before; empty if nobody was."""
    notes: tuple[str, ...]
    """What the roster says to the shifts that end and begin."""
    questions: tuple[str, ...]
    """What waits for a person, and what to do."""
    running: tuple[str, ...]
    """What runs, a line for each step."""
    waiting: tuple[str, ...]
    """What waits for something else than a person, a line for each step."""
