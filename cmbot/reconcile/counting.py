"""Which attempts of a group are counted together, so that none completes it by knowing less than another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cmbot.mirror import reports
from cmbot.models.attempts import since_fresh
from cmbot.models.data_report import TaskCount
from cmbot.reconcile import outputs, submissions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmbot.models.attempts import Attempt, Try
    from cmbot.models.data_report import DataReport
    from cmbot.models.views import StepView
    from cmbot.reconcile.edges import Edges

_OTHERS = "other tasks"


def with_what_is_missing(edges: Edges, step: StepView, attempt: Attempt, report: DataReport) -> DataReport:
    """Count quanta that an earlier report expected and this one does not know: they were not run.

    The graph of an attempt that was never registered is left out, and a retry may have run single tasks only:
    without this, less would be complete sooner.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step : `~cmbot.models.views.StepView`
        The step.
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt.
    report : `~cmbot.models.data_report.DataReport`
        As pipetask made it.

    Returns
    -------
    report : `~cmbot.models.data_report.DataReport`
        With what is missing as unknown.
    """
    tasks, most = {task.label: task for task in report.tasks}, 0
    for item in tries(step, attempt)[:-1]:
        known = reports.read(edges.mirror, item.id, "data") or {"counts": {"total": 0}}
        most = max(most, known["counts"]["total"])
        for before in (TaskCount(**task) for task in known.get("report", {}).get("tasks", ())):
            tasks[before.label] = _at_least(tasks.get(before.label), before.label, before.expected)
    # A restored mirror knows no tasks of earlier reports.
    if (more := most - sum(task.expected for task in tasks.values())) > 0:
        tasks[_OTHERS] = _at_least(None, _OTHERS, more)
    return replace(report, tasks=tuple(tasks.values()))


def _at_least(task: TaskCount | None, label: str, expected: int) -> TaskCount:
    task = task or TaskCount(label, 0, 0, 0, 0, 0, 0)
    more = max(0, expected - task.expected)
    return replace(task, expected=task.expected + more, unknown=task.unknown + more)


def tries(step: StepView, attempt: Attempt) -> list[Try]:
    """List the submissions whose outputs count for an attempt.

    Parameters
    ----------
    step : `~cmbot.models.views.StepView`
        The step.
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt.

    Returns
    -------
    tries : `list` [`~cmbot.models.attempts.Try`]
        Oldest first; without what a fresh attempt put aside.
    """
    counted = _counted(step, attempt)
    return [item for each in counted for item in each.tries if item.request_id or item.recorded]


def graphs(edges: Edges, step: StepView, attempt: Attempt) -> list[Path]:
    """Find the quantum graphs that are counted together.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step : `~cmbot.models.views.StepView`
        The step.
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt.

    Returns
    -------
    graphs : `list` [`pathlib.Path`]
        Oldest first.
    """
    registered = reports.registered(edges.mirror, step.issue.id)
    *earlier, own = _counted(step, attempt)
    counted = [*(item for _, item in outputs.used(earlier, registered)), own.last_try]
    found = [_graph(edges, item) for item in counted if item is not None]
    return [graph for graph in found if graph is not None]


def before(edges: Edges, step: StepView, attempt: Attempt) -> int | None:
    """Tell how many quanta were there before an attempt, or before its restart.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step : `~cmbot.models.views.StepView`
        The step.
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt.

    Returns
    -------
    quanta : `int` or `None`
        `None` if nothing was counted yet.
    """
    for item in (each.last_try for each in reversed(_counted(step, attempt))):
        if item is not None and (data := reports.read(edges.mirror, item.id, "data")):
            return int(data["counts"]["done"])
    return None


def _counted(step: StepView, attempt: Attempt) -> Sequence[Attempt]:
    group = next(group for group in step.groups if group.name == attempt.group)
    return since_fresh([each for each in group.attempts if each.number <= attempt.number])


def _graph(edges: Edges, item: Try) -> Path | None:
    if item.recorded:
        return Path(item.recorded.graph) if item.recorded.graph else None
    return submissions.left(edges, item).graph
