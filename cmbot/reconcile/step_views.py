"""Put a step and its groups together from what the mirror holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cmbot.definition import freeze, issues
from cmbot.exceptions import Problem
from cmbot.handlers import causes
from cmbot.mirror import contradictions, definitions, journal, plans, reports
from cmbot.models.attempts import AttemptState
from cmbot.models.data_report import TaskCount
from cmbot.models.issues import Status
from cmbot.models.views import Counts, GroupView, PlanState, StepView
from cmbot.reconcile import failures, launching, likeness, pacing, waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmbot.models.attempts import Attempt
    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.models.issues import Issue
    from cmbot.reconcile.edges import Local

_MEND = "have the properties cmbot.* of this issue mended, or abandon it and go on in a clone"


def step(
    local: Local,
    there: tuple[Issue, Issue],
    taken: tuple[Issue, Issue],
    defined: tuple[CampaignDefinition | None, StepDefinition | None],
    used: definitions.Used | None,
    children: Iterable[Issue],
) -> StepView:
    """Put one step together.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    there, taken : `tuple` [`~cmbot.models.issues.Issue`, `~cmbot.models.issues.Issue`]
        Campaign and step as they are in Jira, and as they are taken.
    defined : `tuple`
        The definitions of campaign and step; `None` for what cannot be read.
    used : `~cmbot.mirror.definitions.Used` or `None`
        What its newest attempt used.
    children : `~collections.abc.Iterable` [`~cmbot.models.issues.Issue`]
        Its sub-tasks.

    Returns
    -------
    view : `~cmbot.models.views.StepView`
        As the mirror and the journal know it.
    """
    (epic, issue), (definition, own) = there, defined
    name = issues.step_name(taken[1])
    attempts = journal.attempts(local.mirror, issue.id)
    sub_tasks = {child.id: child for child in children}
    doubts = _doubts(local, issue, attempts)
    groups = tuple(
        _group(local, row, sub_tasks.get(row.issue_id), attempts.get(row.name, ()), doubts.get(row.name, ""))
        for row in plans.groups_of(local.mirror, issue.id)
    )
    plan, problems, contradicting = PlanState.UNASKED, tuple[Problem, ...](), tuple[Problem, ...]()
    if groups and attempts:
        # Once something was submitted the split is frozen; edits take effect at the next attempt.
        pending = doubts.get(contradictions.WHOLE) == contradictions.PENDING
        whole = PlanState.ASKED if pending else PlanState.REFUSED
        plan = whole if contradictions.WHOLE in doubts else PlanState.READY
        told = () if pending else sorted(doubts.items())
        problems = contradicting = tuple(Problem(group or name, text, _MEND) for group, text in told)
        if definition and own and own.split.grow and plan is PlanState.READY:
            plan, refused = _growth(local, epic, issue, freeze.step_hash(definition, own)) or (plan, ())
            problems = (*contradicting, *refused)
    elif definition is not None and own is not None:
        plan, problems = _plan(local, epic, issue, freeze.step_hash(definition, own))
    view = StepView(
        issue,
        name,
        own,
        groups,
        plan,
        problems,
        contradicting,
        waiting=_waiting(local, epic, issue),
        paced=pacing.why(local, issue),
        grace=pacing.grace(local, issue),
        differences=freeze.differences(issue, used.fields["step"]) if used else (),
        unlike=likeness.among(local, issue, attempts),
        edits=launching.edits(local, issue, attempts),
        fields=freeze.fields(*taken),
    )
    return failures.explained(local, view)


def _waiting(local: Local, epic: Issue, issue: Issue) -> str:
    if causes.added_later(epic, issue, local.me) and issue.status is Status.DRAFT:
        return f"it was added after {epic.key} was launched; move it to Launch to start it"
    return waiting.read(local, issue)


def _doubts(local: Local, issue: Issue, attempts: Mapping[str, Any]) -> dict[str, str]:
    """Reasons by group why nothing more is submitted."""
    known = {row.name for row in plans.groups_of(local.mirror, issue.id)}
    strays = {group: "has attempts and is no group of this step" for group in attempts if group not in known}
    return (strays if known else {}) | contradictions.of(local.mirror, issue.id)


def _plan(local: Local, epic: Issue, issue: Issue, spec: str) -> tuple[PlanState, tuple[Problem, ...]]:
    row = plans.plan(local.mirror, issue.id, spec)
    if row is None:
        return PlanState.UNASKED, ()
    if row.answer is None:
        return PlanState.ASKED, ()
    if not row.answer.get("problems"):
        return PlanState.READY, ()
    cause = causes.in_force((epic, issue), local.me)
    if cause is not None and cause.id != row.cause_id:
        # Launched again: whatever was missing may be there now.
        return PlanState.UNASKED, ()
    return PlanState.REFUSED, tuple(Problem(**problem) for problem in row.answer["problems"])


def _growth(
    local: Local, epic: Issue, issue: Issue, spec: str
) -> tuple[PlanState, tuple[Problem, ...]] | None:
    """Whether a launch asks for groups of data that came later; `None` if it did, or nobody asks."""
    cause = causes.in_force((epic, issue), local.me)
    if cause is None or plans.answered(local.mirror, issue.id, cause.id):
        return None
    row = plans.plan(local.mirror, issue.id, spec)
    if row is None or row.cause_id != cause.id:
        return PlanState.UNASKED, ()
    return _plan(local, epic, issue, spec)


def _group(
    local: Local, row: plans.GroupRow, issue: Issue | None, attempts: tuple[Attempt, ...], doubt: str
) -> GroupView:
    known: dict[str, Mapping[str, Any]] = {}
    counted_at = None
    if attempts and (item := attempts[-1].last_try):
        if attempts[-1].state is AttemptState.RUNNING:
            counted_at = reports.changed_at(local.mirror, item.id, "wms")
        for kind in ("wms", "data", "graph"):
            known[kind] = reports.read(local.mirror, item.id, kind) or {}
    jobs = Counts(**known["wms"]["counts"]) if known.get("wms") else Counts()
    quanta = Counts(total=known["graph"]["quanta"] or 0) if known.get("graph") else Counts()
    details: tuple[str, ...] = ()
    if data := known.get("data"):
        quanta, details = Counts(**data["counts"]), tuple(data["details"])
    selection = row.predicate["where"] or (f"{row.size} DataIds" if row.predicate["table"] else "all")
    group = GroupView(
        row.name,
        row.size,
        selection,
        issue,
        attempts,
        jobs,
        quanta,
        details,
        doubt,
        counted_at=counted_at,
        **(_ended(known) if attempts and not attempts[-1].state.live and known else {}),
    )
    return replace(group, selection=group.outside or selection)


def _ended(known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What is known of an attempt that has ended, for what is to be done about it."""
    tasks = known["data"].get("report", {}).get("tasks", ())
    return {
        "merge_failed": bool(known["wms"].get("merge_failed")),
        "merged": bool(known["wms"].get("merged")),
        "stuck": known["data"].get("grown") is False,
        "tasks": tuple(TaskCount(**task) for task in tasks),
    }
