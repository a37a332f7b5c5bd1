"""The workflows of a campaign, a step or a group, as PanDA lists them: from the mirror alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.mirror import reports
from cmbot.models.views import Counts
from cmbot.operations.report import chosen
from cmbot.reconcile import failures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.models.attempts import Attempt, Try
    from cmbot.reconcile.edges import Local


@dataclass(frozen=True)
class Workflow:
    """One request of the WMS (requirement F8)."""

    request: int
    """Its request id."""
    status: str
    """Its status in the WMS's own words; empty while the WMS has not said anything."""
    state: str
    """What cmbot makes of it."""
    created: str
    """When it was submitted, as ISO 8601."""
    tasks: Mapping[str, int]
    """Number of its task labels by their state."""
    jobs: Counts
    """How far its jobs are."""
    attempt: str
    """What it is: ``step1 g001 a2``."""
    name: str
    """Run name."""

    @property
    def remaining(self) -> int:
        """Jobs that have not ended."""
        return max(0, self.jobs.total - self.jobs.done - self.jobs.failed)

    def to_json(self) -> dict[str, Any]:
        """Give it to a script."""
        return asdict(self) | {"remaining": self.remaining}


def workflows(local: Local, key: str, group: str = "") -> tuple[Workflow, ...]:
    """List the workflows of all attempts.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key, group : `str`
        As in `~cmbot.operations.report.chosen`.

    Returns
    -------
    workflows : `tuple` [`Workflow`, ...]
        By step, group and attempt.

    Raises
    ------
    UserError
        If the key or the group is not known here, or nothing was submitted.
    """
    found = tuple(
        _workflow(local, f"{step.name} {each.name} {attempt.label}", attempt, item, item.request_id)
        for step, groups in chosen(local, key, group)
        for each in groups
        for attempt in each.attempts
        for item in attempt.tries
        if item.request_id is not None
    )
    if not found:
        raise UserError(key, "has no workflow yet", "see `cmbot status`")
    return found


def _workflow(local: Local, title: str, attempt: Attempt, item: Try, request: int) -> Workflow:
    body = reports.read(local.mirror, item.id, "wms") or {}
    return Workflow(
        request=request,
        status=body.get("status", ""),
        state=attempt.state,
        created=item.reserved_at.isoformat(),
        tasks=dict(sorted(Counter(str(task.state) for task in failures.tasks(local, item)).items())),
        jobs=Counts(**body["counts"]) if "counts" in body else Counts(),
        attempt=title,
        name=item.name,
    )
