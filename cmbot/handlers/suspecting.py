"""Counts of a step that a person should look at (requirements E13, G5)."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cmbot.models.summary import Contents
    from cmbot.models.views import GroupView, StepView

_SIBLINGS = 3
"""Groups that a step needs before one of them can stand out."""
_FEWER = 0.5
"""Part of what its siblings have for each input, below which a group stands out."""


def counts(step: StepView, contents: Contents | None, software: Sequence[str]) -> Iterator[str]:
    """Find counts that look wrong; whether they are is for a person to say.

    Parameters
    ----------
    step : `~cmbot.models.views.StepView`
        The step.
    contents : `~cmbot.models.summary.Contents` or `None`
        What the Butler holds, if it was asked.
    software : `~collections.abc.Sequence` [`str`]
        What its attempts used.

    Yields
    ------
    text : `str`
        One for each.
    """
    types = contents.types if contents else ()
    for each in types:
        quanta = sum(_made(group, each.label) for group in step.groups if group.name in each.groups)
        if each.count < quanta:
            none = "no datasets" if not each.count else f"only {each.count} datasets"
            yield f"{each.dataset_type}: {none} of {quanta} quanta of {each.label} that succeeded"
    sizes = {group.name: group.size for group in step.groups if group.size and group.attempts}
    quanta_of = {group.name: group.quanta.total for group in step.groups if group.quanta.total}
    yield from _outliers("quanta", quanta_of, sizes)
    for each in types:
        yield from _outliers(each.dataset_type, each.groups, sizes)
    if step.stale:
        yield f"stale: {step.stale}"
    if len(software) > 1:
        yield f"its groups ran with different software: {'; '.join(software)}"


def _made(group: GroupView, label: str) -> int:
    """Quanta that should have made something: one with a caveat may have found no work."""
    return sum(task.successful - task.caveats for task in group.tasks if task.label == label)


def _outliers(what: str, counts: Mapping[str, int], sizes: Mapping[str, int]) -> Iterator[str]:
    """Groups that have far fewer for each input than their siblings."""
    rates = {name: counts[name] / size for name, size in sizes.items() if name in counts}
    if len(rates) < _SIBLINGS:
        return
    usual = median(rates.values())
    for name, rate in rates.items():
        if rate < _FEWER * usual:
            found = f"{name} has {counts[name]} {what} for {sizes[name]} inputs"
            yield f"{found}; its siblings have about {usual:.3g} for each"
