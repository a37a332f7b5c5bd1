"""Everything outside that a pass touches, put together once by the door."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.models.systems import System
from cmbot.reconcile.rosters import RosterFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmbot.children import Runner
    from cmbot.comments import Comments
    from cmbot.jira.gateway import Jira
    from cmbot.jira_schema.names import Names
    from cmbot.mirror import Mirror
    from cmbot.mirror.budget import Budget
    from cmbot.models.attempts import Try
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

    @cached_property
    def roster(self) -> RosterFile:
        """Who is on shift."""
        return RosterFile(self.settings.roster)

    @property
    def state(self) -> Path:
        """Directory of cmbot's own files."""
        return Path(self.settings.work.state)

    @property
    def tries(self) -> Path:
        """Directory of the tries' directories."""
        return self.state / "tries"

    @property
    def launch(self) -> Path:
        """Directory of the launching area."""
        return Path(self.settings.work.launch or self.state / "launch")

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
class Workshop(Local):
    """What a campaign can be tried out with, without Jira and without a WMS."""

    runner: Runner
    """Starts children."""
    bases: Mapping[System, Mapping[str, Any]]
    """Parsed ``templates/bps/<wms>.yaml``."""


@dataclass(frozen=True)
class Edges(Workshop):
    """The outside world."""

    jira: Jira
    """The gateway."""
    wms: Wms
    """PanDA."""
    comments: Comments
    """Writes comments."""
    token: Callable[[], str]
    """Gives the WMS token, read anew each time."""
    budget: Budget
    """Requests that PanDA's hosts may be sent."""
    systems: Mapping[str, Wms] = field(default_factory=dict)
    """What executes workflows at the sites that are none of PanDA's, by site."""

    def wms_at(self, site: str) -> Wms:
        """Give what executes workflows at a site.

        Parameters
        ----------
        site : `str`
            Its name.

        Returns
        -------
        wms : `~cmbot.wms.port.Wms`
            PanDA, unless the settings say otherwise.
        """
        return self.systems.get(site, self.wms)

    def wms_of(self, item: Try) -> Wms:
        """Give what has a submission.

        Parameters
        ----------
        item : `~cmbot.models.attempts.Try`
            The submission.

        Returns
        -------
        wms : `~cmbot.wms.port.Wms`
            By the site that it was made at.

        Raises
        ------
        UserError
            If the settings do not say that any more.
        """
        known = self.settings.sites.get(item.site)
        if item.wms is System.PANDA:
            return self.wms
        if known is None or known.wms is not item.wms:
            problem = f"is not a site of {item.wms} any more, and {item.name} runs there"
            raise UserError(f"sites.{item.site}", problem, "put it back until that has ended")
        return self.systems[item.site]
