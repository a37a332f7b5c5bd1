"""The service: passes at an interval, until it is told to stop."""

from __future__ import annotations

import logging
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.blocking import BlockingScheduler

from cmbot.exceptions import RemoteError
from cmbot.reconcile.opening import open_edges
from cmbot.reconcile.passes import Passes

if TYPE_CHECKING:
    from types import FrameType

    from cmbot.reconcile.passes import Report
    from cmbot.settings import Settings

_LOG = logging.getLogger(__name__)


def once(settings: Settings) -> Report:
    """Do one pass.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.

    Returns
    -------
    report : `~cmbot.reconcile.passes.Report`
        What it did.

    Raises
    ------
    CmbotError
        If it could not even begin.
    """
    edges = open_edges(settings)
    try:
        return Passes(edges).run(datetime.now(UTC))
    finally:
        edges.mirror.release_lease()
        edges.mirror.close()


def forever(settings: Settings) -> None:
    """Do passes until SIGTERM or SIGINT.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.

    Raises
    ------
    UserError
        If settings or secrets are wrong.
    """
    # In the scheduler's own thread, which is the main one: a pass is never joined by a second one,
    # and the database stays in one thread.
    scheduler = BlockingScheduler(executors={"default": DebugExecutor()}, timezone=UTC)

    def stop(number: int, _: FrameType | None) -> None:
        _LOG.info("stopping (%s); submissions that run go on", signal.Signals(number).name)
        scheduler.shutdown(wait=False)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    loop = _Loop(settings)
    seconds = settings.work.poll.total_seconds()
    scheduler.add_job(loop.turn, "interval", seconds=seconds, coalesce=True, next_run_time=datetime.now(UTC))
    scheduler.start()
    loop.close()


class _Loop:
    """The passes of one process, over one connection that is made when Jira answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._passes: Passes | None = None
        self._said = ""

    def turn(self) -> None:
        """Do one pass, or try to connect."""
        try:
            if self._passes is None:
                self._edges = open_edges(self._settings)
                self._passes = Passes(self._edges)
                _LOG.info("connected to %s as %s", self._settings.jira.url, self._edges.me)
            report = self._passes.run(datetime.now(UTC))
            self._say("; ".join(report.errors))
        except RemoteError as error:
            self._say(str(error))

    def close(self) -> None:
        """Give the lease back."""
        if self._passes is not None:
            self._edges.mirror.release_lease()

    def _say(self, trouble: str) -> None:
        # Said when it begins, changes or ends: not at every pass.
        if trouble and trouble != self._said:
            _LOG.warning("waiting: %s", trouble)
        elif self._said and not trouble:
            _LOG.info("everything answers again")
        self._said = trouble
