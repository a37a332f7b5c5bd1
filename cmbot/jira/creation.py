"""Issues and links that are made once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import OutcomeUnknown
from cmbot.jira import reading, searching
from cmbot.jira.failures import strange
from cmbot.jira.twins import ORIGIN, Twins, label
from cmbot.jira.wire import issue_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.jira.dialect import Dialect
    from cmbot.jira.twins import Origin
    from cmbot.jira.wire import Wire
    from cmbot.models.issues import Person


class Issues:
    """Makes issues once.

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
        self._project = project
        self._twins = Twins(wire, me)
        self._settled_at: dict[str, datetime] = {}

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
            If it may have been made and was not found; with the time from which on it would be found.
        RemoteError
            Otherwise.
        """
        found, new = self._find(marker, fields), None
        if found is None:
            self._let_settle(marker)
            try:
                found = new = self._make(marker, fields)
            except OutcomeUnknown as error:
                found = self._find(marker, fields)
                if found is None:
                    raise self._unsettled(marker, error) from None
        self._settled_at.pop(marker, None)
        # The search may not have shown what was made a moment before.
        kept = self._twins.keep_one(found, marker, newest=found is new)
        self._wire.keys[kept.id] = kept.key
        return kept.id, kept.key

    def _make(self, marker: str, fields: Mapping[str, Any]) -> Origin:
        labels = [*(name for name in fields.get("labels") or () if name != label(marker)), label(marker)]
        content = {
            "fields": {**fields, "project": {"key": self._project}, "labels": labels},
            "properties": [{"key": ORIGIN, "value": {"marker": marker}}],
        }
        doing = f"making the issue {str(fields.get('summary') or marker)!r}"
        made = self._wire.write(self._project, doing, "POST", "issue", content, answer=True)
        new = self._twins.origin(str(made["key"])) if "key" in made else None
        if new is None:
            raise strange(self._project, "the new issue")
        self._wire.written.add(new.id)
        return new

    def _let_settle(self, marker: str) -> None:
        """Refuse to make it again before the index would show the first one, by Jira's own clock."""
        if marker in self._settled_at:
            wait = self._settled_at[marker] - reading.server_time(self._wire, self._project)
            if wait > timedelta():
                raise _wait("an issue that may have been made is not found yet", self._project, wait)

    def _unsettled(self, marker: str, error: OutcomeUnknown) -> OutcomeUnknown:
        wait = self._dialect.settling
        self._settled_at[marker] = reading.server_time(self._wire, self._project) + wait
        return _wait(error.problem, self._project, wait)

    def _find(self, marker: str, fields: Mapping[str, Any]) -> Origin | None:
        quoted = searching.quoted
        clause = f"project = {quoted(self._project)} AND labels = {quoted(label(marker))}"
        pages = self._dialect.pages(self._wire, clause, "updated", searching.PAGE)
        keys = dict.fromkeys(str(data["key"]) for page in pages for data in page)
        if not keys and "parent" in fields:
            # No index delays the list of sub-tasks.
            keys = dict.fromkeys(reading.children(self._wire, fields["parent"]["key"], fields["summary"]))
        # What the index lists may be gone.
        found = [self._twins.origin(key) for key in keys]
        ours = [origin for origin in found if origin is not None and origin.is_for(marker)]
        # One that has the property before one that only looks like it; of two the older.
        return min(ours, key=lambda origin: (not origin.marker, int(origin.id)), default=None)


def _wait(problem: str, project: str, wait: timedelta) -> OutcomeUnknown:
    return OutcomeUnknown(project, problem, "cmbot looks for it again", datetime.now(UTC) + wait)


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
