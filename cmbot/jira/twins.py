"""Issues that were made for the same thing within the lag of the search: one stays.

The search that finds an issue by its label runs on an index, which lags and may miss an issue for a moment; a
read by key is never stale (reference/jira.md section 8.1). Keys are given in order, so a twin's is near by.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cmbot.exceptions import NotFound, Refused
from cmbot.jira.failures import strange
from cmbot.jira.wire import issue_path
from cmbot.jira_schema import values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.jira.wire import Wire
    from cmbot.models.issues import Person

log = logging.getLogger(__name__)
ORIGIN = "cmbot.origin"
_LONGEST_LAG = timedelta(minutes=10)
"""Until then an index may not know an issue: seconds, on Cloud sometimes minutes."""
_MOST_KEYS = 200
"""Most keys to look through in each direction."""
_GAP = 3
"""So many keys that lead nowhere end the project; one may be an issue that was deleted."""
_MOST_REMEMBERED = 10_000


def label(marker: str) -> str:
    """Name the label that finds an issue: the only mark that JQL can search for.

    Parameters
    ----------
    marker : `str`
        The issue's marker.

    Returns
    -------
    label : `str`
        ``cmbot-`` and eight hexadecimal digits.
    """
    return f"cmbot-{hashlib.sha256(marker.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class Origin:
    """Where an issue comes from."""

    id: str
    """Jira's id."""
    key: str
    """Its key."""
    created: datetime
    """When it was made, by Jira's clock."""
    mine: bool
    """Whether our own account made it."""
    touched: bool
    """Whether somebody else changed it since."""
    marker: str
    """What it was made for; empty where a clone or a site has no such property."""
    labels: frozenset[str]
    """Its labels."""

    def is_for(self, marker: str) -> bool:
        """Say whether it was made for something.

        Parameters
        ----------
        marker : `str`
            For what.

        Returns
        -------
        it_was : `bool`
            People's clones copy labels, and eight digits may meet: without the property only an issue of our
            own counts, on a site that did not keep the property.
        """
        return self.marker == marker or (self.mine and not self.marker and label(marker) in self.labels)


class Twins:
    """Reads origins, and takes back what was made twice.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    me : `~cmbot.models.issues.Person`
        Our own account.
    """

    def __init__(self, wire: Wire, me: Person) -> None:
        self._wire = wire
        self._me = me
        self._strangers: dict[str, Origin] = {}

    def origin(self, key: str) -> Origin | None:
        """Read where an issue comes from.

        Parameters
        ----------
        key : `str`
            Its key.

        Returns
        -------
        origin : `Origin` or `None`
            `None` if it is gone or hidden.

        Raises
        ------
        RemoteError
            If Jira does not answer.
        """
        path, wanted = issue_path(key), "created,creator,labels"
        doing = "reading the issue's origin"
        try:
            data = self._wire.read(key, doing, path, fields=wanted, properties=ORIGIN, expand="changelog")
        except NotFound:
            return None
        try:
            fields, value = data["fields"], (data.get("properties") or {}).get(ORIGIN) or {}
            writers = [
                fields.get("creator"),
                *(entry.get("author") for entry in data["changelog"]["histories"]),
            ]
            accounts = [values.person(one or {}).account for one in writers]
            return Origin(
                id=str(data["id"]),
                key=str(data["key"]),
                created=values.time(fields["created"]),
                mine=accounts[0] == self._me.account,
                touched=set(accounts) != {self._me.account},
                marker=str(value.get("marker") or ""),
                labels=frozenset(map(str, fields.get("labels") or ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise strange(key, "the issue's origin") from None

    def keep_one(self, known: Origin, marker: str, *, newest: bool) -> Origin:
        """Look for twins of an issue; of those that nobody else has touched only the oldest stays.

        Parameters
        ----------
        known : `Origin`
            The issue.
        marker : `str`
            What it was made for.
        newest : `bool`
            Whether it was made just now, so that no key can come after its own.

        Returns
        -------
        oldest : `Origin`
            The one to go on with.

        Raises
        ------
        RemoteError
            If Jira did not do its part; asking again goes on from there.
        """
        after = () if newest else self._near(known, marker, 1)
        twins: list[Origin] = [known, *self._near(known, marker, -1), *after]
        oldest = min(twins, key=lambda twin: int(twin.id))
        for other in twins:
            if other is not oldest:
                self._take_back(other, oldest)
        return oldest

    def _near(self, known: Origin, marker: str, step: int) -> Iterator[Origin]:
        project, _, number = known.key.rpartition("-")
        gap = 0
        for at in range(int(number) + step, max(0, int(number) + step * _MOST_KEYS), step):
            one = self._read(f"{project}-{at}", marker)
            gap = gap + 1 if one is None else 0
            if gap == _GAP and step > 0:
                return
            if one is not None and abs(one.created - known.created) > _LONGEST_LAG:
                return
            if one is not None and one.is_for(marker):
                yield one

    def _read(self, key: str, marker: str) -> Origin | None:
        """Read an issue; one that was not made for the marker is remembered, for it never was."""
        if (stranger := self._strangers.get(key)) is not None and not stranger.is_for(marker):
            return stranger
        one = self.origin(key)
        if one is not None and len(self._strangers) < _MOST_REMEMBERED:
            self._strangers[key] = one
        return one

    def _take_back(self, other: Origin, oldest: Origin) -> None:
        if other.touched:
            log.warning("%s was made for the same as %s, and people use it", other.key, oldest.key)
            return
        doing = f"taking it back, since {oldest.key} was made for the same"
        try:
            self._wire.write(other.key, doing, "DELETE", issue_path(other.id), None)
        except Refused as error:
            log.warning("%s; delete it by hand: cmbot goes on with %s", error, oldest.key)
        except NotFound:
            return
        else:
            log.warning("%s was made twice: %s is deleted again", oldest.key, other.key)
