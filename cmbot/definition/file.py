"""A campaign written as YAML: the input of ``cmbot create``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import yaml

from cmbot.definition import parts, variables, yaml_text
from cmbot.models.campaign import CampaignDefinition, StepDefinition


def read(text: str, source: str, values: Mapping[str, str] | None = None) -> CampaignDefinition:
    """Read a campaign file.

    Parameters
    ----------
    text : `str`
        YAML.
    source : `str`
        Name of the file, for messages.
    values : `~collections.abc.Mapping` [`str`, `str`], optional
        Values of the variables that the file declares.

    Returns
    -------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign; its contents are not checked yet.

    Raises
    ------
    UserError
        If it is not YAML.
    DefinitionError
        If keys are missing, unknown or of the wrong type, or variables cannot be filled: all of them.
    """
    definition: CampaignDefinition = parts.read(CampaignDefinition, _filled(text, source, values), source)
    return definition


def read_steps(text: str, source: str, values: Mapping[str, str] | None = None) -> tuple[StepDefinition, ...]:
    """Read a file of steps alone, which are to be added to a campaign.

    Parameters
    ----------
    text : `str`
        YAML: ``steps`` as in a campaign file, and ``variables``.
    source : `str`
        Name of the file, for messages.
    values : `~collections.abc.Mapping` [`str`, `str`], optional
        Values of the variables that the file declares.

    Returns
    -------
    steps : `tuple` [`~cmbot.models.campaign.StepDefinition`, ...]
        Not checked yet.

    Raises
    ------
    UserError
        If it is not YAML.
    DefinitionError
        As from `read`; also if it holds more than steps.
    """
    found: Mapping[str, tuple[StepDefinition, ...]] = parts.read(
        Mapping[Literal["steps"], tuple[StepDefinition, ...]], _filled(text, source, values), source
    )
    return found.get("steps", ())


def _filled(text: str, source: str, values: Mapping[str, str] | None) -> Any:
    data = yaml_text.load(text, source)
    return variables.fill(data, values or {}, source) if isinstance(data, dict) else data


def write(definition: CampaignDefinition) -> str:
    """Write a campaign as a file.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Returns
    -------
    text : `str`
        YAML of which `read` makes the same campaign.
    """
    return yaml.safe_dump(parts.plain(definition), sort_keys=False, width=110)


def schema() -> dict[str, Any]:
    """Make the JSON Schema of campaign files.

    Returns
    -------
    schema : `dict`
        JSON Schema (2020-12). A value that is a variable is a text until it is filled.
    """
    made, declared = parts.schema(CampaignDefinition), parts.schema(variables.Variable)
    made["properties"]["variables"] = {
        "description": "Variables, by name: $(name) in a text is replaced by the value.",
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/Variable"},
    }
    made["$defs"]["Variable"] = declared
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}
