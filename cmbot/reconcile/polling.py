"""One look at everything that runs, for all campaigns together (design.md rule 7)."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import CmbotError, UserError
from cmbot.mirror import journal
from cmbot.models.attempts import AttemptState, TryState
from cmbot.models.systems import System
from cmbot.reconcile.troubles import keep
from cmbot.wms.port import WmsReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmbot.models.attempts import Attempt, Try
    from cmbot.reconcile.edges import Edges

_LOG = logging.getLogger(__name__)
_LOOKED = "panda looked at"
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """What a look showed."""

    reports: Mapping[int, WmsReport | CmbotError] = field(default_factory=dict)
    """By submission, for request ids of two systems may be the same; see `~cmbot.wms.port.Look`."""
    others: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Requests that were not asked for, by their run names without the nonce, in lower case."""
    rows: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """By submission: what the monitor says of what has ended; see `~cmbot.wms.port.Look`."""
    steps: frozenset[str] = frozenset()
    """Steps with attempts that were asked about."""

    def namesakes(self, item: Try) -> tuple[int, ...]:
        """Find requests that look like another submission of the same attempt.

        Parameters
        ----------
        item : `~cmbot.models.attempts.Try`
            The submission that is followed.

        Returns
        -------
        request_ids : `tuple` [`int`, ...]
            Without its own.
        """
        if item.recorded:
            return ()  # names that others give follow no rule
        # Its own is among the others while its data are counted: it is not asked about then.
        found = self.others.get(_prefix(item.name), ())
        return tuple(number for number in found if number != item.request_id)


def everything(edges: Edges, now: datetime, *, at_once: bool = False) -> Seen:
    """Look at all live attempts, and at some that have ended, if it is time.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    now : `datetime.datetime`
        The time.
    at_once : `bool`, optional
        Whether it is time in any case: a person waits.

    Returns
    -------
    seen : `Seen`
        Empty if it is not time yet.
    """
    panda, noted = edges.settings.panda, edges.mirror.note(_LOOKED)
    if not at_once and noted and now - datetime.fromisoformat(noted) < panda.cycle:
        return Seen()
    edges.mirror.remember(_LOOKED, now.isoformat())
    ended = journal.ended_attempts(edges.mirror, now - panda.reread_for, now - panda.reread)
    restarting = journal.restarting(edges.mirror)
    return these(edges, (*journal.live_attempts(edges.mirror), *restarting, *ended), now)


def these(edges: Edges, attempts: Iterable[Attempt], now: datetime, *, kept: bool = True) -> Seen:
    """Look at some attempts.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    attempts : `~collections.abc.Iterable` [`~cmbot.models.attempts.Attempt`]
        Which; those without a request, and those whose data are being counted, are left out.
    now : `datetime.datetime`
        The time.
    kept : `bool`, optional
        Whether it is kept when they were looked at; otherwise nothing is written.

    Returns
    -------
    seen : `Seen`
        How they are.
    """
    wanted = {attempt: item for attempt in attempts if (item := _followed(attempt)) is not None}
    if not wanted:
        if kept:
            _say(edges, (), now)
        return Seen()
    # What was not heard of for longest comes first, before what has ended.
    order = sorted(wanted, key=lambda one: (not one.state.live, wanted[one].seen_at or _EVER))
    seen = _ask(edges, [wanted[one] for one in order])
    if kept:
        _keep(edges, seen, wanted, now)
    return replace(seen, steps=frozenset(attempt.step_id for attempt in wanted))


def _ask(edges: Edges, items: Iterable[Try]) -> Seen:
    """Ask every system about its submissions, together."""
    systems: dict[tuple[System, str], list[Try]] = defaultdict(list)
    for item in items:
        systems[item.wms, "" if item.wms is System.PANDA else item.site].append(item)
    reports: dict[int, WmsReport | CmbotError] = {}
    others: dict[str, tuple[int, ...]] = defaultdict(tuple)
    rows: dict[int, Mapping[str, Any]] = {}
    for theirs in systems.values():
        try:
            wms = edges.wms_of(theirs[0])
        except UserError as error:
            reports |= dict.fromkeys((item.id for item in theirs), error)
            continue
        ids = {item.request_id or 0: item for item in theirs}
        names = {number: item.name for number, item in ids.items()}
        look = wms.statuses(names, min(item.reserved_at for item in theirs))
        reports |= {ids[number].id: found for number, found in look.reports.items()}
        rows |= {ids[number].id: found for number, found in look.rows.items()}
        for number, name in sorted(look.others.items()):
            others[_prefix(name)] += (number,)
    return Seen(reports, others, rows)


def _keep(edges: Edges, seen: Seen, wanted: Mapping[Attempt, Try], now: datetime) -> None:
    told = [
        item.id
        for attempt, item in wanted.items()
        # Of what has ended one answer is enough for a while, whatever it is.
        if isinstance(seen.reports.get(item.id), WmsReport)
        or (item.id in seen.reports and not attempt.state.live)
    ]
    with edges.mirror.writing() as connection:
        journal.mark_seen(connection, told, now)
    live = {item.id for attempt, item in wanted.items() if attempt.state.live}
    _say(edges, [found for number, found in seen.reports.items() if number in live], now)


def _followed(attempt: Attempt) -> Try | None:
    item = attempt.last_try
    if item is None or item.request_id is None or item.state is not TryState.SUBMITTED:
        return None
    return None if attempt.state is AttemptState.MERGE_PENDING else item


def _say(edges: Edges, found: Iterable[WmsReport | CmbotError], now: datetime) -> None:
    """Log what keeps PanDA from answering, when it begins, changes or ends."""
    troubles = Counter(str(each) for each in found if isinstance(each, CmbotError))
    said = max(troubles, key=lambda text: (troubles[text], text), default="")
    if keep(edges.mirror, "PanDA", said, now):
        if said:
            _LOG.warning("%d requests: %s", troubles[said], said)
        else:
            _LOG.info("all requests are heard of again")


def _prefix(name: str) -> str:
    return name.rpartition("_")[0].lower()
