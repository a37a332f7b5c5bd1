"""What people ask of attempts, such as a retry. Written down by any door, carried out by a pass."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cmbot.mirror.database import stamp
from cmbot.models.attempts import AS_DEFINED, Cause, Changes, Order, OrderState, Verb
from cmbot.models.issues import Person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection, Row

    from cmbot.mirror.database import Mirror


_Label = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,199}$")]
_Place = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,100}$")]


class _Changes(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    fresh: bool = False
    tasks: tuple[_Label, ...] = ()
    site: _Place = ""
    queue: _Place = ""
    memory: dict[_Label, Annotated[int, Field(ge=1, lt=10**9)]] = {}


def add(
    connection: Connection, verb: Verb, cause: Cause, target: tuple[str, str, int], changes: Changes
) -> int:
    """Write down what a person asks of an attempt, inside a transaction; needs no lease.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    verb : `~cmbot.models.attempts.Verb`
        What.
    cause : `~cmbot.models.attempts.Cause`
        Who, when and in which words; one may be behind the orders of several groups.
    target : `tuple` [`str`, `str`, `int`]
        Id of the step, name of the group, number of the attempt.
    changes : `~cmbot.models.attempts.Changes`
        What a retry does otherwise.

    Returns
    -------
    id : `int`
        Of the order.

    Raises
    ------
    sqlite3.IntegrityError
        If the cause was used before for this group.
    """
    keep_cause(connection, cause)
    cursor = connection.execute(
        """INSERT INTO orders (cause_id, verb, step_id, grp, number, changes, state)
        VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (cause.id, verb, *target, json.dumps(asdict(changes)), OrderState.OPEN),
    )
    return int(cursor.lastrowid or 0)


def keep_cause(connection: Connection, cause: Cause) -> None:
    """Keep a human act, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    cause : `~cmbot.models.attempts.Cause`
        The act.
    """
    connection.execute(
        "INSERT OR IGNORE INTO causes VALUES (?, ?, ?, ?, ?)",
        (cause.id, cause.by.account, cause.by.name, stamp(cause.at), cause.what),
    )


def settle(connection: Connection, order_id: int, state: OrderState, note: str) -> None:
    """Keep what became of an order, inside a transaction.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    order_id : `int`
        Which.
    state : `~cmbot.models.attempts.OrderState`
        Done or refused.
    note : `str`
        In words.
    """
    connection.execute("UPDATE orders SET state = ?, note = ? WHERE id = ?", (state, note, order_id))


def sent(connection: Connection, order_id: int, now: datetime) -> None:
    """Count that the WMS is told, inside a transaction: written before it is.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    order_id : `int`
        Which order.
    now : `datetime.datetime`
        The time.
    """
    connection.execute("UPDATE orders SET sent = sent + 1, sent_at = ? WHERE id = ?", (stamp(now), order_id))


def put_off(connection: Connection, order_id: int, now: datetime) -> None:
    """Remember that the WMS could not be told, inside a transaction: it is not told again at once.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        Of `cmbot.mirror.Mirror.writing`.
    order_id : `int`
        Which order.
    now : `datetime.datetime`
        The time.
    """
    connection.execute("UPDATE orders SET sent_at = ? WHERE id = ?", (stamp(now), order_id))


def of_attempts(mirror: Mirror, chosen: str, values: Sequence[Any]) -> dict[int, list[Order]]:
    """Read what was asked of attempts.

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
    orders : `dict` [`int`, `list` [`~cmbot.models.attempts.Order`]]
        By attempt, oldest first.
    """
    found: dict[int, list[Order]] = defaultdict(list)
    query = f"""SELECT orders.*, attempts.id AS attempt_id, account, name AS person, at, what
        FROM orders JOIN causes ON causes.id = orders.cause_id
        JOIN attempts USING (step_id, grp, number)
        WHERE attempts.id IN ({chosen}) ORDER BY orders.id"""  # noqa: S608 - the journal's own query
    for row in mirror.connection.execute(query, values):
        found[row["attempt_id"]].append(_order(row))
    return found


def open_steps(mirror: Mirror) -> set[str]:
    """Find the steps of which something is asked that is not settled.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.

    Returns
    -------
    step_ids : `set` [`str`]
        Their ids.
    """
    rows = mirror.connection.execute("SELECT DISTINCT step_id FROM orders WHERE state = 'open'")
    return {row["step_id"] for row in rows}


def changes(body: dict[str, Any]) -> Changes:
    """Read what an attempt does otherwise, as it was written here.

    Parameters
    ----------
    body : `dict`
        What `dataclasses.asdict` made of it, by way of JSON.

    Returns
    -------
    changes : `~cmbot.models.attempts.Changes`
        The same.
    """
    return Changes(**body | {"tasks": tuple(body.get("tasks", ()))})


def checked(body: object) -> Changes:
    """Read what an attempt does otherwise, as an issue property says; hostile until checked.

    Parameters
    ----------
    body : `object`
        What JSON held.

    Returns
    -------
    changes : `~cmbot.models.attempts.Changes`
        Nothing if cmbot cannot have written it: the attempt itself must not be lost for that.
    """
    try:
        found = _Changes.model_validate(body)
    except ValidationError:
        return AS_DEFINED
    return Changes(**found.model_dump())


def _order(row: Row) -> Order:
    person = Person(row["account"], row["person"])
    return Order(
        id=row["id"],
        cause=Cause(row["cause_id"], person, datetime.fromisoformat(row["at"]), row["what"]),
        verb=Verb(row["verb"]),
        step_id=row["step_id"],
        group=row["grp"],
        number=row["number"],
        changes=changes(json.loads(row["changes"])),
        state=OrderState(row["state"]),
        note=row["note"],
        sent=row["sent"],
        sent_at=datetime.fromisoformat(row["sent_at"]) if row["sent_at"] else None,
    )
