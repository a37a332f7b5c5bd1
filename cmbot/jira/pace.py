"""How fast Jira may be asked: one state for everything that uses a gateway (reference/jira.md section 10)."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from cmbot.exceptions import Limited, RemoteError
from cmbot.jira import limits

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

T = TypeVar("T")
PER_ISSUE = ((2.0, 18), (30.0, 90))
"""Seconds, and most writes to one issue in them: a little below Cloud's limits, for people write as well."""
_TRIES = 4
_FIRST_WAIT = 0.5
_LONGEST_PAUSE = 60.0
_MOST_ISSUES = 2_000


class Pace:
    """Says when the next request may be sent, and how often one is tried.

    Parameters
    ----------
    patience : `float`
        Seconds that one request may wait in all; what takes longer is left to a later pass.
    clock, sleep : `~collections.abc.Callable`, optional
        Seconds that only grow; wait so many seconds.
    """

    def __init__(
        self,
        patience: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._gap = 0.0
        self._refusals = 0
        self._writes: dict[str, deque[float]] = {}

    @property
    def paused_until(self) -> datetime | None:
        """Until when Jira wants no requests at all; `None` if that is no longer than the patience."""
        with self._lock:
            wait = self._not_before - self._clock()
        return datetime.now(UTC) + timedelta(seconds=wait) if wait > self._patience else None

    def tried(self, subject: str, doing: str, issue: str, call: Callable[[], T]) -> T:
        """Make a request when it may be made, and again if it failed and certainly did nothing.

        Parameters
        ----------
        subject, doing : `str`
            For messages.
        issue : `str`
            The issue that it writes; empty for none.
        call : `~collections.abc.Callable`
            Makes the request; raises an error of `cmbot.exceptions`.

        Returns
        -------
        result : `Any`
            Of the call.

        Raises
        ------
        Limited
            If it would have to wait longer than the patience; nothing was sent.
        RemoteError
            What the last try raised.
        """
        until = self._clock() + self._patience
        for number in range(1, _TRIES):
            self._wait(subject, doing, issue, until)
            try:
                return call()
            except Limited:
                continue
            except RemoteError as error:
                # The other kinds would say the same again; and what may have happened is looked for.
                wait = _jittered(number)
                if type(error) is not RemoteError or self._clock() + wait > until:
                    raise
                self._sleep(wait)
        self._wait(subject, doing, issue, until)
        return call()

    def heed(self, response: requests.Response) -> None:
        """Take notice of what an answer says about limits.

        Parameters
        ----------
        response : `requests.Response`
            Any answer.
        """
        refused = limits.asks_to_wait(response)
        pause = limits.pause(response)
        with self._lock:
            self._refusals = self._refusals + 1 if refused else 0
            self._gap = 0.0 if refused else limits.gap(response)
            if self._gap:
                self._not_before = max(self._not_before, self._clock() + self._gap)
            if refused:
                wait = pause.total_seconds() if pause else min(_jittered(self._refusals), _LONGEST_PAUSE)
                self._not_before = max(self._not_before, self._clock() + wait)

    def _wait(self, subject: str, doing: str, issue: str, until: float) -> None:
        with self._lock:
            now = self._clock()
            at = max(now, self._not_before, self._free(issue, now))
            if at > max(now, until):
                wait = timedelta(seconds=at - now)
                raise Limited(subject, f"{doing}: Jira asks to wait", datetime.now(UTC) + wait)
            if self._gap:
                # Near a limit each request keeps its distance from the one before.
                self._not_before = max(now, self._not_before) + self._gap
            if issue:
                self._writes[issue].append(at)
        if at > now:
            self._sleep(at - now)

    def _free(self, issue: str, now: float) -> float:
        """Tell when an issue may be written again."""
        if not issue:
            return now
        if len(self._writes) > _MOST_ISSUES:
            longest = PER_ISSUE[-1][0]
            self._writes = {one: at for one, at in self._writes.items() if at[-1] > now - longest}
        writes = self._writes.setdefault(issue, deque(maxlen=PER_ISSUE[-1][1]))
        return max(
            (writes[-most] + span for span, most in PER_ISSUE if len(writes) >= most),
            default=now,
        )


def _jittered(number: int) -> float:
    return _FIRST_WAIT * float(2**number) * random.uniform(0.5, 1)  # noqa: S311 - jitter, no secret
