"""A definition in Jira's fields, in both directions: the fields *are* the definition once created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from cmbot.definition import yaml_text
from cmbot.exceptions import DefinitionError, Problem, UserError
from cmbot.models.campaign import CampaignDefinition, PausePolicy, RetryPolicy, SplitRule, StepDefinition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.models.issues import Issue


def campaign_fields(definition: CampaignDefinition) -> dict[str, Any]:
    """Field values of a campaign's epic.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Returns
    -------
    fields : `dict`
        By cmbot's field names.
    """
    return {
        "Campaign kind": definition.kind,
        "Campaign stage": definition.stage,
        "Campaign mode": definition.mode,
        "Reason": definition.reason,
        "LSST version": definition.lsst_version,
        "Environment": definition.environment,
        "Butler repository": definition.butler,
        "Input collections": ", ".join(definition.inputs),
        "Output root": definition.output,
        "WMS": definition.wms,
        "Compute site": definition.site,
        "Pause policy": str(definition.pause),
        "Retry policy": str(definition.retry),
    }


def step_fields(step: StepDefinition) -> dict[str, Any]:
    """Field values of a step's issue.

    Parameters
    ----------
    step : `~cmbot.models.campaign.StepDefinition`
        The step.

    Returns
    -------
    fields : `dict`
        By cmbot's field names; what is not set is absent.
    """
    split = {"dimension": step.split.dimension, "size": step.split.size} if step.split.dimension else {}
    values = {
        "Step name": step.name,
        "Pipeline YAML": step.pipeline,
        "Data query": step.query,
        "Split rule": _dump(split),
        "BPS options": _dump(step.options),
        "Tolerance": _dump(step.tolerance),
        "Environment": step.environment,
        "Compute site": step.site,
        "Max concurrent groups": step.max_groups or None,
        "WMS priority": step.priority or None,
        "Retry policy": str(step.retry or ""),
    }
    return {name: value for name, value in values.items() if value not in (None, "")}


def from_issues(epic: Issue, steps: Sequence[Issue]) -> CampaignDefinition:
    """Read the definition that Jira holds.

    Parameters
    ----------
    epic : `~cmbot.models.issues.Issue`
        The campaign.
    steps : `~collections.abc.Sequence` [`~cmbot.models.issues.Issue`]
        Its steps.

    Returns
    -------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign; what is missing is empty and found by `cmbot.definition.check`.

    Raises
    ------
    DefinitionError
        If fields cannot be read at all.
    """
    fields, names, problems = epic.fields, {step.key: step_name(step) for step in steps}, []
    pause = fields.get("Pause policy", PausePolicy.AFTER_EACH_WORKFLOW)
    if pause not in set(PausePolicy):
        problems.append(Problem("Pause policy", f"{pause!r} is not known", f"use {', '.join(PausePolicy)}"))
    retry = fields.get("Retry policy", RetryPolicy.MANUAL)
    if retry not in set(RetryPolicy):
        problems.append(_no_policy(retry))
    parsed = []
    for step in steps:
        try:
            parsed.append(_step(step, names))
        except UserError as error:
            problems.append(Problem(f"{step.key} {error.subject}", error.problem, error.remedy))
    if problems:
        raise DefinitionError(epic.key, tuple(problems))
    return CampaignDefinition(
        name=epic.summary,
        reason=str(fields.get("Reason", "")),
        kind=str(fields.get("Campaign kind", "")),
        stage=str(fields.get("Campaign stage", "")),
        mode=str(fields.get("Campaign mode", "dev")),
        butler=str(fields.get("Butler repository", "")),
        inputs=tuple(
            name.strip() for name in str(fields.get("Input collections", "")).split(",") if name.strip()
        ),
        output=str(fields.get("Output root", "")),
        environment=str(fields.get("Environment", "")),
        wms=str(fields.get("WMS", "")),
        site=str(fields.get("Compute site", "")),
        pause=PausePolicy(pause),
        retry=RetryPolicy(retry),
        lsst_version=str(fields.get("LSST version", "")),
        steps=tuple(parsed),
    )


def step_name(step: Issue) -> str:
    """Name of a step, which becomes part of run names and collections.

    Parameters
    ----------
    step : `~cmbot.models.issues.Issue`
        The step.

    Returns
    -------
    name : `str`
        The field, or else the first word of the summary.
    """
    return str(step.fields.get("Step name") or (step.summary.split() or [""])[0])


def _step(step: Issue, names: Mapping[str, str]) -> StepDefinition:
    fields = step.fields
    split = _mapping(fields, "Split rule")
    if unknown := set(split) - {"dimension", "size"}:
        raise UserError("Split rule", f"{', '.join(map(str, sorted(unknown, key=str)))} is not known", _SPLIT)
    if split and not (isinstance(split.get("size"), int) and isinstance(split.get("dimension"), str)):
        raise UserError("Split rule", "needs a dimension and a whole number as size", _SPLIT)
    retry = fields.get("Retry policy")
    if retry and retry not in set(RetryPolicy):
        problem = _no_policy(retry)
        raise UserError(problem.field, problem.problem, problem.remedy)
    tolerance = _mapping(fields, "Tolerance")
    if not all(isinstance(value, (int, float)) and 0 <= value <= 1 for value in tolerance.values()):
        raise UserError("Tolerance", "needs fractions between 0 and 1", "write label: 0.01")
    return StepDefinition(
        name=names[step.key],
        pipeline=str(fields.get("Pipeline YAML", "")),
        query=" ".join(str(fields.get("Data query", "")).split()),
        after=tuple(names[key] for key in step.blocked_by if key in names),
        split=SplitRule(split["dimension"], split["size"]) if split else SplitRule(),
        options=_mapping(fields, "BPS options"),
        tolerance={str(label): float(value) for label, value in tolerance.items()},
        environment=str(fields.get("Environment", "")),
        site=str(fields.get("Compute site", "")),
        max_groups=int(fields.get("Max concurrent groups", 0)),
        priority=int(fields.get("WMS priority", 0)),
        retry=RetryPolicy(retry) if retry else None,
    )


def _no_policy(said: object) -> Problem:
    return Problem("Retry policy", f"{said!r} is not known", f"use {', '.join(RetryPolicy)}")


_SPLIT = "write dimension: visit and size: 1000"


def _mapping(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    # People put YAML into {code} or {noformat} blocks so that Jira shows it as it is.
    text = str(fields.get(name, "")).strip()
    for tag in ("{noformat}", "{code:yaml}", "{code}"):
        text = text.removeprefix(tag).removesuffix(tag)
    data = yaml_text.load(text, name) if text.strip() else {}
    if not isinstance(data, dict):
        raise UserError(name, "is not a mapping", "write key: value lines")
    return data


def _dump(data: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(data), sort_keys=False).strip() if data else ""
