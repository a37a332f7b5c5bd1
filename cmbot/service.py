"""The service: passes at an interval, woken early by webhooks, until it is told to stop."""

from __future__ import annotations

import gc
import logging
import signal
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Condition, Thread
from typing import TYPE_CHECKING

from apscheduler.executors.debug import DebugExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.blocking import BlockingScheduler

from cmbot import credentials
from cmbot.exceptions import CmbotError
from cmbot.mirror import seen
from cmbot.operations import schedule, shift
from cmbot.operations.commands import obey
from cmbot.operations.schedules import schedules
from cmbot.reconcile.opening import open_edges
from cmbot.reconcile.passes import Passes
from cmbot.reconcile.rosters import RosterFile
from cmbot.web.app import create_app
from cmbot.web.creating import Creating
from cmbot.web.health import Health
from cmbot.web.hooks import Hooks
from cmbot.web.pages import Pages
from cmbot.web.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    from apscheduler.job import Job

    from cmbot.jira_schema.webhooks import Told
    from cmbot.models.issues import Person
    from cmbot.reconcile.edges import Edges
    from cmbot.reconcile.passes import Report
    from cmbot.settings import Settings

_LOG = logging.getLogger(__name__)
_COLLECT = 10_000
"""Objects made before the collector looks for cycles among them."""
_GATHER = timedelta(seconds=1)
"""From the first webhook to the pass that it wakes: what comes in between wakes none of its own."""


def once(settings: Settings) -> Report:
    """Do one pass; after a start as many as it takes to read everything.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.

    Returns
    -------
    report : `~cmbot.reconcile.passes.Report`
        What the last of them did.

    Raises
    ------
    CmbotError
        If it could not even begin.
    """
    RosterFile(settings.roster).at(datetime.now(UTC))
    edges = connect(settings)
    try:
        passes = Passes(edges, obey, shift.keep)
        while (report := passes.run(datetime.now(UTC))).more:
            _LOG.info("%d issues read so far", len(seen.keys_by_id(edges.mirror)))
        _scheduled(edges, report)
        return report
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
        If settings, secrets or the roster are wrong.
    """
    schedules(settings)  # says at once what cannot be read
    RosterFile(settings.roster).at(datetime.now(UTC))
    # In the scheduler's own thread, which is the main one: a pass is never joined by a second one,
    # and the database stays in one thread.
    scheduler = BlockingScheduler(executors={"default": DebugExecutor()}, timezone=UTC)
    health = Health(settings.work.poll, lambda: datetime.now(UTC))

    def stop(number: int, _: FrameType | None) -> None:
        _LOG.info("stopping (%s); submissions that run go on", signal.Signals(number).name)
        health.stopping()
        scheduler.shutdown(wait=False)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    loop = _Loop(settings, health)
    # A pass that is late is made all the same.
    job = scheduler.add_job(
        loop.turn,
        "interval",
        seconds=settings.work.poll.total_seconds(),
        coalesce=True,
        misfire_grace_time=None,
        next_run_time=datetime.now(UTC),
    )
    with loop.wake.waking(job), _serving(settings, loop):
        scheduler.start()
    loop.close()


def connect(settings: Settings) -> Edges:
    """Connect to everything, for passes.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.

    Returns
    -------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.

    Raises
    ------
    CmbotError
        As `~cmbot.reconcile.opening.open_edges`.
    """
    edges = open_edges(settings, person=False)
    # What was loaded by now stays, and what a pass reads is gone with it and has no cycles: the collector
    # need not go through either again and again.
    gc.freeze()
    gc.set_threshold(_COLLECT)
    return edges


def _scheduled(edges: Edges, report: Report) -> None:
    """Create the campaigns whose time has come, after a pass: it has the lease, and Jira answers."""
    if edges.settings.schedules and not report.jira:
        report.errors += schedule.make_due(edges.mirror, edges.settings, edges.jira, datetime.now(UTC))


@contextmanager
def _serving(settings: Settings, loop: _Loop) -> Iterator[None]:
    """Serve if the settings say so."""
    web = settings.web
    if web is None:
        yield
        return
    hooks = None
    if web.webhook_secret is not None:
        secret = credentials.read(web.webhook_secret, "web.webhook_secret")
        hooks = Hooks(secret, loop.told, loop.health.refused)
    pages = Pages(settings, lambda: datetime.now(UTC)) if web.pages else None
    creating = None
    if web.api_token is not None:
        token = credentials.read(web.api_token, "web.api_token")
        creating = Creating(settings, token, lambda: datetime.now(UTC), loop.wake.soon)
    with serving(create_app(loop.health, hooks, pages, creating), web.host, web.port):
        yield


class Wake:
    """What webhooks named since the last pass, and the thread that has the next one made early."""

    def __init__(self) -> None:
        self._change = Condition()
        self._named: dict[str, str] = {}
        self._wanted = self._asked = self._ended = False

    def name(self, issue_id: str, key: str) -> None:
        """Name an issue that is to be read soon; returns at once.

        Parameters
        ----------
        issue_id, key : `str`
            The issue; the key may be empty.
        """
        with self._change:
            self._named[issue_id] = key or self._named.get(issue_id, "")
        self.soon()

    def soon(self) -> None:
        """Have a pass made soon; however often it is asked before the pass begins, it is one."""
        with self._change:
            self._wanted = True
            self._change.notify_all()

    def take(self) -> Mapping[str, str]:
        """Take what was named, at the beginning of a pass.

        Returns
        -------
        named : `~collections.abc.Mapping` [`str`, `str`]
            Ids and keys.
        """
        with self._change:
            named, self._named = self._named, {}
            self._wanted = self._asked = False
            self._change.notify_all()
            return named

    @contextmanager
    def waking(self, job: Job) -> Iterator[None]:
        """Wake a job until the end of the block.

        Parameters
        ----------
        job : `apscheduler.job.Job`
            The passes.

        Yields
        ------
        nothing : `None`
            While it wakes.
        """
        thread = Thread(target=self._run, args=(job,), name="wake", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with self._change:
                self._ended = True
                self._change.notify_all()
            thread.join()

    def _run(self, job: Job) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._ended or (self._wanted and not self._asked))
                if self._ended:
                    return
                self._asked = True
            try:
                # The scheduler is locked during a pass: this waits, not whoever answers webhooks.
                job.modify(next_run_time=datetime.now(UTC) + _GATHER)
            except JobLookupError:
                return


class _Loop:
    """The passes of one process, over one connection that is made when Jira answers."""

    def __init__(self, settings: Settings, health: Health) -> None:
        self._settings = settings
        self._passes: Passes | None = None
        self._me: Person | None = None
        self._said = ""
        self.health = health
        self.wake = Wake()

    def turn(self) -> None:
        """Do one pass, or try to connect."""
        named = self.wake.take()
        try:
            if self._passes is None:
                self._edges = connect(self._settings)
                self._passes, self._me = Passes(self._edges, obey, shift.keep), self._edges.me
                _LOG.info("connected to %s as %s", self._settings.jira.url, self._edges.me)
            # Of an issue without a key only those are looked at that are known: the others may be anybody's.
            known = {
                issue_id: key
                for issue_id, key in named.items()
                if key or seen.version(self._edges.mirror, issue_id)
            }
            report = self._passes.run(datetime.now(UTC), known)
            _scheduled(self._edges, report)
            self._say("; ".join(report.errors))
            self.health.passed(report.jira)
            if report.more:
                self.wake.soon()
        except CmbotError as error:
            self._say(str(error))
            self.health.passed(str(error))

    def told(self, told: Told) -> None:
        """Wake for what a webhook names, unless cmbot did it itself or it is another project's.

        Parameters
        ----------
        told : `~cmbot.jira_schema.webhooks.Told`
            The delivery; called in the thread that serves.
        """
        self.health.delivered()
        ours = not told.issue_key or told.issue_key.startswith(f"{self._settings.jira.project}-")
        if ours and told.by != self._me:
            self.wake.name(told.issue_id, told.issue_key)

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
