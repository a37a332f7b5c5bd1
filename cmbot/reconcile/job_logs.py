"""Keep what matters of the logs of failed jobs: the WMS deletes them after some days (requirement E5)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import CmbotError, NotFound
from cmbot.mirror import reports
from cmbot.panda.links import payload_log
from cmbot.reconcile import failures, systems
from cmbot.wms.excerpts import excerpt, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.models.attempts import Try
    from cmbot.models.views import CampaignView
    from cmbot.panda.logs import Logs
    from cmbot.reconcile.edges import Edges, Local

_LOG = logging.getLogger(__name__)
KIND = "failed-jobs"
"""Kind of report in the journal."""
_READ = "job logs read"
_MOST = 5
"""Logs of one submission, and logs of one cycle: the passes do not wait long, and hosts are not flooded."""
_TRIES, _PAUSE = 6, timedelta(minutes=30)
"""A log that cannot be had now is tried again so often; then it is kept why."""


def keep(edges: Edges, view: CampaignView, now: datetime) -> bool:
    """Read logs of example jobs of what has ended, a few in each cycle.

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
    whole : `bool`
        Whether nothing is left to be read.
    """
    owed, noted = list(_owed(edges, view)), edges.mirror.note(_READ)
    due = [each for each in owed if datetime.fromisoformat(each[1]["not_before"]) <= now]
    if not due or (noted and now - datetime.fromisoformat(noted) < edges.settings.panda.cycle):
        return not owed
    edges.mirror.remember(_READ, now.isoformat())
    reader, left = systems.logs_of(edges.settings, edges, person=False), _MOST
    for item, known, wanted in due:
        if not left:
            break
        taken, left = wanted[:left], max(0, left - len(wanted))
        found = [log for each in taken if (log := _read(reader, each, known["tries"])) is not None]
        body = {
            "logs": [*known["logs"], *found],
            "tries": known["tries"] + (len(found) < len(taken)),
            "not_before": (now if len(found) == len(taken) else now + _PAUSE).isoformat(),
        }
        with edges.mirror.writing() as connection:
            reports.save(connection, item.id, KIND, body, now)
    return False


def _owed(local: Local, view: CampaignView) -> Iterator[tuple[Try, Mapping[str, Any], list[dict[str, Any]]]]:
    """Find submissions with examples whose logs are not kept: what is, and those examples."""
    for attempt in view.attempts:
        item = attempt.last_try
        if item is None or attempt.state.live:
            continue
        kinds = (reports.read(local.mirror, item.id, failures.KIND) or {}).get("kinds", ())
        if not kinds:
            continue
        # What comes from the archive does not say how it was asked for.
        new: dict[str, Any] = {"logs": [], "tries": 0, "not_before": item.reserved_at.isoformat()}
        known = new | dict(reports.read(local.mirror, item.id, KIND) or {})
        have = {log["address"] for log in known["logs"]}
        wanted = [
            {
                "label": kind["example"]["label"],
                "job": kind["example"]["job"],
                "like it": kind["count"],
                "address": payload_log(kind["example"]["log"]),
            }
            for kind in kinds
            if kind["example"]["log"]
        ]
        missing = [each for each in wanted if each["address"] not in have][: max(0, _MOST - len(have))]
        if missing:
            yield item, known, missing


def _read(reader: Logs, example: Mapping[str, Any], tries: int) -> dict[str, Any] | None:
    """What matters of a log; `None` if it may be had another time."""
    try:
        text = shown(excerpt(reader.read(example["address"])))
    except CmbotError as error:
        if not isinstance(error, NotFound) and tries + 1 < _TRIES:
            _LOG.debug("%s", error)
            return None
        text = str(error)
    return {**example, "text": text}
