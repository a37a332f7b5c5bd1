"""Comments that are written once, however often they are asked for (requirement W2).

A comment carries its marker twice: as the property ``cmbot.marker``, written in the same request,
and in its text. The text is looked at first, since it comes with the list; the property finds
a comment whose text somebody rewrote (reference/jira.md sections 12 and 13).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cmbot.exceptions import NotFound, OutcomeUnknown
from cmbot.jira import reading
from cmbot.jira.failures import strange
from cmbot.jira.wire import issue_path
from cmbot.jira_schema import values

if TYPE_CHECKING:
    from cmbot.jira.wire import Wire
    from cmbot.models.issues import Person

MARKER = "cmbot.marker"
_FOOTER = re.compile(r"cmbot \S+ \| (?P<marker>\S.*?)\{color\}\s*\Z")
_MOST_REMEMBERED = 10_000


def marker_in(body: str) -> str:
    """Read the marker in the text of a comment.

    Parameters
    ----------
    body : `str`
        The text.

    Returns
    -------
    marker : `str`
        Empty if it has none.
    """
    found = _FOOTER.search(body)
    return found["marker"] if found else ""


class Comments:
    """Writes comments with markers.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    me : `~cmbot.models.issues.Person`
        Our own account: nobody else's comments are touched.
    """

    def __init__(self, wire: Wire, me: Person) -> None:
        self._wire = wire
        self._me = me
        # A comment gets its marker when it is made and keeps it.
        self._markers: dict[str, str] = {}

    def keep(self, issue_id: str, marker: str, body: str, known_id: str | None) -> str:
        """See that exactly one comment with the marker exists, with this text.

        Parameters
        ----------
        issue_id, marker, body : `str`
            The issue, the marker and the text, which contains the marker.
        known_id : `str` or `None`
            Id of the comment, if it was written before.

        Returns
        -------
        id : `str`
            Its id.

        Raises
        ------
        OutcomeUnknown
            If it may have been written and was not found.
        RemoteError
            Otherwise.
        """
        comment = self._known(issue_id, known_id) or self._find(issue_id, marker)
        if comment is None:
            return self._add(issue_id, marker, body)
        if not _same(comment.get("body"), body):
            self._edit(issue_id, comment, body)
        return str(comment["id"])

    def once(self, issue_id: str, marker: str, body: str) -> str:
        """Write a comment unless one with the marker exists; its text is left as it is.

        Parameters
        ----------
        issue_id, marker, body : `str`
            As in `keep`.

        Returns
        -------
        id : `str`
            Its id.

        Raises
        ------
        OutcomeUnknown
            If it may have been written and was not found.
        RemoteError
            Otherwise.
        """
        comment = self._find(issue_id, marker)
        return self._add(issue_id, marker, body) if comment is None else str(comment["id"])

    def told(self, issue_id: str) -> dict[str, tuple[str, str]]:
        """Read what was told on an issue.

        Parameters
        ----------
        issue_id : `str`
            The issue.

        Returns
        -------
        told : `dict` [`str`, `tuple` [`str`, `str`]]
            By marker, the id and the text of our comment; of several the oldest.

        Raises
        ------
        RemoteError
            If they cannot be read.
        """
        found: dict[str, tuple[str, str]] = {}
        for comment in filter(self._is_mine, reading.comments(self._wire, issue_id)):
            body = str(comment.get("body") or "")
            if marker := marker_in(body):
                found.setdefault(marker, (str(comment["id"]), body))
        return found

    def _known(self, issue_id: str, known_id: str | None) -> dict[str, Any] | None:
        if known_id is None:
            return None
        path = issue_path(issue_id, "comment", known_id)
        try:
            comment = self._wire.read(self._wire.subject(issue_id), "reading a comment", path)
        except NotFound:
            return None
        return comment if self._is_mine(comment) else None

    def _find(self, issue_id: str, marker: str) -> dict[str, Any] | None:
        mine = [comment for comment in reading.comments(self._wire, issue_id) if self._is_mine(comment)]
        mine.reverse()
        for comment in sorted(mine, key=lambda comment: not _holds(comment, marker)):
            # The property decides; on a site that ignores properties the text does.
            if self._marker(issue_id, comment) in ({marker, ""} if _holds(comment, marker) else {marker}):
                return comment
        return None

    def _marker(self, issue_id: str, comment: dict[str, Any]) -> str:
        comment_id = str(comment["id"])
        if comment_id not in self._markers:
            if len(self._markers) >= _MOST_REMEMBERED:
                self._markers.clear()
            self._markers[comment_id] = self._read_marker(issue_id, comment_id)
        return self._markers[comment_id]

    def _read_marker(self, issue_id: str, comment_id: str) -> str:
        # The path is the same for comments of all issues.
        path = f"comment/{quote(comment_id, safe='')}/properties/{MARKER}"
        try:
            answer = self._wire.read(self._wire.subject(issue_id), "reading a comment's marker", path)
        except NotFound:
            return ""
        value = answer.get("value")
        return str(value.get("marker") or "") if isinstance(value, dict) else ""

    def _is_mine(self, comment: dict[str, Any]) -> bool:
        return values.person(comment.get("author") or {}).account == self._me.account

    def _add(self, issue_id: str, marker: str, body: str) -> str:
        content = {"body": body, "properties": [{"key": MARKER, "value": {"marker": marker}}]}
        subject, path = self._wire.subject(issue_id), issue_path(issue_id, "comment")
        try:
            comment = self._wire.write(subject, "adding a comment", "POST", path, content, answer=True)
        except OutcomeUnknown:
            found = self._find(issue_id, marker)
            if found is None:
                raise
            comment = found
        if "id" not in comment:
            raise strange(subject, "the new comment")
        return str(comment["id"])

    def _edit(self, issue_id: str, comment: dict[str, Any], body: str) -> None:
        content = {"body": body}
        if comment.get("visibility"):
            # An edit that leaves it out may drop it.
            content["visibility"] = comment["visibility"]
        path = issue_path(issue_id, "comment", str(comment["id"]))
        subject = self._wire.subject(issue_id)
        try:
            self._wire.write(subject, "editing a comment", "PUT", path, content)
        except OutcomeUnknown:
            now = self._known(issue_id, str(comment["id"]))
            if now is None or not _same(now.get("body"), body):
                raise


def _holds(comment: dict[str, Any], marker: str) -> bool:
    # As a whole: "launched 1" is not in "launched 12".
    return re.search(rf"(?<!\w){re.escape(marker)}(?!\w)", str(comment.get("body"))) is not None


def _same(there: object, wished: str) -> bool:
    return str(there).replace("\r\n", "\n").strip() == wished.replace("\r\n", "\n").strip()
