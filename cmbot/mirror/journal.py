"""What we did: causes, attempts and tries (reference/predecessors.md section 8.3)."""

from __future__ import annotations

import json
import socket
from collections import defaultdict
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from cmbot.mirror import orders, withdrawals
from cmbot.mirror.database import stamp
from cmbot.models.attempts import AS_DEFINED, Attempt, AttemptState, Cause, Recorded, Try, TryState
from cmbot.models.issues import Person
from cmbot.models.systems import System

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from sqlite3 import Connection, Row

    from cmbot.mirror.database import Mirror
    from cmbot.models.attempts import Changes, Order, Withdrawal

_ATTEMPTS = """SELECT attempts.*, causes.account, causes.name AS person, causes.at AS cause_at, causes.what
    FROM attempts JOIN causes ON causes.id = attempts.cause_id"""
_RESTART = """SELECT 1 FROM orders WHERE state = 'open' AND verb = 'restart'
    AND orders.step_id = attempts.step_id AND orders.grp = attempts.grp AND orders.number = attempts.number"""
_NEWEST_ENDED = """ended_at > ? AND EXISTS (
    SELECT 1 FROM tries WHERE attempt_id = attempts.id AND tries.state = ? AND coalesce(seen_at, '') <= ?)
    AND NOT EXISTS (SELECT 1 FROM attempts AS later WHERE later.step_id = attempts.step_id
    AND later.grp = attempts.grp AND later.number > attempts.number)"""


def add_attempt(
    connection: Connection,
    step_id: str,
    group: str,
    number: int,
    cause: Cause,
    spec: str,
    now: datetime,
    changes: Changes = AS_DEFINED,
) -> int:
    """Write down an attempt and its cause, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    step_id, group : `str`
        The group.
    number : `int`
        Number of the attempt.
    cause : `~cmbot.models.attempts.Cause`
        The human act behind it; a second attempt of the group with it is refused by the table.
    spec : `str`
        Hash of the definition it runs.
    now : `datetime.datetime`
        The time.
    changes : `~cmbot.models.attempts.Changes`, optional
        What it does otherwise than the definition says.

    Returns
    -------
    id : `int`
        Of the attempt.

    Raises
    ------
    sqlite3.IntegrityError
        If the cause or the number was used before for this group.
    """
    orders.keep_cause(connection, cause)
    kept = json.dumps(asdict(changes))
    cursor = connection.execute(
        """INSERT INTO attempts (step_id, grp, number, state, cause_id, hash, created_at, since, changes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (step_id, group, number, AttemptState.RESERVED, cause.id, spec, stamp(now), stamp(now), kept),
    )
    return int(cursor.lastrowid or 0)


def add_try(
    connection: Connection,
    attempt_id: int,
    nonce: str,
    name: str,
    directory: str,
    now: datetime,
    *,
    wms: System = System.PANDA,
    site: str = "",
    recorded: Recorded | None = None,
) -> int:
    """Write down a submission before it starts, inside a transaction (T0).

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    attempt_id : `int`
        Its attempt; a second live submission of it is refused by the table.
    nonce, name, directory : `str`
        Eight digits, the run name that carries them, and where the child will run.
    now : `datetime.datetime`
        The time.
    wms : `~cmbot.models.systems.System`, optional
        Where it is submitted.
    site : `str`, optional
        Compute site.
    recorded : `~cmbot.models.attempts.Recorded`, optional
        What somebody else ran; nothing is submitted then.

    Returns
    -------
    id : `int`
        Of the try.

    Raises
    ------
    sqlite3.IntegrityError
        If the attempt has a live try or the name was used before.
    """
    cursor = connection.execute(
        """INSERT INTO tries
            (attempt_id, nonce, name, state, directory, host, reserved_at, wms, site, recorded)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            attempt_id,
            nonce,
            name,
            TryState.SUBMITTED if recorded else TryState.RESERVED,
            directory,
            socket.gethostname(),
            stamp(now),
            wms,
            site,
            json.dumps(asdict(recorded)) if recorded else "",
        ),
    )
    return int(cursor.lastrowid or 0)


def set_try(connection: Connection, try_id: int, **columns: Any) -> None:
    """Change a try, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    try_id : `int`
        Which.
    **columns : `Any`
        ``state``, ``request_id``, ``lookups``, ``note``, ``host``, ``reserved_at``, ``ended_at``.
    """
    _update(connection, "tries", try_id, columns)


def set_attempt(connection: Connection, attempt_id: int, **columns: Any) -> None:
    """Change an attempt, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    attempt_id : `int`
        Which.
    **columns : `Any`
        ``ended_at``, ``summary``, ``attention``, ``hash``, ``created_at``; for ``state`` see `move_attempt`.
    """
    _update(connection, "attempts", attempt_id, columns)


def name_person(connection: Connection, cause_id: str, name: str) -> None:
    """Say what the person behind a cause is called, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    cause_id, name : `str`
        The cause, and what people are shown.
    """
    connection.execute("UPDATE causes SET name = ? WHERE id = ?", (name, cause_id))


def move_attempt(
    connection: Connection, attempt_id: int, state: AttemptState, now: datetime, **columns: Any
) -> None:
    """Bring an attempt into a state, inside a transaction; whoever had to look at it need not any more.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    attempt_id : `int`
        Which.
    state : `~cmbot.models.attempts.AttemptState`
        The state; from the one that it has already, it does not move.
    now : `datetime.datetime`
        The time.
    **columns : `Any`
        As for `set_attempt`.
    """
    connection.execute(
        "UPDATE attempts SET since = ?, attention = '' WHERE id = ? AND state <> ?",
        (stamp(now), attempt_id, state),
    )
    set_attempt(connection, attempt_id, state=state, **columns)


def mark_seen(connection: Connection, try_ids: Iterable[int], now: datetime) -> None:
    """Keep when the WMS last said how some submissions are, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    try_ids : `~collections.abc.Iterable` [`int`]
        Which.
    now : `datetime.datetime`
        The time.
    """
    connection.executemany(
        "UPDATE tries SET seen_at = ? WHERE id = ?", [(stamp(now), number) for number in try_ids]
    )


def ended_attempts(mirror: Mirror, ended_after: datetime, seen_before: datetime) -> tuple[Attempt, ...]:
    """Read the newest attempts of groups that ended lately and were not looked at since.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    ended_after, seen_before : `datetime.datetime`
        Since when, and not looked at since when.

    Returns
    -------
    attempts : `tuple` [`~cmbot.models.attempts.Attempt`, ...]
        Oldest first.
    """
    values = (stamp(ended_after), TryState.SUBMITTED, stamp(seen_before))
    return tuple(item for item in _attempts(mirror, _NEWEST_ENDED, values) if not item.state.live)


def restarting(mirror: Mirror) -> tuple[Attempt, ...]:
    """Read the attempts that have ended and are to go on.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    attempts : `tuple` [`~cmbot.models.attempts.Attempt`, ...]
        Oldest first.
    """
    return tuple(_attempts(mirror, f"EXISTS ({_RESTART})"))


def attempts(mirror: Mirror, step_id: str) -> dict[str, tuple[Attempt, ...]]:
    """Read the attempts of a step.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    step_id : `str`
        The step.

    Returns
    -------
    attempts : `dict` [`str`, `tuple` [`~cmbot.models.attempts.Attempt`, ...]]
        By group, oldest first.
    """
    found = sorted(_attempts(mirror, "attempts.step_id = ?", (step_id,)), key=_place)
    return {group: tuple(alike) for group, alike in groupby(found, key=lambda item: item.group)}


def attempt(mirror: Mirror, attempt_id: int) -> Attempt:
    """Read one attempt.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    attempt_id : `int`
        Which; it exists.

    Returns
    -------
    attempt : `~cmbot.models.attempts.Attempt`
        As it is now.
    """
    (found,) = _attempts(mirror, "attempts.id = ?", (attempt_id,))
    return found


def named(mirror: Mirror, name: str) -> bool:
    """Tell whether a run name was used.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    name : `str`
        Without regard to case.

    Returns
    -------
    used : `bool`
        Whether a submission, or what somebody else ran, has it.
    """
    return mirror.connection.execute("SELECT 1 FROM tries WHERE name = ?", (name,)).fetchone() is not None


def live_attempts(mirror: Mirror) -> tuple[Attempt, ...]:
    """Read the attempts that the WMS may still change.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    attempts : `tuple` [`~cmbot.models.attempts.Attempt`, ...]
        Oldest first.
    """
    ended = tuple(state for state in AttemptState if not state.live)
    marks = ", ".join("?" * len(ended))
    return tuple(_attempts(mirror, f"attempts.state NOT IN ({marks})", ended))


def reserved_since(mirror: Mirror, since: datetime, most: int) -> int:
    """Count the submissions that were begun lately.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    since : `datetime.datetime`
        After when.
    most : `int`
        Count no further.

    Returns
    -------
    number : `int`
        Of tries.
    """
    newest = mirror.connection.execute(
        "SELECT reserved_at FROM tries ORDER BY id DESC LIMIT ?", (most,)
    ).fetchall()
    return sum(row["reserved_at"] > stamp(since) for row in newest)


def _update(connection: Connection, table: str, row_id: int, columns: Mapping[str, Any]) -> None:
    values = {name: stamp(value) if isinstance(value, datetime) else value for name, value in columns.items()}
    assignments = ", ".join(f"[{name}] = :{name}" for name in values)
    query = f"UPDATE {table} SET {assignments} WHERE id = :id"  # noqa: S608 - names of our own calls, bound values
    connection.execute(query, values | {"id": row_id})


def _place(item: Attempt) -> tuple[str, int]:
    return item.group, item.number


def _attempts(mirror: Mirror, where: str, values: Sequence[Any] = ()) -> Iterator[Attempt]:
    """Read attempts with what belongs to them: four queries, however many they are."""
    # The conditions are this module's own, the values are bound.
    chosen = f"SELECT attempts.id FROM attempts WHERE {where}"  # noqa: S608 - see above
    query = f"SELECT * FROM tries WHERE attempt_id IN ({chosen}) ORDER BY id"  # noqa: S608 - see above
    tries: dict[int, list[Try]] = defaultdict(list)
    for row in mirror.connection.execute(query, values):
        tries[row["attempt_id"]].append(_try(row))
    asked = orders.of_attempts(mirror, chosen, values)
    withdrawn = withdrawals.of_attempts(mirror, chosen, values)
    query = f"{_ATTEMPTS} WHERE {where} ORDER BY attempts.id"
    for row in mirror.connection.execute(query, values).fetchall():
        yield _attempt(row, tries[row["id"]], asked.get(row["id"], ()), withdrawn.get(row["id"]))


def _attempt(
    row: Row, tries: Iterable[Try], asked: Iterable[Order], withdrawal: Withdrawal | None
) -> Attempt:
    return Attempt(
        id=row["id"],
        step_id=row["step_id"],
        group=row["grp"],
        number=row["number"],
        state=AttemptState(row["state"]),
        cause=Cause(
            row["cause_id"],
            Person(row["account"], row["person"]),
            datetime.fromisoformat(row["cause_at"]),
            row["what"],
        ),
        created_at=datetime.fromisoformat(row["created_at"]),
        ended_at=_instant(row["ended_at"]),
        summary=row["summary"],
        hash=row["hash"],
        since=_instant(row["since"]),
        attention=row["attention"],
        reopened_at=_instant(row["reopened_at"]),
        tries=tuple(tries),
        changes=orders.changes(json.loads(row["changes"])),
        orders=tuple(asked),
        withdrawal=withdrawal,
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _try(row: Row) -> Try:
    return Try(
        id=row["id"],
        attempt_id=row["attempt_id"],
        nonce=row["nonce"],
        name=row["name"],
        state=TryState(row["state"]),
        directory=row["directory"],
        host=row["host"],
        reserved_at=datetime.fromisoformat(row["reserved_at"]),
        ended_at=_instant(row["ended_at"]),
        request_id=row["request_id"],
        lookups=row["lookups"],
        note=row["note"],
        seen_at=_instant(row["seen_at"]),
        wms=System(row["wms"]),
        site=row["site"],
        recorded=Recorded(**json.loads(row["recorded"])) if row["recorded"] else None,
    )
