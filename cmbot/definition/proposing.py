"""The steps of a campaign as a pipeline itself proposes them (requirements A4, B14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.models.campaign import SplitRule, StepDefinition

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_SIZES: Mapping[str, int] = {"tract": 1, "visit": 1000, "exposure": 1000}
"""What a step is split by, the first of these that it may be split by, and into how many (B17)."""


def split(dimensions: Collection[str]) -> SplitRule:
    """Propose how a step is split.

    Parameters
    ----------
    dimensions : `~collections.abc.Collection` [`str`]
        Along what its pipeline lets it be split.

    Returns
    -------
    rule : `~cmbot.models.campaign.SplitRule`
        By tract, or in groups of a thousand visits; one group where neither is possible.
    """
    for name, size in _SIZES.items():
        if name in dimensions:
            return SplitRule(name, size)
    return SplitRule()


def in_order(
    needs: Mapping[str, Collection[str]], tasks: Mapping[str, Collection[str]]
) -> dict[str, tuple[str, ...]]:
    """Find which steps others wait for.

    Parameters
    ----------
    needs, tasks : `~collections.abc.Mapping` [`str`, `~collections.abc.Collection` [`str`]]
        By step, the tasks of other steps that make what it reads, and its own.

    Returns
    -------
    after : `dict` [`str`, `tuple` [`str`, ...]]
        By step, those that must be completed before.
    """
    return {
        name: tuple(other for other in tasks if other != name and set(tasks[other]) & set(wanted))
        for name, wanted in needs.items()
    }


def step(
    pipeline: str, label: str, description: str, dimensions: Collection[str], after: tuple[str, ...]
) -> StepDefinition:
    """Propose one step; its data query is for a person to write.

    Parameters
    ----------
    pipeline : `str`
        Its file.
    label, description : `str`
        As the pipeline has them.
    dimensions : `~collections.abc.Collection` [`str`]
        Along what it may be split.
    after : `tuple` [`str`, ...]
        Steps that must be completed before.

    Returns
    -------
    step : `~cmbot.models.campaign.StepDefinition`
        Without a query: `cmbot check` refuses it until there is one.
    """
    before = tuple(map(_name, after))
    return StepDefinition(
        _name(label), f"{pipeline}#{label}", "", before, split=split(dimensions), description=description
    )


def _name(label: str) -> str:
    """A step's name is part of run names and collections: letters and digits only."""
    return "".join(letter for letter in label if letter.isascii() and letter.isalnum())
