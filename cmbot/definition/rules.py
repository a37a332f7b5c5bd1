"""Which constraints the steps of a data release production need (requirement B15, RTN-023).

Coadds without an explicit tract, or single visits cut by tract, process something else than was meant, and no
other check can see it. Where it is meant, the step says so in its field "Rule exception".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmbot.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.models.campaign import StepDefinition

NEEDS_TRACT = frozenset({"step3", "step5"})
"""Pipeline steps whose tracts are always named."""
NO_TRACT = frozenset({"step4", "step6"})
"""Pipeline steps that must see whole visits."""

_WORD = re.compile(r"'[^']*'|[A-Za-z_][A-Za-z0-9_]*")
_REMEDY = "or write in Rule exception why it is meant"


def problems(step: StepDefinition) -> Iterator[Problem]:
    """Find what contradicts the rules, unless the step says why.

    Parameters
    ----------
    step : `~cmbot.models.campaign.StepDefinition`
        The step.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        By field.
    """
    if step.exception:
        return
    label = step.pipeline.partition("#")[2]
    constrained = {"tract", "patch"} & ({*_WORD.findall(step.query)} | {*step.split.dimensions})
    if label in NEEDS_TRACT and "tract" not in constrained:
        yield Problem("Data query", f"{label} names no tract", f"constrain tract or split by it, {_REMEDY}")
    if label in NO_TRACT and constrained:
        named = " and ".join(sorted(constrained))
        yield Problem("Data query", f"{label} is cut by {named}", f"leave it out, {_REMEDY}")
