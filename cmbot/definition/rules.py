"""Which constraints the steps of a data release production need (requirement B15, RTN-023).

Coadds without an explicit tract, or single visits cut by tract, process something else than was meant, and no
other check can see it. Where it is meant, the step says so in its field "Rule exception".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmbot.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cmbot.models.campaign import StepDefinition

NEEDS_TRACT = frozenset({"step3", "step5"})
"""Pipeline steps whose tracts are always named."""
NO_TRACT = frozenset({"step4", "step6"})
"""Pipeline steps that must see whole visits."""

_WORD = re.compile(r"'[^']*'|[A-Za-z_][A-Za-z0-9_]*")
_REMEDY = "or write in Rule exception why it is meant"


def problems(step: StepDefinition) -> Iterator[Problem]:
    """Find what contradicts the rules for a step of its name, unless the step says why.

    What the pipeline itself declares is not known here: see `declared`.

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
    constrained = _constrained(step)
    if label in NEEDS_TRACT and "tract" not in constrained:
        yield Problem("Data query", f"{label} names no tract", f"constrain tract or split by it, {_REMEDY}")
    if label in NO_TRACT and constrained:
        named = " and ".join(sorted(constrained))
        yield Problem("Data query", f"{label} is cut by {named}", f"leave it out, {_REMEDY}")


def declared(step: StepDefinition, dimensions: Collection[str] | None) -> Iterator[Problem]:
    """Find what contradicts the dimensions that the pipeline declares for a step.

    Parameters
    ----------
    step : `~cmbot.models.campaign.StepDefinition`
        The step.
    dimensions : `~collections.abc.Collection` [`str`] or `None`
        Along what the pipeline lets it be split; `None` if it declares no such step.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        By field.
    """
    if dimensions is None:
        return
    listed = ", ".join(sorted(dimensions)) or "none"
    if "tract" in dimensions and "tract" not in _constrained(step):
        yield Problem(
            "Data query",
            "names no tract, and its pipeline goes by tract",
            f"constrain or split by it, {_REMEDY}",
        )
    # Exposures are what visits are made of, and healpix pixels are no dimension of any task.
    allowed = {*dimensions, *({"exposure"} if "visit" in dimensions else ())}
    for name in step.split.dimensions:
        if name not in allowed and not name.startswith(("healpix", "htm")):
            yield Problem(
                "Split rule",
                f"splits by {name}, and its pipeline declares {listed}",
                f"split by these, {_REMEDY}",
            )


def _constrained(step: StepDefinition) -> set[str]:
    return {"tract", "patch"} & ({*_WORD.findall(step.query)} | {*step.split.dimensions})
