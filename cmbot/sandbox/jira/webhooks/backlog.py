"""What a vendor that tries again has promised to send: kept in the store until it is settled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .shipment import Delivery

if TYPE_CHECKING:
    from cmbot.sandbox.jira.store import Store


class Backlog:
    """Deliveries in the store; what was being sent when the process was killed is sent again.

    Parameters
    ----------
    store : `Store`
        The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, delivery: Delivery, due: int) -> int:
        """Keep a delivery, inside the transaction of what it tells; returns its number."""
        return self._store.insert(
            "deliveries",
            identifier=delivery.identifier,
            webhook=delivery.webhook,
            event=delivery.event,
            issue=delivery.issue,
            url=delivery.url,
            headers=json.dumps(dict(delivery.headers)),
            body=delivery.body,
            attempt=delivery.attempt,
            due=due,
        )

    def postpone(self, number: int, attempt: int, due: int) -> bool:
        """Note the next try; False if it was forgotten meanwhile."""
        sql = "UPDATE deliveries SET attempt = ?, due = ? WHERE id = ?"
        return self._store.run(sql, attempt, due, number) == 1

    def settle(self, number: int, *, failed: bool) -> None:
        """It was sent, or given up: what apps are not told they can ask for, see `dynamic.failures`."""
        note = """INSERT INTO webhook_failures (webhook, app, url, body, failed)
                  SELECT w.id, w.app, d.url, CAST(d.body AS TEXT), ? FROM deliveries d
                  JOIN webhooks w ON w.id = d.webhook WHERE d.id = ? AND w.app IS NOT NULL"""
        with self._store.transaction():
            if failed:
                self._store.run(note, self._store.now(), number)
            self._store.run("DELETE FROM deliveries WHERE id = ?", number)

    def forget(self) -> None:
        """Promise nothing any more."""
        self._store.run("DELETE FROM deliveries")

    def waiting(self) -> list[tuple[int, int, Delivery]]:
        """Number, time and content of what was promised, oldest first."""
        return [
            (
                row["id"],
                row["due"],
                Delivery(
                    identifier=row["identifier"],
                    webhook=row["webhook"],
                    event=row["event"],
                    issue=row["issue"],
                    url=row["url"],
                    headers=json.loads(row["headers"]),
                    body=row["body"],
                    attempt=row["attempt"],
                ),
            )
            for row in self._store.rows("SELECT * FROM deliveries ORDER BY id")
        ]
