"""A campaign written as YAML: the input of ``cmbot create``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from cmbot.definition import parts, variables, yaml_text
from cmbot.models.campaign import CampaignDefinition

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    data = yaml_text.load(text, source)
    if isinstance(data, dict):
        data = variables.fill(data, values or {}, source)
    definition: CampaignDefinition = parts.read(CampaignDefinition, data, source)
    return definition


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
