"""What `cmbot doctor` says of the facts it gathered; pure.

Each judgement gives lines: what was looked at, how it is, what was found, and what to do about it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmbot.exceptions import CmbotError
    from cmbot.models.roster import Roster

TOKEN_WARNING = timedelta(days=3)
"""Time before a token's end in which somebody should renew it."""
QUIET = timedelta(hours=1)
"""How long no webhook need come."""
FREE_WARNING = 5 * 1024**3
"""Bytes of free space below which a directory is degraded."""
FREE_LEAST = 256 * 1024**2
"""Bytes of free space below which nothing can be relied on to be written."""


class Health(StrEnum):
    """How something is."""

    OK = "ok"
    UNCHECKED = "unchecked"
    DEGRADED = "degraded"
    BROKEN = "broken"


@dataclass(frozen=True)
class Line:
    """One finding."""

    check: str
    """What was looked at."""
    health: Health
    """How it is."""
    found: str
    """What was found."""
    remedy: str = ""
    """What to do, if it is not ok."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script.

        Returns
        -------
        data : `dict`
            By field.
        """
        return asdict(self)


def worst(lines: Iterable[Line]) -> Health:
    """Find how bad it is.

    Parameters
    ----------
    lines : `~collections.abc.Iterable` [`Line`]
        All findings.

    Returns
    -------
    health : `Health`
        The worst of them.
    """
    order = list(Health)
    return max((line.health for line in lines), key=order.index, default=Health.OK)


def failed(check: str, error: CmbotError, health: Health = Health.BROKEN) -> Line:
    """Say that something could not be done.

    Parameters
    ----------
    check : `str`
        What was looked at.
    error : `~cmbot.exceptions.CmbotError`
        What happened.
    health : `Health`, optional
        How bad that is.

    Returns
    -------
    line : `Line`
        With the error's own remedy.
    """
    if isinstance(error, DefinitionError):
        (problem, *_) = error.problems
        return Line(check, health, f"{error.subject}: {problem.problem}", problem.remedy)
    remedy = error.remedy or "see that it can be reached from here, and its address in the settings"
    return Line(check, health, f"{error.subject}: {error.problem}", remedy)


def token(check: str, until: datetime | None, now: datetime) -> Line:
    """Judge how long the PanDA token lasts.

    Parameters
    ----------
    check : `str`
        Name of the line.
    until : `datetime.datetime` or `None`
        When it expires, if it says so.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    line : `Line`
        With the time that is left.
    """
    if until is None:
        return Line(check, Health.OK, "there is one; it does not say when it expires")
    found = f"expires {until:%Y-%m-%d %H:%M} UTC"
    if until <= now:
        return Line(check, Health.BROKEN, f"expired {until:%Y-%m-%d %H:%M} UTC", "renew it (panda.token)")
    if until - now < TOKEN_WARNING:
        return Line(check, Health.DEGRADED, found, "renew it before then (panda.token)")
    return Line(check, Health.OK, found)


def directory(check: str, path: str, free: int | None, *, writable: bool) -> Line:
    """Judge a directory.

    Parameters
    ----------
    check : `str`
        Name of the line.
    path : `str`
        The directory.
    free : `int` or `None`
        Bytes that are free; `None` if there is no such directory.
    writable : `bool`
        Whether cmbot may write in it, or make it.

    Returns
    -------
    line : `Line`
        With its free space.
    """
    if not writable:
        what = "cannot be made" if free is None else "cannot be written"
        return Line(check, Health.BROKEN, f"{path} {what}", "see who owns it, or set another in the settings")
    if free is None:
        return Line(check, Health.OK, f"{path} is made when it is needed")
    found = f"{path}: {free / 1024**3:.1f} GiB free"
    if free < FREE_WARNING:
        health = Health.BROKEN if free < FREE_LEAST else Health.DEGRADED
        return Line(check, health, found, "make room")
    return Line(check, Health.OK, found)


def lease(check: str, holder: str, until: datetime | None, now: datetime, *, gone: bool) -> Line:
    """Judge who runs the service.

    Parameters
    ----------
    check : `str`
        Name of the line.
    holder : `str`
        Who holds the lease; empty if nobody does.
    until : `datetime.datetime` or `None`
        How long it is good for.
    now : `datetime.datetime`
        The time.
    gone : `bool`
        Whether the holder is known not to run any more.

    Returns
    -------
    line : `Line`
        Degraded if no pass is being made.
    """
    start = "start the service (`cmbot sync`)"
    if not holder or until is None:
        return Line(check, Health.DEGRADED, "no cmbot is running", start)
    if gone:
        return Line(check, Health.DEGRADED, f"{holder} ended without giving it back", start)
    if until <= now:
        told = f"{holder} made no pass since {until:%Y-%m-%d %H:%M} UTC or before"
        return Line(check, Health.DEGRADED, told, "see its log; it may hang or wait for Jira")
    return Line(check, Health.OK, f"held by {holder} until {until:%H:%M:%S} UTC")


def roster(check: str, found: Roster, now: datetime) -> Line:
    """Judge how far a roster goes.

    Parameters
    ----------
    check : `str`
        Name of the line.
    found : `~cmbot.models.roster.Roster`
        The roster.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    line : `Line`
        Degraded if nobody is on shift, or nobody is next.
    """
    people, following = ", ".join(map(str, found.people(now))), found.following(now)
    told = f"on shift: {people or 'nobody'}"
    if following:
        told += (
            f"; next: {', '.join(map(str, following[0].people))} at {following[0].start:%Y-%m-%d %H:%M} UTC"
        )
    if people and following:
        return Line(check, Health.OK, told)
    lasting = "" if following else "; it ends there"
    remedy = "add shifts: meanwhile the operators of the issue are asked, else who launched"
    return Line(check, Health.DEGRADED, f"{told}{lasting}", remedy)


def child(check: str, what: str, code: int | None, said: str, environment: str) -> Line:
    """Judge how a program started.

    Parameters
    ----------
    check : `str`
        Name of the line.
    what : `str`
        The command.
    code : `int` or `None`
        Exit status; `None` if it was stopped because it took too long.
    said : `str`
        Its last line of output.
    environment : `str`
        Name of the environment that says how it is run.

    Returns
    -------
    line : `Line`
        With what it said, if it failed.
    """
    if code == 0:
        return Line(check, Health.OK, f"`{what}` starts")
    how = "does not end in time" if code is None else f"ends with {code}"
    return Line(
        check,
        Health.BROKEN,
        f"`{what}` {how}: {said[:300] or 'it said nothing'}",
        f"see settings environments.{environment}",
    )


def service(check: str, status: int, report: Mapping[str, Any]) -> Line:
    """Judge what the service says of itself.

    Parameters
    ----------
    check : `str`
        Name of the line.
    status : `int`
        HTTP status of ``/healthz``.
    report : `~collections.abc.Mapping`
        Its JSON.

    Returns
    -------
    line : `Line`
        With the trouble, if it has any.
    """
    last = report.get("last_success") or "none since it started"
    told = f"last pass that succeeded: {last}" + (f"; {report['trouble']}" if report.get("trouble") else "")
    if status != 200:
        return Line(check, Health.BROKEN, told, "see its log")
    if report.get("status") != "ok":
        return Line(check, Health.DEGRADED, told, "it tries again; see its log if it lasts")
    return Line(check, Health.OK, told)


def webhooks(check: str, report: Mapping[str, Any], now: datetime) -> Line:
    """Judge whether Jira's webhooks arrive.

    Parameters
    ----------
    check : `str`
        Name of the line.
    report : `~collections.abc.Mapping`
        JSON of ``/healthz``.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    line : `Line`
        Degraded only: without them changes are seen at the next pass.
    """
    if report.get("last_webhook"):
        return Line(check, Health.OK, f"the last came at {report['last_webhook']}")
    told = f"none came since the service started at {report.get('started')}"
    try:
        up = now - datetime.fromisoformat(str(report["started"]))
    except (KeyError, ValueError):
        up = QUIET
    health = Health.UNCHECKED if up < QUIET else Health.DEGRADED
    if refused := report.get("refused_webhooks"):
        told += f", and {refused} were not signed with the secret"
        return Line(check, Health.DEGRADED, told, "compare web.webhook_secret with the secret in Jira")
    return Line(check, health, told, "see `jira webhook`, and the proxy between Jira and this service")
