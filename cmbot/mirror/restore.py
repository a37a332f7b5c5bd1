"""Attempts as the issue property keeps them, for the day the mirror is lost (design.md rule 5)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmbot.mirror import journal
from cmbot.models.attempts import AttemptState, Cause, TryState
from cmbot.models.issues import Person

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cmbot.mirror.database import Mirror
    from cmbot.models.attempts import Attempt

_GROUP = re.compile(r"g\d{3,6}")
_NAME = re.compile(r"[A-Z][A-Z0-9_]*-\d+_[A-Za-z0-9]+_g\d{3,6}_a\d+_[0-9a-f]{8}")

CHUNK = 100
"""Attempts in one property, which holds 32,768 characters."""


def to_properties(attempts: Iterable[Attempt], key: str) -> dict[str, dict[str, Any]]:
    """Write attempts as issue properties.

    Parameters
    ----------
    attempts : `~collections.abc.Iterable` [`~cmbot.models.attempts.Attempt`]
        All attempts of a step.
    key : `str`
        Name of the first property; the next are ``<key>.1`` and so on.

    Returns
    -------
    properties : `dict` [`str`, `dict`]
        By property key.
    """
    entries = [_entry(attempt) for attempt in sorted(attempts, key=lambda item: (item.group, item.number))]
    chunks = [entries[start : start + CHUNK] for start in range(0, len(entries), CHUNK)]
    return {
        f"{key}.{number}" if number else key: {"version": 1, "attempts": chunk}
        for number, chunk in enumerate(chunks)
    }


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
        How many were restored.
    """
    known = {
        (attempt.group, attempt.number)
        for group in journal.attempts(mirror, step_id).values()
        for attempt in group
    }
    lost = [entry for entry in entries if _sound(entry) and (entry["group"], entry["number"]) not in known]
    for entry in lost:
        _restore(mirror, step_id, entry, directory, now)
    return len(lost)


def _sound(entry: Mapping[str, Any]) -> bool:
    # Whoever may edit the issue may edit its properties: names become paths, so they are checked.
    name, nonce = str(entry.get("name", "")), str(entry.get("nonce", ""))
    return (
        _GROUP.fullmatch(str(entry.get("group", ""))) is not None
        and isinstance(entry.get("number"), int)
        and entry.get("state") in set(AttemptState)
        and (not nonce or (_NAME.fullmatch(name) is not None and name.endswith(f"_{nonce}")))
        and all(isinstance(entry.get(key), str) for key in ("cause", "by", "at", "what"))
    )


def _entry(attempt: Attempt) -> dict[str, Any]:
    item = attempt.last_try
    return {
        "group": attempt.group,
        "number": attempt.number,
        "state": attempt.state,
        "cause": attempt.cause.id,
        "by": attempt.cause.by.account,
        "at": attempt.cause.at.isoformat(),
        "what": attempt.cause.what,
        "nonce": item.nonce if item else "",
        "name": item.name if item else "",
        "request": item.request_id if item else None,
    }


def _restore(mirror: Mirror, step_id: str, entry: Mapping[str, Any], directory: str, now: datetime) -> None:
    by = str(entry["by"])
    cause = Cause(
        str(entry["cause"]), Person(by, by), datetime.fromisoformat(entry["at"]), str(entry["what"])
    )
    with mirror.writing() as connection:
        attempt = journal.add_attempt(
            connection, step_id, str(entry["group"]), int(entry["number"]), cause, "", now
        )
        journal.set_attempt(connection, attempt, state=AttemptState(entry["state"]))
        if not entry["nonce"]:
            return
        name = str(entry["name"])
        item = journal.add_try(connection, attempt, str(entry["nonce"]), name, f"{directory}/{name}", now)
        # Another host, or an emptied disk: what is missing there proves nothing.
        journal.set_try(connection, item, host="", ended_at=now, note="restored from Jira")
        if entry["request"] is not None:
            journal.set_try(connection, item, state=TryState.SUBMITTED, request_id=int(entry["request"]))
