"""Let begin what may begin now, and remember why the rest waits (requirements V17, V18, W12)."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cmbot.handlers.pacing import Load, Pace, paced
from cmbot.mirror import journal, sites
from cmbot.mirror.database import stamp
from cmbot.models.views import Grace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmbot.handlers.actions import Submit
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView
    from cmbot.reconcile.edges import Edges, Local

_LOG = logging.getLogger(__name__)
_MINUTE = timedelta(minutes=1)


def keep(
    edges: Edges, view: CampaignView, submits: Sequence[Submit], now: datetime
) -> tuple[bool, tuple[Submit, ...]]:
    """Find what may be submitted now, and remember why the rest waits.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    submits : `~collections.abc.Sequence` [`~cmbot.handlers.actions.Submit`]
        What is asked for, in order.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    changed, submits
        Whether something else is to be told to people than before; and what may start.
    """
    found = paced(view, submits, _pace(edges), _load(edges, now) if submits else Load(), now)
    changed = bool(found.graces)
    for step in view.steps:
        why = found.waiting.get(step.issue.id, "")
        if why != step.paced:
            changed = True
            edges.mirror.remember(_why(step.issue), why)
            if why:
                _LOG.info("%s %s", step.issue.key, why)
        if grace := found.graces.get(step.issue.id):
            told = {"cause": grace.cause_id, "until": stamp(grace.until), "groups": grace.groups}
            edges.mirror.remember(_grace(step.issue), json.dumps(told))
    return changed, found.submits


def why(local: Local, step: Issue) -> str:
    """Read why groups of a step have not begun.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    step : `~cmbot.models.issues.Issue`
        The step.

    Returns
    -------
    why : `str`
        Empty if none waits.
    """
    return local.mirror.note(_why(step))


def grace(local: Local, step: Issue) -> Grace | None:
    """Read when the newest launch of many groups of a step begins.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    step : `~cmbot.models.issues.Issue`
        The step.

    Returns
    -------
    grace : `~cmbot.models.views.Grace` or `None`
        `None` if there was none.
    """
    told = local.mirror.note(_grace(step))
    if not told:
        return None
    known = json.loads(told)
    return Grace(known["cause"], datetime.fromisoformat(known["until"]), known["groups"])


def _pace(edges: Edges) -> Pace:
    work = edges.settings.work
    per_site = {name: site.max_groups for name, site in edges.settings.sites.items()}
    return Pace(work.max_groups, per_site, work.submissions_per_minute, work.many_groups, work.launch_grace)


def _load(edges: Edges, now: datetime) -> Load:
    live = [
        (attempt.step_id, attempt.last_try.site if attempt.last_try else "")
        for attempt in journal.live_attempts(edges.mirror)
    ]
    begun = journal.reserved_since(edges.mirror, now - _MINUTE, edges.settings.work.submissions_per_minute)
    held = {name: str(found) for name, found in sites.held(edges.mirror).items()}
    return Load(live, begun, held)


def _why(step: Issue) -> str:
    return f"paced {step.id}"


def _grace(step: Issue) -> str:
    return f"grace {step.id}"
