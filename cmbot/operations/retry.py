"""Retry: the next attempt, which rescues what the earlier ones made (predecessors.md section 2.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmbot.exceptions import DefinitionError, UserError
from cmbot.handlers import changing, memory, orders, starting
from cmbot.mirror import plans
from cmbot.models.attempts import AS_DEFINED, Changes, Verb
from cmbot.operations import ordering, restart
from cmbot.reconcile import launch_area, submissions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.operations.ordering import Target
    from cmbot.reconcile.edges import Local

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Wanted:
    """What a person wants otherwise than cmbot would do it."""

    fresh: bool = False
    """Use nothing of earlier attempts."""
    failed_only: bool = False
    """Run only the tasks that lack something."""
    tasks: tuple[str, ...] = ()
    """Run only these tasks."""
    site: str = ""
    """Another compute site."""
    queue: str = ""
    """One of the site's queues."""
    memory: Mapping[str, int] = field(default_factory=dict)
    """Memory in MB by task; under the empty label that of every task that failed."""


def targets(local: Local, key: str, group: str = "", wanted: Wanted | None = None) -> tuple[Target, ...]:
    """Find what a retry would do.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of a campaign, step or group.
    group : `str`, optional
        Name of a group that has no sub-task.
    wanted : `Wanted`, optional
        What the person wants otherwise.

    Returns
    -------
    targets : `tuple` [`~cmbot.operations.ordering.Target`, ...]
        For `~cmbot.operations.ordering.give`: one for each group whose newest attempt ended without its
        result. Where only the final job failed and can be run again it is a restart, unless something is
        wanted otherwise: what the others made is not registered, so a new attempt would make all of it again.

    Raises
    ------
    UserError
        If there is nothing to retry, or not so.
    """
    view, groups = ordering.found(local, Verb.RETRY, key, group)
    if view.problems:
        raise DefinitionError(view.issue.key, view.problems)
    made = []
    for step, each in groups:
        for reason in starting.blockers(view, step):
            raise UserError(step.issue.key, f"{step.name} comes too early: {reason}", "complete that first")
        asked = _changes(local, view, step, each, wanted or Wanted())
        if orders.restartable(each) and asked == AS_DEFINED:
            made.append(ordering.target(step, each, Verb.RESTART, details=restart.details(each)))
            continue
        changes = changing.changes(view, step, each, asked)
        details = _details(local, view, step, each, changes)
        made.append(ordering.target(step, each, Verb.RETRY, changes=changes, details=details))
    return tuple(made)


def _changes(local: Local, view: CampaignView, step: StepView, group: GroupView, wanted: Wanted) -> Changes:
    """Check what is wanted against what is allowed and known."""
    if view.definition is None or step.definition is None:
        raise UserError(step.issue.key, "cannot be read", "correct its fields")
    site = wanted.site or view.definition.site_of(step.definition)
    if site not in local.settings.sites:
        raise UserError("site", f"{site!r} is not known", f"use {', '.join(sorted(local.settings.sites))}")
    queues = local.settings.sites[site].queues
    if wanted.queue and wanted.queue not in queues:
        known = ", ".join(sorted(queues)) or f"none: sites.{site}.queues in the settings is empty"
        raise UserError("queue", f"{wanted.queue!r} is no queue of {site}", f"use {known}")
    tasks = _tasks(step, group, wanted)
    amounts = _memory(group, wanted)
    asked = Changes(wanted.fresh, tasks, wanted.site, wanted.queue, amounts)
    for label, amount in amounts.items():
        most = changing.most_memory(view, step, asked, label)
        if not _LABEL.fullmatch(label) or amount < 1 or (most and amount > most):
            remedy = f"give 1 to {most}" if most else "write LABEL=MB"
            if most and (queue := view.limits.queue_with(site, amount)):
                remedy += f", or --queue {queue}"
            raise UserError("memory", f"{label} cannot have {amount} MB at {site}", remedy)
    return asked


def _lacking(group: GroupView) -> tuple[str, ...]:
    return tuple(task.label for task in group.tasks if task.missing)


def _tasks(step: StepView, group: GroupView, wanted: Wanted) -> tuple[str, ...]:
    tasks = _lacking(group) if wanted.failed_only else wanted.tasks
    if not (wanted.failed_only or tasks):
        return ()
    if wanted.fresh or group.rejected:
        raise UserError(
            "tasks", "cannot be chosen of a fresh attempt, which makes everything", "leave one out"
        )
    labels = {task.label for task in group.tasks}
    if not labels:
        # Without the counts of the others, the few that are run would be the whole.
        raise UserError("tasks", f"of {group.name} are not known: nothing was counted yet", "retry all of it")
    for label in tasks:
        if label not in labels:
            raise UserError(
                "tasks", f"{label!r} is no task of {step.name}", f"use {', '.join(sorted(labels))}"
            )
    return tasks


def _memory(group: GroupView, wanted: Wanted) -> dict[str, int]:
    amounts = {label: amount for label, amount in wanted.memory.items() if label}
    if "" in wanted.memory:
        killed = {each.label for each in group.failures if each.for_memory}
        failed = killed or {each.label for each in group.failures} or set(_lacking(group))
        if not failed:
            raise UserError(group.name, "which tasks failed is not known", "write --memory LABEL=MB")
        amounts = dict.fromkeys(sorted(failed), wanted.memory[""]) | amounts
    return amounts


def _details(
    local: Local, view: CampaignView, step: StepView, group: GroupView, changes: Changes
) -> dict[str, str]:
    last, own = group.last, step.definition
    if last is None or own is None:
        return {}
    number = last.number + 1
    row = next(row for row in plans.groups_of(local.mirror, step.issue.id) if row.name == group.name)
    name = submissions.run_name(step.issue.key, step.name, group.name, number, "0" * 8)
    will = submissions.submission(local, view, step, row, number, name, changes=changes)
    options = will.extra_qgraph_options
    skipped = options[options.index("--skip-existing-in") + 1] if "--skip-existing-in" in options else ""
    details = {
        "attempt": f"a{number}",
        "output run": will.output_run.removesuffix("0" * 8) + "<new>",
        "skips what exists in": skipped.replace(",", ", ") or "nothing: everything is made anew",
        "inputs": ", ".join(will.in_collections),
        "pipeline": will.pipeline,
        "site": will.site + (f", queue {changes.queue}" if changes.queue else ""),
    }
    if files := launch_area.find(local, step.issue.key, group.name, number):
        details["prepared file"] = str(files.place / launch_area.EDITED)
    for label, amount in changes.memory.items():
        asked = memory.asked(changing.options(view, step, last.changes.site), label)
        before = last.changes.memory.get(label, asked)
        details[f"memory of {label}"] = f"{before} -> {amount} MB" if amount != before else f"{amount} MB"
    if group.unexplained:
        details["not known yet"] = "why jobs failed, so no memory is raised for it; wait, or say --memory"
    return details
