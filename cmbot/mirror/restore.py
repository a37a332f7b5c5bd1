"""Attempts as the issue property keeps them, for the day the mirror is lost (design.md rule 5)."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime
from sqlite3 import IntegrityError
from typing import TYPE_CHECKING, Any

from cmbot.mirror import contradictions, journal, kept, orders, withdrawals
from cmbot.models.attempts import (
    AS_DEFINED,
    AttemptState,
    Cause,
    Order,
    OrderState,
    Recorded,
    TryState,
    Verb,
)
from cmbot.models.issues import Person
from cmbot.models.systems import System

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror
    from cmbot.models.attempts import Attempt, Withdrawal

_LOG = logging.getLogger(__name__)
CHUNK = 100
"""Attempts in one property, which holds 32,768 characters; what was restarted or withdrawn counts twice."""


def to_properties(
    attempts: Iterable[Attempt], key: str, others: Iterable[Mapping[str, Any]] = ()
) -> dict[str, dict[str, Any]]:
    """Write attempts as issue properties.

    Parameters
    ----------
    attempts : `~collections.abc.Iterable` [`~cmbot.models.attempts.Attempt`]
        All attempts of a step.
    key : `str`
        Name of the first property; the next are ``<key>.1`` and so on.
    others : `~collections.abc.Iterable`, optional
        Entries that contradict them: kept as they are until a person removes them.

    Returns
    -------
    properties : `dict` [`str`, `dict`]
        By property key.
    """
    in_order = sorted(attempts, key=lambda item: (item.group, item.number))
    entries: list[Mapping[str, Any]] = [_entry(attempt) for attempt in in_order]
    entries += others
    return {
        f"{key}.{number}" if number else key: {"version": 1, "attempts": chunk}
        for number, chunk in enumerate(_chunks(entries))
    }


def _chunks(entries: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    chunk: list[Mapping[str, Any]] = []
    size = 0
    for entry in entries:
        weight = 2 if "restarts" in entry or "withdrawn" in entry else 1
        if size + weight > CHUNK:
            yield chunk
            chunk, size = [], 0
        chunk.append(entry)
        size += weight
    if chunk:
        yield chunk


def from_properties(
    mirror: Mirror, step_id: str, entries: Sequence[Mapping[str, Any]], directory: str, now: datetime
) -> int:
    """Bring attempts that only Jira remembers back into the journal.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.
    entries : `~collections.abc.Sequence`
        What `to_properties` wrote.
    directory : `str`
        Where the directories of tries are.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    count : `int`
        How many were restored. What contradicts something is kept apart, see
        `~cmbot.mirror.contradictions`.
    """
    known = {
        (attempt.group, attempt.number): attempt
        for group in journal.attempts(mirror, step_id).values()
        for attempt in group
    }
    wrong: contradictions.Wrong = {}
    restored = 0
    for entry in sorted(filter(kept.sound, entries), key=lambda item: (item["group"], item["number"])):
        if attempt := known.get((entry["group"], entry["number"])):
            if not _agrees(attempt, entry):
                contradictions.add(wrong, entry)
            continue
        try:
            _restore(mirror, step_id, entry, directory, now)
            restored += 1
        except IntegrityError:
            # cmbot writes no such properties; somebody did.
            contradictions.add(wrong, entry)
    contradictions.keep(mirror, step_id, wrong)
    return restored


def take_over(
    mirror: Mirror, attempt: Attempt, entries: Iterable[Mapping[str, Any]], directory: str, now: datetime
) -> str:
    """Put what another cmbot, with a mirror of its own, submits of an attempt in place of our submission.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    attempt : `~cmbot.models.attempts.Attempt`
        Nothing of it was started that may still become a request.
    entries, directory, now
        As in `from_properties`.

    Returns
    -------
    name : `str`
        Of the other's submission, which may have a request; empty if Jira keeps none.
    """
    known = {item.name for item in attempt.tries} | {""}
    prefixes = {item.name.removesuffix(item.nonce) for item in attempt.tries}
    for entry in filter(kept.sound, entries):
        name = str(entry["name"])
        if name in known or name.removesuffix(entry["nonce"]) not in prefixes:
            continue
        with mirror.writing() as connection:
            for item in attempt.tries:
                journal.set_try(connection, item.id, state=TryState.NOT_SUBMITTED)
            _add_try(connection, attempt.id, entry, directory, now)
        return name
    return ""


def _agrees(attempt: Attempt, entry: Mapping[str, Any]) -> bool:
    """Whether Jira's may be an earlier or later state of the journal's: it is told with delay.

    Another submission of the same attempt is none of its business: a look-up by name finds them all.
    """
    known = {item.request_id for item in attempt.tries} - {None}
    told = entry.get("request")
    return attempt.cause.id == entry["cause"] and (told is None or not known or told in known)


def _entry(attempt: Attempt) -> dict[str, Any]:
    item = attempt.last_try
    restarts = [
        {"cause": order.cause.id, "by": order.cause.by.account, "at": order.cause.at.isoformat()}
        for order in attempt.orders
        if _restarted(order)
    ]
    return {
        "group": attempt.group,
        "number": attempt.number,
        "state": _kept(attempt),
        "cause": attempt.cause.id,
        "by": attempt.cause.by.account,
        "at": attempt.cause.at.isoformat(),
        "what": attempt.cause.what,
        "nonce": item.nonce if item else "",
        "name": item.name if item else "",
        "request": item.request_id if item else None,
        "wms": item.wms if item else System.PANDA,
        "site": item.site if item else "",
        **({"changes": asdict(attempt.changes)} if attempt.changes != AS_DEFINED else {}),
        **({"restarts": restarts} if restarts else {}),
        **({"withdrawn": _withdrawn(attempt.withdrawal)} if attempt.withdrawal else {}),
        **({"recorded": asdict(item.recorded)} if item and item.recorded else {}),
    }


def _withdrawn(withdrawal: Withdrawal) -> dict[str, Any]:
    cause = withdrawal.cause
    return {"cause": cause.id, "by": cause.by.account, "at": cause.at.isoformat(), "what": cause.what}


def _restarted(order: Order) -> bool:
    """Whether the WMS was told to restart it: the cause has acted."""
    return order.verb is Verb.RESTART and order.sent > 0


def _kept(attempt: Attempt) -> AttemptState:
    # Finer states are found again by looking, and would be a write for each change.
    begins = any(_restarted(order) and order.state is OrderState.OPEN for order in attempt.orders)
    if not attempt.state.live and not begins:
        return attempt.state
    item = attempt.last_try
    if item is not None and item.request_id is None and item.recorded:
        return AttemptState.MERGE_PENDING
    known = item is not None and item.request_id is not None
    return AttemptState.SUBMITTED if known else AttemptState.RESERVED


def _restore(mirror: Mirror, step_id: str, entry: Mapping[str, Any], directory: str, now: datetime) -> None:
    by = str(entry["by"])
    cause = Cause(
        str(entry["cause"]), Person(by, by), datetime.fromisoformat(entry["at"]), str(entry["what"])
    )
    with mirror.writing() as connection:
        where = step_id, str(entry["group"]), int(entry["number"])
        attempt = journal.add_attempt(
            connection, *where, cause, "", now, orders.checked(entry.get("changes", {}))
        )
        journal.set_attempt(connection, attempt, state=AttemptState(entry["state"]))
        for restart in kept.restarts(entry):
            order = orders.add(connection, Verb.RESTART, restart, where, AS_DEFINED)
            orders.sent(connection, order, restart.at)
            orders.settle(connection, order, OrderState.DONE, "restored from Jira")
        if withdrawal := kept.withdrawal(entry):
            withdrawals.add(connection, where, withdrawal)
        if not entry["nonce"]:
            return
        item = _add_try(connection, attempt, entry, directory, now)
        if entry.get("request") is not None:
            journal.set_try(connection, item, state=TryState.SUBMITTED, request_id=entry["request"])


def _add_try(
    connection: Connection, attempt_id: int, entry: Mapping[str, Any], directory: str, now: datetime
) -> int:
    name = str(entry["name"])
    item = journal.add_try(
        connection,
        attempt_id,
        str(entry["nonce"]),
        name,
        f"{directory}/{name}",
        now,
        # What was kept before there were other systems names none.
        wms=System(entry.get("wms", System.PANDA)),
        site=entry.get("site", ""),
        recorded=Recorded(**entry["recorded"]) if "recorded" in entry else None,
    )
    # Another host, or an emptied disk: what is missing there proves nothing.
    journal.set_try(connection, item, host="", ended_at=now, note="restored from Jira")
    return item
