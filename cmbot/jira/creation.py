"""Issues and links that are made once."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import NotFound, OutcomeUnknown, Refused
from cmbot.jira import reading
from cmbot.jira.failures import strange
from cmbot.jira.wire import issue_path
from cmbot.jira_schema import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.jira.dialect import Dialect
    from cmbot.jira.wire import Wire
    from cmbot.models.issues import Person

log = logging.getLogger(__name__)
ORIGIN = "cmbot.origin"
_LONGEST_LAG = timedelta(minutes=10)
"""Until then an index may not know an issue: seconds, on Cloud sometimes minutes."""
_MOST_BEFORE = 200
"""Most keys to look back."""
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
class _Origin:
    """Where an issue comes from; none of it changes."""

    id: str
    key: str
    created: datetime
    mine: bool
    """Whether our own account made it."""
    marker: str
    """What it was made for; empty where a site or a clone has no such property."""
    labels: frozenset[str]

    def is_for(self, marker: str) -> bool:
        # People's clones copy labels, and eight digits may meet: without the property only
        # an issue of our own counts, on a site that did not keep the property.
        return self.marker == marker or (self.mine and not self.marker and label(marker) in self.labels)


class Issues:
    """Makes issues once.

    The search that finds them runs on an index, which lags and may miss an issue for a moment; a read by
    key is never stale (reference/jira.md section 8.1). Keys are given in order: so a new issue is compared
    with those made just before it; if the search should have found one of them, it is taken back.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    dialect : `~cmbot.jira.dialect.Dialect`
        For the form of the search.
    me : `~cmbot.models.issues.Person`
        Our own account.
    project : `str`
        Key of the project.
    """

    def __init__(self, wire: Wire, dialect: Dialect, me: Person, project: str) -> None:
        self._wire = wire
        self._dialect = dialect
        self._me = me
        self._project = project
        self._origins: dict[str, _Origin] = {}

    def ensure(self, marker: str, fields: Mapping[str, Any]) -> tuple[str, str]:
        """See that the issue with a marker exists.

        Parameters
        ----------
        marker : `str`
            What it was made for.
        fields : `~collections.abc.Mapping` [`str`, `Any`]
            Raw values by the site's field ids; used only if it has to be made.

        Returns
        -------
        id, key : `str`
            The issue's.

        Raises
        ------
        OutcomeUnknown
            If it may have been made and was not found.
        RemoteError
            Otherwise.
        """
        found = self._find(marker)
        if found is None:
            found = self._make(marker, fields)
            if older := self._older(found, marker):
                self._take_back(found, older)
                found = older
        self._wire.keys[found.id] = found.key
        return found.id, found.key

    def _make(self, marker: str, fields: Mapping[str, Any]) -> _Origin:
        labels = [*(name for name in fields.get("labels") or () if name != label(marker)), label(marker)]
        content = {
            "fields": {**fields, "project": {"key": self._project}, "labels": labels},
            "properties": [{"key": ORIGIN, "value": {"marker": marker}}],
        }
        doing = f"making the issue {str(fields.get('summary') or marker)!r}"
        try:
            made = self._wire.write(self._project, doing, "POST", "issue", content, answer=True)
        except OutcomeUnknown:
            found = self._find(marker)
            if found is None:
                raise
            return found
        new = self._read_origin(str(made["key"])) if "key" in made else None
        if new is None:
            raise strange(self._project, "the new issue")
        self._wire.wrote(new.id)
        return new

    def _find(self, marker: str) -> _Origin | None:
        quoted = reading.quoted
        clause = f"project = {quoted(self._project)} AND labels = {quoted(label(marker))}"
        pages = self._dialect.pages(self._wire, clause, "updated", reading.PAGE)
        # Read afresh: what the index lists may be gone.
        found = [self._read_origin(str(data["key"])) for page in pages for data in page]
        ours = [origin for origin in found if origin is not None and origin.is_for(marker)]
        # One that has the property before one that only looks like it; of two the older.
        return min(ours, key=lambda origin: (not origin.marker, int(origin.id)), default=None)

    def _older(self, new: _Origin, marker: str) -> _Origin | None:
        project, _, number = new.key.rpartition("-")
        for before in range(int(number) - 1, max(0, int(number) - _MOST_BEFORE), -1):
            origin = self._remembered(f"{project}-{before}")
            if origin is not None and new.created - origin.created > _LONGEST_LAG:
                return None
            # Read again: somebody may have deleted it since.
            if origin is not None and origin.is_for(marker) and self._read_origin(origin.key):
                return origin
        return None

    def _take_back(self, new: _Origin, older: _Origin) -> None:
        doing = f"taking it back, since {older.key} was made for the same"
        try:
            self._wire.write(new.key, doing, "DELETE", issue_path(new.id), None)
        except Refused as error:
            log.warning("%s; delete it by hand: cmbot goes on with %s", error, older.key)
        else:
            log.warning("%s was made twice: %s is deleted again", older.key, new.key)

    def _remembered(self, key: str) -> _Origin | None:
        if key not in self._origins:
            if len(self._origins) >= _MOST_REMEMBERED:
                self._origins.clear()
            origin = self._read_origin(key)
            if origin is None:
                return None
            self._origins[key] = origin
        return self._origins[key]

    def _read_origin(self, key: str) -> _Origin | None:
        doing, wanted = "reading the issue's origin", "created,creator,labels"
        try:
            data = self._wire.read(key, doing, issue_path(key), fields=wanted, properties=ORIGIN)
        except NotFound:
            return None
        try:
            fields, value = data["fields"], (data.get("properties") or {}).get(ORIGIN) or {}
            return _Origin(
                id=str(data["id"]),
                key=str(data["key"]),
                created=values.time(fields["created"]),
                mine=values.person(fields.get("creator") or {}).account == self._me.account,
                marker=str(value.get("marker") or ""),
                labels=frozenset(map(str, fields.get("labels") or ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise strange(key, "the issue's origin") from None


def ensure_link(wire: Wire, kind: str, blocker_key: str, blocked_key: str) -> None:
    """See that "blocked is blocked by blocker" is written once.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    kind : `str`
        Name of the link type.
    blocker_key, blocked_key : `str`
        The issues.

    Raises
    ------
    OutcomeUnknown
        If it may have been written and was not found.
    RemoteError
        Otherwise.
    """
    if _is_linked(wire, kind, blocker_key, blocked_key):
        return
    # The inward issue is the one that blocks, in requests as in what is read back.
    content = {
        "type": {"name": kind},
        "inwardIssue": {"key": blocker_key},
        "outwardIssue": {"key": blocked_key},
    }
    try:
        wire.write(blocked_key, f"the link to {blocker_key}", "POST", "issueLink", content)
    except OutcomeUnknown:
        if not _is_linked(wire, kind, blocker_key, blocked_key):
            raise


def _is_linked(wire: Wire, kind: str, blocker_key: str, blocked_key: str) -> bool:
    data = wire.read(blocked_key, "reading the links", issue_path(blocked_key), fields="issuelinks")
    try:
        return any(
            link["type"]["name"] == kind and (link.get("inwardIssue") or {}).get("key") == blocker_key
            for link in data["fields"].get("issuelinks") or ()
        )
    except (KeyError, TypeError, AttributeError):
        raise strange(blocked_key, "the links") from None
