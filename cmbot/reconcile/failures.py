"""Why jobs failed: asked when more of them have, kept in the mirror, explained when it is shown."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import RemoteError
from cmbot.mirror import reports
from cmbot.models.failures import Failure, FailureKind, JobError
from cmbot.models.systems import System
from cmbot.wms import errors
from cmbot.wms.explaining import Explaining
from cmbot.wms.port import Failing, TaskReport
from cmbot.wms.states import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cmbot.models.attempts import Attempt, Try
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Edges, Local

_LOG = logging.getLogger(__name__)
KIND = "failures"
"""Kind of report in the journal."""
_ASKED = "failures asked"
_PAUSES = (0, 1, 2, 5, 10, 20, 40)
"""Minutes before the next try; after the last the failures are known by their quanta alone. The monitor may
lag by twenty minutes."""
_AT_MOST = 3
"""Tries that are counted while a workflow goes on: the others are for after its end."""


@dataclass(frozen=True)
class Due:
    """A workflow of which it is time to ask why jobs failed."""

    item: Try
    """Its try."""
    failing: Failing
    """What is asked about."""
    known: Mapping[str, Any]
    """What was told so far."""
    live: bool = False
    """Whether it goes on."""


def due(local: Local, view: CampaignView, now: datetime) -> tuple[Due, ...]:
    """Find the workflows of a campaign of which it is time to ask why jobs failed.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view : `~cmbot.models.views.CampaignView`
        The campaign.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    due : `tuple` [`Due`, ...]
        For `ask`.
    """
    found = []
    for attempt, item in _owed(local, view):
        failing = of_try(local, item)
        known = _known(local, item, failing.failed)
        if datetime.fromisoformat(known["not_before"]) <= now:
            found.append(Due(item, failing, known, attempt.state.live))
    return tuple(found)


def ask(edges: Edges, asked: Sequence[Due], now: datetime) -> None:
    """Ask why jobs failed, the workflows of all campaigns together and once a cycle (requirement H1).

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    asked : `~collections.abc.Sequence` [`Due`]
        The workflows.
    now : `datetime.datetime`
        The time.
    """
    noted = edges.mirror.note(_ASKED)
    if not asked or (noted and now - datetime.fromisoformat(noted) < edges.settings.panda.cycle):
        return
    edges.mirror.remember(_ASKED, now.isoformat())
    found: Mapping[int, tuple[Failure, ...]] = {}
    try:
        found = edges.wms.failures([each.failing for each in asked])
    except RemoteError as error:
        _LOG.info("why jobs of %d workflows failed is not known yet: %s", len(asked), error)
    with edges.mirror.writing() as connection:
        for each in asked:
            told = errors.kinds(found.get(each.failing.request_id, ()))
            body = _body(each, told, now)
            reports.save(connection, each.item.id, KIND, body, now)


def still_asked(local: Local, view: CampaignView) -> bool:
    """Tell whether the WMS still has to be asked why jobs of a campaign failed.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    view : `~cmbot.models.views.CampaignView`
        The campaign.

    Returns
    -------
    asked : `bool`
        False if nothing failed, if it is known, or if it was asked often enough.
    """
    return any(_owed(local, view))


def _owed(local: Local, view: CampaignView) -> Iterator[tuple[Attempt, Try]]:
    for _, group in view.groups:
        if group.last and (item := _owes(local, group)):
            yield group.last, item


def _owes(local: Local, group: GroupView) -> Try | None:
    item = group.last.last_try if group.last else None
    if item is None or item.request_id is None or not group.jobs.failed:
        return None
    if item.wms is not System.PANDA:
        return None  # the others do not tell
    failed = of_try(local, item).failed
    asked = failed and _known(local, item, failed)["tries"] < len(_PAUSES)
    return item if asked else None


def _known(local: Local, item: Try, failed: int) -> Mapping[str, Any]:
    """What was told so far; where other counts failed since, it is asked about anew."""
    known = reports.read(local.mirror, item.id, KIND)
    if known is None or known["failed"] != failed:
        # What is known of the others stays true while more fail, and not once a restart has mended some.
        kinds = known["kinds"] if known and known["failed"] < failed else []
        return {"tries": 0, "not_before": item.reserved_at.isoformat(), "kinds": kinds}
    # What comes from the archive does not say how it was asked for.
    return {"tries": len(_PAUSES), "not_before": item.reserved_at.isoformat(), **known}


def _body(asked: Due, told: tuple[FailureKind, ...], now: datetime) -> dict[str, Any]:
    failed, most = asked.failing.failed, _AT_MOST if asked.live else len(_PAUSES)
    whole = sum(kind.count for kind in told) >= failed
    tries = len(_PAUSES) if whole else min(asked.known["tries"] + 1, most)
    pause = timedelta(minutes=_PAUSES[min(tries, len(_PAUSES) - 1)])
    return {
        "failed": failed,
        "tries": tries,
        "not_before": (now + pause).isoformat(),
        "kinds": [asdict(kind) for kind in told] or asked.known["kinds"],
    }


def of_try(local: Local, item: Try) -> Failing:
    """Describe what the WMS is asked why jobs failed of.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    item : `~cmbot.models.attempts.Try`
        A try with a request id.

    Returns
    -------
    failing : `~cmbot.wms.port.Failing`
        With its tasks, as the WMS told of them last.
    """
    return Failing(item.request_id or 0, item.name, tasks(local, item), item.reserved_at)


def tasks(local: Local, item: Try) -> tuple[TaskReport, ...]:
    """Read what the WMS said last of the tasks of a try.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    item : `~cmbot.models.attempts.Try`
        The try.

    Returns
    -------
    tasks : `tuple` [`~cmbot.wms.port.TaskReport`, ...]
        In pipeline order; empty if it said nothing yet.
    """
    body = reports.read(local.mirror, item.id, "wms") or {}
    return tuple(
        TaskReport(**task | {"state": TaskState(task["state"]), "ids": tuple(task["ids"])})
        for task in body.get("tasks", ())
    )


def kinds(local: Local, attempt: Attempt) -> tuple[FailureKind, ...]:
    """Read why jobs of an attempt failed.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    attempt : `~cmbot.models.attempts.Attempt`
        The attempt.

    Returns
    -------
    kinds : `tuple` [`~cmbot.models.failures.FailureKind`, ...]
        As the WMS told; if it did not, as the data report says of quanta.
    """
    item = attempt.last_try
    if item is None:
        return ()
    # The data are counted at the end: while it goes on, again, that was another end.
    quanta = () if attempt.state.live else reports.failed_quanta(local.mirror, item.id)
    known = (reports.read(local.mirror, item.id, KIND) or {}).get("kinds")
    return errors.located(map(_kind, known), quanta) if known else errors.of_quanta(quanta)


def explained(local: Local, step: StepView) -> StepView:
    """Explain the failures of a step and of its groups.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    step : `~cmbot.models.views.StepView`
        The step.

    Returns
    -------
    step : `~cmbot.models.views.StepView`
        With its failures.
    """
    failing = {group.name: kinds(local, group.last) for group in step.groups if group.last is not None}
    everything = [kind for each in failing.values() for kind in each]
    owed = {group.name for group in step.groups if _owes(local, group)}
    if not everything and not owed:
        return step
    explaining = Explaining(local.catalogue, everything, _expected(local, step.groups))
    groups = tuple(
        replace(
            group,
            failures=explaining.explain(failing.get(group.name, ())),
            unexplained=group.name in owed,
        )
        for group in step.groups
    )
    return replace(step, groups=groups, failures=explaining.explain(everything))


def _expected(local: Local, groups: Iterable[GroupView]) -> Mapping[str, int]:
    """Inputs of each label: of a group the most that any attempt had, since a rescue runs only the rest."""
    total: Counter[str] = Counter()
    for group in groups:
        own: dict[str, int] = {}
        for attempt in group.attempts:
            item = attempt.last_try
            for task in tasks(local, item) if item else ():
                own[task.label] = max(own.get(task.label, 0), task.expected or 0)
        total.update(own)
    return total


def _kind(body: Mapping[str, Any]) -> FailureKind:
    example = dict(body["example"])
    example["errors"] = tuple(JobError(**error) for error in example["errors"])
    return FailureKind(Failure(**example), body["count"])
