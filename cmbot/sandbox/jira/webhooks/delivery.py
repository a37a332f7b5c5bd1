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

from .mischief import Mischief

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
log = logging.getLogger(__name__)
TIMEOUT = 10.0
"""Seconds a receiver may take."""
LARGEST = 25 * 1024 * 1024
"""Bytes; Cloud drops larger bodies."""
LOG_LIMIT = 10_000
_GLANCE = 0.1
"""Seconds between looks at the clock while something waits for it: a test may move it without telling."""


@dataclass(frozen=True)
class Delivery:
    """One request to be made."""

    identifier: str
    """The same on every retry."""
    webhook: int
    """Number of the webhook."""
    event: str
    """What it tells."""
    issue: str
    """Key of the issue."""
    url: str
    """Where it goes."""
    headers: Mapping[str, str]
    """Headers that depend on the body."""
    body: bytes
    """What is sent."""
    attempt: int = 0
    """How often it was tried before."""


@dataclass(frozen=True)
class Outcome:
    """What became of one try, for ``GET /sandbox/webhooks``."""

    identifier: str
    """Of the delivery."""
    webhook: int
    """Number of the webhook."""
    event: str
    """What it told."""
    issue: str
    """Key of the issue."""
    attempt: int
    """0 is the first try."""
    status: int | None
    """The receiver's answer; None if there was none."""
    fate: str
    """``delivered``, ``to be retried``, ``given up``, ``dropped`` or, on purpose, ``lost``."""


@dataclass(frozen=True)
class Manners:
    """How a vendor delivers."""

    identified: bool
    """Whether identifier, flow and retry headers are sent."""
    retries: int
    """How often a failed delivery is tried again."""
    retried: Callable[[int], bool]
    """Which answers lead to a retry."""
    pace: tuple[float, float]
    """Seconds to the next try: from, to."""


_CLOUD_RETRIED = frozenset({408, 409, 425, 429})
MANNERS = {
    # no retry is documented for Data Center: what is sent while nobody listens is gone
    "data-center": Manners(False, 0, lambda _: False, (0.0, 0.0)),
    "cloud": Manners(True, 5, lambda code: code in _CLOUD_RETRIED or code >= 500, (300.0, 900.0)),
}


@dataclass(order=True)
class _Waiting:
    """A delivery in the queue; the earliest, then the oldest, goes first."""

    due: int
    number: int
    delivery: Delivery = field(compare=False)
    held: bool = field(default=False, compare=False)


class Deliverer:
    """Sends deliveries from a thread of its own.

    Parameters
    ----------
    manners : `Manners`
        How the vendor delivers.
    now : `~collections.abc.Callable`
        The sandbox's clock, in milliseconds.
    """

    def __init__(self, manners: Manners, now: Callable[[], int]) -> None:
        self.manners = manners
        self.mischief = Mischief()
        self.seed("0")
        self._now = now
        self._turn = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._count = 0
        self._busy = False
        self._ended = False
        self._thread: threading.Thread | None = None
        self._latest: deque[Outcome] = deque(maxlen=LOG_LIMIT)

    def seed(self, seed: str) -> None:
        """Decide anew what goes wrong, and how long retries wait: apart, for retries come when they come."""
        self._chance = Random(seed)  # noqa: S311 - faults, not secrets
        self._patience = Random(f"{seed}:retries")  # noqa: S311 - faults, not secrets

    def queue(self, deliveries: Iterable[Delivery]) -> None:
        """Send these, soon."""
        with self._turn:
            held = [one for one in self._waiting if one.held]
            for delivery in deliveries:
                self._disturbed(delivery)
            now = self._now()
            for one in held:  # what was to be overtaken has been
                self._count += 1
                one.held, one.due, one.number = False, now, self._count
            heapq.heapify(self._waiting)
            self._start()
            self._turn.notify_all()

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

    def _disturbed(self, delivery: Delivery) -> None:
        mischief, chance = self.mischief, self._chance
        if chance.random() < mischief.lost:
            self._note(delivery, None, "lost")
            return
        for _ in range(2 if chance.random() < mischief.doubled else 1):
            late = chance.uniform(*mischief.delay) if chance.random() < mischief.delayed else 0.0
            if chance.random() < mischief.reordered:
                self._push(delivery, max(late, 1.0), held=True)
            else:
                self._push(delivery, late)

    def _push(self, delivery: Delivery, seconds: float, *, held: bool = False) -> None:
        self._count += 1
        due = self._now() + round(seconds * 1000)
        heapq.heappush(self._waiting, _Waiting(due, self._count, delivery, held))

    def _start(self) -> None:
        if self._thread is None and not self._ended:
            self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False  # no proxy stands between two programs of one machine
            while (delivery := self._next()) is not None:
                self._settle(delivery, *self._send(session, delivery))

    def _next(self) -> Delivery | None:
        with self._turn:
            self._busy = False
            while not self._ended:
                if self._waiting and self._waiting[0].due <= self._now():
                    self._busy = True
                    return heapq.heappop(self._waiting).delivery
                self._turn.wait(_GLANCE if self._waiting else None)
        return None

    def _send(self, session: requests.Session, delivery: Delivery) -> tuple[int | None, str]:
        if len(delivery.body) > LARGEST:
            return None, "dropped"
        headers = dict(delivery.headers)
        if self.manners.identified:
            headers["X-Atlassian-Webhook-Identifier"] = delivery.identifier
            headers["X-Atlassian-Webhook-Flow"] = "Primary"
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

    def _settle(self, delivery: Delivery, status: int | None, fate: str) -> None:
        with self._turn:
            again = fate == "failed" and (status is None or self.manners.retried(status))
            if again and delivery.attempt < self.manners.retries:
                self._note(delivery, status, "to be retried")
                wait = self._patience.uniform(*(self.mischief.pace or self.manners.pace))
                self._push(replace(delivery, attempt=delivery.attempt + 1), wait)
            else:
                self._note(delivery, status, "given up" if fate == "failed" else fate)

    def _note(self, one: Delivery, status: int | None, fate: str) -> None:
        self._latest.append(
            Outcome(one.identifier, one.webhook, one.event, one.issue, one.attempt, status, fate)
        )
