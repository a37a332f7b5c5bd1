"""How cmbot itself is: who leads, what is queued, what was spent (requirement V7)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cmbot
from cmbot.mirror import frozen, outbox
from cmbot.mirror.overview import Overview, overview
from cmbot.reconcile import systems, troubles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cmbot.mirror.frozen import Trouble
    from cmbot.mirror.outbox import Untold
    from cmbot.reconcile.edges import Local


@dataclass(frozen=True)
class System:
    """How cmbot itself is."""

    version: str
    """Its version."""
    settings: str
    """Hash of its settings, without secrets: two instances can be compared."""
    holder: str
    """Which process holds the lease; empty for none."""
    until: datetime | None
    """How long the lease is good for."""
    poll: float
    """Seconds between passes."""
    mirror: Overview
    """What is in the mirror."""
    limits: Mapping[str, int]
    """Requests that hosts may be sent in an hour."""
    troubles: Mapping[str, str]
    """Servers that do not answer, and why."""
    dead: tuple[Trouble, ...]
    """Issues that are not followed now."""
    untold: tuple[Untold, ...]
    """What Jira does not take."""
    plots: Mapping[str, str]
    """Addresses of plots of how PanDA is, by the words that are shown (requirement F24)."""


def system(local: Local, now: datetime) -> System:
    """Look at cmbot itself.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    system : `System`
        How it is.
    """
    settings, mirror = local.settings, local.mirror
    holder, until = mirror.leased()
    said = {server: troubles.read(mirror, server)[0] for server in troubles.SERVERS}
    return System(
        version=cmbot.__version__,
        # Secrets are named in the settings by variable or file; they are not in them.
        settings=hashlib.sha256(settings.model_dump_json().encode()).hexdigest(),
        holder=holder,
        until=until,
        poll=settings.work.poll.total_seconds(),
        mirror=overview(mirror, now),
        limits=systems.limits(settings),
        troubles={server: text for server, text in said.items() if text},
        dead=frozen.troubled(mirror),
        untold=outbox.untold(mirror),
        plots=settings.links.system,
    )
