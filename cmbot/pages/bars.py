"""Segmented bars: how many are done, failed, running and waiting, of how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.models.failures import share

if TYPE_CHECKING:
    from cmbot.models.views import Counts, GroupView

WIDTH = 1000
"""Units of a whole bar."""
_LEAST = 12
"""Units of the smallest part that is shown: one of many thousands can be seen."""


@dataclass(frozen=True)
class Segment:
    """One part of a bar."""

    tone: str
    """Its class in the style sheet."""
    start: int
    """Where it begins, in units."""
    width: int
    """How long it is, in units."""


@dataclass(frozen=True)
class Bar:
    """Integers first, percent second (requirement V9)."""

    unit: str
    """What is counted: ``groups``, ``quanta`` or ``jobs``."""
    done: int
    """Succeeded."""
    failed: int
    """Failed, or blocked by a failure."""
    running: int
    """Under way."""
    total: int
    """Expected; 0 while that is not known."""

    @property
    def percent(self) -> str:
        """Done in percent: 100 only for all, 0 only for none."""
        return share(self.done, self.total)

    @property
    def text(self) -> str:
        """In words, for whoever does not see the bar."""
        if not self.total:
            return f"{self.unit} not counted yet"
        more = [f"{n} {word}" for n, word in ((self.failed, "failed"), (self.running, "running")) if n]
        return ", ".join((f"{self.done} of {self.total} {self.unit} done", *more))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Its parts from left to right; what waits is left empty."""
        counts = {"done": self.done, "failed": self.failed, "running": self.running}
        widths = {
            tone: max(_LEAST, WIDTH * count // self.total)
            for tone, count in counts.items()
            if count and self.total
        }
        if (over := sum(widths.values()) - WIDTH) > 0:
            # What the smallest were given is taken from the largest.
            widths[max(widths, key=lambda tone: widths[tone])] -= over
        found, start = [], 0
        for tone, width in widths.items():
            found.append(Segment(tone, start, width))
            start += width
        return tuple(found)


def of_counts(unit: str, counts: Counts) -> Bar:
    """Show counts of jobs or quanta.

    Parameters
    ----------
    unit : `str`
        ``jobs`` or ``quanta``.
    counts : `~cmbot.models.views.Counts`
        How many.

    Returns
    -------
    bar : `Bar`
        The same.
    """
    return Bar(unit, counts.done, counts.failed, counts.running, counts.total)


def of_group(group: GroupView) -> Bar:
    """Show how far a group is: its quanta once they were counted, its jobs before.

    Parameters
    ----------
    group : `~cmbot.models.views.GroupView`
        The group; quanta are of all its attempts together (requirement V4).

    Returns
    -------
    bar : `Bar`
        Of what is known.
    """
    counted = group.quanta.done or group.quanta.failed or not group.jobs.total
    return of_counts("quanta", group.quanta) if counted else of_counts("jobs", group.jobs)
