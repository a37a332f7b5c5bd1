"""A definition in Jira's fields, in both directions: the fields *are* the definition once created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import yaml

from cmbot.definition import parts, yaml_text
from cmbot.exceptions import DefinitionError, Problem, UserError
from cmbot.models.campaign import (
    YES,
    CampaignDefinition,
    DataIdFile,
    PausePolicy,
    RetryPolicy,
    Specification,
    StepDefinition,
)
from cmbot.models.issues import Person

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmbot.models.issues import Issue

_FILES = {"include": "DataIds included", "exclude": "DataIds excluded"}
"""Sets of DataIds, of a campaign and of a step."""

_NUMBERS = {"max_groups": "Max concurrent groups", "priority": "WMS priority"}
"""How fast and how urgently, of a campaign and of a step."""

_FLAGS = {"checkpoint": "Checkpoint", "canary": "First group alone"}
"""What a step is or is not."""

_Policy = TypeVar("_Policy", PausePolicy, RetryPolicy)

_TEXTS = {
    "production": "Production",
    "ancestor": "Cloned from",
    "reason": "Reason",
    "kind": "Campaign kind",
    "stage": "Campaign stage",
    "mode": "Campaign mode",
    "butler": "Butler repository",
    "output": "Output root",
    "public": "Public collection",
    "environment": "Environment",
    "lsst_version": "LSST version",
    "image": "Software image",
    "wms": "WMS",
    "site": "Compute site",
}
"""What a campaign holds as one text, and its field."""

_STEP_TEXTS = {
    "pipeline": "Pipeline YAML",
    "exception": "Rule exception",
    "environment": "Environment",
    "lsst_version": "LSST version",
    "image": "Software image",
    "site": "Compute site",
}
"""The same of a step."""

_STEP_PARTS = {
    "split": "Split rule",
    "options": "BPS options",
    "overrides": "pex_config overrides",
    "tolerance": "Tolerance",
}
"""What a step holds as YAML in a field."""

_KINDS = get_type_hints(StepDefinition, include_extras=True)


def campaign_fields(definition: CampaignDefinition) -> dict[str, Any]:
    """Field values of a campaign's epic.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Returns
    -------
    fields : `dict`
        By cmbot's field names; what is not set is absent.
    """
    values = {field: getattr(definition, key) for key, field in _TEXTS.items()} | {
        "Definer": Person(definition.definer) if definition.definer else None,
        "Operators": tuple(map(Person, definition.operators)),
        "Sign-off roles": _dump(definition.sign_off),
        "Input collections": ", ".join(definition.inputs),
        "Custom setup": "\n".join(definition.setup),
        "Pause policy": str(definition.pause),
        "Retry policy": str(definition.retry),
    }
    values |= _files(definition) | _pace(definition)
    for field, found in (
        ("Data specification", definition.data),
        ("Processing specification", definition.processing),
    ):
        if found is not None:
            values |= {field: found.link, f"{field} version": f"{found.tag} {found.sha}".strip()}
    return _set(values)


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
    return _set(
        {"Step name": step.name, "Data query": step.query, "Custom setup": "\n".join(step.setup)}
        | {field: getattr(step, key) for key, field in _STEP_TEXTS.items()}
        | {field: _dump(parts.plain(getattr(step, key))) for key, field in _STEP_PARTS.items()}
        | _pace(step)
        | {field: YES if getattr(step, key) else None for key, field in _FLAGS.items()}
        | _files(step)
        | {"Operators": tuple(map(Person, step.operators)), "Retry policy": str(step.retry or "")}
    )


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
    fields, names, problems = epic.fields, {step.key: step_name(step) for step in steps}, list[Problem]()
    pause = _policy(fields, "Pause policy", PausePolicy, problems) or PausePolicy.AFTER_EACH_WORKFLOW
    retry = _policy(fields, "Retry policy", RetryPolicy, problems) or RetryPolicy.MANUAL
    sign_off = _part(fields, "Sign-off roles", Mapping[str, str], problems)
    files = _sources(fields, problems)
    parsed = [_step(step, names, problems) for step in steps]
    if problems:
        raise DefinitionError(epic.key, tuple(problems))
    return CampaignDefinition(
        **_texts(fields, _TEXTS),
        **files,
        **_numbers(fields),
        name=epic.summary,
        description=epic.description,
        definer=fields["Definer"].account if "Definer" in fields else "",
        operators=_accounts(fields),
        sign_off=sign_off,
        data=_specification(fields, "Data specification"),
        processing=_specification(fields, "Processing specification"),
        inputs=tuple(
            name.strip() for name in str(fields.get("Input collections", "")).split(",") if name.strip()
        ),
        setup=_lines(fields, "Custom setup"),
        pause=pause,
        retry=retry,
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


def _step(step: Issue, names: Mapping[str, str], problems: list[Problem]) -> StepDefinition:
    fields, found = step.fields, list[Problem]()
    definition = StepDefinition(
        **_texts(fields, _STEP_TEXTS),
        **_sources(fields, found),
        **{key: _part(fields, field, _KINDS[key], found) for key, field in _STEP_PARTS.items()},
        **_numbers(fields),
        **_flags(fields),
        name=names[step.key],
        query=" ".join(str(fields.get("Data query", "")).split()),
        after=tuple(names[key] for key in step.blocked_by if key in names),
        description=step.description,
        operators=_accounts(fields),
        setup=_lines(fields, "Custom setup"),
        retry=_policy(fields, "Retry policy", RetryPolicy, found),
    )
    problems += [Problem(f"{step.key} {one.field}", one.problem, one.remedy) for one in found]
    return definition


def file_field(kind: str, file: DataIdFile) -> tuple[str, str]:
    """Write a set of DataIds that restricts a campaign or step as its field.

    Parameters
    ----------
    kind : `str`
        ``include`` or ``exclude``.
    file : `~cmbot.models.campaign.DataIdFile`
        The set.

    Returns
    -------
    field, value : `str`
        Name and text of the field.
    """
    return _FILES[kind], _dump(parts.plain(file) or {})


def _files(part: CampaignDefinition | StepDefinition) -> dict[str, Any]:
    return {field: _dump(parts.plain(getattr(part, kind)) or {}) for kind, field in _FILES.items()}


def _pace(part: CampaignDefinition | StepDefinition) -> dict[str, Any]:
    return {field: getattr(part, key) or None for key, field in _NUMBERS.items()}


def _sources(fields: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    return {
        kind: _part(fields, field, DataIdFile, problems) if field in fields else None
        for kind, field in _FILES.items()
    }


def _texts(fields: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {key: str(fields.get(field, "")) for key, field in names.items()}


def _numbers(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: int(fields.get(field, 0)) for key, field in _NUMBERS.items()}


def _flags(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: fields.get(field) == YES for key, field in _FLAGS.items()}


def _lines(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for line in str(fields.get(name, "")).splitlines() if line.strip())


def _accounts(fields: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(person.account for person in fields.get("Operators", ()))


def _specification(fields: Mapping[str, Any], name: str) -> Specification | None:
    if name not in fields:
        return None
    tag, _, sha = str(fields.get(f"{name} version", "")).partition(" ")
    return Specification(str(fields[name]), tag, sha.strip())


def _policy(
    fields: Mapping[str, Any], name: str, kind: type[_Policy], problems: list[Problem]
) -> _Policy | None:
    said = fields.get(name)
    if said and said not in set(kind):
        problems.append(Problem(name, f"{said!r} is not known", f"use {', '.join(kind)}"))
        return None
    return kind(said) if said else None


def _part(fields: Mapping[str, Any], name: str, kind: Any, problems: list[Problem]) -> Any:
    """Read a field that holds YAML; what is wrong with it is added to the problems."""
    try:
        return parts.read(kind, _mapping(fields, name), name)
    except DefinitionError as error:
        problems += _in_field(name, error)
    except UserError as error:
        problems.append(Problem(name, error.problem, error.remedy))
    return None


def _in_field(name: str, error: DefinitionError) -> Iterator[Problem]:
    for one in error.problems:
        yield Problem(name, f"{one.field} {one.problem}", one.remedy)


def _mapping(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    # People put YAML into {code} or {noformat} blocks so that Jira shows it as it is.
    text = str(fields.get(name, "")).strip()
    for tag in ("{noformat}", "{code:yaml}", "{code}"):
        text = text.removeprefix(tag).removesuffix(tag)
    data = yaml_text.load(text, name) if text.strip() else {}
    if not isinstance(data, dict):
        raise UserError(name, "is not a mapping", "write key: value lines")
    return data


def _set(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", ())}


def _dump(data: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(data), sort_keys=False).strip() if data else ""
