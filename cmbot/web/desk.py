"""What pages are made from: the mirror, read from any thread while passes write to it."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING

from cmbot.exceptions import RemoteError, UserError
from cmbot.mirror import Mirror
from cmbot.pages.freshness import freshness
from cmbot.reconcile import troubles, views
from cmbot.reconcile.opening import mirror_file, open_local
from cmbot.web.health import patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView
    from cmbot.pages.freshness import Freshness
    from cmbot.reconcile.edges import Local
    from cmbot.settings import Settings

Version = tuple[int, int]
"""Which file, and which of its states."""
_MOST = 20_000
"""Groups of all campaigns that are kept put together."""


class Desk:
    """Reads the mirror for pages; may be used by several threads.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    now : `~collections.abc.Callable`
        Gives the time.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self.settings = settings
        self.now = now
        self._lock = RLock()
        self._known: Local | None = None
        self._watch: tuple[int, sqlite3.Connection] | None = None
        self._views: OrderedDict[str, tuple[Version, CampaignView]] = OrderedDict()

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Read one state of the mirror.

        Yields
        ------
        reading : `Reading`
            Good until the end of the block.

        Raises
        ------
        UserError
            If there was no pass yet.
        RemoteError
            If the mirror cannot be read.
        """
        with self._lock:
            # Before the state is fixed: what is kept under this number is never older than it says.
            version = self._version()
            local = self._open()
        try:
            yield Reading(self, local, version)
        finally:
            local.mirror.close()

    def campaign(self, local: Local, version: Version, epic: Issue) -> CampaignView:
        """Put a campaign together, unless that was done since the mirror changed last.

        Parameters
        ----------
        local : `~cmbot.reconcile.edges.Local`
            One state of the mirror.
        version : `tuple` [`int`, `int`]
            Its number.
        epic : `~cmbot.models.issues.Issue`
            The campaign.

        Returns
        -------
        view : `~cmbot.models.views.CampaignView`
            The campaign.
        """
        with self._lock:
            kept = self._views.get(epic.id)
            if kept is None or kept[0] != version or kept[1].issue != epic:
                self._views[epic.id] = (version, views.campaign(local, epic))
            self._views.move_to_end(epic.id)
            while len(self._views) > 1 and sum(len(each.groups) for _, each in self._views.values()) > _MOST:
                self._views.popitem(last=False)
            return self._views[epic.id][1]

    def _open(self) -> Local:
        if self._known is not None:
            return replace(self._known, mirror=Mirror(mirror_file(self.settings), reading=True))
        try:
            self._known = open_local(self.settings, reading=True)
        except UserError as error:
            # Nobody's mistake at this end of the line: it comes with the first pass.
            raise RemoteError(error.subject, error.problem, error.remedy) from error
        return self._known

    def _version(self) -> Version:
        """A number that is another one after each change of the mirror, also when it was made again."""
        file = mirror_file(self.settings)
        if not file.exists():
            return 0, 0
        which = file.stat().st_ino
        if self._watch is None or self._watch[0] != which:
            address = f"{file.resolve().as_uri()}?mode=ro"
            self._watch = which, sqlite3.connect(address, uri=True, check_same_thread=False)
        return which, int(self._watch[1].execute("PRAGMA data_version").fetchone()[0])


class Reading:
    """One state of the mirror.

    Parameters
    ----------
    desk : `Desk`
        Whose.
    local : `~cmbot.reconcile.edges.Local`
        The state.
    version : `tuple` [`int`, `int`]
        Its number.
    """

    def __init__(self, desk: Desk, local: Local, version: Version) -> None:
        self.local = local
        self.now = desk.now()
        self._desk, self.version = desk, version

    def campaign(self, epic: Issue) -> CampaignView:
        """Put a campaign together, see `Desk.campaign`."""
        return self._desk.campaign(self.local, self.version, epic)

    @property
    def fresh(self) -> Freshness:
        """How old it is; the lease says when the last pass began, whoever made it."""
        work, mirror = self.local.settings.work, self.local.mirror
        holder, until = mirror.leased()
        passed = until - work.lease if holder and until else None
        trouble, since = troubles.read(mirror, "Jira")
        return freshness(self.now, passed, trouble, since, patience(work.poll))
