"""Look at everything that cmbot depends on (requirement W21): the facts; `diagnosis` judges them."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from cmbot import credentials
from cmbot.bps.submission import WMS_CLASSES
from cmbot.butler.questions import QUERY_SCRIPT, ReachRequest, parse_reach
from cmbot.children import Runner
from cmbot.exceptions import CmbotError, NotFound, Refused, RemoteError, UserError
from cmbot.jira.survey import Survey
from cmbot.jira_schema import values
from cmbot.mirror import Mirror, lease
from cmbot.models.systems import MISSING, System
from cmbot.operations import diagnosis, jira_diagnosis
from cmbot.operations.diagnosis import Health, Line
from cmbot.operations.examining import Check, examine
from cmbot.panda.tokens import expiry
from cmbot.panda.wire import host_of
from cmbot.reconcile import systems, views
from cmbot.reconcile.opening import mirror_file, open_local
from cmbot.reconcile.rosters import RosterFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cmbot.mirror.budget import Budget
    from cmbot.settings import RosterSettings, Settings, SiteSettings, WebSettings

_BPS = ("bps", "submit", "--help")
"""Imports all that a submission imports, and submits nothing."""
_PING = ("bps", "ping")
_MARGIN = 5.0
"""Seconds that a check has beyond what it itself waits for."""
_LARGEST = 65536
"""Bytes of a health report."""
_NAME_OF_NOTHING = "cmbot-doctor"
"""Prefix of run names that no campaign can have: the names of tries begin with the key of an issue."""


class Doctor:
    """The checks for one settings file.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    repositories : `~collections.abc.Sequence` [`str`]
        Butler repositories to reach from every environment, besides those of open campaigns.
    limit : `float`
        Seconds that a program may take to start.
    """

    def __init__(self, settings: Settings, repositories: Sequence[str], limit: float) -> None:
        self._settings = settings
        self._repositories = tuple(repositories)
        self._limit = limit
        self._survey: Survey

    def lines(self) -> Iterator[Line]:
        """Do all checks.

        Yields
        ------
        line : `Line`
            As soon as it is known, in a fixed order.
        """
        yield from examine(tuple(self.checks()), self._limit + _MARGIN)

    def checks(self) -> Iterator[Check]:
        """List the checks.

        Yields
        ------
        check : `Check`
            In the order of the report.
        """
        yield Check("jira server", self._server)
        yield Check("jira account", self._account, "jira server")
        yield Check("jira clock", self._clock, "jira server", Health.DEGRADED)
        yield Check("jira project", self._project, "jira account")
        yield Check("jira permissions", self._permissions, "jira project")
        yield Check("jira search", self._search, "jira project")
        if self._settings.jira.roles:
            yield Check("jira roles", self._roles, "jira account")
        if self._settings.web is not None and self._settings.web.webhook_secret is not None:
            yield Check("jira webhook", self._webhook, "jira account", Health.DEGRADED)
        yield Check("panda token", self._token)
        yield Check("panda relay", self._relay, "panda token")
        if self._settings.panda.monitor:
            yield Check("panda monitor", self._monitor, health=Health.DEGRADED)
        if self._settings.links.system:
            yield Check("panda plots", self._plots)
        for name in self._settings.environments:
            yield Check(f"environment {name}", partial(self._bps, name))
            yield Check(f"butler in {name}", partial(self._butlers, name))
        for name, site in self._settings.sites.items():
            if site.wms is not System.PANDA:
                yield Check(f"site {name}", partial(self._site, name, site))
        if self._settings.web is not None:
            yield Check("service", partial(self._service, self._settings.web), health=Health.DEGRADED)
        if self._settings.roster is not None:
            yield Check("roster", partial(self._roster, self._settings.roster), health=Health.DEGRADED)
        yield Check("directories", self._directories)
        yield Check("mirror", self._mirror)

    # ------------------------------------------------------------------------------ Jira

    def _server(self) -> Sequence[Line]:
        jira = self._settings.jira
        self._survey = Survey(jira, partial(credentials.read, jira.token, "jira.token"))
        return (jira_diagnosis.server("jira server", self._survey.server, jira.url),)

    def _account(self) -> Sequence[Line]:
        me = values.person(self._survey.myself())
        return (Line("jira account", Health.OK, f"{me.name} ({me.account})"),)

    def _clock(self) -> Sequence[Line]:
        before = datetime.now(UTC)
        theirs = self._survey.server_time()
        after = datetime.now(UTC)
        return (jira_diagnosis.clock("jira clock", before + (after - before) / 2 - theirs),)

    def _project(self) -> Sequence[Line]:
        return jira_diagnosis.project(self._survey.look(), self._settings.jira)

    def _permissions(self) -> Sequence[Line]:
        held = self._survey.permissions(tuple(jira_diagnosis.PERMISSIONS))
        return (jira_diagnosis.permissions("jira permissions", held, self._settings.jira.project),)

    def _search(self) -> Sequence[Line]:
        tomorrow = self._survey.server_time() + timedelta(days=1)
        found = self._survey.finds(int(tomorrow.timestamp() * 1000))
        return (jira_diagnosis.search("jira search", found_tomorrow=found),)

    def _roles(self) -> Sequence[Line]:
        self._survey.roles()
        return (Line("jira roles", Health.OK, "groups and project roles can be read"),)

    def _webhook(self) -> Sequence[Line]:
        registered = None
        with suppress(Refused, NotFound):
            registered = self._survey.webhooks()
        return (jira_diagnosis.webhook("jira webhook", registered),)

    # ------------------------------------------------------------------------------ PanDA

    def _token(self) -> Sequence[Line]:
        token = systems.id_token(self._settings)()
        return (diagnosis.token("panda token", expiry(token), datetime.now(UTC)),)

    def _relay(self) -> Sequence[Line]:
        panda = self._settings.panda
        with self._budget() as budget:
            # Not a ping, which says nothing about iDDS's database (reference/panda.md section 7).
            systems.panda(self._settings, systems.id_token(self._settings), budget).find(_NAME_OF_NOTHING)
        return (Line("panda relay", Health.OK, f"{panda.relay} answers, iDDS behind it too"),)

    def _monitor(self) -> Sequence[Line]:
        with self._budget() as budget:
            systems.monitor_of(self._settings, budget).ask("idds/wfprogress/", days=1)
            limit = self._settings.panda.requests_per_hour
            spent = f"{budget.spent(host_of(self._settings.panda.monitor))} of {limit}"
        found = f"{self._settings.panda.monitor} answers; {spent} requests of this hour were sent"
        return (Line("panda monitor", Health.OK, found),)

    def _plots(self) -> Sequence[Line]:
        # For people, who log in there: not opened (requirement F24).
        links = self._settings.links.system.items()
        return [Line("panda plots", Health.OK, f"{name}: {address}") for name, address in links]

    @contextmanager
    def _budget(self) -> Iterator[Budget]:
        """Open the budget that all of cmbot shares; where there is no mirror yet, one for the moment."""
        try:
            file = mirror_file(self._settings)
            mirror = Mirror(file if file.exists() else Path(":memory:"))
        except RemoteError:
            # That the mirror is unusable is told by its own check.
            mirror = Mirror(Path(":memory:"))
        with closing(mirror):
            yield systems.budget(self._settings, mirror, person=True)

    # ------------------------------------------------------------------------------ environments

    def _bps(self, name: str) -> Sequence[Line]:
        with self._scratch() as scratch:
            code, said = self._run(Path(scratch) / "bps", _BPS, name, self._limit)
        return (diagnosis.child(f"environment {name}", " ".join(_BPS), code, said, name),)

    def _site(self, name: str, site: SiteSettings) -> Sequence[Line]:
        check = f"site {name}"
        if site.wms is System.HTCONDOR:
            # Not a report, for which there would have to be a run: it asks for the pool's daemons.
            service = {"BPS_WMS_SERVICE_CLASS": WMS_CLASSES[site.wms]}
            with self._scratch() as scratch:
                code, said = self._run(Path(scratch) / "bps", _PING, site.environment, self._limit, service)
            if code != 0:
                return (diagnosis.child(check, " ".join(_PING), code, said, site.environment),)
        return (Line(check, Health.OK, f"{site.wms}; {'; '.join(MISSING[site.wms])}"),)

    def _butlers(self, name: str) -> Sequence[Line]:
        until = monotonic() + self._limit
        found = [self._butler(name, repo, until - monotonic()) for repo in self._wanted(name)]
        none = Line(f"butler in {name}", Health.OK, "no open campaign names a repository; try --butler REPO")
        return found or (none,)

    def _wanted(self, name: str) -> Sequence[str]:
        """Repositories to reach from an environment: those asked for, and those of its open campaigns."""
        wanted = dict.fromkeys(self._repositories)
        # Without a mirror there is no campaign yet; that a mirror is unusable is told by its own check.
        with suppress(CmbotError):
            local = open_local(self._settings)
            with closing(local.mirror):
                for epic in views.epics(local):
                    repo = epic.fields.get("Butler repository")
                    if repo and not epic.status.closed and epic.fields.get("Environment") == name:
                        wanted[str(repo)] = None
        return tuple(wanted)

    def _butler(self, name: str, repo: str, limit: float) -> Line:
        check, python = f"butler in {name}", self._settings.environments[name].python
        with self._scratch() as scratch:
            directory = Path(scratch) / "butler"
            directory.mkdir()
            (directory / "request.json").write_text(ReachRequest(repo).to_json())
            argv = (python, str(QUERY_SCRIPT), "request.json", "response.json")
            code, said = self._run(directory, argv, name, limit)
            if code != 0:
                return diagnosis.child(check, f"{python} query.py (for {repo})", code, said, name)
            try:
                universe = parse_reach((directory / "response.json").read_text(), repo)
            except CmbotError as error:
                return diagnosis.failed(check, error)
        return Line(check, Health.OK, f"{repo} opens (dimension universe {universe})")

    def _run(
        self,
        directory: Path,
        argv: Sequence[str],
        name: str,
        limit: float,
        variables: Mapping[str, str] | None = None,
    ) -> tuple[int | None, str]:
        """Run a child in an environment to its end, or for as long as there is time."""
        runner, until = Runner(), monotonic() + limit
        runner.start(directory, argv, self._settings.environments[name], variables or {})
        while (run := runner.look(directory)).alive and monotonic() < until:
            sleep(0.05)
        if run.alive:
            runner.stop(directory)
        said = (directory / "stderr").read_text(errors="replace").strip().splitlines()
        return (None if run.alive else run.code), (said[-1] if said else "")

    def _scratch(self) -> tempfile.TemporaryDirectory[str]:
        """Make a directory where submissions run too, if there is one: a prefix must be able to see it."""
        state = Path(self._settings.work.state)
        return tempfile.TemporaryDirectory(prefix="doctor-", dir=state if state.is_dir() else None)

    # ------------------------------------------------------------------------------ this machine

    def _service(self, web: WebSettings) -> Sequence[Line]:
        # What listens everywhere listens here too.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.host, web.host)  # noqa: S104 - compared, not bound
        connection = HTTPConnection(host, web.port, timeout=10)
        try:
            with closing(connection):
                connection.request("GET", "/healthz")
                answer = connection.getresponse()
                status, report = answer.status, dict(json.loads(answer.read(_LARGEST)))
        except (OSError, HTTPException, ValueError, TypeError) as error:
            told = f"{web.host}:{web.port} gives no health ({type(error).__name__})"
            raise RemoteError("cmbot sync", told, "start the service, or correct web.port") from None
        lines = [diagnosis.service("service", status, report)]
        if web.webhook_secret is not None:
            lines.append(diagnosis.webhooks("webhooks", report, datetime.now(UTC)))
        return lines

    def _roster(self, settings: RosterSettings) -> Sequence[Line]:
        now = datetime.now(UTC)
        found = RosterFile(settings).at(now)
        return (diagnosis.roster("roster", found, now),)

    def _directories(self) -> Sequence[Line]:
        work = self._settings.work
        return [
            _directory(f"directory work.{name}", Path(getattr(work, name))) for name in ("state", "submit")
        ]

    def _mirror(self) -> Sequence[Line]:
        if not mirror_file(self._settings).exists():
            return (Line("mirror", Health.OK, "the first pass makes it"),)
        try:
            local = open_local(self._settings)
        except UserError as error:
            return (diagnosis.failed("mirror", error, Health.DEGRADED),)
        with closing(local.mirror) as mirror:
            holder, until = mirror.leased()
            gone = bool(holder) and lease.is_gone(holder)
            now = datetime.now(UTC)
            return (
                Line("mirror", Health.OK, str(mirror.file)),
                diagnosis.lease("lease", holder, until, now, gone=gone),
            )


def _directory(check: str, path: Path) -> Line:
    there = path.is_dir()
    nearest = path if there else next(parent for parent in path.absolute().parents if parent.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    free = shutil.disk_usage(path).free if there else None
    return diagnosis.directory(check, str(path), free, writable=writable)
