"""Follow every live attempt: from a reserved submission to the data report (design.md rule 10)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import CmbotError, RemoteError
from cmbot.handlers.facts import Does, findings
from cmbot.handlers.inconsistencies import ATTEMPTS
from cmbot.mirror import events, journal, reports
from cmbot.models.attempts import AttemptState, Verb
from cmbot.reconcile import (
    attending,
    comparing,
    data_reports,
    failures,
    job_logs,
    polling,
    recover,
    waiting,
)

if TYPE_CHECKING:
    from datetime import datetime
    from sqlite3 import Connection

    from cmbot.handlers.facts import Facts
    from cmbot.models.attempts import Attempt, Try
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges
    from cmbot.reconcile.polling import Seen
    from cmbot.wms.port import WmsReport

_LOG = logging.getLogger(__name__)


def campaign(edges: Edges, view: CampaignView, seen: Seen, now: datetime) -> None:
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
    """
    attending.waits(edges, view, now)
    for step in view.steps:
        trouble = ""
        for group in step.groups:
            attempt = group.last
            if attempt is None:
                continue
            facts = comparing.facts(edges, (view, step, group), attempt, seen, now)
            try:
                if _attempt(edges, view, step, facts):
                    attempt = journal.attempt(edges.mirror, attempt.id)
                    facts = comparing.facts(edges, (view, step, group), attempt, seen, now)
                _keep_rows(edges, attempt, seen, now)
                trouble = trouble or attending.old(edges, attempt, seen, now)
            except CmbotError as error:
                trouble = str(error)
            attending.attend(edges, step, facts)
        waiting.note(edges, step, "follow", trouble)


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
        (step, group, group.last)
        for step, group in view.groups
        if group.last is not None and group.last.state.live
    ]
    for step, _, attempt in live:
        try:
            recover.look(edges, step, attempt, now)
        except CmbotError as error:
            troubles.append(str(error))
    known = [(step, group, journal.attempt(edges.mirror, attempt.id)) for step, group, attempt in live]
    seen = polling.these(edges, [attempt for *_, attempt in known], now)
    troubles += sorted({str(found) for found in seen.reports.values() if isinstance(found, CmbotError)})
    for step, group, attempt in known:
        try:
            facts = comparing.facts(edges, (view, step, group), attempt, seen, now)
            if facts.report is not None:
                _attempt(edges, view, step, facts)
        except CmbotError as error:
            troubles.append(str(error))
    return tuple(troubles)


def _attempt(edges: Edges, view: CampaignView, step: StepView, facts: Facts) -> bool:
    """Do with an attempt what the table of rules says; tell whether the journal changed."""
    found = next((each for each in findings(ATTEMPTS, facts) if each.does.acts), None)
    match found.does if found else None:
        case Does.RECOVER:
            return recover.attempt(edges, view, step, facts.attempt, facts.now)
        case Does.COUNT:
            return data_reports.follow(edges, view, step, facts.attempt, facts.now)
        case Does.TAKE if facts.item is not None and facts.reported is not None:
            _take(edges, step, facts, facts.item, facts.reported)
            return True
        case Does.REFUSE if found is not None:
            raise RemoteError(step.issue.key, found.says, "look at the request; cmbot does not follow it")
    return False


def _take(edges: Edges, step: StepView, facts: Facts, item: Try, report: WmsReport) -> None:
    attempt, state, now = facts.attempt, facts.state, facts.now
    with edges.mirror.writing() as connection:
        reports.save(connection, item.id, "wms", facts.said, now)
        if state is not attempt.state:
            again = {} if attempt.state.live else _reopened(connection, attempt, item, now)
            journal.move_attempt(connection, attempt.id, state, now, **again)
            what = f"{step.name} {attempt.group} {attempt.label} is {state}" + (" again" if again else "")
            why = f"request {item.request_id} {report.raw_status}"
            events.add(connection, now, step.issue.key, item.wms, what, why)
            _LOG.info("%s %s (%s)", step.issue.key, what, why)


def _keep_rows(edges: Edges, attempt: Attempt, seen: Seen, now: datetime) -> None:
    """Keep what the monitor itself says of what has ended, once for each end: for the archive."""
    item = attempt.last_try
    over = not attempt.state.live or attempt.state is AttemptState.MERGE_PENDING
    rows = seen.rows.get(item.id) if item is not None and over else None
    if item is None or rows is None or reports.changed_at(edges.mirror, item.id, reports.MONITOR):
        return
    with edges.mirror.writing() as connection:
        reports.save(connection, item.id, reports.MONITOR, {"at": now.isoformat(), **rows}, now)


def _reopened(connection: Connection, attempt: Attempt, item: Try, now: datetime) -> dict[str, Any]:
    # The data, and what failed, are counted anew when it ends again.
    for kind in ("asked", failures.KIND, job_logs.KIND, reports.UNREGISTERED, reports.MONITOR):
        reports.drop(connection, item.id, kind)
    by_others = attempt.asked(Verb.RESTART) is None
    return {"ended_at": None, "summary": "", "reopened_at": now if by_others else None}
