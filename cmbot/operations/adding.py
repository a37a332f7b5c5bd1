"""Add steps to a campaign that is in Jira already (requirement B37)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cmbot.definition import check, parts
from cmbot.exceptions import DefinitionError
from cmbot.operations import create, dataid_files
from cmbot.operations.check import apart
from cmbot.operations.plan import view_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.models.views import CampaignView
    from cmbot.reconcile.edges import Edges


@dataclass(frozen=True)
class Addition:
    """Steps that are to be made, checked together with those that are there."""

    view: CampaignView
    """The campaign as it is."""
    definition: CampaignDefinition
    """As it will be."""
    steps: tuple[StepDefinition, ...]
    """Those to be made."""
    files: dataid_files.Files
    """What is attached to them."""


def prepare(edges: Edges, key: str, steps: Sequence[StepDefinition], directory: Path) -> Addition:
    """Check steps together with the campaign that they are added to.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    key : `str`
        Key of the campaign.
    steps : `~collections.abc.Sequence` [`~cmbot.models.campaign.StepDefinition`]
        The steps; those that are there already as they are written are left alone.
    directory : `pathlib.Path`
        Where their sets of DataIds are.

    Returns
    -------
    addition : `Addition`
        Nothing was written.

    Raises
    ------
    DefinitionError
        With everything that is wrong with the whole campaign.
    UserError
        If there is no such campaign.
    RemoteError
        If Jira or the Butler does not answer.
    """
    view, _ = view_of(edges, key)
    if view.definition is None:
        raise DefinitionError(view.issue.key, view.problems)
    given = replace(view.definition, include=None, exclude=None, steps=tuple(steps))
    given, files = dataid_files.gather(given, directory)
    there = {step.name: parts.plain(step) for step in view.definition.steps}
    new = tuple(step for step in given.steps if there.get(step.name) != parts.plain(step))
    definition = replace(view.definition, steps=(*view.definition.steps, *new))
    settings = edges.settings
    problems = check.check(definition, environments=settings.environments, sites=settings.systems)
    if problems := problems or tuple(apart(edges, definition)):
        raise DefinitionError(view.issue.key, problems)
    return Addition(view, definition, new, files)


def add(edges: Edges, addition: Addition) -> Mapping[str, str]:
    """Make the steps and their links, once however often it is asked.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    addition : `Addition`
        What is to be made.

    Returns
    -------
    keys : `~collections.abc.Mapping` [`str`, `str`]
        Of the new steps, by name.

    Raises
    ------
    RemoteError
        If Jira did not do it; asking again goes on from there.
    """
    epic = addition.view.issue
    bodies = {
        step.name: create.step_fields(edges.settings, edges.jira, addition.definition, step)
        for step in addition.steps
    }
    keys = {step.name: step.issue.key for step in addition.view.steps}
    for name, body in bodies.items():
        fields = body | edges.jira.epic_fields(epic_key=epic.key)
        number, keys[name] = edges.jira.ensure_issue(f"step:{epic.id}:{name}", fields)
        for file, content in addition.files.get(name, {}).items():
            edges.jira.ensure_attachment(number, file, content)
    # Also of those that an earlier try made and did not link.
    for step in addition.definition.steps:
        for before in step.after:
            edges.jira.ensure_link(keys[before], keys[step.name])
    return {name: keys[name] for name in bodies}
