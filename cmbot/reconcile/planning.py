"""Split a launched step: ask its Butler, cut what it says into groups, freeze them."""

from __future__ import annotations

import logging
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmbot.butler import plan as collections
from cmbot.butler.questions import QUERY_SCRIPT, Selection, SelectRequest, parse_selection
from cmbot.definition import connections, freeze
from cmbot.exceptions import DefinitionError, Problem, RemoteError, UserError
from cmbot.handlers import causes
from cmbot.mirror import events, plans
from cmbot.reconcile import asking, choosing, restoring, submissions, tagging
from cmbot.splitting.chosen import NOTHING
from cmbot.splitting.estimates import largest
from cmbot.splitting.groups import GroupSpec, Part, split
from cmbot.splitting.predicates import predicates
from cmbot.splitting.ranges import compact, expanded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges
    from cmbot.settings import Settings
    from cmbot.splitting.chosen import Chosen
    from cmbot.splitting.predicates import Predicate

_LOG = logging.getLogger(__name__)


def question(
    definition: CampaignDefinition,
    step: StepDefinition,
    chosen: Chosen = NOTHING,
    *,
    whole: bool = False,
    ahead: bool = False,
) -> asking.Question:
    """Put the question to a Butler: what the step's query selects.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.
    step : `~cmbot.models.campaign.StepDefinition`
        The step.
    chosen : `~cmbot.splitting.chosen.Chosen`, optional
        What people include or exclude.
    whole : `bool`, optional
        Whether also to ask how all steps of the campaign are connected.
    ahead : `bool`, optional
        Whether to ask where what is included would be tagged from, because it is not tagged yet.

    Returns
    -------
    question : `~cmbot.reconcile.asking.Question`
        For ``butler/scripts/query.py``.
    """
    inputs = collections.step_inputs(definition, step.name)
    if ahead and (tag := tagging.wanted(definition, step, chosen)):
        inputs = tuple(one for name in inputs for one in (tag.collections if name == tag.name else (name,)))
    # Without a split it only matters whether anything is selected; a governor has one value.
    governor = "instrument" if "instrument" in step.query else "skymap"
    request = SelectRequest(
        repo=definition.butler,
        collections=inputs,
        where=step.query,
        dimensions=tuple(dict.fromkeys((*step.split.dimensions, *chosen.dimensions))) or (governor,),
        pipeline=step.pipeline,
        pipelines={one.name: one.pipeline for one in definition.work} if whole else {},
    )
    return asking.Question(QUERY_SCRIPT, request.to_json(), definition.environment_of(step))


def ask(edges: Edges, view: CampaignView, step: StepView, now: datetime) -> None:
    """Start asking a Butler how a step splits.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    step : `~cmbot.models.views.StepView`
        The step.
    now : `datetime.datetime`
        The time.

    Raises
    ------
    RemoteError
        If the child cannot be started.
    """
    cause = causes.in_force((view.issue, step.issue), view.me)
    if view.definition is None or step.definition is None or cause is None:
        return
    directory = edges.state / "plans" / f"{step.issue.key}-{secrets.token_hex(4)}"
    spec = freeze.step_hash(view.definition, step.definition)
    try:
        chosen = choosing.fetch(edges, view, step)
    except UserError as error:
        plans.ask_plan(edges.mirror, step.issue.id, spec, cause.id, str(directory), now)
        _refuse(edges, step, spec, (Problem(error.subject, error.problem, error.remedy),))
        return
    # Before the first of a campaign starts, all of it must be connected.
    first, asked = directory, question(view.definition, step.definition, chosen, whole=not view.attempts)
    if tag := tagging.wanted(view.definition, step.definition, chosen):
        first, asked = tagging.place(directory), tagging.question(view.definition, step.definition, tag)
    asking.start(edges, asked, first)
    choosing.keep(chosen, first)
    plans.ask_plan(edges.mirror, step.issue.id, spec, cause.id, str(directory), now)
    _LOG.info("%s asking the Butler how %s splits", step.issue.key, step.name)


def forget(edges: Edges, view: CampaignView) -> None:
    """Forget what Butlers are asked for definitions that were edited since: nobody waits for the answers.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    """
    for step in view.steps:
        spec = ""
        if view.definition is not None and step.definition is not None:
            spec = freeze.step_hash(view.definition, step.definition)
        plans.forget_open(edges.mirror, step.issue.id, spec)


def collect(edges: Edges, view: CampaignView, step: StepView, now: datetime) -> None:
    """Take the answer, if it is there, and freeze the groups.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    step : `~cmbot.models.views.StepView`
        A step whose plan is asked.
    now : `datetime.datetime`
        The time.
    """
    if view.definition is None or step.definition is None:
        return
    spec = freeze.step_hash(view.definition, step.definition)
    row = plans.plan(edges.mirror, step.issue.id, spec)
    if row is None:
        return
    directory = Path(row.directory)
    if not asking.finished(edges, tagging.newest(directory), row.asked_at, now):
        return
    chosen = choosing.kept(tagging.first(directory))
    try:
        if not directory.exists():
            tagging.require_done(tagging.first(directory), step)
            asked = question(view.definition, step.definition, chosen, whole=not view.attempts)
            asking.start(edges, asked, directory)
            return
        selection = _answer(directory, view.definition, step)
        earlier, outside = _earlier(edges, step)
        groups = groups_of(step.issue.id, step.definition, selection, chosen, earlier, others=len(outside))
        if problems := submissions.lint(edges, view, step, groups[0], selection.labels or None):
            raise DefinitionError(step.issue.key, problems)
    except DefinitionError as error:
        _refuse(edges, step, spec, error.problems)
    except RemoteError as error:
        _refuse(edges, step, spec, (Problem("Butler", error.problem, "launch again when it is mended"),))
    else:
        _freeze(edges, step, spec, (groups, outside), measured(selection, chosen), now)
        choosing.record(edges, view.definition, step, chosen, now)
        if said := warning(edges.settings, view.definition, step.definition, selection, chosen, groups):
            _LOG.warning("%s %s", step.issue.key, said)
            with edges.mirror.writing() as connection:
                events.add(connection, now, step.issue.key, "cmbot", said, f"definition {spec}")


def _answer(directory: Path, definition: CampaignDefinition, step: StepView) -> Selection:
    selection = parse_selection(asking.answer(directory, step.issue.key), step.issue.key)
    if apart := tuple(connections.problems(definition, selection.connections)):
        raise DefinitionError(step.issue.key, apart)
    return selection


def groups_of(
    step_id: str,
    step: StepDefinition,
    selection: Selection,
    chosen: Chosen = NOTHING,
    earlier: Sequence[plans.GroupRow] = (),
    *,
    others: int = 0,
) -> tuple[plans.GroupRow, ...]:
    """Cut what a Butler selected into groups.

    Parameters
    ----------
    step_id : `str`
        The step.
    step : `~cmbot.models.campaign.StepDefinition`
        Its definition.
    selection : `~cmbot.butler.questions.Selection`
        What the Butler said.
    chosen : `~cmbot.splitting.chosen.Chosen`, optional
        What people include or exclude.
    earlier : `~collections.abc.Sequence` [`~cmbot.mirror.plans.GroupRow`], optional
        Groups of which something was submitted: their data stay theirs.
    others : `int`, optional
        Groups of the step that stand for what others ran: new ones are numbered behind them too.

    Returns
    -------
    groups : `tuple` [`~cmbot.mirror.plans.GroupRow`, ...]
        At least one.

    Raises
    ------
    DefinitionError
        If the selection cannot be cut.
    """
    there = [GroupSpec(row.name, _parts(row)) for row in earlier]
    existing = chosen.existing(selection.existing)
    try:
        chosen.require(selection.governors, step.name)
        groups = split(
            chosen.restricted(selection.selected), chosen.rule(step.split), step.name, there, others
        )
        # Also of those that are there: what came later may lie inside a range that was exact before.
        said = predicates(groups, existing, selection.governors)
        found = [
            chosen.applied(group, one, existing, selection.governors)
            for group, one in zip(groups, said, strict=True)
        ]
    except UserError as error:
        about = error.subject.removeprefix(step.name).lstrip(": ")
        problem = Problem("Split rule", f"{about}: {error.problem}".lstrip(": "), error.remedy)
        raise DefinitionError(step.name, (problem,)) from error
    return tuple(
        plans.GroupRow(step_id, group.name, group.size, _body(group, one), "", "")
        for group, one in zip(groups, found, strict=True)
    )


def measured(selection: Selection, chosen: Chosen) -> dict[str, int]:
    """Count what a step selects, to be compared with another run (requirement V19).

    Parameters
    ----------
    selection : `~cmbot.butler.questions.Selection`
        What the Butler said.
    chosen : `~cmbot.splitting.chosen.Chosen`
        What people include or exclude.

    Returns
    -------
    counts : `dict` [`str`, `int`]
        Datasets, and values by dimension; of what has one value only, which it may not be split by, none.
    """
    left = chosen.restricted(selection.selected)
    first = next(iter(left))
    values = {name: len(found) for name, found in left.items() if name not in selection.governors}
    return {"datasets": sum(selection.counts.get(value, 0) for value in left[first]), **values}


def warning(
    settings: Settings,
    campaign: CampaignDefinition,
    step: StepDefinition,
    selection: Selection,
    chosen: Chosen,
    groups: Sequence[plans.GroupRow],
) -> str:
    """Say so if the largest group is larger than it should be, or chosen data are not there (B18, C4).

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        With what is known of the sites.
    campaign, step
        The definitions of campaign and step.
    selection : `~cmbot.butler.questions.Selection`
        What the Butler said.
    chosen : `~cmbot.splitting.chosen.Chosen`
        What people include or exclude.
    groups : `~collections.abc.Sequence` [`~cmbot.mirror.plans.GroupRow`]
        The groups.

    Returns
    -------
    warning : `str`
        Empty if it is not.
    """
    site = settings.sites[campaign.site_of(step)]
    found = largest(
        [GroupSpec(row.name, _parts(row)) for row in groups],
        selection.counts,
        selection.tasks,
        slots=site.slots,
        quantum=site.quantum_time,
    )
    told = (found.warning(settings.work.group_time), *chosen.unknown(selection.existing))
    return "; ".join(filter(None, told))


def _body(group: GroupSpec, chosen: Predicate) -> dict[str, Any]:
    return {
        "where": chosen.where,
        "table": chosen.table.to_csv() if chosen.table else "",
        "parts": {part.dimension: compact(part.values) for part in group.parts},
    }


def _parts(row: plans.GroupRow) -> tuple[Part, ...]:
    return tuple(Part(name, expanded(items)) for name, items in row.predicate["parts"].items())


def _earlier(edges: Edges, step: StepView) -> tuple[tuple[plans.GroupRow, ...], tuple[plans.GroupRow, ...]]:
    """Groups that stay: of an earlier split, and those that stand for what others ran."""
    rows = plans.groups_of(edges.mirror, step.issue.id)
    recorded = {group.name for group in step.groups if group.outside}
    outside = tuple(row for row in rows if row.name in recorded)
    submitted = any(group.attempts for group in step.groups if not group.outside)
    return tuple(row for row in rows if submitted and row.name not in recorded), outside


def _refuse(edges: Edges, step: StepView, spec: str, problems: tuple[Problem, ...]) -> None:
    answer = {"problems": [asdict(problem) for problem in problems]}
    plans.answer_plan(edges.mirror, step.issue.id, spec, answer)
    _LOG.info("%s cannot be split: %s", step.issue.key, "; ".join(map(str, problems)))


def _freeze(
    edges: Edges,
    step: StepView,
    spec: str,
    found: tuple[tuple[plans.GroupRow, ...], tuple[plans.GroupRow, ...]],
    counts: Mapping[str, int],
    now: datetime,
) -> None:
    groups, outside = found
    plans.freeze_groups(edges.mirror, step.issue.id, (*groups, *outside))
    restoring.forget_split(edges, step.issue)
    answer = {"groups": len(groups), "selected": dict(counts)}
    plans.answer_plan(edges.mirror, step.issue.id, spec, answer)
    with edges.mirror.writing() as connection:
        what = f"split {step.name} into {len(groups)} groups"
        events.add(connection, now, step.issue.key, "cmbot", what, f"definition {spec}")
    _LOG.info("%s %s", step.issue.key, what)
