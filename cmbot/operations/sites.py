"""Sites: what runs there, and holding new work there (requirement F5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.jira_schema import parse
from cmbot.mirror import events, journal, reports, seen, sites

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmbot.models.attempts import Attempt
    from cmbot.models.issues import Person
    from cmbot.reconcile.edges import Local


@dataclass(frozen=True)
class Site:
    """A compute site, as its manager sees it."""

    name: str
    """As in the settings."""
    wms: str
    """What executes workflows there."""
    most: int
    """Groups that may be in flight there at once."""
    held: str
    """Who holds new work there, since when and why; empty if nobody does."""
    running: tuple[Running, ...]
    """What is in flight."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script.

        Returns
        -------
        data : `dict`
            By field.
        """
        running = [vars(each) | {"since": each.since.isoformat()} for each in self.running]
        return vars(self) | {"running": running}


@dataclass(frozen=True)
class Running:
    """An attempt that is in flight at a site."""

    key: str
    """Key of its step."""
    group: str
    """Name of its group."""
    attempt: str
    """``a1``."""
    state: str
    """Where it is."""
    request: int | None
    """Its request id."""
    jobs: dict[str, int]
    """Jobs by ``total``, ``done``, ``failed`` and ``running``, as the WMS said last."""
    since: datetime
    """When it was submitted, or written down."""


def listed(local: Local, names: Iterable[str] = ()) -> tuple[Site, ...]:
    """List sites with what runs there.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    names : `~collections.abc.Iterable` [`str`], optional
        Which; all of the settings if none is named.

    Returns
    -------
    sites : `tuple` [`Site`, ...]
        By name.

    Raises
    ------
    UserError
        If one is not known.
    """
    wanted = [_known(local, name) for name in names] or sorted(local.settings.sites)
    held, running = sites.held(local.mirror), _running(local)
    return tuple(
        Site(
            name,
            str(local.settings.sites[name].wms),
            local.settings.sites[name].max_groups,
            str(held.get(name, "")),
            tuple(running.get(name, ())),
        )
        for name in wanted
    )


def hold(local: Local, name: str, by: Person, reason: str) -> None:
    """Let nothing new start at a site; what runs there goes on.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    name : `str`
        The site.
    by : `~cmbot.models.issues.Person`
        Who says so.
    reason : `str`
        Why: campaign managers read it on what waits.

    Raises
    ------
    UserError
        If it is not known, is held already, or no reason is given.
    """
    now = datetime.now(UTC)
    if found := sites.held(local.mirror).get(_known(local, name)):
        raise UserError(name, f"is {found}", f"`cmbot site release {name}` first")
    if not reason.strip():
        raise UserError("--reason", "is empty", "say why: campaign managers read it on what waits")
    with local.mirror.writing() as connection:
        sites.hold(connection, sites.Held(name, str(by), now, " ".join(reason.split())))
        events.add(connection, now, name, str(by), "holds new work at this site", reason)


def release(local: Local, name: str, by: Person, reason: str = "") -> None:
    """Let work start again at a site.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    name : `str`
        The site.
    by : `~cmbot.models.issues.Person`
        Who says so.
    reason : `str`, optional
        Why.

    Raises
    ------
    UserError
        If it is not held.
    """
    # A site that the settings have lost can still be released.
    if name not in sites.held(local.mirror):
        raise UserError(name, "is not held", "see `cmbot site list`")
    with local.mirror.writing() as connection:
        sites.release(connection, name)
        events.add(connection, datetime.now(UTC), name, str(by), "releases this site", reason)


def _known(local: Local, name: str) -> str:
    if name not in local.settings.sites:
        raise UserError("site", f"{name!r} is not known", f"use {', '.join(sorted(local.settings.sites))}")
    return name


def _running(local: Local) -> dict[str, list[Running]]:
    found: dict[str, list[Running]] = {}
    for attempt in journal.live_attempts(local.mirror):
        if item := attempt.last_try:
            found.setdefault(item.site, []).append(_row(local, attempt))
    return found


def _row(local: Local, attempt: Attempt) -> Running:
    item = attempt.last_try
    known = (reports.read(local.mirror, item.id, "wms") if item else None) or {}
    body = next(iter(seen.bodies(local.mirror, id=attempt.step_id)), None)
    return Running(
        key=parse.issue(body, local.names).key if body else attempt.step_id,
        group=attempt.group,
        attempt=attempt.label,
        state=str(attempt.state),
        request=item.request_id if item else None,
        jobs=dict(known.get("counts", {})),
        since=item.reserved_at if item else attempt.created_at,
    )
