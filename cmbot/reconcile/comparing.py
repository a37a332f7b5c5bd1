"""Put together what Jira, journal, WMS and Butler say of an attempt, for the table of rules."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cmbot.handlers.facts import Facts
from cmbot.mirror import reports
from cmbot.models.views import Counts
from cmbot.wms.port import WmsReport
from cmbot.wms.states import WorkflowState

if TYPE_CHECKING:
    from datetime import datetime

    from cmbot.handlers.recovery import Outcome
    from cmbot.models.attempts import Attempt
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Local
    from cmbot.reconcile.polling import Seen


def facts(
    local: Local,
    of: tuple[CampaignView, StepView, GroupView],
    attempt: Attempt,
    seen: Seen,
    now: datetime,
    outcome: Outcome | None = None,
) -> Facts:
    """Put together what is known of an attempt.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    of : `tuple`
        Campaign, step and group of the attempt.
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt, as it is now.
    seen : `~cmbot.reconcile.polling.Seen`
        What the last look at the WMS showed.
    now : `datetime.datetime`
        The time.
    outcome : `~cmbot.handlers.recovery.Outcome`, optional
        What would become of its submission, if that was looked at.

    Returns
    -------
    facts : `~cmbot.handlers.facts.Facts`
        For `~cmbot.handlers.inconsistencies.ATTEMPTS`.
    """
    view, step, group = of
    item = attempt.last_try
    report = seen.reports.get(item.id) if item else None
    return Facts(
        path=view.path(step, group),
        attempt=attempt,
        now=now,
        deadline=local.settings.work.deadline,
        report=report,
        said=_body(report) if isinstance(report, WmsReport) else {},
        known=(reports.read(local.mirror, item.id, "wms") if item else None) or {},
        changed_at=reports.changed_at(local.mirror, item.id, "wms") if item else None,
        others=seen.namesakes(item) if item else (),
        outcome=outcome,
        edited=tuple(each.field for each in (*view.differences, *step.differences) if each.used),
        distrusted=group.distrusted,
    )


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
        "cancelled": report.state is WorkflowState.CANCELLED,
        "status": report.raw_status,
        "unsettled": report.state is WorkflowState.UNKNOWN,
        "tasks": [asdict(task) | {"ids": list(task.ids)} for task in report.tasks],
    }
