"""Connect to what executes workflows: PanDA, and what the sites have beside it. Nothing is asked yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from cmbot import credentials
from cmbot.bps.asking import Asking
from cmbot.bps.htcondor import HTCondorWms
from cmbot.bps.parsl import ParslWms
from cmbot.bps.submission import WMS_CLASSES
from cmbot.children import Runner
from cmbot.mirror.budget import Budget
from cmbot.models.systems import System
from cmbot.panda.logs import Logs
from cmbot.panda.monitor import Monitor
from cmbot.panda.service import PandaWms
from cmbot.panda.tokens import IdToken
from cmbot.panda.wire import host_of
from cmbot.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmbot.mirror import Mirror
    from cmbot.reconcile.edges import Local
    from cmbot.settings import Settings
    from cmbot.wms.port import Wms

_PATIENCE = 10.0
"""Seconds that a pass waits for one log."""


def bases() -> dict[System, Mapping[str, Any]]:
    """Read what all submissions to a WMS have in common.

    Returns
    -------
    bases : `dict` [`~cmbot.models.systems.System`, `~collections.abc.Mapping`]
        Content of ``templates/bps/<wms>.yaml``.
    """
    files = {system: resource(f"templates/bps/{system.lower()}.yaml") for system in WMS_CLASSES}
    return {system: yaml.safe_load(file.read_text()) for system, file in files.items()}


def others(settings: Settings, runner: Runner) -> dict[str, Wms]:
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
    found = others(settings, Runner())
    counted = budget(settings, local.mirror, person=True)
    return found[site] if site in found else panda(settings, id_token(settings), counted)


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
    return Budget(mirror, limits(settings), settings.panda.reserve, person=person)


def limits(settings: Settings) -> dict[str, int]:
    """Say how many requests PanDA's hosts may be sent.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        With the limits.

    Returns
    -------
    limits : `dict` [`str`, `int`]
        Requests in an hour, by host.
    """
    panda = settings.panda
    found = {host_of(panda.relay): panda.relay_requests_per_hour}
    monitor = host_of(panda.monitor)
    return found | {monitor: min(panda.requests_per_hour, found.get(monitor, panda.requests_per_hour))}


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


def logs_of(settings: Settings, local: Local, *, person: bool) -> Logs:
    """Connect to the logs of jobs; nothing is asked yet.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        Where the monitor is.
    local : `~cmbot.reconcile.edges.Local`
        Whose mirror keeps the budget.
    person : `bool`
        Whether it is for a person's command, which may use the reserve; a pass waits less for each log.

    Returns
    -------
    logs : `~cmbot.panda.logs.Logs`
        With the monitor's token, if it wants one.
    """
    panda = settings.panda
    if not person:
        panda = panda.model_copy(update={"timeout": min(_PATIENCE, panda.timeout)})
    return Logs(panda, _monitor_token(settings), budget(settings, local.mirror, person=person))


def _monitor_token(settings: Settings) -> Callable[[], str] | None:
    secret = settings.panda.monitor_token
    return (lambda: credentials.read(secret, "panda.monitor_token")) if secret else None
