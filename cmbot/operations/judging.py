"""Accept what an attempt made although something is missing, or reject it although it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.exceptions import UserError
from cmbot.models.attempts import Verb
from cmbot.operations import ordering

if TYPE_CHECKING:
    from cmbot.models.views import GroupView
    from cmbot.operations.ordering import Target
    from cmbot.reconcile.edges import Local


def targets(local: Local, verb: Verb, key: str, group: str = "", reason: str = "") -> tuple[Target, ...]:
    """Find what an acceptance or a rejection would change.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    verb : `~cmbot.models.attempts.Verb`
        ``ACCEPT`` or ``REJECT``.
    key : `str`
        Key of a campaign, step or group.
    group : `str`, optional
        Name of a group that has no sub-task.
    reason : `str`, optional
        Why; a rejection needs one.

    Returns
    -------
    targets : `tuple` [`~cmbot.operations.ordering.Target`, ...]
        For `~cmbot.operations.ordering.give`: one for each group whose newest attempt has ended, of an
        acceptance only of those without their whole result.

    Raises
    ------
    UserError
        If there is nothing to judge.
    """
    if verb is Verb.REJECT and not reason.strip():
        raise UserError(key, "a rejection needs a reason", "say why")
    _, groups = ordering.found(local, verb, key, group)
    return tuple(ordering.target(step, each, verb, details=_details(verb, each)) for step, each in groups)


def _details(verb: Verb, group: GroupView) -> dict[str, str]:
    made = f"{group.quanta.done} of {group.quanta.total} quanta"
    if verb is Verb.ACCEPT:
        return {"made": made, "then": "it counts as completed with what was made; nothing runs again"}
    then = "it counts as failed, its data leave the chain of the step; the next attempt makes all of it anew"
    return {"made": made, "then": then}
