"""What does not agree between Jira, journal and WMS, and what is done about it (requirements W5, W8)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import CmbotError, UserError
from cmbot.handlers.campaign import decide
from cmbot.handlers.facts import Does, findings
from cmbot.handlers.inconsistencies import ATTEMPTS
from cmbot.mirror import events, lease, seen
from cmbot.models.attempts import AttemptState, TryState
from cmbot.operations.commands import obey
from cmbot.operations.status import epic_of
from cmbot.reconcile import comparing, polling, recover, views
from cmbot.reconcile.passes import Passes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmbot.handlers.recovery import Outcome
    from cmbot.mirror.events import Event
    from cmbot.models.attempts import Attempt
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Edges
    from cmbot.reconcile.polling import Seen

AGREES = "agrees"
"""Name of the line of an attempt of which no rule holds."""


@dataclass(frozen=True)
class Line:
    """What is found of one attempt or issue."""

    key: str
    """Key of the issue."""
    name: str
    """``step1 g001 a1``; empty for an issue."""
    request: int | None
    """Request id."""
    rule: str
    """Name of the rule that holds."""
    does: str
    """What comes of it."""
    says: str
    """The same in words."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script."""
        return asdict(self)


@dataclass(frozen=True)
class Done:
    """What one pass did."""

    lines: tuple[Line, ...]
    """What did not agree before it."""
    happened: tuple[Event, ...]
    """What it wrote into the history."""
    errors: tuple[str, ...]
    """What did not work."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script."""
        happened = [asdict(event) | {"at": event.at.isoformat()} for event in self.happened]
        return asdict(self) | {"happened": happened}


def examine(edges: Edges, key: str = "") -> tuple[Line, ...]:
    """Compare Jira as it was seen last, the journal, and the WMS as it is now; nothing is done or kept.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    key : `str`, optional
        Key of a campaign, step or group; empty for all campaigns.

    Returns
    -------
    lines : `tuple` [`Line`, ...]
        Of each attempt that is not over at least one; of issues only what does not agree.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    now = datetime.now(UTC)
    chosen = [views.campaign(edges, epic) for epic in _epics(edges, key)]
    key = seen.renamed(edges.mirror).get(key, key)
    found = [
        (view, step, group, group.last)
        for view in chosen
        for step, group in view.groups
        if group.last is not None and (not key or key in _keys(view, step, group))
    ]
    looked = polling.these(edges, [last for *_, last in found if last.state.live], now, kept=False)
    lines = [
        line
        for view, step, group, last in found
        for line in _attempt(edges, view, step, group, last, looked, now)
    ]
    return (*lines, *(line for view in chosen for line in _issues(view, key)))


def run(edges: Edges, key: str = "") -> Done:
    """Do one pass over the campaigns whose attempts are not over.

    Parameters
    ----------
    edges, key
        As for `examine`.

    Returns
    -------
    done : `Done`
        What it did.

    Raises
    ------
    UserError
        If a cmbot runs, which does this at each pass; or the key is not known here.
    """
    now = datetime.now(UTC)
    holder, until = edges.mirror.leased()
    elsewhere = holder not in {"", lease.this_process()} and not lease.is_gone(holder)
    if elsewhere and until is not None and until > now:
        raise UserError(
            "cmbot sync", f"runs ({holder}) and does this at each pass", "say --dry-run to see what it finds"
        )
    lines = examine(edges, key)
    epics = {epic.id for epic in _epics(edges, key)}
    try:
        report = Passes(edges, obey).run(now, only=epics)
    finally:
        edges.mirror.release_lease()
    keys = tuple(seen.keys_by_id(edges.mirror).values())
    happened = [event for event in events.of(edges.mirror, keys) if event.at >= now]
    return Done(lines, tuple(happened), tuple(report.errors))


def _epics(edges: Edges, key: str) -> Sequence[Any]:
    return [epic_of(edges, key)] if key else views.epics(edges)


def _keys(view: CampaignView, step: StepView, group: GroupView) -> set[str]:
    return {view.issue.key, step.issue.key, group.issue.key if group.issue else ""}


def _attempt(
    edges: Edges,
    view: CampaignView,
    step: StepView,
    group: GroupView,
    last: Attempt,
    looked: Seen,
    now: datetime,
) -> Iterator[Line]:
    issue, item = group.issue or step.issue, last.last_try
    name, request = f"{step.name} {group.name} {last.label}", item.request_id if item else None
    outcome: Outcome | None = None
    try:
        if _unfinished(last):
            outcome = recover.inquire(edges, step, last, now)
    except CmbotError as error:
        yield Line(issue.key, name, request, "not heard of", Does.WAIT, str(error))
    facts = comparing.facts(edges, (view, step, group), last, looked, now, outcome)
    found = [
        Line(issue.key, name, request, each.rule, each.does, each.says) for each in findings(ATTEMPTS, facts)
    ]
    if not found and last.state.live:
        told = "was not asked about it" if facts.report is None else "says the same"
        says = f"it is {last.state}; PanDA {told}, and nothing is to be done"
        found = [Line(issue.key, name, request, AGREES, "", says)]
    yield from found


def _unfinished(last: Attempt) -> bool:
    item = last.last_try
    submitted = item is not None and item.state is TryState.SUBMITTED
    return last.state.live and last.state is not AttemptState.MERGE_PENDING and not submitted


def _issues(view: CampaignView, key: str) -> Iterator[Line]:
    for move in decide(view).moves:
        if key in {"", view.issue.key, move.issue.key, move.issue.parent}:
            says = f"it is {move.issue.status} and is moved to {move.target}: {move.why}"
            yield Line(move.issue.key, "", None, "rolled up", Does.MOVE, says)
