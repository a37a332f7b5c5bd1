"""Follow every live attempt: from a reserved submission to the data report (design.md rule 10)."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

from cmbot.exceptions import CmbotError, NotFound, RemoteError
from cmbot.mirror import events, journal
from cmbot.models.attempts import AttemptState, TryState
from cmbot.models.views import Counts
from cmbot.reconcile import data_reports, failures, recover, waiting
from cmbot.wms.states import WorkflowState

if TYPE_CHECKING:
    from datetime import datetime

    from cmbot.models.attempts import Attempt
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges
    from cmbot.wms.port import WmsReport

_LOG = logging.getLogger(__name__)

_STATES = {
    WorkflowState.SUBMITTED: AttemptState.SUBMITTED,
    WorkflowState.RUNNING: AttemptState.RUNNING,
    WorkflowState.FINISHING: AttemptState.RUNNING,
    WorkflowState.HELD: AttemptState.HELD,
    WorkflowState.CANCELLING: AttemptState.CANCELLING,
    # Ended, and nothing is known about the data before the data report.
    WorkflowState.ENDED_OK: AttemptState.MERGE_PENDING,
    WorkflowState.ENDED_PARTLY: AttemptState.MERGE_PENDING,
    WorkflowState.ENDED_FAILED: AttemptState.MERGE_PENDING,
    WorkflowState.CANCELLED: AttemptState.MERGE_PENDING,
}


def campaign(edges: Edges, view: CampaignView, now: datetime) -> bool:
    """Follow the live attempts of a campaign.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    changed : `bool`
        Whether the journal says more than the view now.
    """
    changed = failures.ask(edges, view, now)
    for step in view.steps:
        trouble = ""
        for group in step.groups:
            attempt = group.last
            if attempt is None or not attempt.state.live:
                continue
            try:
                changed |= _attempt(edges, view, step, attempt, now)
            except CmbotError as error:
                trouble = str(error)
        waiting.note(edges, step, "follow", trouble)
    return changed


def look(edges: Edges, view: CampaignView, now: datetime) -> tuple[str, ...]:
    """Ask the WMS once how the live attempts of a campaign are, starting nothing.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    troubles : `tuple` [`str`, ...]
        What could not be found out.
    """
    troubles = []
    for step in view.steps:
        for group in step.groups:
            attempt = group.last
            if attempt is None or not attempt.state.live:
                continue
            try:
                recover.look(edges, step, attempt, now)
                _poll(edges, step, _now(edges, attempt), now)
            except CmbotError as error:
                troubles.append(str(error))
    return tuple(troubles)


def _now(edges: Edges, attempt: Attempt) -> Attempt:
    found = journal.attempts(edges.mirror, attempt.step_id)[attempt.group]
    return next(item for item in found if item.id == attempt.id)


def _attempt(edges: Edges, view: CampaignView, step: StepView, attempt: Attempt, now: datetime) -> bool:
    if attempt.state is AttemptState.MERGE_PENDING:
        return data_reports.follow(edges, view, step, attempt, now)
    item = attempt.last_try
    if item is None or item.state is not TryState.SUBMITTED:
        return recover.attempt(edges, view, step, attempt, now)
    return _poll(edges, step, attempt, now)


def _poll(edges: Edges, step: StepView, attempt: Attempt, now: datetime) -> bool:
    item = attempt.last_try
    if item is None or item.request_id is None:
        return False
    try:
        report = edges.wms.status(item.request_id)
    except NotFound as error:
        with edges.mirror.writing() as connection:
            journal.set_try(connection, item.id, note=str(error))
        raise
    if report.name.lower() != item.name.lower():
        problem = f"request {item.request_id} is called {report.name}, not {item.name}"
        raise RemoteError(step.issue.key, problem, "look at the request; cmbot does not follow it")
    # A request that has ended but does not add up stays where it is until it does.
    state = _STATES.get(report.state, attempt.state)
    body = {"counts": asdict(_counts(report)), "merged": report.merged, "status": report.raw_status}
    body["tasks"] = [asdict(task) for task in report.tasks]
    known = journal.report(edges.mirror, item.id, "wms")
    if known == body and state is attempt.state:
        return False
    with edges.mirror.writing() as connection:
        journal.save_report(connection, item.id, "wms", body, now)
        if state is not attempt.state:
            journal.set_attempt(connection, attempt.id, state=state)
            what = f"{step.name} {attempt.group} {attempt.label} is {state}"
            events.add(
                connection,
                now,
                step.issue.key,
                "PanDA",
                what,
                f"request {item.request_id} {report.raw_status}",
            )
            _LOG.info("%s %s (request %s %s)", step.issue.key, what, item.request_id, report.raw_status)
    return True


def _counts(report: WmsReport) -> Counts:
    total = sum(task.expected or 0 for task in report.tasks)
    return Counts(total, report.done, report.failed + report.pruned, report.running)
