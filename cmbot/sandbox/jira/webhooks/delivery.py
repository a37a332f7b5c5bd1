"""Sending webhooks in the background, by the sandbox's clock (reference jira.md, section 9.2)."""

from __future__ import annotations

import heapq
import logging
import threading
from collections import deque
from dataclasses import asdict, dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

import requests

from .backlog import Backlog
from .mischief import Mischief
from .registration import ISSUE_EVENTS
from .shipment import Delivery, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmbot.sandbox.jira.store import Store

    from .shipment import Manners

log = logging.getLogger(__name__)
TIMEOUT = 10.0
"""Seconds a receiver may take."""
LARGEST = 25 * 1024 * 1024
"""Bytes; Cloud drops larger bodies."""
LOG_LIMIT = 10_000
_GLANCE = 0.1
"""Seconds between looks at the clock while something waits for it: a test may move it without telling."""


@dataclass(order=True)
class _Waiting:
    """A delivery in the queue; the earliest, then the oldest, goes first."""

    due: int
    number: int
    delivery: Delivery = field(compare=False)
    held: bool = field(default=False, compare=False)
    row: int | None = field(default=None, compare=False)
    """Its number in the backlog."""


class Deliverer:
    """Sends deliveries from a thread of its own.

    Parameters
    ----------
    manners : `Manners`
        How the vendor delivers.
    store : `Store`
        Whose clock counts, and where a vendor that tries again keeps what it has promised to send.
    """

    # who needs both locks, the store's and the turn's, takes the store's first
    def __init__(self, manners: Manners, store: Store) -> None:
        self.manners = manners
        self.mischief = Mischief()
        self.seed("0")
        self._store = store
        self._backlog = Backlog(store) if manners.lasting else None
        self._turn = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._count = 0
        self._busy = False
        self._ended = False
        self._thread: threading.Thread | None = None
        self._latest: deque[Outcome] = deque(maxlen=LOG_LIMIT)
        promised = self._backlog.waiting() if self._backlog else []
        if promised:
            log.info("webhooks: %s deliveries wait from before", len(promised))
            self._enter([_Waiting(due, 0, delivery, row=row) for row, due, delivery in promised])

    def seed(self, seed: str) -> None:
        """Decide anew what goes wrong, and how long retries wait: apart, for retries come when they come."""
        self._chance = Random(seed)  # noqa: S311 - faults, not secrets
        self._patience = Random(f"{seed}:retries")  # noqa: S311 - faults, not secrets

    def queue(self, deliveries: Iterable[Delivery]) -> None:
        """Send these once the present transaction is true, in which a lasting vendor keeps them."""
        ready = [one for delivery in deliveries for one in self._disturbed(delivery)]
        if self._backlog is not None:
            for one in ready:
                one.row = self._backlog.add(one.delivery, one.due)
        self._store.after_commit(lambda: self._enter(ready))

    def report(self) -> dict[str, Any]:
        """What was sent and what waits, as JSON."""
        with self._turn:
            waiting = [
                {"due": one.due, "event": one.delivery.event, "issue": one.delivery.issue}
                for one in sorted(self._waiting)
            ]
            outcomes = [asdict(one) for one in self._latest]
            return {"deliveries": outcomes, "waiting": waiting, "sending": self._busy}

    def forget(self) -> None:
        """Drop what waits and what is known of the past."""
        if self._backlog is not None:
            self._backlog.forget()
        with self._turn:
            self._waiting.clear()
            self._latest.clear()

    def wake(self) -> None:
        """The clock was moved."""
        with self._turn:
            self._turn.notify_all()

    def close(self) -> None:
        """Send nothing more."""
        with self._turn:
            self._ended = True
            self._turn.notify_all()
        if self._thread is not None:
            self._thread.join(1.0)  # one that waits for a receiver ends with the process

    def _disturbed(self, delivery: Delivery) -> list[_Waiting]:
        """How often and when a delivery goes out; the transaction it is part of keeps others away."""
        mischief, chance = self.mischief, self._chance
        if chance.random() < mischief.lost:
            with self._turn:
                self._note(delivery, None, "lost")
            return []
        found = []
        for _ in range(2 if chance.random() < mischief.doubled else 1):
            late = chance.uniform(*mischief.delay) if chance.random() < mischief.delayed else 0.0
            held = chance.random() < mischief.reordered
            found.append(_Waiting(self._in(max(late, 1.0) if held else late), 0, delivery, held))
        return found

    def _in(self, seconds: float) -> int:
        return self._store.now() + round(seconds * 1000)

    def _enter(self, ready: list[_Waiting]) -> None:
        with self._turn:
            overtaken = [one for one in self._waiting if one.held]
            self._waiting = [one for one in self._waiting if not one.held]
            for one in overtaken:  # they go behind these
                one.held, one.due = False, self._store.now()
            for one in [*ready, *overtaken]:
                self._push(one)
            self._start()
            self._turn.notify_all()

    def _push(self, one: _Waiting) -> None:
        self._count += 1
        one.number = self._count
        heapq.heappush(self._waiting, one)

    def _start(self) -> None:
        if self._thread is None and not self._ended:
            self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False  # no proxy stands between two programs of one machine
            while (one := self._next()) is not None:
                self._settle(one, *self._send(session, one.delivery))

    def _next(self) -> _Waiting | None:
        with self._turn:
            self._busy = False
            while not self._ended:
                if self._waiting and self._waiting[0].due <= self._store.now():
                    self._busy = True
                    return heapq.heappop(self._waiting)
                self._turn.wait(_GLANCE if self._waiting else None)
        return None

    def _send(self, session: requests.Session, delivery: Delivery) -> tuple[int | None, str]:
        if len(delivery.body) > LARGEST:
            return None, "dropped"
        headers = dict(delivery.headers)
        if self.manners.identified:
            headers["X-Atlassian-Webhook-Identifier"] = delivery.identifier
            headers["X-Atlassian-Webhook-Flow"] = "Primary" if delivery.event in ISSUE_EVENTS else "Secondary"
            if delivery.attempt:
                headers["X-Atlassian-Webhook-Retry"] = str(delivery.attempt)
        try:
            answer = session.post(
                delivery.url, data=delivery.body, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        except (requests.RequestException, ValueError) as error:
            log.warning("webhook %s: %s not delivered: %s", delivery.webhook, delivery.event, error)
            return None, "failed"
        return answer.status_code, "delivered" if answer.ok else "failed"

    def _settle(self, one: _Waiting, status: int | None, fate: str) -> None:
        if self._ended:  # what was promised stays promised
            return
        later = None
        if fate == "failed":
            later = self._later(one) if status is None or self.manners.retried(status) else None
            fate = "given up" if later is None else "to be retried"
        known = True
        if self._backlog is not None and one.row is not None:
            if later is None:
                self._backlog.settle(one.row, failed=fate == "given up")
            else:
                known = self._backlog.postpone(one.row, later.delivery.attempt, later.due)
        with self._turn:
            self._note(one.delivery, status, fate)
            if later is not None and known:  # nobody said meanwhile to forget it
                self._push(later)

    def _later(self, one: _Waiting) -> _Waiting | None:
        attempt = one.delivery.attempt + 1
        if attempt > self.manners.retries:
            return None
        due = self._in(self._patience.uniform(*(self.mischief.pace or self.manners.pace)))
        return _Waiting(due, 0, replace(one.delivery, attempt=attempt), row=one.row)

    def _note(self, one: Delivery, status: int | None, fate: str) -> None:
        self._latest.append(
            Outcome(one.identifier, one.webhook, one.event, one.issue, one.attempt, status, fate)
        )
