"""What needs a person: attempts that are overdue, lost or there twice (requirement W5); and what is old."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cmbot.exceptions import NotFound
from cmbot.handlers import overdue
from cmbot.mirror import events, journal, reports
from cmbot.models.attempts import AttemptState, TryState
from cmbot.reconcile import polling
from cmbot.wms.port import WmsReport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cmbot.models.attempts import Attempt, Try
    from cmbot.models.views import StepView
    from cmbot.reconcile.edges import Edges
    from cmbot.reconcile.polling import Seen

_LOG = logging.getLogger(__name__)


def attend(edges: Edges, step: StepView, attempt: Attempt, seen: Seen, now: datetime) -> bool:
    """Keep why a person should look at an attempt, or that nobody need any more.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step : `~cmbot.models.views.StepView`
        The step.
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt, which has not moved in this pass.
    seen : `~cmbot.reconcile.polling.Seen`
        What the last look at the WMS showed.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    changed : `bool`
        Whether the journal changed.
    """
    item = attempt.last_try
    if item is None or not attempt.state.live:
        return False
    found = seen.reports.get(item.request_id or 0)
    if item.state is TryState.SUBMITTED and attempt.state is not AttemptState.MERGE_PENDING and found is None:
        # Not asked about this time.
        return False
    reason = "; ".join(filter(None, _reasons(edges, attempt, item, seen, now)))
    if reason == attempt.attention:
        return False
    with edges.mirror.writing() as connection:
        journal.set_attempt(connection, attempt.id, attention=reason)
        if reason:
            what = f"{step.name} {attempt.group} {attempt.label} needs a person"
            events.add(connection, now, step.issue.key, "cmbot", what, reason)
    said = reason or "nobody need look at it any more"
    _LOG.info("%s %s %s: %s", step.issue.key, attempt.group, attempt.label, said)
    return True


def _reasons(edges: Edges, attempt: Attempt, item: Try, seen: Seen, now: datetime) -> Iterator[str]:
    deadline = edges.settings.work.deadline
    if isinstance(seen.reports.get(item.request_id or 0), NotFound):
        yield overdue.lost(attempt, deadline(AttemptState.UNKNOWN), now)
    if others := seen.namesakes(item):
        listed = ", ".join(map(str, others))
        yield f"PanDA also has {listed} of that name; cancel what is too much (bps cancel --id N)"
    wms = reports.read(edges.mirror, item.id, "wms") or {}
    tasks = wms.get("tasks", ())
    yield overdue.overdue(
        attempt,
        deadline,
        reports.changed_at(edges.mirror, item.id, "wms"),
        now,
        without_jobs=not any(task["expected"] for task in tasks),
        unsettled=wms["status"] if wms.get("unsettled") else "",
        dialog=next((task["dialog"] for task in tasks if task.get("dialog")), ""),
    )


def old(edges: Edges, attempt: Attempt, seen: Seen, now: datetime) -> str:
    """Say that the WMS has not told about an attempt for long.

    Parameters
    ----------
    edges, attempt, seen, now
        As for `attend`.

    Returns
    -------
    trouble : `str`
        With an instant, no age (design.md rule 6); empty if what is known is fresh.
    """
    item = attempt.last_try
    polled = item is not None and item.state is TryState.SUBMITTED and attempt.state.live
    if item is None or not polled or attempt.state is AttemptState.MERGE_PENDING:
        return ""
    last = item.seen_at or attempt.since or attempt.created_at
    found = seen.reports.get(item.request_id or 0)
    if isinstance(found, WmsReport) or now - last < edges.settings.panda.stale:
        return ""
    why = polling.trouble(edges) or "it is not its turn yet"
    return f"what is shown of request {item.request_id} is of {overdue.instant(last)}: {why}"
