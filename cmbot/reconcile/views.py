"""Put a campaign together from what the mirror holds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cmbot.definition import check, freeze, issues
from cmbot.exceptions import DefinitionError, Problem, UserError
from cmbot.handlers import causes
from cmbot.jira_schema import parse
from cmbot.mirror import contradictions, definitions, frozen, journal, plans, reports, seen
from cmbot.models.data_report import TaskCount
from cmbot.models.issues import Issue, Level, Status
from cmbot.models.views import CampaignView, Counts, GroupView, Limits, PlanState, StepView
from cmbot.reconcile import attending, chains, failures, movers, waiting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.models.attempts import Attempt
    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.reconcile.edges import Local


def epics(local: Local) -> tuple[Issue, ...]:
    """Read all campaigns that were seen.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.

    Returns
    -------
    epics : `tuple` [`~cmbot.models.issues.Issue`, ...]
        In the order of their ids.
    """
    return tuple(_issues(local, level=Level.CAMPAIGN))


def epic(local: Local, issue_id: str) -> Issue:
    """Read one campaign that was seen.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    issue_id : `str`
        Its id.

    Returns
    -------
    epic : `~cmbot.models.issues.Issue`
        As it was seen last.
    """
    return next(_issues(local, id=issue_id))


def campaign(local: Local, epic: Issue) -> CampaignView:
    """Put one campaign together.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    epic : `~cmbot.models.issues.Issue`
        Its epic.

    Returns
    -------
    view : `~cmbot.models.views.CampaignView`
        As the mirror and the journal know it.
    """
    steps = tuple(_issues(local, level=Level.STEP, parent=epic.key))
    used = _used(local, steps)
    taken = _taken(epic, steps, used)
    definition, problems = _definition(local, *taken)
    if definition is None and used:
        # An edit broke it: nothing new starts, and what runs is followed as it was submitted.
        with suppress(UserError):
            definition = issues.from_issues(*_taken(epic, steps, used, wholly=True))
    views = tuple(
        _step(local, (epic, step), (taken[0], own), definition, used.get(step.id))
        for step, own in zip(steps, taken[1], strict=True)
    )
    newest = _newest(used)
    differences = freeze.differences(epic, newest.fields["campaign"]) if newest else ()
    queues = {name: site.queues for name, site in local.settings.sites.items()}
    limits = Limits(local.settings.failures.max_attempts, queues)
    view = CampaignView(epic, local.me, definition, problems, views, differences, limits=limits)
    view = chains.marked(local, view)
    return replace(view, overdue=_overdue(local, view))


def _overdue(local: Local, view: CampaignView) -> dict[str, str]:
    """Launches and waits that take too long; read only of what was launched or waits."""
    issues = (view.issue, *(step.issue for step in view.steps))
    launched = [issue for issue in issues if issue.status is Status.LAUNCH]
    notes = {step.issue.id: attending.waiting_note(step.issue) for step in view.steps if step.waiting}
    notes |= {issue.id: attending.launch_note(issue) for issue in launched}
    found = {issue_id: local.mirror.note(name) for issue_id, name in notes.items()}
    return {issue_id: why for issue_id, why in found.items() if why}


def at_attempt(
    local: Local, view: CampaignView, step: StepView, attempt: Attempt
) -> tuple[CampaignView, StepView]:
    """Give a campaign and a step as an attempt uses them: edits count at the next attempt only.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view, step
        The campaign and the step.
    attempt : `~cmbot.models.attempts.Attempt`
        One of the step's.

    Returns
    -------
    view, step
        The same, with the definitions of the attempt.

    Raises
    ------
    UserError
        If they cannot be read.
    """
    found = {item.hash: item for item in definitions.of(local.mirror, step.issue.id)}
    if attempt.hash not in found:
        return view, step
    fields = found[attempt.hash].fields
    epic = freeze.as_used(view.issue, fields["campaign"], wholly=True)
    own_fields = {other.name: other.fields["step"] for other in view.steps} | {step.name: fields["step"]}
    steps = [freeze.as_used(other.issue, own_fields[other.name], wholly=True) for other in view.steps]
    definition = issues.from_issues(epic, steps)
    own = step_definition(definition, step.name)
    return replace(view, definition=definition), replace(step, definition=own)


def _used(local: Local, steps: tuple[Issue, ...]) -> dict[str, definitions.Used]:
    """What the newest attempts of steps used, by step."""
    return {step.id: found for step in steps if (found := definitions.newest(local.mirror, step.id))}


def _newest(used: Mapping[str, definitions.Used]) -> definitions.Used | None:
    return max(used.values(), key=lambda item: item.at, default=None)


def _taken(
    epic: Issue, steps: tuple[Issue, ...], used: Mapping[str, definitions.Used], *, wholly: bool = False
) -> tuple[Issue, tuple[Issue, ...]]:
    """The issues as cmbot takes them: without edits that are refused."""
    newest = _newest(used)
    return (
        freeze.as_used(epic, newest.fields["campaign"], wholly=wholly) if newest else epic,
        tuple(
            freeze.as_used(step, used[step.id].fields["step"], wholly=wholly) if step.id in used else step
            for step in steps
        ),
    )


def offline(local: Local, epic: Issue, steps: tuple[Issue, ...]) -> CampaignView:
    """Put a campaign together from issues alone, as if nothing had been submitted.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        For the settings.
    epic : `~cmbot.models.issues.Issue`
        The campaign.
    steps : `tuple` [`~cmbot.models.issues.Issue`, ...]
        Its steps.

    Returns
    -------
    view : `~cmbot.models.views.CampaignView`
        Without groups.
    """
    definition, problems = _definition(local, epic, steps)
    views = []
    for step in steps:
        name = issues.step_name(step)
        views.append(StepView(step, name, step_definition(definition, name)))
    return CampaignView(epic, local.me, definition, problems, tuple(views))


def step_definition(definition: CampaignDefinition | None, name: str) -> StepDefinition | None:
    """Find the definition of a step.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition` or `None`
        The campaign.
    name : `str`
        The step.

    Returns
    -------
    step : `~cmbot.models.campaign.StepDefinition` or `None`
        `None` if there is none.
    """
    return next((step for step in definition.steps if step.name == name), None) if definition else None


def _issues(local: Local, **where: str) -> Iterator[Issue]:
    troubles, renamed = frozen.troubles(local.mirror), seen.renamed(local.mirror)
    for body in seen.bodies(local.mirror, **where):
        issue = movers.known(local, parse.issue(body, local.names))
        yield replace(
            issue,
            frozen=troubles.get(issue.id, ""),
            # What was read before another issue got a new key still names the former one.
            parent=renamed.get(issue.parent, issue.parent),
            blocked_by=tuple(renamed.get(key, key) for key in issue.blocked_by),
        )


def _definition(
    local: Local, epic: Issue, steps: tuple[Issue, ...]
) -> tuple[CampaignDefinition | None, tuple[Problem, ...]]:
    try:
        definition = issues.from_issues(epic, steps)
    except DefinitionError as error:
        return None, error.problems
    except UserError as error:
        return None, (Problem(error.subject, error.problem, error.remedy),)
    problems = check.check(definition, environments=local.settings.environments, sites=local.settings.systems)
    return definition, (*problems, *_same_output(local, epic, definition), *_unreadable(local, epic))


def _unreadable(local: Local, epic: Issue) -> Iterator[Problem]:
    """What was never read may be a step: without it the campaign would be another one."""
    for key, error in frozen.strangers(local.mirror, epic.key):
        problem, _, remedy = error.partition("; ")
        yield Problem(key, problem, remedy)


def _same_output(local: Local, epic: Issue, definition: CampaignDefinition) -> Iterator[Problem]:
    """Two campaigns with one output root would rearrange each other's chains."""
    field = next((site_id for site_id, name in local.names.fields.items() if name == "Output root"), "")
    # Asked of the database: parsing every campaign for each one would grow with the square of their number.
    for key in seen.earlier_campaigns_with(local.mirror, epic.id, field, definition.output):
        yield Problem("Output root", f"{key} writes to {definition.output} too", "name another collection")


def _step(
    local: Local,
    there: tuple[Issue, Issue],
    taken: tuple[Issue, Issue],
    definition: CampaignDefinition | None,
    used: definitions.Used | None,
) -> StepView:
    """One step: campaign and step as they are in Jira, and as they are taken."""
    epic, issue = there
    name = issues.step_name(taken[1])
    own = step_definition(definition, name)
    attempts = journal.attempts(local.mirror, issue.id)
    children = {child.id: child for child in _issues(local, level=Level.GROUP, parent=issue.key)}
    doubts = _doubts(local, issue, attempts)
    groups = tuple(
        _group(local, row, children.get(row.issue_id), attempts.get(row.name, ()), doubts.get(row.name, ""))
        for row in plans.groups_of(local.mirror, issue.id)
    )
    plan, problems = PlanState.UNASKED, tuple[Problem, ...]()
    if groups and attempts:
        # Once something was submitted the split is frozen; edits take effect at the next attempt.
        pending = doubts.get(contradictions.WHOLE) == contradictions.PENDING
        whole = PlanState.ASKED if pending else PlanState.REFUSED
        plan = whole if contradictions.WHOLE in doubts else PlanState.READY
        told = () if pending else sorted(doubts.items())
        problems = tuple(Problem(group or name, text, _MEND) for group, text in told)
        if definition and own and own.split.grow and plan is PlanState.READY:
            plan, problems = _growth(local, epic, issue, freeze.step_hash(definition, own)) or (
                plan,
                problems,
            )
    elif definition is not None and own is not None:
        plan, problems = _plan(local, epic, issue, freeze.step_hash(definition, own))
    step = StepView(
        issue,
        name,
        own,
        groups,
        plan,
        problems,
        waiting=waiting.read(local, issue),
        differences=freeze.differences(issue, used.fields["step"]) if used else (),
        fields=freeze.fields(*taken),
    )
    return failures.explained(local, step)


_MEND = "have the properties cmbot.* of this issue mended, or abandon it and go on in a clone"


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
    if attempts and (item := attempts[-1].last_try):
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
