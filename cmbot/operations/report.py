"""Tasks and states of workflows, as ``bps report`` shows them, and their quanta: from the mirror alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.jira_schema import parse
from cmbot.mirror import reports, seen
from cmbot.models.data_report import TaskCount
from cmbot.models.issues import Level
from cmbot.operations.status import epic_of
from cmbot.reconcile import failures, views

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmbot.models.failures import Explained
    from cmbot.models.views import GroupView, StepView
    from cmbot.reconcile.edges import Local
    from cmbot.wms.port import TaskReport

STATES = (
    "UNKNOWN",
    "MISFIT",
    "UNREADY",
    "READY",
    "PENDING",
    "RUNNING",
    "DELETED",
    "HELD",
    "SUCCEEDED",
    "FAILED",
    "PRUNED",
)
"""Columns of ``bps report`` (requirement F7)."""
_COUNTED = {
    "PENDING": "pending",
    "RUNNING": "running",
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "PRUNED": "pruned",
}
"""What PanDA counts; the other states of jobs are BPS's for other workload systems."""
_QUANTA = tuple(field.name for field in fields(TaskCount) if field.name != "label")


@dataclass(frozen=True)
class TaskRow:
    """Jobs of one task label."""

    label: str
    """The label."""
    states: Mapping[str, int]
    """Jobs by BPS's name of their state."""
    expected: int | None
    """Jobs in all; `None` while the WMS does not know."""


@dataclass(frozen=True)
class Report:
    """Tasks of a group, or of all groups of a step."""

    name: str
    """``step1`` or ``step1 g001 a2``."""
    requests: tuple[int, ...]
    """Request ids of the workflows that are added up."""
    tasks: tuple[TaskRow, ...]
    """In pipeline order."""
    quanta: Mapping[str, Mapping[str, int]]
    """Quanta by task label and by what became of them, from the data reports; empty before there is one."""
    failures: tuple[Explained, ...]
    """Why jobs failed."""

    @property
    def total(self) -> TaskRow:
        """All tasks together."""
        return added("TOTAL", self.tasks)

    def to_json(self) -> dict[str, Any]:
        """Give it to a script."""
        return asdict(self)


def report(local: Local, key: str, group: str = "") -> tuple[Report, ...]:
    """Report on the newest attempts of a campaign, a step or a group.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of a campaign, step or group.
    group : `str`, optional
        Name of a group that has no sub-task.

    Returns
    -------
    reports : `tuple` [`Report`, ...]
        One for each step of a campaign.

    Raises
    ------
    UserError
        If the key or the group is not known here, or nothing was submitted.
    """
    found = tuple(of_groups(local, step, groups) for step, groups in chosen(local, key, group))
    asked = tuple(each for each in found if each.requests)
    if not asked:
        raise UserError(key, "has no workflow yet", "see `cmbot status`")
    return asked


def chosen(local: Local, key: str, group: str = "") -> tuple[tuple[StepView, tuple[GroupView, ...]], ...]:
    """Find the groups that a key stands for.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of a campaign, step or group.
    group : `str`, optional
        Name of a group; empty for all that the key stands for.

    Returns
    -------
    chosen : `tuple`
        Steps, each with its groups.

    Raises
    ------
    UserError
        If the key or the group is not known here.
    """
    key = seen.renamed(local.mirror).get(key, key)
    epic = epic_of(local, key)
    issue = parse.issue(next(iter(seen.bodies(local.mirror, key=key))), local.names)
    found = []
    for step in views.campaign(local, epic).steps:
        groups = tuple(each for each in step.groups if not group or each.name == group)
        if issue.level is Level.GROUP:
            groups = tuple(each for each in groups if each.issue is not None and each.issue.key == key)
        if groups and (issue.level is not Level.STEP or step.issue.key == key):
            found.append((step, groups))
    if group and not found:
        raise UserError(group, f"is no group of {key}", "see `cmbot status`")
    return tuple(found)


def added(label: str, rows: Iterable[TaskRow]) -> TaskRow:
    """Add rows up; what is expected is known only if all of it is.

    Parameters
    ----------
    label : `str`
        What the sum is called.
    rows : `~collections.abc.Iterable` [`TaskRow`]
        The rows.

    Returns
    -------
    row : `TaskRow`
        Their sum.
    """
    rows = tuple(rows)
    known = [row.expected for row in rows if row.expected is not None]
    states = {state: sum(row.states[state] for row in rows) for state in STATES}
    return TaskRow(label, states, sum(known) if len(known) == len(rows) else None)


def task_row(task: TaskReport) -> TaskRow:
    """Show a task as BPS does.

    Parameters
    ----------
    task : `~cmbot.wms.port.TaskReport`
        The task.

    Returns
    -------
    row : `TaskRow`
        The same.
    """
    states = {state: getattr(task, _COUNTED[state]) if state in _COUNTED else 0 for state in STATES}
    return TaskRow(task.label, states, task.expected)


def of_groups(local: Local, step: StepView, groups: tuple[GroupView, ...]) -> Report:
    """Report on the newest attempts of groups of one step.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    step : `~cmbot.models.views.StepView`
        The step.
    groups : `tuple` [`~cmbot.models.views.GroupView`, ...]
        At least one of its groups.

    Returns
    -------
    report : `Report`
        Their tasks added up; without requests where nothing was submitted.
    """
    rows: dict[tuple[int, str], list[TaskRow]] = {}
    quanta: dict[str, Counter[str]] = {}
    requests = []
    for group in groups:
        item = group.last.last_try if group.last else None
        if item is None or item.request_id is None:
            continue
        requests.append(item.request_id)
        for task in failures.tasks(local, item):
            rows.setdefault((task.order, task.label), []).append(task_row(task))
        data = (reports.read(local.mirror, item.id, "data") or {}).get("report", {})
        for count in data.get("tasks", ()):
            quanta.setdefault(count["label"], Counter()).update({name: count[name] for name in _QUANTA})
    one = groups[0] if len(groups) == 1 else None
    name = f"{step.name} {one.name} {one.last.label}" if one and one.last else step.name
    return Report(
        name,
        tuple(requests),
        tuple(added(label, rows[order, label]) for order, label in sorted(rows)),
        {label: dict(counts) for label, counts in quanta.items()},
        one.failures if one else step.failures,
    )
