"""Everything outside that a pass touches, put together once by the door."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmbot.children import Runner
    from cmbot.comments import Comments
    from cmbot.jira.gateway import Jira
    from cmbot.jira_schema.names import Names
    from cmbot.mirror import Mirror
    from cmbot.mirror.budget import Budget
    from cmbot.models.issues import Person
    from cmbot.settings import Settings
    from cmbot.wms.catalogue import Catalogue
    from cmbot.wms.port import Wms


@dataclass(frozen=True)
class Local:
    """What can be known without asking anybody."""

    settings: Settings
    """All settings."""
    names: Names
    """What this Jira calls things."""
    me: Person
    """cmbot's own account."""
    mirror: Mirror
    """Local state."""
    catalogue: Catalogue
    """What is known about failures."""

    @property
    def state(self) -> Path:
        """Directory of cmbot's own files."""
        return Path(self.settings.work.state)

    @property
    def tries(self) -> Path:
        """Directory of the tries' directories."""
        return self.state / "tries"

    def submit_path(self, name: str) -> Path:
        """BPS submit directory of a try.

        Parameters
        ----------
        name : `str`
            Run name.

        Returns
        -------
        path : `pathlib.Path`
            Named by the run, so that it is known before and never used twice.
        """
        return Path(self.settings.work.submit) / name


@dataclass(frozen=True)
class Edges(Local):
    """The outside world."""

    jira: Jira
    """The gateway."""
    wms: Wms
    """The workload management system."""
    runner: Runner
    """Starts children."""
    comments: Comments
    """Writes comments."""
    base: Mapping[str, Any]
    """Parsed ``templates/bps/panda.yaml``."""
    token: Callable[[], str]
    """Gives the WMS token, read anew each time."""
    budget: Budget
    """Requests that PanDA's hosts may be sent."""
