"""How far cmbot goes by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Limits:
    """How far cmbot goes by itself: from the settings."""

    attempts: int = 3
    """Attempts of a group after which it makes no further one."""
    queues: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Queues by site, each with the most memory of a job there (MB), as far as they are known."""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """BPS options by site, below those of a step."""

    def memory(self, site: str, queue: str = "") -> int:
        """Tell how much memory a job can have at a site.

        Parameters
        ----------
        site : `str`
            Name of the site.
        queue : `str`, optional
            One of its queues; of any other name, or empty, for the largest.

        Returns
        -------
        most : `int`
            In MB; 0 if it is not known.
        """
        known = self.queues.get(site, {})
        return known[queue] if queue in known else max(known.values(), default=0)

    def queue_with(self, site: str, amount: int) -> str:
        """Find a queue where a job can have so much memory.

        Parameters
        ----------
        site : `str`
            Name of the site.
        amount : `int`
            In MB.

        Returns
        -------
        queue : `str`
            The smallest that has it; empty if none is known to.
        """
        enough = [(most, queue) for queue, most in self.queues.get(site, {}).items() if most >= amount]
        return min(enough, default=(0, ""))[1]
