"""The truth about data: quanta expected and made, task by task (design.md rule 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True)
class TaskCount:
    """Quanta of one task label (requirement A8)."""

    label: str
    """Label of the task."""
    expected: int
    """Quanta of the graph."""
    successful: int
    """Quanta that made their outputs, those with caveats included."""
    failed: int
    """Quanta that raised an error."""
    blocked: int
    """Quanta that were not tried because others before them failed."""
    unknown: int
    """Quanta that left neither metadata nor log: killed, not run, or not merged yet."""
    wonky: int
    """Quanta whose outputs contradict each other between attempts."""
    caveats: int = 0
    """Successful quanta with a caveat, such as no work found."""
    recovered: int = 0
    """Successful quanta that had failed in an earlier attempt."""

    @property
    def missing(self) -> int:
        """Quanta without a result."""
        return self.expected - self.successful


@dataclass(frozen=True)
class FailedQuantum:
    """One quantum that failed, so that a person can find it (requirement A8)."""

    label: str
    """Label of its task."""
    data_id: Mapping[str, int | str]
    """Its DataId."""
    message: str
    """What it said."""
    run: str
    """The RUN in which it failed last."""


@dataclass(frozen=True)
class DataReport:
    """What the graphs of a group expected and what the Butler holds, all attempts together."""

    tasks: tuple[TaskCount, ...]
    """Counts in the order of the pipeline; at least one."""
    failed_quanta: tuple[FailedQuantum, ...]
    """Every failed quantum."""
    at: datetime
    """When the Butler was asked."""

    @property
    def expected(self) -> int:
        """Quanta of all tasks."""
        return sum(task.expected for task in self.tasks)

    @property
    def successful(self) -> int:
        """Quanta of all tasks that made their outputs."""
        return sum(task.successful for task in self.tasks)

    @property
    def failed(self) -> int:
        """Quanta of all tasks without a result."""
        return self.expected - self.successful

    @property
    def complete(self) -> bool:
        """Whether every expected quantum made its outputs."""
        return self.within({})

    def within(self, tolerance: Mapping[str, float]) -> bool:
        """Whether enough was made.

        Parameters
        ----------
        tolerance : `~collections.abc.Mapping` [`str`, `float`]
            Tolerated fraction of quanta without a result by task label, 0 to 1; 0 where none is given
            (requirement G7). Quanta blocked by a tolerated failure need a tolerance of their own.

        Returns
        -------
        enough : `bool`
            True if no task misses more than is tolerated and no outputs contradict each other.
        """
        # 0.29 of 100 is 28.999… to a computer and 29 to people
        return all(
            task.wonky == 0 and task.missing <= round(tolerance.get(task.label, 0.0) * task.expected, 6)
            for task in self.tasks
        )
