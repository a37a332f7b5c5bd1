"""Offline checks of a definition: everything that needs no Butler, all problems at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.definition import grammar, issues, steps
from cmbot.exceptions import Problem
from cmbot.jira_schema.fields import BY_NAME
from cmbot.jira_schema.values import LIMITS
from cmbot.models.campaign import KINDS, MODES, STAGES, SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from cmbot.models.campaign import CampaignDefinition, Specification
    from cmbot.models.systems import System


_NAME = 200
"""Longest name of a campaign: a step's summary holds it and more, within Jira's 255 characters."""


def check(
    definition: CampaignDefinition, *, environments: Collection[str], sites: Mapping[str, System]
) -> tuple[Problem, ...]:
    """Find everything wrong with a campaign that can be seen without a Butler.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.
    environments : `~collections.abc.Collection` [`str`]
        Names that the settings allow.
    sites : `~collections.abc.Mapping` [`str`, `~cmbot.models.systems.System`]
        The same, with what executes workflows there.

    Returns
    -------
    problems : `tuple` [`~cmbot.exceptions.Problem`, ...]
        Empty if there are none.
    """
    return (*_campaign(definition, environments, sites), *_steps(definition, environments, sites))


def _campaign(
    definition: CampaignDefinition, environments: Collection[str], sites: Mapping[str, System]
) -> Iterator[Problem]:
    if not 0 < len(definition.name.strip()) <= _NAME:
        yield Problem("Summary", f"has {len(definition.name)} characters", f"give a name of 1 to {_NAME}")
    if not definition.reason.strip():
        yield Problem("Reason", "is empty", "write why the campaign is run; it cannot start without (B3)")
    yield from _data(definition)
    yield from _public(definition)
    yield from _one_of("Campaign kind", definition.kind, KINDS)
    yield from _one_of("Campaign stage", definition.stage, STAGES)
    yield from _one_of("Campaign mode", definition.mode, MODES)
    yield from _one_of("Environment", definition.environment, environments)
    yield from _one_of("Compute site", definition.site, sites)
    yield from _system(definition, sites)
    yield from steps.software(definition)
    yield from steps.files(definition)
    yield from steps.pace(definition)
    for name, found in (
        ("Data specification", definition.data),
        ("Processing specification", definition.processing),
    ):
        if found is not None:
            yield from _specification(name, found)
    yield from _too_long(issues.campaign_fields(definition))


def _data(definition: CampaignDefinition) -> Iterator[Problem]:
    if not grammar.is_repository(definition.butler):
        yield Problem("Butler repository", f"{definition.butler!r} is no path or URI", "name the repository")
    if not definition.inputs:
        yield Problem("Input collections", "is empty", "name at least one collection")
    for name in definition.inputs:
        if not grammar.is_collection(name):
            yield Problem(
                "Input collections", f"{name!r} cannot be a collection", "use letters, digits, _ - . /"
            )
    if not grammar.is_collection(definition.created_as("CM-1").output):
        yield Problem(
            "Output root", f"{definition.output!r} cannot be a collection", "use letters, digits, _ - . /"
        )


def _public(definition: CampaignDefinition) -> Iterator[Problem]:
    name = definition.public
    if name and not grammar.is_collection(name):
        yield Problem("Public collection", f"{name!r} cannot be a collection", "use letters, digits, _ - . /")
    own = f"{definition.output}/"
    if name and (f"{name}/".startswith(own) or name in definition.inputs):
        problem = f"{name} is one of the campaign's own collections, or one of its inputs"
        yield Problem("Public collection", problem, "name another chain, or leave it empty")


def _specification(field: str, found: Specification) -> Iterator[Problem]:
    if not grammar.is_link(found.link):
        yield Problem(field, f"{found.link!r} is no address", "write https://…, or ssh://… of a repository")
    if not found.tag and not found.sha:
        return
    if not grammar.is_tag(found.tag):
        yield Problem(f"{field} version", f"{found.tag!r} is no tag", "write TAG SHA")
    if not grammar.is_sha(found.sha):
        yield Problem(
            f"{field} version",
            f"{found.sha!r} is no SHA",
            f"write TAG SHA, the SHA as `git ls-remote {found.link} {found.tag}` shows it",
        )


def _system(definition: CampaignDefinition, sites: Mapping[str, System]) -> Iterator[Problem]:
    """The site says what executes workflows; whoever says it too must say the same."""
    if definition.wms:
        yield from _one_of("WMS", definition.wms, SYSTEMS)
    used = {definition.site, *(step.site for step in definition.steps if step.site)}
    for site in sorted(used & sites.keys()):
        if definition.wms in SYSTEMS and sites[site] != definition.wms:
            yield Problem(
                "WMS",
                f"is {definition.wms}, and {site} runs {sites[site]}",
                f"use {sites[site]}, or empty it",
            )


def _steps(
    definition: CampaignDefinition, environments: Collection[str], sites: Mapping[str, System]
) -> Iterator[Problem]:
    names = [step.name for step in definition.steps]
    if not definition.work:
        yield Problem("steps", "there are none", "add at least one step that processes data to the campaign")
    for name in sorted({name for name in names if [n.lower() for n in names].count(name.lower()) > 1}):
        yield Problem("Step name", f"{name} is used twice", "give every step its own name")
    for step in definition.steps:
        for problem in (*steps.problems(step, names), *_too_long(issues.step_fields(step))):
            yield Problem(f"{step.name} {problem.field}", problem.problem, problem.remedy)
        if step.environment:
            yield from _one_of(f"{step.name} Environment", step.environment, environments)
        if step.site:
            yield from _one_of(f"{step.name} Compute site", step.site, sites)
    if circle := _circle(definition):
        yield Problem(
            "is blocked by", f"the steps {', '.join(circle)} wait for each other", "remove one link"
        )


def _too_long(fields: Mapping[str, Any]) -> Iterator[Problem]:
    # Before anything is created: Jira refuses such a field when half of the campaign is made.
    for name, value in fields.items():
        limit = LIMITS.get(BY_NAME[name].type)
        if limit and len(str(value)) > limit:
            yield Problem(name, f"is longer than {limit} characters", "shorten it")


def _one_of(field: str, value: str, allowed: Collection[str]) -> Iterator[Problem]:
    if value not in allowed:
        yield Problem(
            field, f"{value!r} is not known" if value else "is empty", f"use {', '.join(sorted(allowed))}"
        )


def _circle(definition: CampaignDefinition) -> list[str]:
    # Kahn: what can never become free waits in a circle.
    waiting = {
        step.name: set(step.after) & {other.name for other in definition.steps} for step in definition.steps
    }
    while free := [name for name, after in waiting.items() if not after]:
        for name in free:
            del waiting[name]
        for after in waiting.values():
            after.difference_update(free)
    return sorted(waiting)
