"""What waits for a person, each with the page that shows it (requirement V1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cmbot.models.views import CampaignView
    from cmbot.operations.attention import Waits


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for a person."""

    waits: Waits
    """What, since when, whose, and what to do."""
    campaign: str
    """Key of its campaign; empty if it is of none that is shown."""
    page: tuple[str, ...]
    """Parts of the address of its page; empty if it has none."""


def placed(found: Iterable[Waits], campaigns: Iterable[CampaignView]) -> Iterator[Waiting]:
    """Say where what waits is shown.

    Parameters
    ----------
    found : `~collections.abc.Iterable` [`~cmbot.operations.attention.Waits`]
        What waits.
    campaigns : `~collections.abc.Iterable` [`~cmbot.models.views.CampaignView`]
        The campaigns that are shown.

    Yields
    ------
    waiting : `Waiting`
        In the same order.
    """
    pages: dict[str, tuple[str, tuple[str, ...]]] = {}
    groups: set[tuple[str, str]] = set()
    for view in campaigns:
        own = view.issue.key
        pages[own] = own, ("campaign", own)
        pages |= {step.issue.key: (own, ("step", step.issue.key)) for step in view.steps}
        for step, group in view.groups:
            groups.add((step.issue.key, group.name))
            if group.issue is not None:
                pages[group.issue.key] = own, ("group", step.issue.key, group.name)
    for waits in found:
        campaign, page = pages.get(waits.key, ("", ()))
        # A group without a sub-task is named beside the key of its step: "step1 g001 a1".
        names = (name for name in waits.name.split() if (waits.key, name) in groups)
        if group_name := next(names, ""):
            page = ("group", waits.key, group_name)
        yield Waiting(waits, campaign, page)
