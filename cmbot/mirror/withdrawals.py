"""What people took back of what attempts had made; written down by any door, carried out by a pass."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmbot.mirror.orders import keep_cause
from cmbot.models.attempts import Cause, Withdrawal
from cmbot.models.issues import Person

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Connection

    from cmbot.mirror.database import Mirror
    from cmbot.models.attempts import Attempt


def add(connection: Connection, attempt: tuple[str, str, int], withdrawal: Withdrawal) -> None:
    """Write down that what an attempt made is taken back, inside a transaction; needs no lease.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    attempt : `tuple` [`str`, `str`, `int`]
        Id of the step, name of the group, number of the attempt.
    withdrawal : `~cmbot.models.attempts.Withdrawal`
        Who, when and in which words; it takes the place of an earlier one.
    """
    keep_cause(connection, withdrawal.cause)
    connection.execute(
        "INSERT OR REPLACE INTO withdrawals VALUES (?, ?, ?, ?, ?, ?)",
        (*attempt, withdrawal.cause.id, withdrawal.removed, withdrawal.done),
    )


def mark_done(connection: Connection, attempts: Iterable[Attempt]) -> None:
    """Keep that the Butler shows it, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    attempts : `~collections.abc.Iterable` [`~cmbot.models.attempts.Attempt`]
        As they were when the Butler was asked: what was said of them since is not done.
    """
    connection.executemany(
        "UPDATE withdrawals SET done = 1 WHERE step_id = ? AND grp = ? AND number = ? AND cause_id = ?",
        [
            (one.step_id, one.group, one.number, one.withdrawal.cause.id)
            for one in attempts
            if one.withdrawal is not None
        ],
    )


def of_attempts(mirror: Mirror, chosen: str, values: Sequence[Any]) -> dict[int, Withdrawal]:
    """Read what was taken back.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    chosen : `str`
        Query for the ids of the attempts; of `cmbot.mirror.journal`, never from outside.
    values : `~collections.abc.Sequence`
        What is bound in it.

    Returns
    -------
    withdrawals : `dict` [`int`, `~cmbot.models.attempts.Withdrawal`]
        By attempt.
    """
    query = f"""SELECT attempts.id AS attempt_id, causes.*, removed, done
        FROM withdrawals JOIN causes ON causes.id = withdrawals.cause_id
        JOIN attempts USING (step_id, grp, number)
        WHERE attempts.id IN ({chosen})"""  # noqa: S608 - the journal's own query
    return {
        row["attempt_id"]: Withdrawal(
            Cause(
                row["id"],
                Person(row["account"], row["name"]),
                datetime.fromisoformat(row["at"]),
                row["what"],
            ),
            bool(row["removed"]),
            bool(row["done"]),
        )
        for row in mirror.connection.execute(query, values)
    }


def open_steps(mirror: Mirror) -> set[str]:
    """Find the steps of which something is taken back that the Butler does not show yet.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    step_ids : `set` [`str`]
        Their ids.
    """
    rows = mirror.connection.execute("SELECT DISTINCT step_id FROM withdrawals WHERE done = 0")
    return {row["step_id"] for row in rows}
