"""The frozen form of a definition and its hash (requirements B19, W23)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmbot.models.campaign import CampaignDefinition, StepDefinition


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
    campaign = asdict(definition)
    del campaign["steps"], campaign["name"], campaign["reason"], campaign["pause"]
    return digest({"campaign": campaign, "step": asdict(step)})


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
    return digest(asdict(definition))


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
