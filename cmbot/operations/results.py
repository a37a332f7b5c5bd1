"""What came of groups and attempts, in a few numbers, to compare them (requirement B26)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cmbot.mirror import reports
from cmbot.models.attempts import AttemptState
from cmbot.models.views import Counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from cmbot.models.attempts import Attempt
    from cmbot.models.views import GroupView, StepView
    from cmbot.reconcile.edges import Local


def of_groups(there: Sequence[tuple[StepView, tuple[GroupView, ...]]]) -> dict[str, str]:
    """Say what came of groups, all their attempts together.

    Parameters
    ----------
    there : `~collections.abc.Sequence`
        Steps, each with some of its groups.

    Returns
    -------
    results : `dict` [`str`, `str`]
        Counts and times of each step, what its tasks lack, and why jobs of the newest attempts failed.
    """
    return {f"{step.name} {name}": value for step, groups in there for name, value in _of_step(groups)}


def of_attempt(local: Local, attempt: Attempt) -> dict[str, str]:
    """Say what came of an attempt.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt.

    Returns
    -------
    results : `dict` [`str`, `str`]
        State, times, and what the tasks of its group lacked after it.
    """
    found = {"state": str(attempt.state), "reason": attempt.summary, **dict(_times([attempt]))}
    item = attempt.last_try
    data = (reports.read(local.mirror, item.id, "data") if item else None) or {}
    if counts := data.get("counts"):
        found["quanta"] = f"{counts['done']} of {counts['total']}"
    for task in data.get("report", {}).get("tasks", ()):
        missing = task["expected"] - task["successful"]
        found[f"{task['label']} without result"] = f"{missing} of {task['expected']}"
    return found


def _of_step(groups: Sequence[GroupView]) -> Iterator[tuple[str, str]]:
    attempts = [attempt for each in groups for attempt in each.attempts]
    succeeded = sum(each.last.state is AttemptState.SUCCEEDED for each in groups if each.last)
    yield "groups", f"{succeeded} of {len(groups)}"
    yield "attempts", str(len(attempts))
    quanta = sum((each.quanta for each in groups), Counts())
    yield "quanta", f"{quanta.done} of {quanta.total}"
    yield from _times(attempts)
    tasks = [task for each in groups for task in each.tasks]
    for label in dict.fromkeys(task.label for task in tasks):
        missing = sum(task.missing for task in tasks if task.label == label)
        expected = sum(task.expected for task in tasks if task.label == label)
        yield f"{label} without result", f"{missing} of {expected}"
    reasons: Counter[str] = Counter()
    for why in (why for each in groups for why in each.failures):
        reasons[f"{why.label} {why.error.name}"] += why.count
    yield from ((reason, str(count)) for reason, count in reasons.most_common())


def _times(attempts: Sequence[Attempt]) -> Iterator[tuple[str, str]]:
    """When the first began, when the last ended, and how long that was."""
    if not attempts:
        return
    begun = min(attempt.created_at for attempt in attempts)
    yield "begun", _instant(begun)
    ends = [attempt.ended_at for attempt in attempts if attempt.ended_at]
    if len(ends) == len(attempts):
        ended = max(ends)
        yield "ended", _instant(ended)
        yield "hours", f"{(ended - begun).total_seconds() / 3600:.2f}"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
