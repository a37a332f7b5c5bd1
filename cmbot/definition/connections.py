"""Whether steps are connected: what each needs is made before it, or is there (requirements B33 to B36)."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from cmbot.definition import rules
from cmbot.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from cmbot.models.campaign import CampaignDefinition, StepDefinition

_NAMED = 4
"""Dataset types that a message names; of more it says how many."""
_REMEDY = "or write in Rule exception why it is meant"


@dataclass(frozen=True)
class Ends:
    """What a step's pipeline needs and makes."""

    inputs: tuple[str, ...]
    """Dataset types that it cannot do without and does not make."""
    outputs: tuple[str, ...]
    """Dataset types that it makes."""
    dimensions: tuple[str, ...] | None
    """Along what the pipeline lets the step be split, and all that it implies; `None` if it does not say."""


@dataclass(frozen=True)
class Connections:
    """What pipelines and a Butler say about a whole campaign."""

    steps: Mapping[str, Ends | Problem]
    """By step; a problem if its pipeline cannot be read."""
    present: frozenset[str]
    """Dataset types that the campaign's input collections hold."""


NOT_ASKED = Connections({}, frozenset())


def problems(definition: CampaignDefinition, found: Connections) -> Iterator[Problem]:
    """Find steps that are not connected, or cut otherwise than their pipelines declare (B15, B34, B35).

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign, without problems of its own.
    found : `Connections`
        What pipelines and the Butler say; steps that it does not name are not judged.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        By step and field.
    """
    upstream = _upstream(definition)
    for step in definition.steps:
        ends = found.steps.get(step.name)
        if isinstance(ends, Problem):
            yield Problem(f"{step.name} {ends.field}", ends.problem, ends.remedy)
        elif ends is not None and not step.exception:
            yield from _lacking(step, ends, found, upstream[step.name])
            for problem in rules.declared(step, ends.dimensions):
                yield Problem(f"{step.name} {problem.field}", problem.problem, problem.remedy)


def _lacking(
    step: StepDefinition, ends: Ends, found: Connections, before: Collection[str]
) -> Iterator[Problem]:
    """What a step needs and would not find, put together by who makes it."""
    makers = {name: set(one.outputs) for name, one in found.steps.items() if isinstance(one, Ends)}
    lacking: dict[tuple[str, ...], list[str]] = {}
    for needed in ends.inputs:
        made_by = tuple(name for name, made in makers.items() if needed in made and name != step.name)
        if needed not in found.present and not set(made_by) & set(before):
            lacking.setdefault(made_by, []).append(needed)
    for made_by, types in lacking.items():
        if made_by:
            yield Problem(
                f"{step.name} is blocked by",
                f"it needs {_listed(types)} of {' or '.join(made_by)}, and does not wait for it",
                f"link it: is blocked by {' or '.join(made_by)}; {_REMEDY}",
            )
        else:
            yield Problem(
                f"{step.name} Input collections",
                f"nothing makes {_listed(types)}, which it needs, and no input collection has it",
                f"add the step that makes it, or a collection that has it, {_REMEDY}",
            )


def _listed(types: list[str]) -> str:
    more = len(types) - _NAMED
    return ", ".join(types[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _upstream(definition: CampaignDefinition) -> dict[str, set[str]]:
    """All steps that each step waits for, directly or not."""
    after = {step.name: step.after for step in definition.steps}
    known: dict[str, set[str]] = {}
    for name in TopologicalSorter(after).static_order():
        known[name] = set(after[name]).union(*(known[other] for other in after[name]))
    return known
