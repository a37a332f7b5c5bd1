"""Put a campaign together from what the mirror holds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cmbot.definition import check, freeze, issues
from cmbot.exceptions import DefinitionError, Problem, UserError
from cmbot.handlers import verdicts
from cmbot.jira_schema import parse
from cmbot.mirror import definitions, frozen, seen
from cmbot.models.campaign import KEY
from cmbot.models.issues import Issue, Level, Status
from cmbot.models.limits import Limits
from cmbot.models.views import CampaignView, StepView
from cmbot.reconcile import attending, chains, movers, references, step_views

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


def members(view: CampaignView) -> Iterator[str]:
    """Name the keys of everything that belongs to a campaign.

    Parameters
    ----------
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Yields
    ------
    key : `str`
        Of the epic, of its steps and of the sub-tasks of their groups.
    """
    yield from (issue.key for issue in view.issues)
    yield from (group.issue.key for _, group in view.groups if group.issue)


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
        step_views.step(
            local,
            (epic, step),
            (taken[0], own),
            (definition, step_definition(definition, issues.step_name(own))),
            used.get(step.id),
            tuple(_issues(local, level=Level.GROUP, parent=step.key)),
        )
        for step, own in zip(steps, taken[1], strict=True)
    )
    newest = _newest(used)
    differences = freeze.differences(epic, newest.fields["campaign"]) if newest else ()
    sites = local.settings.sites
    limits = Limits(
        local.settings.failures.max_attempts,
        {name: site.queues for name, site in sites.items()},
        {name: site.wms_options for name, site in sites.items()},
    )
    view = CampaignView(epic, local.me, definition, problems, views, differences, limits=limits)
    view = references.marked(local, chains.marked(local, view))
    return replace(verdicts.marked(view), overdue=_overdue(local, view))


def _overdue(local: Local, view: CampaignView) -> dict[str, str]:
    """Launches and waits that take too long; read only of what was launched or waits."""
    launched = [issue for issue in view.issues if issue.status is Status.LAUNCH]
    notes = {step.issue.id: attending.waiting_note(step.issue) for step in view.steps if step.waiting}
    notes |= {issue.id: attending.launch_note(issue) for issue in launched}
    found = {issue_id: local.mirror.note(name) for issue_id, name in notes.items()}
    return {issue_id: why for issue_id, why in found.items() if why}


def definition(local: Local, epic: Issue) -> CampaignDefinition | None:
    """Read what a campaign is to do, as Jira says it now.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    epic : `~cmbot.models.issues.Issue`
        The campaign.

    Returns
    -------
    definition : `~cmbot.models.campaign.CampaignDefinition` or `None`
        `None` if it cannot be read.
    """
    try:
        return issues.from_issues(epic, tuple(_issues(local, level=Level.STEP, parent=epic.key)))
    except UserError:
        return None


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
    if KEY in definition.output:
        problem = f"still says {KEY}: the campaign was not created to its end"
        yield Problem("Output root", problem, f"run `cmbot create` again, or write {epic.key} there")
    field = next((site_id for site_id, name in local.names.fields.items() if name == "Output root"), "")
    # Asked of the database: parsing every campaign for each one would grow with the square of their number.
    for key in seen.earlier_campaigns_with(local.mirror, epic.id, field, definition.output):
        yield Problem("Output root", f"{key} writes to {definition.output} too", "name another collection")
