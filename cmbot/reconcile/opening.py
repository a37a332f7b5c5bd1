"""Put the world together from the settings."""

from __future__ import annotations

import json
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

import cmbot
from cmbot import credentials
from cmbot.children import Runner
from cmbot.comments import Comments
from cmbot.definition import yaml_text
from cmbot.exceptions import UserError
from cmbot.jira.gateway import Jira
from cmbot.jira_schema.names import names
from cmbot.mirror import Mirror
from cmbot.models.issues import Person
from cmbot.panda.links import MonitorLinks
from cmbot.reconcile import systems
from cmbot.reconcile.edges import Edges, Local, Workshop
from cmbot.resources import resource
from cmbot.settings import Settings, parse
from cmbot.wms import catalogue

if TYPE_CHECKING:
    from cmbot.wms.catalogue import Catalogue

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
    token, counted = systems.id_token(settings), systems.budget(settings, mirror, person=person)
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
        wms=systems.panda(settings, token, counted),
        budget=counted,
        runner=runner,
        comments=comments(settings, jira),
        bases=systems.bases(),
        token=token,
        systems=systems.others(settings, runner),
    )


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


def open_local(settings: Settings, *, reading: bool = False) -> Local:
    """Open the mirror alone: for commands that ask nobody.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    reading : `bool`, optional
        Whether nothing is written: one state of it is seen, from any thread.

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
    mirror = Mirror(file, reading=reading)
    noted = mirror.note(_FIELDS)
    if not noted:
        mirror.close()
        raise UserError(str(file), "there was no pass yet", "run `cmbot sync` first")
    account, name, epic_link, field_ids = json.loads(noted)
    me = Person(account, name)
    known = load_catalogue(settings.failures.catalogue)
    return Local(settings, names(settings.jira, field_ids, epic_link, me), me, mirror, known)


def open_workshop(settings: Settings) -> Workshop:
    """Prepare what tries out a campaign that is in no Jira yet.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.

    Returns
    -------
    workshop : `~cmbot.reconcile.edges.Workshop`
        With an empty mirror in memory.

    Raises
    ------
    UserError
        If settings are wrong.
    """
    return Workshop(
        settings=settings,
        names=names(settings.jira, {}),
        me=Person("cmbot"),
        mirror=Mirror(Path(":memory:")),
        catalogue=load_catalogue(settings.failures.catalogue),
        runner=Runner(),
        bases=systems.bases(),
    )


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


def comment_templates() -> jinja2.Environment:
    """Find the templates that ship.

    Returns
    -------
    environment : `jinja2.Environment`
        With those of ``templates/comments``.
    """
    return jinja2.Environment(  # noqa: S701 - wiki markup, escaped by the templates' own filter
        loader=jinja2.FileSystemLoader(resource("templates/comments")), undefined=jinja2.StrictUndefined
    )


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
    links = MonitorLinks(settings.panda.monitor, settings.links)
    return Comments(
        comment_templates(),
        lambda key: f"{jira.url}/browse/{key}",
        links.workflow,
        links.logs,
        cmbot.__version__,
        jira.mention_prefix,
        links.of_failure,
    )
