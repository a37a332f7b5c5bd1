"""Many groups in few rows: those that differ, and how many are alike (requirement V11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmbot.models.views import GroupView

_RUNS = 8
"""Ranges of names in a line about groups that are alike."""
_ODD = frozenset({AttemptState.UNKNOWN, AttemptState.HELD, AttemptState.CANCELLING})


def chosen(groups: Sequence[GroupView], most: int) -> tuple[tuple[GroupView, ...], tuple[str, ...]]:
    """Choose which groups get a row of their own.

    Parameters
    ----------
    groups : `~collections.abc.Sequence` [`~cmbot.models.views.GroupView`]
        Of a step.
    most : `int`
        Rows at most; so many groups all have one.

    Returns
    -------
    rows : `tuple` [`~cmbot.models.views.GroupView`, ...]
        In the order of the groups; of more than `most` those that need a person, failed or run.
    others : `tuple` [`str`, ...]
        A line for the groups in each state that have no row.
    """
    if len(groups) <= most:
        return tuple(groups), ()
    ranked = sorted((group for group in groups if _urgency(group)), key=_urgency, reverse=True)
    shown = {group.name for group in ranked[:most]}
    return tuple(group for group in groups if group.name in shown), tuple(_alike(groups, shown))


def _urgency(group: GroupView) -> int:
    """How much a group differs from what nobody has to look at; 0 for what waits or has its result."""
    last = group.last
    if last is None or last.state is AttemptState.SUCCEEDED:
        return 0
    if last.attention or group.left_running or last.state is AttemptState.DUPLICATE:
        return 5
    if group.effective is Status.FAILED and not group.decided:
        return 4
    if last.state in _ODD or group.failing:
        return 3
    return 2 if last.state.live else 1


def _alike(groups: Sequence[GroupView], shown: set[str]) -> Iterator[str]:
    states = dict.fromkeys(group.state for group in groups if group.name not in shown)
    for state in states:
        places = [
            place for place, group in enumerate(groups) if group.state == state and group.name not in shown
        ]
        runs = list(_runs(places))
        names = [
            groups[first].name if first == last else f"{groups[first].name} to {groups[last].name}"
            for first, last in runs[:_RUNS]
        ]
        more = f" and {sum(last - first + 1 for first, last in runs[_RUNS:])} more" if runs[_RUNS:] else ""
        yield f"{len(places)} {state}: {', '.join(names)}{more}"


def _runs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = before = places[0]
    for place in places[1:]:
        if place != before + 1:
            yield first, before
            first = place
        before = place
    yield first, before
