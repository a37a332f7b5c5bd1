"""What a trouble does to an attempt while it runs."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from cmbot.sandbox.panda import processes
from cmbot.sandbox.panda.jobs import Attempt, Outcome

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from datetime import datetime

    from cmbot.sandbox.panda.components import Errors
    from cmbot.sandbox.panda.processes import Site
    from cmbot.sandbox.panda.troubles import Trouble

_TICK = 0.05  # seconds of real time between two looks at the sandbox's clock


def run(site: Site, attempt: Attempt, stop: threading.Event, clock: Callable[[], datetime]) -> Outcome:
    """Run one attempt to its end, with the trouble that hit it.

    Parameters
    ----------
    site : `Site`
        Where it runs.
    attempt : `Attempt`
        What runs.
    stop : `threading.Event`
        Set from elsewhere to end it early.
    clock : callable
        The sandbox's clock.

    Returns
    -------
    outcome : `Outcome`
        How it ended.
    """
    trouble = attempt.trouble
    if trouble is None:
        return processes.run(site, attempt, stop)
    _dawdle(trouble.delay, stop, clock)
    if stop.is_set():
        return Outcome(128 + signal.SIGKILL, max_rss=0, reason="ended before the payload began")
    if trouble.replaces_payload or (trouble.memory or 0) > attempt.memory:
        attempt = replace(attempt, command=trouble.command)
    return _told(trouble, attempt, processes.run(site, attempt, stop))


def _dawdle(seconds: float, stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """Wait until the sandbox's clock has moved on; a clock that stands still waits for ever."""
    until = clock() + timedelta(seconds=seconds)
    while clock() < until and not stop.wait(_TICK):
        pass


def _told(trouble: Trouble, attempt: Attempt, outcome: Outcome) -> Outcome:
    """Outcome as PanDA is to hear of it."""
    if trouble.memory is not None and trouble.memory > attempt.memory:
        return processes.over_memory(trouble.memory, attempt.memory)
    if trouble.memory is not None:
        outcome = replace(outcome, max_rss=max(outcome.max_rss, float(trouble.memory)))
    errors: Errors = {error.component: (error.code, error.diag) for error in trouble.errors}
    if errors and trouble.exit_code is None and trouble.signal is None:
        return Outcome(None, max_rss=outcome.max_rss, errors=errors)
    return replace(outcome, errors=outcome.errors | errors)
