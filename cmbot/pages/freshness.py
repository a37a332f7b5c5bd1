"""How old what a page shows is: said on each of them (requirements W10, V8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Freshness:
    """How old the data of a page are."""

    now: datetime
    """When the page was made."""
    passed: datetime | None
    """When the last pass began; `None` if no service runs, or none has made a pass."""
    trouble: str
    """What keeps cmbot from Jira; empty if Jira answers."""
    since: datetime | None
    """Since when Jira does not answer."""
    stale: bool
    """Whether they are older than three polls."""

    @property
    def text(self) -> str:
        """In a sentence."""
        if self.passed is None:
            return "no service follows Jira now: this is what the last pass left"
        said = f"last pass at {instant(self.passed)}, {age(self.now, self.passed)}"
        return f"{said}; Jira: {self.trouble}" if self.trouble else said


def freshness(
    now: datetime, passed: datetime | None, trouble: str, since: datetime | None, patience: timedelta
) -> Freshness:
    """Say how old the data are.

    Parameters
    ----------
    now : `datetime.datetime`
        The time.
    passed : `datetime.datetime` or `None`
        When the last pass began.
    trouble : `str`
        What keeps cmbot from Jira.
    since : `datetime.datetime` or `None`
        Since when.
    patience : `datetime.timedelta`
        What is older is stale.

    Returns
    -------
    freshness : `Freshness`
        For the banner of a page.
    """
    heard = min((at for at in (passed, since) if at is not None), default=None)
    return Freshness(now, passed, trouble, since, heard is None or now - heard >= patience)


def instant(at: datetime) -> str:
    """Write an instant for people."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def age(now: datetime, at: datetime) -> str:
    """Write how long ago something was, or when it will be, in its largest unit."""
    passed = abs(now - at)
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", _MINUTE)):
        if number := passed // length:
            said = f"{number} {unit}{'' if number == 1 else 's'}"
            return f"in {said}" if at > now else f"{said} ago"
    return "now"
