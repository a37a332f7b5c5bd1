"""How this PanDA behaves: limits, delays and the oddities that real ones have or had.

Each value is one that reference/panda.md describes; the defaults are today's behaviour. They are kept in the
store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cmbot.sandbox.panda import schema

if TYPE_CHECKING:
    import sqlite3

_KEY = "settings"
_Seconds = Annotated[float, Field(ge=0, le=10**7)]

MonitorOutage = Literal["down", "error", "html", "login", "empty", "cut"]


class Settings(BaseModel):
    """Body of ``POST /sandbox/settings``; what is not named stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate_limit: int = Field(default=1000, ge=0)
    """Monitor requests of one host in an hour, refused ones not counted (the package's default)."""
    block_after: int | None = Field(default=None, ge=1)
    """Refused requests of one host in an hour after which it is blocked; null for never."""
    blocked: tuple[Annotated[str, Field(max_length=100)], ...] = Field(default=(), max_length=100)
    """Blocked hosts: each request is a 403."""
    anonymous: bool = False
    """Whether the monitor answers JSON without a token, as real ones do today."""
    latency: Annotated[float, Field(ge=0, le=60)] = 0.0
    """Real seconds each answer of the monitor takes; real ones measure their own load for one."""
    cache: _Seconds = 0.0
    """Seconds for which a cache in between repeats the answer to the same address (600 is announced)."""
    lag: _Seconds = 0.0
    """Seconds until the monitor shows a new request; 20 minutes were seen in production."""
    workflows: Literal["today", "lower case", "counts"] = "today"
    """Form of ``wfprogress``: today's, of before 2022-12-13, or of 2021-12 to 2023-06."""
    not_a_number: bool = False
    """Whether bare ``NaN`` and ``Infinity`` stand where numbers should be."""
    foreign: bool = False
    """Whether rows of somebody else's workflow are among the answers, whatever was asked."""
    monitor: MonitorOutage | None = None
    """Outage of the monitor: 503, 500 page, page instead of JSON, login, ``[]``, half a body."""
    abort_ends: Literal["Cancelled", "Failed", "Transforming"] = "Cancelled"
    """Where an abort ends; a request may also go to Failed, or stay (reference/panda.md 6)."""
    commands_lost: int = Field(default=0, ge=0)
    """How many of the next commands are registered and never taken up: iDDS 2.6.21 loses one that finds its
    request being worked on."""


def load(db: sqlite3.Connection) -> Settings:
    """Settings in force."""
    return Settings.model_validate(schema.kept(db, _KEY) or {})


def change(db: sqlite3.Connection, changes: Settings) -> Settings:
    """Change what was named, and keep all of it.

    Parameters
    ----------
    db : `sqlite3.Connection`
        Connection inside a transaction.
    changes : `Settings`
        The changes: only what was set in it counts.

    Returns
    -------
    settings : `Settings`
        Settings in force from now on.
    """
    settings = load(db).model_copy(update=changes.model_dump(exclude_unset=True))
    schema.keep(db, _KEY, settings.model_dump())
    return settings
