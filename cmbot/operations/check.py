"""Everything that is wrong with a campaign, before anything of it runs (requirements V13, B33)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from cmbot import git
from cmbot.butler.pipelines import ConnectRequest, parse_connections
from cmbot.butler.questions import QUERY_SCRIPT
from cmbot.definition import check, connections
from cmbot.exceptions import CmbotError, DefinitionError, Problem, RemoteError
from cmbot.models.issues import Issue, Level, Status
from cmbot.models.systems import System
from cmbot.models.views import CampaignView, StepView
from cmbot.operations import dataid_files, twins
from cmbot.operations.plan import answered, of_step, plan, view_of
from cmbot.reconcile.asking import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from cmbot.models.campaign import CampaignDefinition
    from cmbot.operations.plan import StepPlan
    from cmbot.reconcile.edges import Edges, Workshop
    from cmbot.settings import GitSettings, Settings


_INPUTS = "Input collections"
"""What lacks something, as the Butler's scripts say, while an earlier step has not made it."""
_SHARED = frozenset({"Butler repository", "Compute site", "Environment"})
"""Fields in which a problem met by every step is one of the campaign."""


@dataclass(frozen=True)
class Checked:
    """What was found."""

    problems: tuple[Problem, ...] = ()
    """What must be changed."""
    notes: tuple[str, ...] = ()
    """What is worth knowing."""


def check_file(
    definition: CampaignDefinition,
    directory: Path,
    settings: Settings | None,
    workshop: Workshop | None,
    say: Callable[[str], None] = lambda _: None,
) -> Checked:
    """Check a campaign that was read from a file.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.
    directory : `pathlib.Path`
        Where its file is, with the sets of DataIds that it names.
    settings : `~cmbot.settings.Settings` or `None`
        With the names that campaigns may use; without them these are not checked.
    workshop : `~cmbot.reconcile.edges.Workshop` or `None`
        Where its Butler is asked; `None` to ask nobody, nor git.
    say : `~collections.abc.Callable`, optional
        Told what is being asked.

    Returns
    -------
    checked : `Checked`
        What was found.
    """
    steps = definition.steps
    own = {step.environment for step in steps} | {definition.environment}
    places = {step.site for step in steps} | {definition.site}
    problems = check.check(
        definition,
        environments=settings.environments if settings else own,
        sites=settings.systems if settings else dict.fromkeys(places, System(definition.wms or System.PANDA)),
    )
    notes: tuple[str, ...] = () if settings else ("environments and sites: not checked without settings",)
    if problems:
        return Checked(problems, notes)
    try:
        definition, files = dataid_files.gather(definition, directory)
    except DefinitionError as error:
        return Checked(error.problems, notes)
    notes += tuple(f"{name}: read" for found in files.values() for name in found)
    if workshop is None:
        return Checked((), notes)
    notes += tuple(twins.said(workshop.settings, definition))
    problems = tuple(references(definition, workshop.settings.git))
    view = as_if_made(workshop, definition.created_as("CM-0"))
    plans = []
    for step in (step for step in view.steps if not step.checkpoint):
        say(f"asking the Butler about {step.name}")
        fetch = partial(dataid_files.chosen, definition, definition.step(step.name), files)
        plans.append(of_step(workshop, view, step, fetch))
    found = _judged(workshop, definition, plans)
    return Checked((*problems, *found.problems), (*notes, *found.notes))


def check_key(edges: Edges, key: str, say: Callable[[str], None]) -> Checked:
    """Check a campaign or step in Jira, with everything that its Butler and git know.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    key : `str`
        Key of an epic or a step.
    say : `~collections.abc.Callable`
        Told what is being asked.

    Returns
    -------
    checked : `Checked`
        What was found.

    Raises
    ------
    UserError
        If there is no such campaign or step.
    """
    try:
        plans = plan(edges, key, say)
    except DefinitionError as error:
        return Checked(error.problems)
    definition = view_of(edges, key)[0].definition
    if definition is None:
        return Checked()
    found = _judged(edges, definition, plans)
    problems = (*found.problems, *references(definition, edges.settings.git))
    return Checked(problems, (*twins.said(edges.settings, definition), *found.notes))


def as_if_made(workshop: Workshop, definition: CampaignDefinition) -> CampaignView:
    """Put a campaign together as it would be in Jira; its keys are only for names that are tried out.

    Parameters
    ----------
    workshop : `~cmbot.reconcile.edges.Workshop`
        For the settings.
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Returns
    -------
    view : `~cmbot.models.views.CampaignView`
        In Draft.
    """
    now, project = datetime.now(UTC), workshop.settings.jira.project
    epic = Issue("0", f"{project}-0", Level.CAMPAIGN, Status.DRAFT, definition.name, now)
    steps = tuple(
        StepView(Issue(step.name, f"{project}-0", Level.STEP, Status.DRAFT, step.name, now), step.name, step)
        for step in definition.steps
    )
    return CampaignView(epic, workshop.me, definition, (), steps)


def _judged(workshop: Workshop, definition: CampaignDefinition, plans: Sequence[StepPlan]) -> Checked:
    """What the Butler said about steps, and how they are connected."""
    problems, notes = list[Problem](), list[str]()
    for item in plans:
        waits = definition.step(item.name).after
        for one in item.problems:
            if waits and one.field == _INPUTS:
                notes.append(f"{item.name}: not checked against the Butler before {', '.join(waits)}")
            else:
                where = one.field if one.field in _SHARED else f"{item.name} {one.field}"
                problems.append(Problem(where, one.problem, one.remedy))
        if item.groups:
            notes.append(f"{item.name}: {len(item.groups)} groups, selected: {item.selected}")
        if item.warning:
            notes.append(f"{item.name}: {item.warning}")
    # What keeps a single step from its Butler was said already.
    with suppress(CmbotError):
        problems += apart(workshop, definition)
    return Checked(tuple(dict.fromkeys(problems)), tuple(notes))


def apart(workshop: Workshop, definition: CampaignDefinition) -> Iterator[Problem]:
    """Find steps that are not connected, by what their pipelines and the Butler say.

    Parameters
    ----------
    workshop : `~cmbot.reconcile.edges.Workshop`
        Where they are asked.
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign, without problems of its own.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        By step and field.

    Raises
    ------
    UserError
        If there is no such repository or environment.
    RemoteError
        If they do not answer.
    """
    pipelines = {step.name: step.pipeline for step in definition.work}
    request = ConnectRequest(definition.butler, definition.inputs, pipelines).to_json()
    text = answered(workshop, Question(QUERY_SCRIPT, request, definition.environment), definition.name)
    yield from connections.problems(definition, parse_connections(text, definition.name))


def references(definition: CampaignDefinition, settings: GitSettings) -> Iterator[Problem]:
    """Find what is wrong with the git references of a campaign.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.
    settings : `~cmbot.settings.GitSettings`
        Which repositories may be asked.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        Also of a repository that does not answer: what is not verified is not sound.
    """
    for field, found in git.references(definition).items():
        try:
            yield from git.problems(field, found, settings)
        except RemoteError as error:
            yield Problem(field, f"{error.subject}: {error.problem}", error.remedy)
