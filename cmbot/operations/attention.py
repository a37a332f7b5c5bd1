"""What waits for a person: from the mirror alone (requirement W5)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cmbot import credentials
from cmbot.exceptions import UserError
from cmbot.handlers import overdue, rescuing, telling
from cmbot.mirror import creations, frozen, outbox, seen
from cmbot.models.attempts import AttemptState, TryState
from cmbot.models.issues import Status
from cmbot.operations.status import epic_of
from cmbot.panda.tokens import expiry
from cmbot.reconcile import troubles, views

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cmbot.models.attempts import Attempt
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Local
    from cmbot.settings import Settings

_DECIDED = {Status.FAILED, Status.COMPLETED, Status.ABANDONED}
_REASONS = 3
"""Reasons of failures that are named."""
_OPERATOR = "whoever runs cmbot"
"""Whose wait it is where no person's act is behind it: servers, tokens, issues that nobody launched."""


class Kind(StrEnum):
    """Why a person is waited for."""

    SERVER = "server"
    """Jira or PanDA does not answer, or does not accept cmbot's token."""
    TOKEN = "token"  # noqa: S105 - no secret but a word
    """A token has expired."""
    DUPLICATE = "duplicate"
    """Several requests carry the name of an attempt."""
    UNKNOWN = "unknown"
    """Whether a submission arrived is not known."""
    OVERDUE = "overdue"
    """It has been in a state for too long, was lost, or is there twice."""
    STALE = "stale"
    """What it was made of was judged bad, or is another by now."""
    FAILED = "failed"
    """It ended without its result."""
    PAUSED = "paused"
    """A campaign, or a step that was launched by itself, waits for the next launch."""
    PROBLEM = "problem"
    """What is known of a step contradicts itself, or the Butler refused it."""
    FROZEN = "frozen"
    """An issue is not followed."""
    OLD = "old"
    """The WMS has not told how it is for long."""
    UNTOLD = "untold"
    """Jira does not take what is to be written there."""


@dataclass(frozen=True)
class Waits:
    """One thing that waits for a person."""

    kind: Kind
    """Why."""
    key: str
    """Key of the issue, or the server."""
    name: str
    """What of it: ``step1 g001 a1``; empty for the whole."""
    since: datetime | None
    """Since when, as far as that is known."""
    why: str
    """What happened."""
    todo: str
    """What to do."""
    who: str = _OPERATOR
    """Whose it is: the person whose act is behind what waits."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script."""
        return asdict(self) | {"since": self.since.isoformat() if self.since else None}


def attention(local: Local, key: str = "") -> tuple[Waits, ...]:
    """List what waits for a person.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`, optional
        Key of a campaign, step or group, whose campaign is looked at; empty for all, and for the servers.

    Returns
    -------
    waiting : `tuple` [`Waits`, ...]
        By kind, the most urgent first; of one kind the longest first.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    epics = [epic_of(local, key)] if key else views.epics(local)
    return among(local, (views.campaign(local, epic) for epic in epics), whole=not key)


def among(local: Local, campaigns: Iterable[CampaignView], *, whole: bool) -> tuple[Waits, ...]:
    """List what waits for a person of campaigns that were put together already.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    campaigns : `~collections.abc.Iterable` [`~cmbot.models.views.CampaignView`]
        The campaigns.
    whole : `bool`
        Whether also what is of none of them: servers, tokens, and issues that are not followed.

    Returns
    -------
    waiting : `tuple` [`Waits`, ...]
        As `attention`.
    """
    now = datetime.now(UTC)
    found: list[Waits] = []
    owners: dict[str, str] = {}
    for view in campaigns:
        found += _campaign(local, view, now)
        owners |= _owners(view)
    found += [waits for waits in (*_frozen(local), *_untold(local)) if whole or waits.key in owners]
    if whole:
        found += (*_servers(local), *_token(local.settings, now), *_schedules(local))
    owned = [replace(waits, who=owners.get(waits.key) or _OPERATOR) for waits in found]
    order = list(Kind)
    return tuple(sorted(owned, key=lambda item: (order.index(item.kind), item.since or now, item.key)))


def _schedules(local: Local) -> Iterator[Waits]:
    """Schedules whose newest campaign could not be created."""
    for name in local.settings.schedules:
        for last in creations.of(local.mirror, f"schedule {name}")[:1]:
            if last.problem:
                todo = f"correct it, then `cmbot schedule run {name}`"
                yield Waits(Kind.PROBLEM, last.source, "", last.due_at, last.problem, todo)


def _owners(view: CampaignView) -> dict[str, str]:
    """Say by key of each issue whose it is: who is behind its newest attempt, else who moved it last."""
    places = [(view.issue, view.attempts)]
    for step in view.steps:
        places.append((step.issue, tuple(each for group in step.groups for each in group.attempts)))
        places += [(group.issue, group.attempts) for group in step.groups if group.issue]
    owners = {}
    for issue, attempts in places:
        newest = max(attempts, key=lambda each: each.created_at, default=None)
        moved = issue.last_move.by if issue.last_move and issue.last_move.by != view.me else ""
        owners[issue.key] = str(newest.cause.by if newest else moved)
    return owners


def _servers(local: Local) -> Iterator[Waits]:
    for server in troubles.SERVERS:
        text, since = troubles.read(local.mirror, server)
        if text:
            yield Waits(Kind.SERVER, server, "", since, text, "see `cmbot doctor`; then cmbot goes on")


def _token(settings: Settings, now: datetime) -> Iterator[Waits]:
    """PanDA's token, unless cmbot renews it."""
    try:
        text = credentials.read(settings.panda.token, "panda.token")
    except UserError:
        # Not this process's to read, or there is none: the service says what it makes of it.
        return
    until = None if text.startswith("{") else expiry(text)
    if until is not None and until <= now:
        why = f"its token has expired at {overdue.instant(until)}"
        yield Waits(Kind.TOKEN, "PanDA", "", until, why, "renew it (panda.token)")


def _frozen(local: Local) -> Iterator[Waits]:
    renamed = seen.renamed(local.mirror)
    for row in frozen.troubled(local.mirror):
        why, _, todo = row.error.partition("; ")
        yield Waits(Kind.FROZEN, renamed.get(row.key, row.key), "", row.since, why, todo)


def _untold(local: Local) -> Iterator[Waits]:
    for row in outbox.untold(local.mirror):
        why, _, todo = row.error.partition("; ")
        yield Waits(Kind.UNTOLD, row.issue_key, row.kind, row.since, why, todo or "cmbot tries again")


def _campaign(local: Local, view: CampaignView, now: datetime) -> Iterator[Waits]:
    yield from _waits(view)
    yield from _paused(view)
    going_on = rescuing.going_on(rescuing.decisions(view))
    for step in view.steps:
        yield from _problems(step)
        for group in step.groups:
            last = group.last
            if last is None:
                continue
            if last.state.live:
                yield from _live(local, step, group, last, now)
            elif (step.issue.id, group.name) not in going_on:
                yield from _failed(view, step, group, last)


def _waits(view: CampaignView) -> Iterator[Waits]:
    for issue in view.issues:
        if issue.id in view.overdue:
            why = "; ".join((view.overdue[issue.id], *view.waiting(issue)))
            since = issue.last_move.at if issue.last_move else None
            yield Waits(Kind.OVERDUE, issue.key, "", since, why, "see `cmbot doctor`, and the log of cmbot")


def _paused(view: CampaignView) -> Iterator[Waits]:
    issues = [view.issue] if view.issue.status is Status.PAUSED else [step.issue for step in view.steps]
    for issue in issues:
        if issue.status is not Status.PAUSED or view.issue.status in _DECIDED:
            continue
        move = issue.last_move
        by = "cmbot" if move is None or move.by == view.me else str(move.by)
        notice = telling.paused(view)
        why = "; ".join((f"paused by {by}", *notice.happened))
        yield Waits(Kind.PAUSED, issue.key, "", move.at if move else None, why, notice.coming)


def _problems(step: StepView) -> Iterator[Waits]:
    since = step.issue.last_move.at if step.issue.last_move else None
    if step.stale:
        key = step.issue.key
        todo = f"`cmbot reject {key}` and launch it again, or `cmbot validate` what it was made of"
        yield Waits(Kind.STALE, key, step.name, None, step.stale, todo)
    if step.issue.status not in _DECIDED:
        for problem in step.problems:
            why = f"{problem.field}: {problem.problem}"
            yield Waits(Kind.PROBLEM, step.issue.key, step.name, since, why, problem.remedy)


def _live(local: Local, step: StepView, group: GroupView, last: Attempt, now: datetime) -> Iterator[Waits]:
    key, name = _named(step, group, last)
    if last.state is AttemptState.DUPLICATE:
        todo = "cancel what is too much (bps cancel --id N), then cmbot goes on"
        yield Waits(Kind.DUPLICATE, key, name, last.since, last.summary, todo)
    elif last.state is AttemptState.UNKNOWN:
        todo = "cmbot looks for it and submits nothing before it knows; look in PanDA for its name"
        yield Waits(Kind.UNKNOWN, key, name, last.since, last.summary, last.attention or todo)
    elif last.attention:
        todo = f"see `cmbot reconcile {key} --dry-run`; `cmbot cancel {key}` gives it up"
        yield Waits(Kind.OVERDUE, key, name, last.since, last.attention, todo)
    item = last.last_try
    followed = item is not None and item.state is TryState.SUBMITTED
    if item is None or not followed or last.state is AttemptState.MERGE_PENDING:
        return
    heard = item.seen_at or last.since or last.created_at
    if now - heard >= local.settings.panda.stale:
        trouble, _ = troubles.read(local.mirror, "PanDA")
        why = f"PanDA last said how request {item.request_id} is at {overdue.instant(heard)}"
        yield Waits(Kind.OLD, key, name, heard, why, trouble or "see whether `cmbot sync` runs")


def _failed(view: CampaignView, step: StepView, group: GroupView, last: Attempt) -> Iterator[Waits]:
    path = view.path(step, group)
    # A group that failed is Failed in Jira; nobody has decided anything by that.
    decided = any(issue.status in _DECIDED for issue in path[:2]) or path[-1].status.closed
    if not last.state.ended_badly or decided:
        return
    key, name = _named(step, group, last)
    reasons = [
        f"{each.count} {each.label} {each.error.name} ({each.action})" for each in group.failures[:_REASONS]
    ]
    why = "; ".join(filter(None, (str(last.state), last.summary, *reasons)))
    todo = "retry it (move it to Launch, or `cmbot retry`), or accept it as it is (Completed, Abandoned)"
    yield Waits(Kind.FAILED, key, name, last.ended_at or last.since, why, todo)


def _named(step: StepView, group: GroupView, last: Attempt) -> tuple[str, str]:
    return (group.issue or step.issue).key, f"{step.name} {group.name} {last.label}"
