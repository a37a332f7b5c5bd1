"""Put what a step includes into a TAGGED collection, before it is asked how the step splits (A10, C6)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cmbot.butler import plan as collections
from cmbot.butler.arrangement import ARRANGE_SCRIPT, ArrangeRequest, Done, parse_arranged
from cmbot.exceptions import DefinitionError, Problem
from cmbot.reconcile import asking

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.butler.items import Tag
    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.models.views import StepView
    from cmbot.splitting.chosen import Chosen

_LOG = logging.getLogger(__name__)


def wanted(definition: CampaignDefinition, step: StepDefinition, chosen: Chosen) -> Tag | None:
    """Plan the TAGGED collection of a step.

    Parameters
    ----------
    definition, step
        The campaign and the step.
    chosen : `~cmbot.splitting.chosen.Chosen`
        What people include or exclude.

    Returns
    -------
    tag : `~cmbot.butler.plan.Tag` or `None`
        `None` if nothing is to be tagged.
    """
    return collections.tag(definition, step, chosen.included) if chosen.included else None


def question(definition: CampaignDefinition, step: StepDefinition, tag: Tag) -> asking.Question:
    """Ask a Butler to tag.

    Parameters
    ----------
    definition, step
        The campaign and the step.
    tag : `~cmbot.butler.plan.Tag`
        What; done again it changes nothing.

    Returns
    -------
    question : `~cmbot.reconcile.asking.Question`
        For ``butler/scripts/arrange.py``.
    """
    request = ArrangeRequest(definition.butler, (tag,))
    return asking.Question(ARRANGE_SCRIPT, request.to_json(), definition.environment_of(step))


def place(directory: Path) -> Path:
    """Name where the child works that tags.

    Parameters
    ----------
    directory : `pathlib.Path`
        Where the child works that asks how the step splits.

    Returns
    -------
    directory : `pathlib.Path`
        Beside it; not there if nothing is tagged.
    """
    return directory.with_name(f"{directory.name}-tag")


def first(directory: Path) -> Path:
    """Find where the first child of a plan works, beside which is kept what was asked.

    Parameters
    ----------
    directory : `pathlib.Path`
        Of the plan.

    Returns
    -------
    directory : `pathlib.Path`
        Where it is tagged, if something is.
    """
    tagged = place(directory)
    return tagged if tagged.exists() else directory


def newest(directory: Path) -> Path:
    """Find where the newest child of a plan works.

    Parameters
    ----------
    directory : `pathlib.Path`
        Of the plan.

    Returns
    -------
    directory : `pathlib.Path`
        The same, once its question is asked.
    """
    return directory if directory.exists() else first(directory)


def require_done(directory: Path, step: StepView) -> None:
    """See that it was tagged.

    Parameters
    ----------
    directory : `pathlib.Path`
        Where the child worked.
    step : `~cmbot.models.views.StepView`
        The step.

    Raises
    ------
    DefinitionError
        If it cannot be, as the set or the inputs are.
    RemoteError
        If the child did not do it.
    """
    (item,) = parse_arranged(asking.answer(directory, step.issue.key), step.issue.key)
    if item.done is Done.ERROR:
        said = f"{item.name}: {item.problem}"
        problem = Problem("DataIds included", said, "correct the set, or the inputs")
        raise DefinitionError(step.issue.key, (problem,))
    _LOG.info("%s %s %s", step.issue.key, item.name, item.done)
