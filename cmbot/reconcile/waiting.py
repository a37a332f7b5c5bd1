"""What a step waits for when something outside does not answer: said while it lasts (design.md rule 8)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmbot.models.issues import Issue
    from cmbot.models.views import StepView
    from cmbot.reconcile.edges import Edges, Local

_LOG = logging.getLogger(__name__)
_DOINGS = ("submit", "steer", "follow", "archive")


def note(edges: Edges, step: StepView, doing: str, trouble: str) -> None:
    """Remember what a step waits for, and log when that begins, changes or ends.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    step : `~cmbot.models.views.StepView`
        The step.
    doing : `str`
        What was tried: ``submit``, ``steer``, ``follow`` or ``archive``.
    trouble : `str`
        What went wrong; empty if nothing did.
    """
    name = _name(step.issue, doing)
    before = edges.mirror.note(name)
    if trouble == before:
        return
    edges.mirror.remember(name, trouble)
    if trouble:
        _LOG.warning("%s waits: %s", step.issue.key, trouble)
    else:
        _LOG.info("%s goes on", step.issue.key)


def read(local: Local, step: Issue) -> str:
    """Read what a step waits for.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    step : `~cmbot.models.issues.Issue`
        The step.

    Returns
    -------
    trouble : `str`
        Empty if it waits for nothing.
    """
    return "; ".join(filter(None, (local.mirror.note(_name(step, doing)) for doing in _DOINGS)))


def _name(step: Issue, doing: str) -> str:
    return f"waiting to {doing} {step.id}"
