"""Compare what the groups of a step are submitted with (requirement B16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.bps.lint import sameness
from cmbot.definition import freeze
from cmbot.mirror import events, journal, reports

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from cmbot.models.attempts import Attempt
    from cmbot.models.issues import Issue
    from cmbot.models.views import Unlike
    from cmbot.reconcile.edges import Edges, Local


def report(config: Mapping[str, Any]) -> dict[str, Any]:
    """Give the report of what a submission should have in common with the others.

    Parameters
    ----------
    config : `~collections.abc.Mapping`
        Its BPS configuration.

    Returns
    -------
    body : `dict`
        To be kept as `cmbot.mirror.reports.SHARED`.
    """
    values = sameness.shared(config)
    return {"sha256": freeze.digest(values), "values": values}


def among(local: Local, issue: Issue, attempts: Mapping[str, tuple[Attempt, ...]]) -> tuple[Unlike, ...]:
    """Compare what the newest attempts of the groups of a step were submitted with.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    issue : `~cmbot.models.issues.Issue`
        The step.
    attempts : `~collections.abc.Mapping`
        Its attempts by group, oldest first.

    Returns
    -------
    differences : `tuple` [`~cmbot.models.views.Unlike`, ...]
        Beside names and data.
    """
    return sameness.differences(_values(local, issue, attempts))


def record(edges: Edges, issue: Issue, attempt: Attempt, now: datetime) -> None:
    """Record in what a submission differs from the others of its step.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    issue : `~cmbot.models.issues.Issue`
        The step.
    attempt : `~cmbot.models.attempts.Attempt`
        What is submitted, and kept.
    now : `datetime.datetime`
        The time.
    """
    name = f"{attempt.group} {attempt.label}"
    values = _values(edges, issue, journal.attempts(edges.mirror, issue.id))
    # Behind the others, so that of two it is the one that differs.
    mine = {name: values.pop(name)} if values else {}
    found = sameness.differences(values | mine)
    if own := [str(each) for each in found if name in each.workflows]:
        with edges.mirror.writing() as connection:
            events.add(connection, now, issue.key, "cmbot", f"{name} is unlike the others", "; ".join(own))


def _values(
    local: Local, issue: Issue, attempts: Mapping[str, tuple[Attempt, ...]]
) -> dict[str, Mapping[str, Any]]:
    """What the newest attempts were submitted with, by their names; nothing if it is the same in all."""
    hashes = reports.shared(local.mirror, issue.id)
    names = {
        f"{group} {those[-1].label}": (item.id, hashes[item.id])
        for group, those in attempts.items()
        if (item := those[-1].last_try) and item.id in hashes
    }
    one_of_each = {sha256: item_id for item_id, sha256 in names.values()}
    if len(one_of_each) < 2:
        return {}
    read = {
        sha256: (reports.read(local.mirror, item_id, reports.SHARED) or {}).get("values", {})
        for sha256, item_id in one_of_each.items()
    }
    return {name: read[sha256] for name, (_, sha256) in names.items()}
