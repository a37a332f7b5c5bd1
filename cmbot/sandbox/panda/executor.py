"""The executor: a clerk that moves requests on, and workers that run jobs.

Everything happens on news (a submission, a command, the end of a job), nothing by polling; what is not in the
store is forgotten with the server, and what was running then is lost and runs again.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from cmbot.sandbox.panda import effects, jobs, processes, progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.sandbox.panda.jobs import Attempt
    from cmbot.sandbox.panda.processes import Site
    from cmbot.sandbox.panda.store import Store

log = logging.getLogger(__name__)


class Executor:
    """Runs the jobs of accepted requests.

    Parameters
    ----------
    store : `Store`
        The store.
    site : `Site`
        Where jobs run.
    workers : `int`
        How many at a time.
    give_up : callable
        Called when a thread cannot go on: whoever serves must not do so half alive.
    """

    def __init__(self, store: Store, site: Site, workers: int, give_up: Callable[[], None]) -> None:
        self._store = store
        self._give_up = give_up
        self._failure: BaseException | None = None
        self.site = site
        self._news = threading.Condition()
        self._generation = 0
        self._paused = False
        self._stopping = False
        self._running: dict[int, threading.Event] = {}
        duties = [("clerk", self._clerk), *((f"worker {number}", self._worker) for number in range(workers))]
        self._threads = [
            threading.Thread(target=self._on_duty, args=(duty,), name=name, daemon=True)
            for name, duty in duties
        ]

    @property
    def paused(self) -> bool:
        """Whether requests are accepted without being worked on."""
        return self._paused

    def start(self) -> None:
        """Give up what an earlier server left running, then begin to work."""
        killed = processes.end_leftovers(self.site)
        with self._store.transaction() as db:
            lost = jobs.lose(db, "the server stopped")
        if lost:
            log.info(
                "%d jobs were running when the server stopped, %d processes of them ended now", lost, killed
            )
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all running jobs, mark them lost, and return when the threads have ended.

        Raises
        ------
        RuntimeError
            If a thread had ended by an error before.
        """
        self._stopping = True
        with self._store.transaction():
            for stop in self._running.values():
                stop.set()
        self.wake()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        if self._failure is not None:
            raise RuntimeError("the executor of the sandbox PanDA failed") from self._failure

    def pause(self, *, paused: bool) -> None:
        """Stop to begin work, or go on; jobs that run are not touched, and commands are carried out.

        Parameters
        ----------
        paused : `bool`
            Whether to pause.
        """
        self._paused = paused
        log.info("executor %s", "paused" if paused else "goes on")
        self.wake()

    def wake(self) -> None:
        """Say that something may have changed."""
        with self._news:
            self._generation += 1
            self._news.notify_all()

    def _wait(self, seen: int) -> None:
        """Sleep until there is news since a generation."""
        with self._news:
            self._news.wait_for(lambda: self._stopping or self._generation != seen)

    def _on_duty(self, duty: Callable[[], None]) -> None:
        """Run a thread; its failure is the end of the server."""
        try:
            duty()
        except BaseException as error:  # noqa: BLE001 - raised again by stop
            log.critical("%s failed: %r", threading.current_thread().name, error)
            self._failure = error
            self._give_up()

    def _clerk(self) -> None:
        """Expand new requests, carry out commands, start final jobs, end requests."""
        while not self._stopping:
            seen = self._generation
            if self._move_on():
                self.wake()
            else:
                self._wait(seen)

    def _move_on(self) -> bool:
        """Do all that can be done now; `True` if anything changed."""
        with self._store.transaction() as db:
            before = db.total_changes
            progress.carry_out_commands(db)
            if not self._paused:
                for row in db.execute(
                    "SELECT id FROM requests WHERE archived = 0 AND status = 'New' ORDER BY id"
                ).fetchall():
                    progress.expand(db, row["id"])
            progress.settle(db)
            for attempt_id in jobs.unwanted(db):
                if stop := self._running.get(attempt_id):
                    stop.set()
            return db.total_changes != before

    def _worker(self) -> None:
        """Run one job after the other."""
        while not self._stopping:
            seen = self._generation
            attempt = self._claim()
            if attempt is None:
                self._wait(seen)
            else:
                self._run(attempt)

    def _claim(self) -> Attempt | None:
        """Take a job; from then on it can be stopped."""
        with self._store.transaction() as db:
            if self._paused or self._stopping:
                return None
            attempt = jobs.claim(db)
            if attempt is not None:
                self._running[attempt.id] = threading.Event()
        return attempt

    def _run(self, attempt: Attempt) -> None:
        """Run a job and record its end."""
        log.info(
            "request %d: job %d of %s attempt %d starts",
            *(attempt.request_id, attempt.job_id, attempt.task, attempt.number),
        )
        outcome = effects.run(self.site, attempt, self._running[attempt.id], self._store.clock)
        with self._store.transaction() as db:
            stopped = self._running.pop(attempt.id).is_set()
            if stopped and self._stopping and outcome.exit_code != 0:
                jobs.lose(db, "the server stopped", attempt.id)
            else:
                jobs.finish(db, attempt, outcome)
        self.wake()
