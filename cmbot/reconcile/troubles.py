"""What keeps a server from answering, and since when: kept for people and for other commands."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmbot.mirror import Mirror

SERVERS = ("Jira", "PanDA")
"""Of which it is kept."""


def keep(mirror: Mirror, server: str, text: str, now: datetime) -> bool:
    """Keep what keeps a server from answering.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    server : `str`
        One of `SERVERS`.
    text : `str`
        What; empty if it answers.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    changed : `bool`
        Whether it is another than before; otherwise nothing is written.
    """
    if read(mirror, server)[0] == text:
        return False
    mirror.remember(_name(server), f"{now.isoformat()} {text}" if text else "")
    return True


def read(mirror: Mirror, server: str) -> tuple[str, datetime | None]:
    """Read what keeps a server from answering.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    server : `str`
        One of `SERVERS`.

    Returns
    -------
    text : `str`
        Empty if it answers.
    since : `datetime.datetime` or `None`
        When it was first so.
    """
    at, _, text = mirror.note(_name(server)).partition(" ")
    return text, datetime.fromisoformat(at) if text else None


def _name(server: str) -> str:
    return f"trouble of {server}"
