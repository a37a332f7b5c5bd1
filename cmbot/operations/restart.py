"""Restart: the same request again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.models.attempts import Verb
from cmbot.operations import ordering
from cmbot.wms.port import FINAL_JOB

if TYPE_CHECKING:
    from cmbot.models.views import GroupView
    from cmbot.operations.ordering import Target
    from cmbot.reconcile.edges import Local

_MEMORY = (
    f"{FINAL_JOB} was killed for its memory and asks for as much as before: a restart cannot raise it. "
    f"cmbot retry --memory {FINAL_JOB}=MB can; it makes all data anew, for none of them is registered"
)


def targets(local: Local, key: str, group: str = "") -> tuple[Target, ...]:
    """Find what a restart would run again.

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
        For `~cmbot.operations.ordering.give`: one for each attempt that ended without its result.

    Raises
    ------
    UserError
        If there is nothing to restart.
    """
    _, groups = ordering.found(local, Verb.RESTART, key, group)
    return tuple(ordering.target(step, each, Verb.RESTART, details=details(each)) for step, each in groups)


def details(group: GroupView) -> dict[str, str]:
    """Say what a restart does.

    Parameters
    ----------
    group : `~cmbot.models.views.GroupView`
        The group.

    Returns
    -------
    details : `dict` [`str`, `str`]
        For `~cmbot.operations.ordering.Target`.
    """
    last = group.last
    item = last.last_try if last else None
    again = f"{group.jobs.failed} jobs that failed or never ran; nothing that succeeded"
    killed = group.merge_failed and any(
        each.for_memory and each.label == FINAL_JOB for each in group.failures
    )
    return {
        "run": item.name if item else "",
        "runs again": "only the final job" if group.merge_failed else again,
        "then": f"{last.label if last else 'it'} goes on under the same request, with the same settings",
    } | ({"memory": _MEMORY} if killed else {})
