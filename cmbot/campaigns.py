"""Define campaigns in Python: the same objects as a campaign file yields (requirement B24).

A campaign of a week, a step each night, and one after all of them:

>>> from cmbot.campaigns import Campaign, SplitRule, Step, from_yaml, problems, replace, to_yaml
>>> nights = [20261116 + day for day in range(7)]
>>> steps = [
...     Step(
...         name=f"night{night}",
...         pipeline="$DRP_PIPE_DIR/pipelines/LSSTCam/DRP.yaml#step1",
...         query=f"instrument = 'LSSTCam' AND day_obs = {night}",
...         split=SplitRule("visit", size=1000),
...     )
...     for night in nights
... ]
>>> fit = Step(
...     name="fgcm",
...     pipeline="$DRP_PIPE_DIR/pipelines/LSSTCam/DRP.yaml#step2b",
...     query=f"instrument = 'LSSTCam' AND day_obs IN ({nights[0]}..{nights[-1]})",
...     after=tuple(step.name for step in steps),
... )
>>> week = Campaign(
...     name="week 47",
...     reason="Photometric calibration of a week's visits.",
...     butler="/repo/main",
...     inputs=("LSSTCam/defaults",),
...     output="LSSTCam/runs/week47/DM-12345",
...     environment="w_2026_47",
...     site="SLAC",
...     steps=(*steps, fit),
... )

What is wrong with it is said as `cmbot check --offline` says it:

>>> problems(week)
()
>>> [str(problem) for problem in problems(replace(week, reason=""))]
['Reason: is empty; write why the campaign is run; it cannot start without (B3)']

It is written as a file, for `cmbot create`, `cmbot plan` and git, or made in Jira at once with `create`:

>>> to_yaml(week).splitlines()[:3]
['name: week 47', "reason: Photometric calibration of a week's visits.", 'butler: /repo/main']
>>> from_yaml(to_yaml(week), "week.yaml") == week
True
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cmbot.definition import parts
from cmbot.definition.file import read as from_yaml
from cmbot.definition.file import write as to_yaml
from cmbot.models.campaign import CampaignDefinition as Campaign
from cmbot.models.campaign import DataIdFile, PausePolicy, RetryPolicy, Specification, SplitRule
from cmbot.models.campaign import StepDefinition as Step
from cmbot.operations.check import check_file
from cmbot.operations.create import connect, create_patiently, prepare
from cmbot.reconcile.opening import load_settings

if TYPE_CHECKING:
    from cmbot.exceptions import Problem

__all__ = [
    "Campaign",
    "DataIdFile",
    "PausePolicy",
    "RetryPolicy",
    "Specification",
    "SplitRule",
    "Step",
    "create",
    "from_yaml",
    "problems",
    "replace",
    "to_yaml",
]


def problems(campaign: Campaign, directory: Path | str = ".") -> tuple[Problem, ...]:
    """Find what is wrong with a campaign, as far as it can be seen without settings, Butler and git.

    Parameters
    ----------
    campaign : `Campaign`
        The campaign.
    directory : `pathlib.Path` or `str`, optional
        Where the sets of DataIds are that it names.

    Returns
    -------
    problems : `tuple` [`~cmbot.exceptions.Problem`, ...]
        Each has a field, what is wrong with it, and what to do; empty if there are none.
    """
    return check_file(_read(campaign), Path(directory), None, None).problems


def create(campaign: Campaign, settings: Path | str = "cmbot.yaml", directory: Path | str = ".") -> str:
    """Make a campaign in Jira, as `cmbot create` does: in Draft, and once however often it is asked.

    Parameters
    ----------
    campaign : `Campaign`
        The campaign.
    settings : `pathlib.Path` or `str`, optional
        Settings file.
    directory : `pathlib.Path` or `str`, optional
        Where the sets of DataIds are that it names.

    Returns
    -------
    key : `str`
        Key of the epic.

    Raises
    ------
    DefinitionError
        With everything that is wrong with it: nothing was created.
    UserError
        If the settings are wrong, or the project lacks something.
    RemoteError
        If Jira did not do it; asking again goes on from there.
    """
    found = load_settings(Path(settings))
    definition, files = prepare(found, _read(campaign), Path(directory))
    return create_patiently(found, connect(found), definition, lambda _: None, files=files)[0]


def _read(campaign: Campaign) -> Campaign:
    """The campaign with its types checked, which Python does not do."""
    read: Campaign = parts.read(Campaign, parts.plain(campaign), campaign.name)
    return read
