"""What is sent, what becomes of it, and how each vendor goes about it (reference jira.md, section 9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Delivery:
    """One request to be made."""

    identifier: str
    """The same on every retry."""
    webhook: int
    """Number of the webhook."""
    event: str
    """What it tells."""
    issue: str
    """Key of the issue."""
    url: str
    """Where it goes."""
    headers: Mapping[str, str]
    """Headers that depend on the body."""
    body: bytes
    """What is sent."""
    attempt: int = 0
    """How often it was tried before."""


@dataclass(frozen=True)
class Outcome:
    """What became of one try, for ``GET /sandbox/webhooks``."""

    identifier: str
    """Of the delivery."""
    webhook: int
    """Number of the webhook."""
    event: str
    """What it told."""
    issue: str
    """Key of the issue."""
    attempt: int
    """0 is the first try."""
    status: int | None
    """The receiver's answer; None if there was none."""
    fate: str
    """``delivered``, ``to be retried``, ``given up``, ``dropped`` or, on purpose, ``lost``."""


@dataclass(frozen=True)
class Manners:
    """How a vendor delivers."""

    identified: bool
    """Whether identifier, flow and retry headers are sent."""
    retries: int
    """How often a failed delivery is tried again."""
    retried: Callable[[int], bool]
    """Which answers lead to a retry."""
    pace: tuple[float, float]
    """Seconds to the next try: from, to."""

    @property
    def lasting(self) -> bool:
        """Whether what waits survives a restart: it does where a failed delivery is tried again."""
        return self.retries > 0


_CLOUD_RETRIED = frozenset({408, 409, 425, 429})
MANNERS = {
    # no retry is documented for Data Center: what is sent while nobody listens is gone
    "data-center": Manners(False, 0, lambda _: False, (0.0, 0.0)),
    # received once is what it promises: what waits is in the store
    "cloud": Manners(True, 5, lambda code: code in _CLOUD_RETRIED or code >= 500, (300.0, 900.0)),
}
