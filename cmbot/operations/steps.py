"""Read the steps of a campaign from a pipeline (requirement B14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.butler.pipelines import DescribeRequest, parse_description
from cmbot.butler.questions import QUERY_SCRIPT
from cmbot.definition import grammar, proposing
from cmbot.exceptions import UserError
from cmbot.operations.plan import answered
from cmbot.reconcile.asking import Question

if TYPE_CHECKING:
    from cmbot.butler.pipelines import PipelineDescription
    from cmbot.models.campaign import StepDefinition
    from cmbot.reconcile.edges import Workshop


@dataclass(frozen=True)
class PipelineStep:
    """One step of a pipeline."""

    definition: StepDefinition
    """As it would be in a campaign."""
    tasks: tuple[str, ...]
    """Labels of its tasks, in the order in which they run."""
    dimensions: tuple[str, ...]
    """Along what the pipeline lets it be split; for a pipeline that declares no steps, nothing."""


def steps(workshop: Workshop, pipeline: str, environment: str = "") -> tuple[PipelineStep, ...]:
    """Ask an environment what the steps of a pipeline are.

    Parameters
    ----------
    workshop : `~cmbot.reconcile.edges.Workshop`
        Where it is asked.
    pipeline : `str`
        Its file, as a campaign names it.
    environment : `str`, optional
        Name of an environment; it may be left out if there is one only.

    Returns
    -------
    steps : `tuple` [`PipelineStep`, ...]
        Those that the pipeline declares, in its order; if it declares none, all its subsets.

    Raises
    ------
    UserError
        If there is no such pipeline or environment, or it has neither steps nor subsets.
    RemoteError
        If the environment does not answer.
    """
    if not grammar.is_pipeline(pipeline) or "#" in pipeline:
        raise UserError(pipeline, "cannot be the file of a pipeline", "write PATH.yaml")
    known = workshop.settings.environments
    if not environment and len(known) != 1:
        raise UserError("environment", "is not said", f"say --environment, one of {', '.join(known)}")
    question = Question(QUERY_SCRIPT, DescribeRequest(pipeline).to_json(), environment or next(iter(known)))
    found = parse_description(answered(workshop, question, pipeline), pipeline)
    if not found.subsets:
        raise UserError(pipeline, "has neither steps nor subsets", "name task labels: PATH.yaml#label,label")
    return _proposed(pipeline, found)


def _proposed(pipeline: str, found: PipelineDescription) -> tuple[PipelineStep, ...]:
    declared = {step.label: step.dimensions for step in found.steps}
    subsets = {one.label: one for one in found.subsets}
    chosen = [subsets[label] for label in declared if label in subsets] or list(found.subsets)
    after = proposing.in_order(
        {one.label: one.needs for one in chosen}, {one.label: one.tasks for one in chosen}
    )
    return tuple(
        PipelineStep(
            proposing.step(
                pipeline, one.label, one.description, declared.get(one.label, ()), after[one.label]
            ),
            one.tasks,
            declared.get(one.label, ()),
        )
        for one in chosen
    )
