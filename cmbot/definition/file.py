"""A campaign written as YAML: the input of ``cmbot create``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cmbot.definition import yaml_text
from cmbot.exceptions import DefinitionError, Problem
from cmbot.models.campaign import CampaignDefinition, PausePolicy, RetryPolicy, SplitRule, StepDefinition


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Split(_Part):
    dimension: str
    size: Annotated[int, Field(ge=1)]


class _Step(_Part):
    name: str
    pipeline: str
    query: str
    after: tuple[str, ...] = ()
    split: _Split | None = None
    description: str = ""
    options: Mapping[str, Any] = {}
    tolerance: Mapping[str, Annotated[float, Field(ge=0, le=1)]] = {}
    environment: str = ""
    site: str = ""
    max_groups: Annotated[int, Field(ge=0)] = 0
    priority: Annotated[int, Field(ge=0)] = 0
    retry: RetryPolicy | None = None


class _Campaign(_Part):
    name: str
    reason: str = ""
    kind: str = "DataProc"
    stage: str = "development"
    mode: Literal["prod", "dev", "test"] = "dev"
    butler: str
    inputs: tuple[str, ...]
    output: str
    environment: str
    wms: str = "PanDA"
    site: str
    pause: PausePolicy = PausePolicy.AFTER_EACH_WORKFLOW
    retry: RetryPolicy = RetryPolicy.MANUAL
    lsst_version: str = ""
    steps: tuple[_Step, ...]


def read(text: str, source: str, overrides: Mapping[str, str] | None = None) -> CampaignDefinition:
    """Read a campaign file.

    Parameters
    ----------
    text : `str`
        YAML.
    source : `str`
        Name of the file, for messages.
    overrides : `~collections.abc.Mapping` [`str`, `str`], optional
        Values that replace top-level keys of the file.

    Returns
    -------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign; its contents are not checked yet.

    Raises
    ------
    UserError
        If it is not YAML.
    DefinitionError
        If keys are missing, unknown or of the wrong type: all of them.
    """
    data = yaml_text.load(text, source)
    if isinstance(data, dict):
        data |= overrides or {}
    try:
        parsed = _Campaign.model_validate(data)
    except ValidationError as error:
        raise DefinitionError(source, tuple(_problem(item) for item in error.errors())) from error
    steps = tuple(
        StepDefinition(
            **step.model_dump(exclude={"split"}),
            split=SplitRule(step.split.dimension, step.split.size) if step.split else SplitRule(),
        )
        for step in parsed.steps
    )
    return CampaignDefinition(**parsed.model_dump(exclude={"steps"}), steps=steps)


def _problem(item: Any) -> Problem:
    where = ".".join(str(part) for part in item["loc"]) or "file"
    match item["type"]:
        case "missing":
            return Problem(where, "is missing", "add it")
        case "extra_forbidden":
            return Problem(where, "is not a key of a campaign file", "remove it or correct its spelling")
        case _:
            said = item["msg"][:1].lower() + item["msg"][1:]
            return Problem(where, said, f"it is {repr(item['input'])[:80]} now")
