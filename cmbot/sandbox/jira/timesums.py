"""What follows from the times of an issue, or of an issue and its sub-tasks: sums, progress, ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .issues import Issue


def total(several: Sequence[Issue], name: str) -> int | None:
    """Sum of one of the times, in seconds; None if no issue has it."""
    found = [issue.values[name] for issue in several if issue.values.get(name) is not None]
    return sum(found) if found else None


def progress(several: Sequence[Issue]) -> dict[str, Any]:
    """How much of the work is done, in seconds; a percentage where there is work."""
    done = total(several, "timespent") or 0
    whole = done + (total(several, "timeestimate") or 0)
    return {"progress": done, "total": whole, **({"percent": 100 * done // whole} if whole else {})}


def work_ratio(issue: Issue) -> int:
    """Time spent as a percentage of the original estimate; -1 without one."""
    estimate = issue.values.get("timeoriginalestimate")
    return 100 * (issue.values.get("timespent") or 0) // estimate if estimate else -1
