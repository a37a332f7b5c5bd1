"""Campaigns that are the same under another name (requirement V23)."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from cmbot.definition.freeze import content_hash
from cmbot.exceptions import DefinitionError, Problem, UserError
from cmbot.reconcile import views
from cmbot.reconcile.opening import open_local

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.models.campaign import CampaignDefinition
    from cmbot.settings import Settings


def said(settings: Settings, definition: CampaignDefinition) -> Iterator[str]:
    """Name the twins of a campaign for people.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        Which say where the mirror is.
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Yields
    ------
    line : `str`
        One for each twin.
    """
    for key, name in _twins(settings, definition):
        yield f"{key} {name!r} does the same under another name"


def require_none(settings: Settings, definition: CampaignDefinition) -> None:
    """Refuse what is there already under another name.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        Which say where the mirror is.
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Raises
    ------
    DefinitionError
        With the keys of those that do the same.
    """
    if lines := tuple(said(settings, definition)):
        remedy = (
            "go on with it, change what is to be done otherwise, or say --again if it is to be done twice"
        )
        raise DefinitionError(definition.name, tuple(Problem("Summary", line, remedy) for line in lines))


def _twins(settings: Settings, definition: CampaignDefinition) -> Iterator[tuple[str, str]]:
    """Those that the mirror of this machine knows; the same campaign, asked for again, is none."""
    try:
        local = open_local(settings)
    except UserError:
        return
    wanted = content_hash(definition)
    with closing(local.mirror):
        for epic in views.epics(local):
            other = views.definition(local, epic)
            own = (definition.name, definition.created_as(epic.key).output)
            if other and (other.name, other.output) != own and content_hash(other) == wanted:
                yield epic.key, other.name
