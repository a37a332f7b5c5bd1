"""Which attempts left outputs: one answer for what is counted, what a rescue skips and what a chain holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.butler.plan import GoodAttempt
from cmbot.models.attempts import since_fresh

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cmbot.butler.names import Layout
    from cmbot.models.attempts import Attempt, Try


def used(attempts: Sequence[Attempt], registered: Collection[int]) -> list[tuple[Attempt, Try]]:
    """Find the attempts of a group whose outputs are used, however they ended.

    Parameters
    ----------
    attempts : `~collections.abc.Sequence` [`~cmbot.models.attempts.Attempt`]
        Of one group, oldest first.
    registered : `~collections.abc.Collection` [`int`]
        What `cmbot.mirror.reports.registered` says of the step.

    Returns
    -------
    attempts : `list` [`tuple`]
        Each with its submission, oldest first; without what a fresh attempt put aside or people took back.
    """
    newest = ((each, each.last_try) for each in since_fresh(attempts) if each.withdrawal is None)
    return [(each, item) for each, item in newest if item is not None and item.id in registered]


def usable(
    names: Layout, step: str, attempts: Sequence[Attempt], registered: Collection[int]
) -> list[GoodAttempt]:
    """Find the runs that a rescue skips and a chain holds.

    Parameters
    ----------
    names : `~cmbot.butler.names.Layout`
        Names of the campaign.
    step : `str`
        Name of the step.
    attempts : `~collections.abc.Sequence` [`~cmbot.models.attempts.Attempt`]
        Of one group, oldest first.
    registered : `~collections.abc.Collection` [`int`]
        What `cmbot.mirror.reports.registered` says of the step.

    Returns
    -------
    attempts : `list` [`~cmbot.butler.plan.GoodAttempt`]
        Those that are `used`.
    """
    found = used(attempts, registered)
    return [GoodAttempt(attempt.number, _run(names, step, attempt, item)) for attempt, item in found]


def _run(names: Layout, step: str, attempt: Attempt, item: Try) -> str:
    return item.recorded.run if item.recorded else names.run(step, attempt.group, attempt.number, item.nonce)
