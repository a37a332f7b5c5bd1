"""Put the world together from the settings."""

from __future__ import annotations

import json
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import yaml

import cmbot
from cmbot import credentials
from cmbot.bps.asking import Asking
from cmbot.bps.htcondor import HTCondorWms
from cmbot.bps.parsl import ParslWms
from cmbot.bps.submission import WMS_CLASSES
from cmbot.children import Runner
from cmbot.comments import Comments
from cmbot.definition import yaml_text
from cmbot.exceptions import UserError
from cmbot.jira.gateway import Jira
from cmbot.jira_schema.names import names
from cmbot.mirror import Mirror
from cmbot.mirror.budget import Budget
from cmbot.models.issues import Person
from cmbot.models.systems import System
from cmbot.panda.links import MonitorLinks
from cmbot.panda.logs import Logs
from cmbot.panda.monitor import Monitor
from cmbot.panda.service import PandaWms
from cmbot.panda.tokens import IdToken
from cmbot.panda.wire import host_of
from cmbot.reconcile.edges import Edges, Local
from cmbot.resources import resource
from cmbot.settings import Settings, parse
from cmbot.wms import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmbot.wms.catalogue import Catalogue
    from cmbot.wms.port import Wms

_LOG = logging.getLogger(__name__)
_FIELDS = "jira names"


def load_settings(file: Path) -> Settings:
    """Read the settings.

    Parameters
    ----------
    file : `pathlib.Path`
        YAML.

    Returns
    -------
    settings : `~cmbot.settings.Settings`
        Checked.

    Raises
    ------
    UserError
        If the file cannot be read, or something in it is wrong.
    """
    try:
        text = file.read_text()
    except OSError as error:
        raise UserError(str(file), f"cannot be read ({error.strerror})", "say --settings FILE") from error
    except UnicodeDecodeError as error:
        raise UserError(str(file), f"is not text ({error})", "write it in UTF-8") from error
    return parse(yaml_text.load(text, str(file)), str(file))


def load_catalogue(file: str) -> Catalogue:
    """Read the error catalogue.

    Parameters
    ----------
    file : `str`
        YAML; empty for the one that ships.

    Returns
    -------
    catalogue : `~cmbot.wms.catalogue.Catalogue`
        Checked.

    Raises
    ------
    UserError
        If the file cannot be read, or something in it is wrong.
    """
    path = Path(file) if file else resource("config/errors.yaml")
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(str(path), f"cannot be read ({error})", "name another file") from error
    return catalogue.parse(yaml_text.load(text, str(path)), str(path))


def open_edges(settings: Settings, *, lasting: bool = True, person: bool = True) -> Edges:
    """Connect to everything.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    lasting : `bool`, optional
        Whether the mirror is the file on disk; otherwise an empty one in memory, for what writes nothing.
    person : `bool`, optional
        Whether it is a person's command, which may use the reserve of the request budget.

    Returns
    -------
    edges : `~cmbot.reconcile.edges.Edges`
        Ready for passes.

    Raises
    ------
    UserError
        If settings or secrets are wrong.
    RemoteError
        If Jira does not answer.
    """
    jira = Jira.connect(settings.jira, partial(credentials.read, settings.jira.token, "jira.token"))
    mirror = Mirror(mirror_file(settings) if lasting else Path(":memory:"))

    _warn_of_change(mirror, settings, jira.me)
    token, counted = id_token(settings), budget(settings, mirror, person=person)
    mirror.remember(
        _FIELDS, json.dumps([jira.me.account, jira.me.name, jira.epic_link, dict(jira.field_ids)])
    )
    runner = Runner()
    return Edges(
        settings=settings,
        jira=jira,
        names=names(settings.jira, jira.field_ids, jira.epic_link, jira.me),
        me=jira.me,
        mirror=mirror,
        catalogue=load_catalogue(settings.failures.catalogue),
        wms=panda(settings, token, counted),
        budget=counted,
        runner=runner,
        comments=comments(settings, jira),
        bases=bases(),
        token=token,
        systems=systems(settings, runner),
    )


def bases() -> dict[System, Mapping[str, Any]]:
    """Read what all submissions to a WMS have in common.

    Returns
    -------
    bases : `dict` [`~cmbot.models.systems.System`, `~collections.abc.Mapping`]
        Content of ``templates/bps/<wms>.yaml``.
    """
    files = {system: resource(f"templates/bps/{system.lower()}.yaml") for system in WMS_CLASSES}
    return {system: yaml.safe_load(file.read_text()) for system, file in files.items()}


def systems(settings: Settings, runner: Runner) -> dict[str, Wms]:
    """Prepare what executes workflows at the sites that are none of PanDA's; nothing is asked yet.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        With the sites.
    runner : `~cmbot.children.Runner`
        Starts ``bps`` and finds out how it went.

    Returns
    -------
    systems : `dict` [`str`, `~cmbot.wms.port.Wms`]
        By site.
    """
    state, submit = Path(settings.work.state), Path(settings.work.submit)
    found: dict[str, Wms] = {}
    for name, site in settings.sites.items():
        if site.wms is System.PARSL:
            found[name] = ParslWms(runner, state / "tries", submit)
        if site.wms is System.HTCONDOR:
            environment = settings.environments[site.environment]
            asking = Asking(runner, state / "wms", environment, WMS_CLASSES[site.wms], site.timeout)
            found[name] = HTCondorWms(asking, submit)
    return found


def wms_at(settings: Settings, local: Local, site: str) -> Wms:
    """Connect to what executes workflows at a site, for a person's command; nothing is asked yet.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        With the sites.
    local : `~cmbot.reconcile.edges.Local`
        Whose mirror keeps the budget.
    site : `str`
        Name of the site.

    Returns
    -------
    wms : `~cmbot.wms.port.Wms`
        PanDA, unless the settings say otherwise.
    """
    others = systems(settings, Runner())
    counted = budget(settings, local.mirror, person=True)
    return others[site] if site in others else panda(settings, id_token(settings), counted)


def _warn_of_change(mirror: Mirror, settings: Settings, me: Person) -> None:
    """Say when cmbot has another account: moves that it made would count as those of a person."""
    noted = mirror.note(_FIELDS)
    before = json.loads(noted)[0] if noted else me.account
    if before not in (me.account, *settings.jira.former_accounts):
        _LOG.warning(
            "cmbot is %s in Jira now and was %s; if that account was cmbot's alone, name it in "
            "jira.former_accounts, or its moves count as a person's",
            me.account,
            before,
        )


def id_token(settings: Settings) -> IdToken:
    """Find the id token for PanDA; nothing is read yet.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        Where it is.

    Returns
    -------
    token : `~cmbot.panda.tokens.IdToken`
        Gives it, renewed where that is possible.
    """
    return IdToken(settings.panda, lambda: credentials.read(settings.panda.token, "panda.token"))


def budget(settings: Settings, mirror: Mirror, *, person: bool = False) -> Budget:
    """Open the request budget of PanDA's hosts.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        With the limits.
    mirror : `~cmbot.mirror.Mirror`
        Which keeps what was spent.
    person : `bool`, optional
        Whether a person's command asks, which may use the reserve.

    Returns
    -------
    budget : `~cmbot.mirror.budget.Budget`
        One for all uses of a host.
    """
    panda = settings.panda
    limits = {host_of(panda.relay): panda.relay_requests_per_hour}
    monitor = host_of(panda.monitor)
    limits[monitor] = min(panda.requests_per_hour, limits.get(monitor, panda.requests_per_hour))
    return Budget(mirror, limits, panda.reserve, person=person)


def panda(settings: Settings, token: Callable[[], str], counted: Budget) -> PandaWms:
    """Connect to PanDA; nothing is asked yet.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        Where it is.
    token : `~collections.abc.Callable`
        Gives the id token.
    counted : `~cmbot.mirror.budget.Budget`
        Of its hosts.

    Returns
    -------
    wms : `~cmbot.panda.service.PandaWms`
        With the monitor, if there is one.
    """
    monitor = monitor_of(settings, counted) if settings.panda.monitor else None
    return PandaWms(settings.panda, token, counted, monitor)


def monitor_of(settings: Settings, counted: Budget) -> Monitor:
    """Connect to PanDA's monitor; nothing is asked yet.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        Where it is.
    counted : `~cmbot.mirror.budget.Budget`
        Of its host.

    Returns
    -------
    monitor : `~cmbot.panda.monitor.Monitor`
        With its token, if it wants one.
    """
    return Monitor(settings.panda, _monitor_token(settings), counted)


def logs_of(settings: Settings, local: Local) -> Logs:
    """Connect to the logs of jobs for a person's command; nothing is asked yet.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        Where the monitor is.
    local : `~cmbot.reconcile.edges.Local`
        Whose mirror keeps the budget.

    Returns
    -------
    logs : `~cmbot.panda.logs.Logs`
        With the monitor's token, if it wants one.
    """
    return Logs(settings.panda, _monitor_token(settings), budget(settings, local.mirror, person=True))


def _monitor_token(settings: Settings) -> Callable[[], str] | None:
    secret = settings.panda.monitor_token
    return (lambda: credentials.read(secret, "panda.monitor_token")) if secret else None


def open_local(settings: Settings) -> Local:
    """Open the mirror alone: for commands that ask nobody.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.

    Returns
    -------
    local : `~cmbot.reconcile.edges.Local`
        As the last pass left it.

    Raises
    ------
    UserError
        If there is none yet.
    """
    file = mirror_file(settings)
    if not file.exists():
        raise UserError(str(file), "there is no mirror yet", "run `cmbot sync` first")
    mirror = Mirror(file)
    noted = mirror.note(_FIELDS)
    if not noted:
        raise UserError(str(file), "there was no pass yet", "run `cmbot sync` first")
    account, name, epic_link, field_ids = json.loads(noted)
    me = Person(account, name)
    known = load_catalogue(settings.failures.catalogue)
    return Local(settings, names(settings.jira, field_ids, epic_link, me), me, mirror, known)


def mirror_file(settings: Settings) -> Path:
    """Name the file of the mirror.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.

    Returns
    -------
    file : `pathlib.Path`
        Made by the first pass.
    """
    return Path(settings.work.state) / "cmbot.sqlite"


def comments(settings: Settings, jira: Jira) -> Comments:
    """Prepare the comment templates.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        For the links.
    jira : `~cmbot.jira.gateway.Jira`
        For its address and its form of a mention.

    Returns
    -------
    comments : `~cmbot.comments.Comments`
        Ready to write.
    """
    environment = jinja2.Environment(  # noqa: S701 - wiki markup, escaped by the templates' own filter
        loader=jinja2.FileSystemLoader(resource("templates/comments")), undefined=jinja2.StrictUndefined
    )
    links = MonitorLinks(settings.panda.monitor, settings.links)
    return Comments(
        environment,
        lambda key: f"{jira.url}/browse/{key}",
        links.workflow,
        links.logs,
        cmbot.__version__,
        jira.mention_prefix,
        links.of_failure,
    )
