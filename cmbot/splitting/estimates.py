"""How large a group is before anything runs (requirement B18: a day or so, to ride out downtimes)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.dimensions import Value
    from cmbot.splitting.groups import GroupSpec

GRAPH_PER_QUANTUM = timedelta(milliseconds=2)
"""Processor time of quantum graph generation, measured on 6,000 and 60,000 quanta (reference/bps.md 7)."""


@dataclass(frozen=True)
class Estimate:
    """The largest group of a step, at most."""

    group: str
    """Its name."""
    quanta: int
    """Quanta: datasets that go in, times tasks; less where tasks merge."""
    graph: timedelta
    """Time to make its quantum graph."""
    run: timedelta | None
    """Time to run it; `None` where nobody said how many jobs run at once."""

    def warning(self, limit: timedelta) -> str:
        """Say so if it is larger than it should be.

        Parameters
        ----------
        limit : `datetime.timedelta`
            How long a group may take.

        Returns
        -------
        warning : `str`
            Empty if it is not.
        """
        if self.graph + (self.run or timedelta()) <= limit:
            return ""
        hours, graph = (self.run or timedelta()) / timedelta(hours=1), self.graph / timedelta(hours=1)
        running = f"{hours:.0f} h to run" if self.run else "unknown time to run"
        return (
            f"{self.group} may have {self.quanta:,} quanta, take {graph:.1f} h for its graph and {running}: "
            f"more than {limit / timedelta(hours=1):.0f} h; make smaller groups"
        )


def largest(
    groups: Sequence[GroupSpec],
    counts: Mapping[Value, int],
    tasks: int,
    *,
    slots: int = 0,
    quantum: timedelta = timedelta(),
) -> Estimate:
    """Estimate the largest group.

    Parameters
    ----------
    groups : `~collections.abc.Sequence` [`~cmbot.splitting.groups.GroupSpec`]
        All groups of a step.
    counts : `~collections.abc.Mapping` [`int` or `str`, `int`]
        Datasets that go in, by value of the first dimension that is split.
    tasks : `int`
        Tasks of the pipeline.
    slots : `int`, optional
        Jobs that run at once; 0 if unknown.
    quantum : `datetime.timedelta`, optional
        Mean time of a quantum.

    Returns
    -------
    estimate : `Estimate`
        Of the group with most datasets.
    """
    pairs = len({value for group in groups for part in group.parts[1:] for value in part.values})
    sizes = {group.name: _datasets(group, counts, pairs) for group in groups}
    name = max(sizes, key=lambda name: sizes[name])
    quanta = round(sizes[name] * tasks)
    run = quanta * quantum / slots if slots and quantum else None
    return Estimate(name, quanta, quanta * GRAPH_PER_QUANTUM, run)


def _datasets(group: GroupSpec, counts: Mapping[Value, int], pairs: int) -> float:
    if not group.parts:
        return sum(counts.values())
    share = len(group.parts[1].values) / pairs if len(group.parts) > 1 else 1.0
    return share * sum(counts.get(value, 0) for value in group.parts[0].values)
