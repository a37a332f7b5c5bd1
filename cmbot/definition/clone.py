"""A campaign made from another one, with something changed (requirement B25)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints

from cmbot.definition import parts, yaml_text
from cmbot.exceptions import DefinitionError, Problem, UserError
from cmbot.models.campaign import CampaignDefinition, StepDefinition

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN = frozenset({"steps", "ancestor"})
"""What is not set as a whole: steps field by field, the ancestor by the clone itself."""


def clone(definition: CampaignDefinition, key: str, values: Mapping[str, str]) -> CampaignDefinition:
    """Make a campaign from another one.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The other one.
    key : `str`
        Its key.
    values : `~collections.abc.Mapping` [`str`, `str`]
        New values by field: a key of campaign files, ``STEP.KEY`` for one of a step, and further names for
        what is inside: ``step1.options.requestMemory``. Texts are taken as they are, everything else is
        read as YAML, and an empty value takes a field away.

    Returns
    -------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        With the other one as its ancestor; its contents are not checked yet.

    Raises
    ------
    DefinitionError
        If a field is not known or a value not possible, or both would write to the same collections.
    """
    data, problems = deepcopy(parts.plain(definition)), list[Problem]()
    steps = {step["name"]: step for step in data["steps"]}
    for path, value in values.items():
        name, _, rest = path.partition(".")
        part, kind, inside = (
            (steps[name], StepDefinition, rest) if name in steps else (data, CampaignDefinition, path)
        )
        try:
            _set(part, kind, inside.split("."), value, path)
        except UserError as error:
            problems.append(Problem(path, error.problem, error.remedy))
    if problems:
        raise DefinitionError(f"clone of {key}", tuple(problems))
    made: CampaignDefinition = parts.read(CampaignDefinition, data, f"clone of {key}")
    if made.output == definition.output:
        said = Problem("output", f"is that of {key}", "say --set output=COLLECTION")
        raise DefinitionError(f"clone of {key}", (said,))
    name = made.name if "name" in values else f"{definition.name} (clone of {key})"
    return replace(made, name=name, ancestor=key)


def _set(
    part: dict[str, Any],
    kind: type[CampaignDefinition | StepDefinition],
    path: list[str],
    text: str,
    where: str,
) -> None:
    hints, known = get_type_hints(kind), {each.name for each in fields(kind)} - _OWN
    if path[0] not in known:
        raise UserError(where, "is no field that can be set", f"use {', '.join(sorted(known))}")
    for name in path[:-1]:
        part = part.setdefault(name, {})
        if not isinstance(part, dict):
            raise UserError(where, f"{name} holds nothing inside", f"set {where.partition(name)[0]}{name}")
    value: Any = text
    if len(path) > 1 or hints[path[0]] is not str:
        value = yaml_text.load(text, where)
        if len(path) == 1 and get_origin(hints[path[0]]) is tuple and isinstance(value, str):
            value = [item.strip() for item in value.split(",")]
    if value in ("", None):
        part.pop(path[-1], None)
    else:
        part[path[-1]] = value
