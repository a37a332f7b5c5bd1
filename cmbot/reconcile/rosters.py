"""The roster file: read anew when it changes, and never in the way of a pass (requirements D7, V21)."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cmbot.definition import roster
from cmbot.exceptions import UserError
from cmbot.models.roster import Roster

if TYPE_CHECKING:
    from datetime import datetime

    from cmbot.models.issues import Person
    from cmbot.settings import RosterSettings

_LOG = logging.getLogger(__name__)
_AGE = timedelta(days=1)
"""How long what was read of a calendar is good for: its events are followed only so far."""


class RosterFile:
    """A roster, as its file says now.

    Parameters
    ----------
    settings : `~cmbot.settings.RosterSettings` or `None`
        Where it is; `None` for none.
    """

    def __init__(self, settings: RosterSettings | None) -> None:
        self._settings = settings
        self._read: tuple[tuple[int, int], datetime, Roster] | None = None
        self._said = ""

    def at(self, at: datetime) -> Roster:
        """Read the shifts around an instant.

        Parameters
        ----------
        at : `datetime.datetime`
            Instant of interest.

        Returns
        -------
        roster : `~cmbot.models.roster.Roster`
            Without shifts if there is no roster.

        Raises
        ------
        UserError
            If the file cannot be read, or something in it makes no sense.
        """
        if self._settings is None:
            return Roster()
        file = Path(self._settings.file)
        try:
            status = file.stat()
            version = (status.st_mtime_ns, status.st_size)
            if self._read is not None:
                known, around, found = self._read
                if known == version and abs(at - around) < _AGE:
                    return found
            text = file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            remedy = "see roster.file in the settings, and who may read it"
            raise UserError(str(file), f"the roster cannot be read ({error})", remedy) from error
        found = roster.parse(text, self._settings, at)
        self._read = version, at, found
        return found

    def now(self, now: datetime) -> Roster:
        """Read the shifts for a pass: a roster that went bad is said in the log, and counts as none.

        Parameters
        ----------
        now : `datetime.datetime`
            The time.

        Returns
        -------
        roster : `~cmbot.models.roster.Roster`
            Without shifts if the file cannot be used.
        """
        try:
            found, trouble = self.at(now), ""
        except UserError as error:
            found, trouble = Roster(), str(error)
        if trouble and trouble != self._said:
            _LOG.warning("%s; nobody is on shift until then", trouble)
        self._said = trouble
        return found

    def people(self, now: datetime) -> tuple[Person, ...]:
        """Say who is on shift, as `now` reads it.

        Parameters
        ----------
        now : `datetime.datetime`
            The time.

        Returns
        -------
        people : `tuple` [`~cmbot.models.issues.Person`, ...]
            Empty without a roster, and in a gap.
        """
        return self.now(now).people(now)
