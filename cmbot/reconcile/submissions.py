"""One group's BPS configuration, from the definition and the journal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmbot.bps import evidence
from cmbot.bps.fields import in_jira
from cmbot.bps.lint import lint as lint_config
from cmbot.bps.render import render
from cmbot.bps.submission import Submission
from cmbot.butler import plan as collections
from cmbot.definition import grammar
from cmbot.exceptions import DefinitionError, UserError
from cmbot.handlers import memory, recovery
from cmbot.mirror import reports, seen
from cmbot.models.attempts import AS_DEFINED, Changes
from cmbot.reconcile import outputs
from cmbot.splitting.predicates import Predicate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cmbot.bps.evidence import Evidence
    from cmbot.exceptions import Problem
    from cmbot.mirror.plans import GroupRow
    from cmbot.models.attempts import Try
    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges, Local, Workshop
    from cmbot.settings import EnvironmentSettings, Settings
    from cmbot.wms.port import Wms

TABLE = "dataids.csv"
"""File of a group's DataIds, in the directory of its try."""


@dataclass(frozen=True)
class Found:
    """Requests of one attempt in the WMS."""

    prefixes: frozenset[str]
    """Beginnings of the names that were looked for."""
    requests: Mapping[str, int]
    """Name -> request id."""


def environment(
    settings: Settings, definition: CampaignDefinition, step: StepDefinition
) -> EnvironmentSettings:
    """Find the environment that a step runs in.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        With the named environments.
    definition, step
        The campaign and the step.

    Returns
    -------
    environment : `~cmbot.settings.EnvironmentSettings`
        The step's own, else the campaign's.

    Raises
    ------
    UserError
        If the settings do not have it.
    """
    return named(settings, definition.environment_of(step))


def named(settings: Settings, name: str) -> EnvironmentSettings:
    """Find an environment by its name.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        With the named environments.
    name : `str`
        Its name.

    Returns
    -------
    environment : `~cmbot.settings.EnvironmentSettings`
        What is run in it, and how.

    Raises
    ------
    UserError
        If the settings do not have it.
    """
    if name not in settings.environments:
        known = ", ".join(sorted(settings.environments))
        raise UserError("Environment", f"{name!r} is not known", f"use {known}")
    return settings.environments[name]


def run_name(step_key: str, step: str, group: str, number: int, nonce: str) -> str:
    """Name a run (design.md rule 5).

    Parameters
    ----------
    step_key, step, group : `str`
        Key and name of the step, name of the group.
    number : `int`
        Number of the attempt.
    nonce : `str`
        Eight hexadecimal digits; empty for the prefix that all tries of the attempt share.

    Returns
    -------
    name : `str`
        ``<STEPKEY>_<step>_g001_a1_<nonce>``.
    """
    return f"{step_key}_{step}_{group}_a{number}_{nonce}"


def site_of(view: CampaignView, step: StepView, changes: Changes = AS_DEFINED) -> str:
    """Name the compute site of an attempt.

    Parameters
    ----------
    view, step
        The campaign and the step.
    changes : `~cmbot.models.attempts.Changes`, optional
        What the attempt does otherwise than the definition says.

    Returns
    -------
    name : `str`
        The attempt's own, else the step's, else the campaign's.

    Raises
    ------
    UserError
        If the definition cannot be read.
    """
    if view.definition is None or step.definition is None:
        raise UserError(step.issue.key, "cannot be read", "correct its fields")
    return changes.site or view.definition.site_of(step.definition)


def look_up(
    edges: Edges, wms: Wms, step: StepView, group: str, number: int, tries: Sequence[Try] = ()
) -> Found:
    """Ask the WMS for the requests of an attempt, under every key that its step ever had.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    wms : `~cmbot.wms.port.Wms`
        Which WMS.
    step : `~cmbot.models.views.StepView`
        The step.
    group : `str`
        Name of the group.
    number : `int`
        Number of the attempt.
    tries : `~collections.abc.Sequence` [`~cmbot.models.attempts.Try`], optional
        Its tries.

    Returns
    -------
    found : `Found`
        What the WMS has.

    Raises
    ------
    RemoteError
        If it cannot be asked.
    """
    former = [old for old, key in seen.renamed(edges.mirror).items() if key == step.issue.key]
    prefixes = {run_name(key, step.name, group, number, "") for key in (step.issue.key, *former)}
    prefixes |= {item.name.removesuffix(item.nonce) for item in tries}
    requests: dict[str, int] = {}
    for prefix in sorted(prefixes):
        requests |= recovery.ours((prefix,), wms.find(prefix))
    return Found(frozenset(prefixes), requests)


def submission(
    local: Local,
    view: CampaignView,
    step: StepView,
    group: GroupRow,
    number: int,
    name: str,
    by: str = "",
    changes: Changes = AS_DEFINED,
) -> Submission:
    """Describe one submission.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view, step, group
        Campaign, step and group.
    number : `int`
        Number of the attempt.
    name : `str`
        As `run_name` gave it when the try was written down: the issue's key may be another now.
    by : `str`, optional
        Account of the person who launched it: BPS's operator (requirement D7).
    changes : `~cmbot.models.attempts.Changes`, optional
        What it does otherwise than the definition says.

    Returns
    -------
    submission : `~cmbot.bps.submission.Submission`
        With every name computed before anything starts.

    Raises
    ------
    UserError
        If a name is not possible.
    """
    definition, own = view.definition, step.definition
    if definition is None or own is None:
        raise UserError(step.issue.key, "cannot be read", "correct its fields")
    names, nonce = collections.layout(definition), name.rpartition("_")[2]
    earlier = [
        attempt
        for view_of_group in step.groups
        if view_of_group.name == group.name
        for attempt in view_of_group.attempts
        if attempt.number < number
    ]
    registered = reports.registered(local.mirror, step.issue.id)
    rescued = () if changes.fresh else tuple(outputs.usable(names, own.name, earlier, registered))
    where = site_of(view, step, changes)
    if where not in local.settings.sites:
        raise UserError("Compute site", f"{where!r} is not known", f"use {', '.join(local.settings.sites)}")
    inputs = collections.step_inputs(definition, own.name)
    return Submission(
        name=name,
        pipeline=_narrowed(own.pipeline, changes.tasks),
        project=local.settings.jira.project,
        campaign=view.issue.key,
        payload=f"{own.name}_{group.name}",
        operator=by if grammar.is_operator(by) else "cmbot",
        butler=definition.butler,
        in_collections=collections.rescue_inputs(rescued, inputs),
        data_query=Predicate(where=group.predicate["where"]).applied_to(own.query),
        output=names.group(own.name, group.name),
        output_run=names.run(own.name, group.name, number, nonce),
        submit_path=str(local.submit_path(name)),
        id_link_path=str(local.submit_path("ids")),
        wms=local.settings.sites[where].wms,
        site=where,
        # A queue that was chosen counts above what the site says of single tasks, too.
        site_options=memory.applied(local.settings.sites[where].wms_options, Changes(queue=changes.queue)),
        options=memory.applied(own.options, changes),
        overrides=own.overrides,
        extra_qgraph_options=_graph_options(
            str(local.tries / name / TABLE) if group.predicate["table"] else "", rescued
        ),
        priority=own.priority or definition.priority,
        lsst_version=own.lsst_version or definition.lsst_version,
        image=own.image or definition.image,
        setup=own.setup or definition.setup,
    )


def left(edges: Edges, item: Try) -> Evidence:
    """Look at what a submission left on disk.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    item : `~cmbot.models.attempts.Try`
        The submission.

    Returns
    -------
    evidence : `~cmbot.bps.evidence.Evidence`
        What was found.
    """
    return evidence.gather(Path(item.directory), edges.submit_path(item.name), edges.submit_path("ids"))


def lint(
    edges: Workshop,
    view: CampaignView,
    step: StepView,
    group: GroupRow,
    labels: Collection[str] | None = None,
) -> tuple[Problem, ...]:
    """Check what would be submitted, without submitting it.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Workshop`
        With BPS's templates.
    view, step, group
        Campaign, step and group.
    labels : `~collections.abc.Collection` [`str`] or `None`
        Task labels of the pipeline, if they are known.

    Returns
    -------
    problems : `tuple` [`~cmbot.exceptions.Problem`, ...]
        Empty if it may be submitted.
    """
    try:
        name = run_name(step.issue.key, step.name, group.name, 1, "0" * 8)
        example = submission(edges, view, step, group, 1, name)
        return configuration(edges, example, labels)[1]
    except DefinitionError as error:
        return error.problems


def configuration(
    edges: Workshop, example: Submission, labels: Collection[str] | None = None
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Render a submission and check it.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Workshop`
        With BPS's templates.
    example : `~cmbot.bps.submission.Submission`
        The submission.
    labels : `~collections.abc.Collection` [`str`], optional
        Task labels of the pipeline, if they are known.

    Returns
    -------
    config, problems
        The BPS configuration, and everything wrong with it.

    Raises
    ------
    DefinitionError
        If something in it must not reach BPS.
    """
    config = render(example, edges.bases[example.wms])
    return config, tuple(in_jira(problem, example) for problem in lint_config(config, labels=labels))


def _narrowed(pipeline: str, tasks: Sequence[str]) -> str:
    """Name single tasks in place of the pipeline's subset."""
    return f"{pipeline.partition('#')[0]}#{','.join(tasks)}" if tasks else pipeline


def _graph_options(table: str, rescued: Sequence[collections.GoodAttempt]) -> tuple[str, ...]:
    options = ("--data-id-table", table) if table else ()
    if not rescued:
        return options
    runs = ",".join(attempt.run for attempt in sorted(rescued, key=lambda item: -item.number))
    return (*options, "--clobber-outputs", "--skip-existing-in", runs)
