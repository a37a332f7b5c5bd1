"""Sets of DataIds and groups beside a campaign file: read, checked, written down by hash and count (C4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from cmbot.dataids import DataIdSet
from cmbot.exceptions import DefinitionError, Problem, UserError
from cmbot.models.campaign import CampaignDefinition, StepDefinition
from cmbot.splitting import files as groups
from cmbot.splitting.chosen import Chosen

if TYPE_CHECKING:
    from pathlib import Path

_Part = TypeVar("_Part", CampaignDefinition, StepDefinition)
Files = dict[str, dict[str, bytes]]
"""Content by name of the file, by name of the step; by an empty name for the campaign."""


def read(file: Path) -> DataIdSet:
    """Read one set.

    Parameters
    ----------
    file : `pathlib.Path`
        JSON or CSV.

    Returns
    -------
    dataids : `~cmbot.dataids.DataIdSet`
        The set.

    Raises
    ------
    UserError
        If it cannot be read, or is none.
    """
    return DataIdSet.read(_content(file), file.name, str(file))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(str(file), f"cannot be read ({error.strerror})", "correct its name") from error


def gather(definition: CampaignDefinition, directory: Path) -> tuple[CampaignDefinition, Files]:
    """Read all sets, and groups of steps, that a campaign file names.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign, without problems.
    directory : `pathlib.Path`
        Where its file is.

    Returns
    -------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The same with hash and count of every set.
    files : `dict`
        What is to be attached, in canonical form.

    Raises
    ------
    DefinitionError
        If a set cannot be read, or is not the one that the campaign file means: all of them.
    """
    files: Files = {}
    problems: list[Problem] = []
    campaign = _gathered(definition, "", directory, files, problems)
    steps = tuple(
        _split(_gathered(step, step.name, directory, files, problems), directory, files, problems)
        for step in definition.steps
    )
    if problems:
        raise DefinitionError(definition.name, tuple(problems))
    return replace(campaign, steps=steps), files


def chosen(definition: CampaignDefinition, step: StepDefinition, files: Files) -> Chosen:
    """Give the sets that restrict a step.

    Parameters
    ----------
    definition, step
        Campaign and step, as `gather` gave them.
    files : `dict`
        The same.

    Returns
    -------
    chosen : `~cmbot.splitting.chosen.Chosen`
        As a launch would read them from the attachments.
    """
    found = {
        kind: DataIdSet.from_json(files[step.name if getattr(step, kind) else ""][one.file].decode())
        for kind, one in definition.chosen(step).items()
    }
    tagged = any(one.dataset_type for one in definition.chosen(step).values())
    lists: groups.Lists = ()
    if name := step.split.file:
        lists = groups.read(files[step.name][name], name, step.split.dimension, step.name)
    return Chosen(found.get("include"), found.get("exclude"), tagged, lists)


def _split(step: StepDefinition, directory: Path, files: Files, problems: list[Problem]) -> StepDefinition:
    """Read the groups of the file that a split rule names."""
    rule = step.split
    if not rule.file:
        return step
    try:
        found = groups.read(_content(directory / rule.file), rule.file, rule.dimension, rule.file)
    except UserError as error:
        problem = f"{error.subject} {error.problem}"
        problems.append(Problem(f"{step.name} Split rule", problem, error.remedy))
        return step
    sha256 = groups.sha256(found)
    if rule.sha256 not in ("", sha256):
        problem = f"{rule.file} holds other groups than it says: its hash is {sha256}"
        problems.append(Problem(f"{step.name} Split rule", problem, "correct sha256, or the file"))
    canonical = rule.file.rpartition(".")[0] + ".json"
    if canonical in files.get(step.name, {}):
        problem = f"{canonical} is a set of DataIds too"
        problems.append(Problem(f"{step.name} Split rule", problem, "give the file of groups another name"))
    files.setdefault(step.name, {})[canonical] = groups.to_json(found).encode()
    return replace(step, split=replace(rule, file=canonical, sha256=sha256))


def _gathered(part: _Part, name: str, directory: Path, files: Files, problems: list[Problem]) -> _Part:
    for kind, field in (("include", "DataIds included"), ("exclude", "DataIds excluded")):
        file = getattr(part, kind)
        if file is None:
            continue
        try:
            found = read(directory / file.file)
        except UserError as error:
            problems.append(Problem(f"{name} {field}".strip(), error.problem, error.remedy))
            continue
        if file.sha256 and file.sha256 != found.sha256:
            problem = f"{file.file} is another set than it says: its hash is {found.sha256}"
            problems.append(Problem(f"{name} {field}".strip(), problem, "correct sha256, or the file"))
        # The canonical form is attached, which is JSON.
        canonical = file.file.rpartition(".")[0] + ".json"
        files.setdefault(name, {})[canonical] = found.to_json().encode()
        known = replace(file, file=canonical, sha256=found.sha256, count=len(found))
        part = replace(part, **{kind: known})
    return part
