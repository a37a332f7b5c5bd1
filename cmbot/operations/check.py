"""Everything that is wrong with a campaign, before anything of it runs (requirements V13, B33)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot import git
from cmbot.definition import check
from cmbot.exceptions import DefinitionError, Problem, RemoteError
from cmbot.models.systems import System
from cmbot.operations import dataid_files
from cmbot.operations.plan import plan, view_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cmbot.models.campaign import CampaignDefinition
    from cmbot.reconcile.edges import Edges
    from cmbot.settings import GitSettings, Settings


_INPUTS = "Input collections"
"""What lacks something, as the Butler's scripts say, while an earlier step has not made it."""


@dataclass(frozen=True)
class Checked:
    """What was found."""

    problems: tuple[Problem, ...] = ()
    """What must be changed."""
    notes: tuple[str, ...] = ()
    """What is worth knowing."""


def check_file(
    definition: CampaignDefinition, directory: Path, settings: Settings | None, *, offline: bool
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
    offline : `bool`
        Whether to ask nobody: no git repository.

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
    if not problems:
        try:
            definition, files = dataid_files.gather(definition, directory)
            notes += tuple(f"{name}: read" for found in files.values() for name in found)
        except DefinitionError as error:
            problems += error.problems
    if settings and not offline:
        problems += tuple(references(definition, settings.git))
    return Checked(problems, notes)


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
    problems, notes = list[Problem](), list[str]()
    for item in plans:
        waits = definition.step(item.name).after if definition else ()
        for one in item.problems:
            if waits and one.field == _INPUTS:
                notes.append(f"{item.name}: not checked against the Butler before {', '.join(waits)}")
            else:
                problems.append(Problem(f"{item.name} {one.field}", one.problem, one.remedy))
        if item.groups:
            notes.append(f"{item.name}: {len(item.groups)} groups, {item.counts} datasets selected")
        if item.warning:
            notes.append(f"{item.name}: {item.warning}")
    if definition:
        problems += references(definition, edges.settings.git)
    return Checked(tuple(problems), tuple(notes))


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
