"""Follow every live attempt: from a reserved submission to the data report (design.md rule 10)."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import CmbotError, NotFound, RemoteError
from cmbot.mirror import events, journal, reports
from cmbot.models.attempts import AttemptState, TryState, Verb
from cmbot.models.views import Counts
from cmbot.reconcile import attending, data_reports, failures, polling, recover, waiting
from cmbot.wms.states import WorkflowState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from sqlite3 import Connection

    from cmbot.models.attempts import Attempt, Try
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges
    from cmbot.reconcile.polling import Seen
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
_UNDER_WAY = {AttemptState.SUBMITTED, AttemptState.RUNNING, AttemptState.HELD}


def campaign(edges: Edges, view: CampaignView, seen: Seen, now: datetime) -> bool:
    """Follow the attempts of a campaign.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    seen : `~cmbot.reconcile.polling.Seen`
        What the last look at the WMS showed.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    changed : `bool`
        Whether the journal says more than the view now.
    """
    changed = False
    for step in view.steps:
        trouble = ""
        for group in step.groups:
            attempt = group.last
            if attempt is None:
                continue
            try:
                moved = _attempt(edges, view, step, attempt, seen, now)
                attempt = journal.attempt(edges.mirror, attempt.id) if moved else attempt
                changed |= moved
                trouble = trouble or attending.old(edges, attempt, seen, now)
            except CmbotError as error:
                trouble = str(error)
            changed |= attending.attend(edges, step, attempt, seen, now)
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
    live = [
        (step, group.last)
        for step in view.steps
        for group in step.groups
        if group.last is not None and group.last.state.live
    ]
    for step, attempt in live:
        try:
            recover.look(edges, step, attempt, now)
        except CmbotError as error:
            troubles.append(str(error))
    known = [(step, journal.attempt(edges.mirror, attempt.id)) for step, attempt in live]
    seen = polling.these(edges, [attempt for _, attempt in known], now)
    troubles += sorted({str(found) for found in seen.reports.values() if isinstance(found, CmbotError)})
    for step, attempt in known:
        try:
            _poll(edges, step, attempt, seen, now)
        except CmbotError as error:
            troubles.append(str(error))
    return tuple(troubles)


def _attempt(
    edges: Edges, view: CampaignView, step: StepView, attempt: Attempt, seen: Seen, now: datetime
) -> bool:
    if attempt.state is AttemptState.MERGE_PENDING:
        return data_reports.follow(edges, view, step, attempt, now)
    item = attempt.last_try
    if attempt.state.live and (item is None or item.state is not TryState.SUBMITTED):
        return recover.attempt(edges, view, step, attempt, now)
    return _poll(edges, step, attempt, seen, now)


def _poll(edges: Edges, step: StepView, attempt: Attempt, seen: Seen, now: datetime) -> bool:
    item = attempt.last_try
    report = seen.reports.get(item.request_id) if item and item.request_id else None
    if item is None or report is None:
        return False
    if isinstance(report, CmbotError):
        if isinstance(report, NotFound) and item.note != str(report):
            with edges.mirror.writing() as connection:
                journal.set_try(connection, item.id, note=str(report))
        return False
    if report.name.lower() != item.name.lower():
        problem = f"request {item.request_id} is called {report.name}, not {item.name}"
        raise RemoteError(step.issue.key, problem, "look at the request; cmbot does not follow it")
    body = _body(report)
    known = reports.read(edges.mirror, item.id, "wms")
    # A request that has ended but does not add up stays where it is until it does.
    state = _STATES.get(report.state, attempt.state)
    cancel = attempt.asked(Verb.CANCEL)
    if cancel is not None and cancel.sent and state in _UNDER_WAY:
        # It does not show in its status at once, and may never (reference/panda.md section 6).
        state = AttemptState.CANCELLING
    if not attempt.state.live and not _goes_on(report, known or {}, body):
        return False
    if known == body and state is attempt.state:
        return False
    with edges.mirror.writing() as connection:
        reports.save(connection, item.id, "wms", body, now)
        if state is not attempt.state:
            again = {} if attempt.state.live else _reopened(connection, attempt, item, now)
            journal.move_attempt(connection, attempt.id, state, now, **again)
            what = f"{step.name} {attempt.group} {attempt.label} is {state}" + (" again" if again else "")
            why = f"request {item.request_id} {report.raw_status}"
            events.add(connection, now, step.issue.key, "PanDA", what, why)
            _LOG.info("%s %s (%s)", step.issue.key, what, why)
    return True


def _body(report: WmsReport) -> dict[str, Any]:
    counts = Counts(
        sum(task.expected or 0 for task in report.tasks),
        report.done,
        report.failed + report.pruned,
        report.running,
    )
    return {
        "counts": asdict(counts),
        "merged": report.merged,
        "merge_failed": report.merge_failed,
        "status": report.raw_status,
        "unsettled": report.state is WorkflowState.UNKNOWN,
        "tasks": [asdict(task) | {"ids": list(task.ids)} for task in report.tasks],
    }


def _goes_on(report: WmsReport, known: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether a request does, or did, more after its end: someone restarted it in the WMS."""
    if not report.state.ended:
        return report.state is not WorkflowState.UNKNOWN
    return "status" in known and any(known[key] != body[key] for key in ("status", "counts"))


def _reopened(connection: Connection, attempt: Attempt, item: Try, now: datetime) -> dict[str, Any]:
    # The data, and what failed, are counted anew when it ends again.
    for kind in ("asked", failures.KIND):
        reports.drop(connection, item.id, kind)
    by_others = attempt.asked(Verb.RESTART) is None
    return {"ended_at": None, "summary": "", "reopened_at": now if by_others else None}
