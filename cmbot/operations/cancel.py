"""Cancel: abort what runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.models.attempts import AttemptState, Verb
from cmbot.operations import ordering

if TYPE_CHECKING:
    from cmbot.operations.ordering import Target
    from cmbot.reconcile.edges import Local


def targets(local: Local, key: str, group: str = "") -> tuple[Target, ...]:
    """Find what a cancel would abort.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of a campaign, step or group.
    group : `str`, optional
        Name of a group that has no sub-task.

    Returns
    -------
    targets : `tuple` [`~cmbot.operations.ordering.Target`, ...]
        For `~cmbot.operations.ordering.give`: one for each attempt that is live.

    Raises
    ------
    UserError
        If nothing of it runs.
    """
    _, groups = ordering.found(local, Verb.CANCEL, key, group)
    made = []
    for step, each in groups:
        item = each.last.last_try if each.last else None
        if each.last and each.last.state is AttemptState.DUPLICATE:
            then = "there are several of its name: cancel what is too much (bps cancel --id N); "
            then += "what is left is aborted"
        elif item is not None and item.request_id is not None:
            then = f"{item.wms} is asked to abort request {item.request_id}, again until it has ended"
        else:
            then = "it is not submitted; if bps has begun, its request is aborted as soon as it is known"
        details = {"run": item.name if item else "", "jobs under way": str(each.jobs.running), "then": then}
        made.append(ordering.target(step, each, Verb.CANCEL, details=details))
    return tuple(made)
