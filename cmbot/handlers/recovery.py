"""What to make of a submission whose outcome was not recorded (reference/predecessors.md section 8.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta

    from cmbot.models.attempts import Try


_ONE = "cancel the others (bps cancel --id N), then cmbot goes on"


class Verb(StrEnum):
    """What to do about it."""

    WAIT = "wait"
    ADOPT = "adopt"
    LOOK_UP = "look up"
    DUPLICATE = "duplicate"
    START = "start"
    COUNT = "count"
    TRY_AGAIN = "try again"
    GIVE_UP = "give up"


@dataclass(frozen=True)
class Evidence:
    """What the child left behind."""

    alive: bool
    """It, or something it started, still holds the lock."""
    started: bool
    """It was ever started."""
    code: int | None
    """Its exit status; `None` if it was killed."""
    request_id: int | None
    """Request id from its output or from BPS's id link."""
    prepared: bool
    """BPS got as far as writing the workflow, which comes before anything is sent."""
    nothing_left: bool = False
    """BPS found nothing left to do: earlier attempts made everything."""
    mendable: bool = True
    """A person must change something; otherwise a server was not there and another try may do."""
    reason: str = ""
    """Why it failed, in its own words."""
    blocks: bool = False
    """It ends only with the workflow (Parsl): while it lives, the workflow may be running."""

    @property
    def killed(self) -> bool:
        """Whether it was killed, or its shell says so of it: 128 and the number of the signal (POSIX)."""
        return self.code is None or self.code > 128


@dataclass(frozen=True)
class Outcome:
    """The decision."""

    verb: Verb
    """What to do."""
    request_id: int | None = None
    """Which request is ours."""
    note: str = ""
    """The reason, for people."""


def judge(evidence: Evidence) -> Outcome:
    """Decide from what the child left, before asking the WMS.

    Parameters
    ----------
    evidence : `Evidence`
        What the child left.

    Returns
    -------
    outcome : `Outcome`
        ``LOOK_UP`` if only the WMS can tell.
    """
    if evidence.alive and not (evidence.blocks and evidence.request_id is not None):
        return Outcome(Verb.WAIT, note="bps submit is running")
    if evidence.request_id is not None:
        return Outcome(Verb.ADOPT, evidence.request_id, "recorded by bps")
    if not evidence.started:
        # The lock file is made before the child: without it there never was one.
        return Outcome(Verb.START, note="bps submit was never started")
    if not evidence.prepared and evidence.killed:
        return Outcome(Verb.TRY_AGAIN, note="bps submit was killed before it had anything to send")
    if not evidence.prepared and evidence.code and evidence.nothing_left:
        return Outcome(Verb.COUNT, note="nothing was left to submit")
    if not evidence.prepared and evidence.code:
        verb = Verb.GIVE_UP if evidence.mendable else Verb.TRY_AGAIN
        return Outcome(verb, note=evidence.reason or f"bps submit ended with status {evidence.code}")
    return Outcome(Verb.LOOK_UP, note=evidence.reason or "bps submit ended without saying what became of it")


def judge_look_up(
    item: Try,
    prefixes: Collection[str],
    found: Mapping[str, int],
    now: datetime,
    *,
    grace: timedelta,
    lookups: int,
) -> Outcome:
    """Decide after a look-up by name that succeeded.

    Parameters
    ----------
    item : `~cmbot.models.attempts.Try`
        The submission; its ``lookups`` do not count this one.
    prefixes : `~collections.abc.Collection` [`str`]
        Names without the nonce.
    found : `~collections.abc.Mapping` [`str`, `int`]
        Names and request ids; filtered here once more, since the server's look-up has wild cards.
    now : `datetime.datetime`
        The time.
    grace : `datetime.timedelta`
        How long a request may still appear after the child ended.
    lookups : `int`
        Look-ups that must find nothing.

    Returns
    -------
    outcome : `Outcome`
        ``WAIT`` means: unknown, look again later.
    """
    hits = ours(prefixes, found)
    listed = ", ".join(f"{number} ({name})" for name, number in sorted(hits.items()))
    if len(hits) > 1:
        return Outcome(Verb.DUPLICATE, note=f"several requests carry this name: {listed}; {_ONE}")
    if hits:
        return Outcome(Verb.ADOPT, next(iter(hits.values())), "found in the WMS by its name")
    ended = item.ended_at or now
    if item.lookups + 1 >= lookups and now - ended >= grace:
        return Outcome(Verb.TRY_AGAIN, note=f"not in the WMS {grace} after bps submit ended")
    return Outcome(Verb.WAIT, note="not seen in the WMS so far")


def ours(prefixes: Collection[str], found: Mapping[str, int]) -> dict[str, int]:
    """Keep the names that are a prefix and a nonce, and nothing else.

    Parameters
    ----------
    prefixes : `~collections.abc.Collection` [`str`]
        Names without the nonce: one, unless the step's key or name was another before.
    found : `~collections.abc.Mapping` [`str`, `int`]
        Names and request ids of a look-up, which may have wild cards.

    Returns
    -------
    ours : `dict` [`str`, `int`]
        Those that cmbot can have made.
    """
    pattern = re.compile(f"({'|'.join(map(re.escape, prefixes))})[0-9a-f]{{8}}")
    return {name: number for name, number in found.items() if pattern.fullmatch(name)}
