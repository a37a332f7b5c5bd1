"""Show what a launch would do; nothing is written to Jira, the journal or the Butler (requirement V19)."""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from cmbot.bps.render import to_yaml
from cmbot.butler import plan as collections
from cmbot.butler.questions import Selection, parse_selection
from cmbot.exceptions import CmbotError, DefinitionError, NotFound, Problem, UserError
from cmbot.jira_schema import parse
from cmbot.models.issues import Issue, Level
from cmbot.models.systems import MISSING
from cmbot.reconcile import asking, choosing, planning, submissions, views

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.mirror.plans import GroupRow
    from cmbot.models.campaign import StepDefinition
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges
    from cmbot.splitting.chosen import Chosen


@dataclass(frozen=True)
class StepPlan:
    """What a launch of one step would do."""

    key: str
    """Key of the step."""
    name: str
    """Its name."""
    groups: tuple[GroupRow, ...] = ()
    """Its groups."""
    counts: int = 0
    """Datasets that are selected."""
    inputs: tuple[str, ...] = ()
    """Input collections."""
    output: str = ""
    """Chain of its outputs."""
    yaml: str = ""
    """BPS YAML of its first group."""
    warning: str = ""
    """What is unusual about it."""
    problems: tuple[Problem, ...] = ()
    """Why it cannot be launched now."""
    site: str = ""
    """Compute site."""
    wms: str = ""
    """What executes workflows there."""
    missing: tuple[str, ...] = ()
    """What has to be done without there."""


def plan(edges: Edges, key: str, say: Callable[[str], None]) -> tuple[StepPlan, ...]:
    """Plan a campaign or one step.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    key : `str`
        Key of an epic or a step.
    say : `~collections.abc.Callable`
        Told what is being asked.

    Returns
    -------
    plans : `tuple` [`StepPlan`, ...]
        One per step.

    Raises
    ------
    UserError
        If there is no such campaign or step.
    DefinitionError
        If its definition is not complete.
    """
    view, wanted = view_of(edges, key)
    if view.problems:
        raise DefinitionError(view.issue.key, view.problems)
    plans = []
    for step in view.steps:
        if wanted in ("", step.issue.key):
            say(f"{step.issue.key} asking the Butler about {step.name}")
            plans.append(_step(edges, view, step))
    return tuple(plans)


def view_of(edges: Edges, key: str) -> tuple[CampaignView, str]:
    """Put a campaign together from Jira, as if nothing had been submitted.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    key : `str`
        Key of an epic, step or group.

    Returns
    -------
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    step : `str`
        Key of the step that is meant; empty for all.

    Raises
    ------
    UserError
        If there is no such issue.
    """
    try:
        issue = parse.issue(edges.jira.issue(key), edges.names)
    except NotFound as error:
        raise UserError(key, "is not there, or cmbot may not see it", "check the key") from error
    if issue.level is Level.GROUP:
        issue = parse.issue(edges.jira.issue(issue.parent), edges.names)
    wanted = issue.key if issue.level is Level.STEP else ""
    epic = parse.issue(edges.jira.issue(issue.parent), edges.names) if wanted else issue
    return views.offline(edges, epic, tuple(_steps(edges, epic.key))), wanted


def _steps(edges: Edges, epic_key: str) -> list[Issue]:
    kind = next(name for name, level in edges.names.levels.items() if level is Level.STEP)
    listed = [item for item in edges.jira.changed(None) if item["issuetype"].lower() == kind]
    # A step of another campaign may be one that cannot be read.
    bodies = [body for body in edges.jira.issues(listed) if parse.parent(body, edges.names) == epic_key]
    return [parse.issue(body, edges.names) for body in sorted(bodies, key=lambda body: int(body["id"]))]


def _step(edges: Edges, view: CampaignView, step: StepView) -> StepPlan:
    if view.definition is None or step.definition is None:
        return StepPlan(step.issue.key, step.name)
    inputs = collections.step_inputs(view.definition, step.name)
    output = collections.layout(view.definition).step(step.name)
    site = view.definition.site_of(step.definition)
    wms = edges.settings.sites[site].wms
    empty = StepPlan(
        step.issue.key,
        step.name,
        inputs=inputs,
        output=output,
        site=site,
        wms=wms,
        missing=MISSING[wms],
    )
    try:
        groups, selection, chosen = split(edges, view, step)
        name = submissions.run_name(step.issue.key, step.name, groups[0].name, 1, secrets.token_hex(4))
        example = submissions.submission(edges, view, step, groups[0], 1, name)
        config, problems = submissions.configuration(edges, example, selection.labels or None)
    except DefinitionError as error:
        return replace(empty, problems=error.problems)
    except CmbotError as error:
        return replace(empty, problems=(Problem(error.subject, error.problem, error.remedy),))
    return replace(
        empty,
        groups=groups,
        counts=sum(selection.counts.values()),
        warning=planning.warning(edges.settings, view.definition, step.definition, selection, chosen, groups),
        yaml=to_yaml(config),
        problems=problems,
    )


def split(edges: Edges, view: CampaignView, step: StepView) -> tuple[tuple[GroupRow, ...], Selection, Chosen]:
    """Ask the Butler how a step would be split, and wait for its answer.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view, step
        The campaign and the step.

    Returns
    -------
    groups, selection, chosen
        The groups, what the Butler said, and the sets of DataIds that restrict it.

    Raises
    ------
    CmbotError
        If it cannot be split, or the Butler does not say.
    """
    if step.definition is None:
        raise UserError(step.issue.key, "cannot be read", "correct its fields")
    chosen = choosing.fetch(edges, view, step)
    selection = parse_selection(_ask(edges, view, step.definition, chosen), step.issue.key)
    return planning.groups_of(step.issue.id, step.definition, selection, chosen), selection, chosen


def _ask(edges: Edges, view: CampaignView, step: StepDefinition, chosen: Chosen) -> str:
    if view.definition is None:
        raise UserError(step.name, "cannot be read", "correct the campaign")
    with tempfile.TemporaryDirectory(prefix="cmbot-plan-") as scratch:
        directory, started = Path(scratch) / "query", datetime.now(UTC)
        asking.start(edges, planning.question(view.definition, step, chosen), directory)
        until = monotonic() + edges.settings.work.child_timeout.total_seconds()
        while not asking.finished(edges, directory, started, datetime.now(UTC)) and monotonic() < until:
            sleep(0.05)
        return asking.answer(directory, step.name)
