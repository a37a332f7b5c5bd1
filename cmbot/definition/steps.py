"""Offline checks of one step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from cmbot import dimensions
from cmbot.definition import grammar, options, overrides, rules
from cmbot.exceptions import Problem, UserError
from cmbot.models.campaign import SplitRule, StepDefinition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cmbot.models.campaign import CampaignDefinition, DataIdFile


_WAYS = ("size", "count", "values", "lists", "file")
"""Ways to cut a dimension."""


def problems(step: StepDefinition, names: Collection[str]) -> Iterator[Problem]:
    """Find what is wrong with one step.

    Parameters
    ----------
    step : `~cmbot.models.campaign.StepDefinition`
        The step.
    names : `~collections.abc.Collection` [`str`]
        Names of all steps of the campaign.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        By the name of the step's field.
    """
    if not grammar.is_step_name(step.name):
        yield Problem("Step name", f"{step.name!r} cannot be used", "use letters and digits, at most 30")
    for name in step.after:
        if name not in names:
            yield Problem("is blocked by", f"{name!r} is no step of this campaign", f"use {', '.join(names)}")
    yield from _checkpoint(step) if step.checkpoint else _work(step)


def _checkpoint(step: StepDefinition) -> Iterator[Problem]:
    if not step.after:
        yield Problem("is blocked by", "a checkpoint has to follow a step", "link the step before it")
    bare = StepDefinition(step.name, after=step.after, checkpoint=True)
    told = replace(bare, description=step.description, operators=step.operators)
    if step != told:
        remedy = "empty its other fields, or Checkpoint"
        yield Problem("Checkpoint", "processes nothing, and more is defined of it", remedy)


def _work(step: StepDefinition) -> Iterator[Problem]:
    if not grammar.is_pipeline(step.pipeline):
        yield Problem("Pipeline YAML", f"{step.pipeline!r} cannot be used", "write PATH.yaml#SUBSET")
    if problem := grammar.query_problem(step.query):
        yield Problem("Data query", problem, "correct it; parentheses, names, numbers and 'text' are allowed")
    yield from _split(step.split)
    yield from rules.problems(step)
    yield from pace(step)
    yield from options.problems(step.options, "BPS options")
    yield from overrides.problems(step.overrides, "pex_config overrides")
    yield from software(step)
    yield from files(step)


def pace(part: CampaignDefinition | StepDefinition) -> Iterator[Problem]:
    """Find what is wrong with how fast and how urgently a campaign or a step goes on.

    Parameters
    ----------
    part : `~cmbot.models.campaign.CampaignDefinition` or `~cmbot.models.campaign.StepDefinition`
        The campaign or step.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        By field.
    """
    for field, number in (("Max concurrent groups", part.max_groups), ("WMS priority", part.priority)):
        if number < 0:
            yield Problem(field, f"cannot be {number}", "give 0 or more, or leave it empty")


def files(part: CampaignDefinition | StepDefinition) -> Iterator[Problem]:
    """Find what is wrong with the sets of DataIds that a campaign or a step names.

    Parameters
    ----------
    part : `~cmbot.models.campaign.CampaignDefinition` or `~cmbot.models.campaign.StepDefinition`
        The campaign or step.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        By field.
    """
    for field, found in (("DataIds included", part.include), ("DataIds excluded", part.exclude)):
        if found is None:
            continue
        if not grammar.is_file(found.file):
            yield Problem(
                field, f"{found.file!r} is no name of a file", "name an attachment: NAME.json, NAME.csv"
            )
        if not found.reason.strip():
            yield Problem(field, "has no reason", "write why these: reason: … (C4, V22)")
        if found.sha256 and not grammar.is_sha256(found.sha256):
            yield Problem(
                field,
                f"{found.sha256!r} is no hash",
                "leave it out, or write what `cmbot dataids check` says",
            )
        yield from _tagged(field, found, excluded=found is part.exclude)


def _tagged(field: str, found: DataIdFile, *, excluded: bool) -> Iterator[Problem]:
    """Find what is wrong with the TAGGED collection that a set becomes."""
    if not (found.dataset_type or found.collections):
        return
    if excluded:
        yield Problem(field, "cannot be a TAGGED collection", "tag what is included, or leave both keys out")
    if not grammar.is_label(found.dataset_type):
        yield Problem(field, f"{found.dataset_type!r} is no dataset type", "write dataset_type: raw")
    if not found.collections:
        yield Problem(field, "names no collections", "write collections: [LSSTCam/raw/all]")
    for name in found.collections:
        if not grammar.is_collection(name):
            yield Problem(field, f"{name!r} cannot be a collection", "use letters, digits, _ - . /")


class Software(Protocol):
    """What a campaign, a step and a submission have in common."""

    @property
    def lsst_version(self) -> str:
        """Science Pipelines tag."""

    @property
    def image(self) -> str:
        """Software image."""

    @property
    def setup(self) -> tuple[str, ...]:
        """Packages set up on top."""


def software(part: Software) -> Iterator[Problem]:
    """Find what is wrong with the software that is named.

    Parameters
    ----------
    part : `Software`
        A campaign, a step or a submission.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        By field.
    """
    if part.lsst_version and not grammar.is_version(part.lsst_version):
        yield Problem("LSST version", f"{part.lsst_version!r} is no tag", "write a tag such as w_2026_47")
    if part.image and not grammar.is_image(part.image):
        yield Problem("Software image", f"{part.image!r} is no image", "write NAME:TAG or a path")
    for line in part.setup:
        if not grammar.is_setup(line):
            yield Problem(
                "Custom setup",
                f"{line!r} cannot be set up",
                "write a directory, or PACKAGE VERSION, a line each",
            )


def _split(rule: SplitRule) -> Iterator[Problem]:
    if rule == SplitRule():
        return
    for one in (rule, rule.by) if rule.by else (rule,):
        ways = [name for name in _WAYS if getattr(one, name)]
        if len(ways) != 1 or not one.dimension:
            yield Problem(
                "Split rule",
                f"needs a dimension and one of {', '.join(_WAYS)}",
                "write {dimension: visit, size: 1000}",
            )
        try:
            dimensions.dimension(one.dimension, "Split rule")
        except UserError as error:
            yield Problem("Split rule", error.problem, error.remedy)
    if rule.file and not grammar.is_file(rule.file):
        yield Problem(
            "Split rule", f"{rule.file!r} is no name of a file", "name an attachment: NAME.json, NAME.csv"
        )
    if rule.sha256 and not (rule.file and grammar.is_sha256(rule.sha256)):
        yield Problem("Split rule", f"{rule.sha256!r} is no hash of a file", "leave sha256 out")
    if rule.by and rule.by.file:
        yield Problem("Split rule", "has a file below `by`", "name the file above, or lists below")
    if rule.by and (rule.by.by or rule.by.grow):
        yield Problem(
            "Split rule", "has more below `by` than a dimension and its parts", "split by two at most"
        )
    if rule.by and rule.by.dimension == rule.dimension:
        yield Problem("Split rule", f"splits {rule.dimension} twice", "name another dimension below `by`")
