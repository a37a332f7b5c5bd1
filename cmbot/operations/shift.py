"""Shifts: who is on, and what they should know (requirements D7, V21)."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.handlers import mentions
from cmbot.mirror import mentions as mentioned_before
from cmbot.mirror import outbox
from cmbot.models.issues import Status
from cmbot.models.roster import Handover
from cmbot.operations.attention import attention
from cmbot.operations.status import epic_of
from cmbot.reconcile import views

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmbot.models.issues import Issue
    from cmbot.models.roster import Roster, Shift
    from cmbot.models.views import CampaignView, StepView
    from cmbot.reconcile.edges import Edges, Local

_LOG = logging.getLogger(__name__)
_NOTE = "shift told"
_ACTIVE = frozenset({Status.LAUNCH, Status.RUNNING, Status.PAUSED})


def shifts(local: Local, at: datetime | None = None) -> tuple[datetime, tuple[Shift, ...], tuple[Shift, ...]]:
    """Say who is on shift, and who is next.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    at : `datetime.datetime` or `None`, optional
        When; `None` for now.

    Returns
    -------
    at : `datetime.datetime`
        When.
    on_shift, following : `tuple` [`~cmbot.models.roster.Shift`, ...]
        Who is on then, and who is next.

    Raises
    ------
    UserError
        If there is no roster, or it cannot be used.
    """
    at = at or datetime.now(UTC)
    found = _roster(local, at)
    return at, found.on_shift(at), found.following(at)


def to_json(shift: Shift) -> dict[str, Any]:
    """Give a shift to a script.

    Parameters
    ----------
    shift : `~cmbot.models.roster.Shift`
        One shift.

    Returns
    -------
    data : `dict`
        By field.
    """
    return {
        "start": shift.start.isoformat(),
        "end": shift.end.isoformat(),
        "people": [{"account": person.account, "name": str(person)} for person in shift.people],
        "notes": shift.notes,
    }


def handovers(local: Local, key: str = "") -> tuple[Handover, ...]:
    """Write down what the people on shift should know.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`, optional
        Key of a campaign, step or group, whose campaign it is about; empty for all that are active.

    Returns
    -------
    handovers : `tuple` [`~cmbot.models.roster.Handover`, ...]
        One for each campaign.

    Raises
    ------
    UserError
        If the key is not known here, or there is no roster that can be used.
    """
    now = datetime.now(UTC)
    found = _roster(local, now)
    change = found.changed(now) or now
    epics = (epic_of(local, key),) if key else _active(local)
    return tuple(_handover(local, epic, found, change, now) for epic in epics)


def keep(edges: Edges, now: datetime) -> None:
    """Tell each active campaign once of a shift change.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    now : `datetime.datetime`
        The time.
    """
    found = edges.roster.now(now)
    change, told = found.changed(now), edges.mirror.note(_NOTE)
    if change is None or change.isoformat() == told:
        return
    # The first roster that is seen, and a change after which nobody is on, hand over nothing. A roster that
    # was edited may name an earlier change than before: that was told.
    new = told and change > datetime.fromisoformat(told) and found.people(now)
    active = _active(edges) if new else ()
    said = [(epic, _handover(edges, epic, found, change, now)) for epic in active]
    reason = f"handover:{change.isoformat()}"
    with edges.mirror.writing() as connection:
        for issue, handover in said:
            marker = f"handover:{issue.id}:{change:%Y%m%dT%H%M%SZ}"
            # Of several campaigns only the first mentions somebody.
            mentioned = mentions.due(handover.to, mentioned_before.last(connection, reason), now)
            text = edges.comments.handover(marker, handover, mentioned)
            if outbox.say(connection, (issue.id, issue.key), "comment", marker, {"text": text}, now):
                mentioned_before.keep(connection, mentioned, reason, now)
                _LOG.info("%s hand-over to %s", issue.key, ", ".join(map(str, handover.to)))
    edges.mirror.remember(_NOTE, change.isoformat())


def _roster(local: Local, at: datetime) -> Roster:
    if local.settings.roster is None:
        raise UserError(
            "roster", "is not set", "name a YAML or iCalendar file in roster.file of the settings"
        )
    return local.roster.at(at)


def _active(local: Local) -> tuple[Issue, ...]:
    return tuple(epic for epic in views.epics(local) if epic.status in _ACTIVE and not epic.frozen)


def _handover(local: Local, epic: Issue, shifts: Roster, change: datetime, now: datetime) -> Handover:
    view = views.campaign(local, epic)
    questions = [
        f"{' '.join(filter(None, (each.key, each.name)))}: {each.why}. To do: {each.todo}"
        for each in attention(local, epic.key)
    ]
    before = shifts.before(change)
    people = tuple(dict.fromkeys(person for shift in before for person in shift.people))
    notes = [shift.notes for shift in (*before, *shifts.on_shift(now)) if shift.notes]
    return Handover(
        key=epic.key,
        at=change,
        to=shifts.people(now),
        of=people,
        notes=tuple(dict.fromkeys(notes)),
        questions=tuple(questions),
        running=tuple(_running(view)),
        waiting=tuple(_waiting(view)),
    )


def _running(view: CampaignView) -> Iterator[str]:
    for step in view.steps:
        live = [group for group in step.groups if group.last and group.last.state.live]
        if live:
            names = ", ".join(group.name for group in live[:10])
            more = f" and {len(live) - 10} more" if len(live) > 10 else ""
            jobs = step.jobs
            yield f"{_name(step)}: {names}{more}; {jobs.done} of {jobs.total} jobs, {jobs.failed} failed"


def _waiting(view: CampaignView) -> Iterator[str]:
    for step in view.steps:
        said: Sequence[str] = [text for text in (step.waiting, step.paced) if text]
        left = sum(group.last is None and not group.decided for group in step.groups)
        if left and not step.issue.status.closed:
            said = [f"{left} groups have not begun", *said]
        if said:
            yield f"{_name(step)}: {'; '.join(said)}"


def _name(step: StepView) -> str:
    return f"{step.name} ({step.issue.key})"
