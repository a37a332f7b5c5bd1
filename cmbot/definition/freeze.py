"""The frozen form of a definition and its hash (requirements B19, W23)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cmbot.definition import parts
from cmbot.jira_schema.editing import DEFINITION, EDITING, Effect
from cmbot.models.views import Difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.models.issues import Issue

_ABOUT = frozenset(
    {
        *("ancestor", "definer", "description", "exception", "operators", "pause", "production", "public"),
        "reason",
        *("retry", "sign_off", "steps", "max_groups", "canary"),
    }
)
"""What says why, by whom and when, not what is run."""


def step_hash(definition: CampaignDefinition, step: StepDefinition) -> str:
    """Hash everything that decides what a step processes and how.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.
    step : `~cmbot.models.campaign.StepDefinition`
        One of its steps.

    Returns
    -------
    sha256 : `str`
        64 hexadecimal digits; the same for the same content, whatever the order of keys.
    """
    return digest(
        {
            name: {key: value for key, value in parts.plain(part).items() if key not in _ABOUT}
            # The name of a step is part of its outputs' names; that of a campaign is not.
            for name, part in (("campaign", replace(definition, name="")), ("step", step))
        }
    )


def content_hash(definition: CampaignDefinition) -> str:
    """Hash what a campaign does, whatever it is called: twins under two names have the same (V23).

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Returns
    -------
    sha256 : `str`
        64 hexadecimal digits.
    """
    called = {"name", "output"}
    campaign = {key: value for key, value in parts.plain(definition).items() if key not in _ABOUT | called}
    steps = [
        {key: value for key, value in parts.plain(step).items() if key not in _ABOUT}
        for step in sorted(definition.steps, key=lambda step: step.name)
    ]
    return digest({"campaign": campaign, "steps": steps})


def fields(epic: Issue, step: Issue) -> dict[str, dict[str, Any]]:
    """Give the fields that decide what a step processes and how.

    Parameters
    ----------
    epic, step : `~cmbot.models.issues.Issue`
        The campaign and the step.

    Returns
    -------
    fields : `dict` [`str`, `dict`]
        Values by field, of the ``campaign`` and of the ``step``.
    """
    return {
        name: {field: issue.fields[field] for field in sorted(DEFINITION) if field in issue.fields}
        for name, issue in (("campaign", epic), ("step", step))
    }


def differences(issue: Issue, used: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Find what was edited since an attempt used it.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        A campaign or step, as it is in Jira.
    used : `~collections.abc.Mapping` [`str`, `Any`]
        Values by field that the newest attempt used.

    Returns
    -------
    differences : `tuple` [`~cmbot.models.views.Difference`, ...]
        By field.
    """
    return tuple(
        Difference(
            field=field,
            before=_text(used.get(field)),
            after=_text(issue.fields.get(field)),
            used=EDITING[field][issue.status] is not Effect.REFUSED,
            edit=next((edit for edit in reversed(issue.edits) if edit.field == field), None),
        )
        for field in sorted(DEFINITION)
        if issue.fields.get(field) != used.get(field)
    )


def as_used(issue: Issue, used: Mapping[str, Any], *, wholly: bool = False) -> Issue:
    """Put back what may not be edited any more.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        A campaign or step, as it is in Jira.
    used : `~collections.abc.Mapping` [`str`, `Any`]
        Values by field that an attempt used.
    wholly : `bool`, optional
        Whether also to put back what only counts at the next attempt.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue`
        With the fields as cmbot takes them.
    """
    back = {field for field in DEFINITION if wholly or EDITING[field][issue.status] is Effect.REFUSED}
    kept = {field: value for field, value in issue.fields.items() if field not in back}
    return replace(issue, fields=kept | {field: used[field] for field in back if field in used})


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def definition_hash(definition: CampaignDefinition) -> str:
    """Hash a whole campaign, so that the same one is recognised (requirement V23).

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Returns
    -------
    sha256 : `str`
        64 hexadecimal digits.
    """
    return digest(parts.plain(definition))


def digest(data: Any) -> str:
    """Hash plain data.

    Parameters
    ----------
    data : `Any`
        What JSON can hold.

    Returns
    -------
    sha256 : `str`
        64 hexadecimal digits.
    """
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()
