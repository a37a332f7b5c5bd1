"""Show what a launch would do; nothing is written to Jira, the journal or the Butler (requirement V19)."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from cmbot.bps.render import to_yaml
from cmbot.butler import plan as collections
from cmbot.butler.items import Prepend, told
from cmbot.butler.questions import Selection, parse_selection
from cmbot.exceptions import CmbotError, DefinitionError, NotFound, Problem, UserError
from cmbot.jira_schema import parse
from cmbot.mirror import Mirror, plans
from cmbot.models.issues import Issue, Level
from cmbot.models.systems import MISSING
from cmbot.reconcile import asking, choosing, launch_area, planning, submissions, tagging, views
from cmbot.reconcile.opening import mirror_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cmbot.butler.items import Item
    from cmbot.mirror.plans import GroupRow
    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges, Workshop
    from cmbot.settings import Settings
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
    selected: str = ""
    """Datasets and values by dimension, beside what the newest run selected (requirement V19)."""
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
    prepared: tuple[str, ...] = ()
    """Files in the launching area that attempts of it submit instead of what is rendered."""
    collections: tuple[str, ...] = ()
    """What will be done to collections, in this order."""


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
    planned = []
    for step in view.steps:
        if wanted in ("", step.issue.key) and not step.checkpoint:
            say(f"{step.issue.key} asking the Butler about {step.name}")
            planned.append(of_step(edges, view, step, partial(choosing.fetch, edges, view, step)))
    return tuple(planned)


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


def of_step(workshop: Workshop, view: CampaignView, step: StepView, fetch: Callable[[], Chosen]) -> StepPlan:
    """Plan one step.

    Parameters
    ----------
    workshop : `~cmbot.reconcile.edges.Workshop`
        Where its Butler is asked.
    view, step
        The campaign and the step.
    fetch : `~collections.abc.Callable`
        Reads the sets of DataIds that restrict it.

    Returns
    -------
    plan : `StepPlan`
        What keeps it from being launched is in it.
    """
    if view.definition is None or step.definition is None:
        return StepPlan(step.issue.key, step.name)
    inputs = collections.step_inputs(view.definition, step.name)
    output = collections.layout(view.definition).step(step.name)
    site = view.definition.site_of(step.definition)
    wms = workshop.settings.sites[site].wms
    empty = StepPlan(
        step.issue.key,
        step.name,
        inputs=inputs,
        output=output,
        site=site,
        wms=wms,
        missing=MISSING[wms],
        prepared=launch_area.listed(workshop, step.issue.key),
    )
    try:
        chosen = fetch()
        groups, selection = split(workshop, view, step, chosen)
        name = submissions.run_name(step.issue.key, step.name, groups[0].name, 1, secrets.token_hex(4))
        example = submissions.submission(workshop, view, step, groups[0], 1, name)
        config, problems = submissions.configuration(workshop, example, selection.labels or None)
        counts = planning.measured(selection, chosen)
    except DefinitionError as error:
        return replace(empty, problems=error.problems)
    except CmbotError as error:
        return replace(empty, problems=(Problem(error.subject, error.problem, error.remedy),))
    return replace(
        empty,
        groups=groups,
        counts=counts["datasets"],
        selected=_compared(counts, _before(workshop.settings, view.definition, step.definition)),
        warning=planning.warning(
            workshop.settings, view.definition, step.definition, selection, chosen, groups
        ),
        yaml=to_yaml(config),
        problems=problems,
        collections=tuple(map(told, _collections(view, step.definition, chosen, groups))),
    )


def _collections(
    view: CampaignView, step: StepDefinition, chosen: Chosen, groups: Sequence[GroupRow]
) -> Iterator[Item]:
    """What is tagged before the step is split, and the chains when all its groups have their results."""
    if view.definition is None:
        return
    names = collections.layout(view.definition)
    if tag := tagging.wanted(view.definition, step, chosen):
        yield tag
    for group in groups:
        run = f"{names.group(step.name, group.name)}/a1_<new>"
        yield collections.group_chain(names, step.name, group.name, [collections.GoodAttempt(1, run)])
    yield collections.step_chain(names, step.name, [group.name for group in groups])
    inputs = collections.original_inputs(view.definition)
    yield collections.campaign_chain(names, names.steps, inputs)
    if view.definition.public:
        yield Prepend(view.definition.public, names.root)


def split(
    workshop: Workshop, view: CampaignView, step: StepView, chosen: Chosen
) -> tuple[tuple[GroupRow, ...], Selection]:
    """Ask the Butler how a step would be split, and wait for its answer.

    Parameters
    ----------
    workshop : `~cmbot.reconcile.edges.Workshop`
        Where its Butler is asked.
    view, step
        The campaign and the step.
    chosen : `~cmbot.splitting.chosen.Chosen`
        The sets of DataIds that restrict it.

    Returns
    -------
    groups, selection
        The groups, and what the Butler said.

    Raises
    ------
    CmbotError
        If it cannot be split, or the Butler does not say.
    """
    if view.definition is None or step.definition is None:
        raise UserError(step.issue.key, "cannot be read", "correct its fields")
    asked = planning.question(view.definition, step.definition, chosen, ahead=True)
    text = answered(workshop, asked, step.name)
    selection = parse_selection(text, step.issue.key)
    return planning.groups_of(step.issue.id, step.definition, selection, chosen), selection


def _before(
    settings: Settings, definition: CampaignDefinition, step: StepDefinition
) -> plans.Selected | None:
    """The newest run of the same pipeline on the same repository, if the mirror of this machine knows one."""
    file = mirror_file(settings)
    if not file.exists():
        return None
    with closing(Mirror(file)) as mirror:
        return plans.selected_before(mirror, step.pipeline, definition.butler)


def _compared(counts: Mapping[str, int], before: plans.Selected | None) -> str:
    """Write counts for people: ``datasets 802, was 798; visit 401, was 399 (CM-12, 2026-11-19)``."""
    known = before.counts if before else {}
    said = "; ".join(
        f"{name} {count:,}" + (f", was {known[name]:,}" if name in known else "")
        for name, count in counts.items()
    )
    return f"{said} ({before.step_key}, {before.at:%Y-%m-%d})" if before else said


def answered(workshop: Workshop, question: asking.Question, subject: str) -> str:
    """Ask a Butler and wait for what it says.

    Parameters
    ----------
    workshop : `~cmbot.reconcile.edges.Workshop`
        Where it is asked.
    question : `~cmbot.reconcile.asking.Question`
        What.
    subject : `str`
        What an error is about.

    Returns
    -------
    text : `str`
        The response.

    Raises
    ------
    UserError
        If the environment is not known.
    RemoteError
        If it does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="cmbot-plan-") as scratch:
        directory, started = Path(scratch) / "query", datetime.now(UTC)
        asking.start(workshop, question, directory)
        until = monotonic() + workshop.settings.work.child_timeout.total_seconds()
        while not asking.finished(workshop, directory, started, datetime.now(UTC)) and monotonic() < until:
            sleep(0.05)
        return asking.answer(directory, subject)
