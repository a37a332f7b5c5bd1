"""See what changed in Jira (design.md rules 1 and 7).

The search only says where to look: it lags, and an issue may be missing from it for a moment. So each
issue it names is read by its id, and absence is believed only after a full listing and a reading by id
(reference/jira.md section 8).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import CredentialsError, RemoteError
from cmbot.jira_schema import values
from cmbot.mirror import seen, unread
from cmbot.mirror.database import stamp
from cmbot.reconcile import arrivals, looking

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from cmbot.jira.searching import Changed
    from cmbot.reconcile.edges import Edges

_LOG = logging.getLogger(__name__)
_CURSOR = "jira cursor"
_REACHED = "jira cursor to be"
"""Note of when a search reached how far."""
_LISTED = "jira listed at"
_MOST = 500
"""Issues read in one pass; the next pass goes on at once."""
_MANY = 20
"""From so many on they are read together, which on Data Center is not as fresh."""
_STRIKES = 3
"""Readings in a row that fail before Jira counts as away."""
_SECOND = timedelta(seconds=2)
"""After this long nothing more can happen in the second of a change that was seen."""


@dataclass
class News:
    """What is new in Jira."""

    keys: set[str] = field(default_factory=set)
    """Keys of what changed, and of its parents."""
    changed: int = 0
    """Issues that changed."""
    trouble: RemoteError | None = None
    """What kept cmbot from seeing everything."""
    more: bool = False
    """Whether there is more to be read at once."""


def changes(edges: Edges, now: datetime, named: Mapping[str, str] | None = None) -> News:
    """Search once for what changed, and read each changed issue.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    now : `datetime.datetime`
        The time.
    named : `~collections.abc.Mapping` [`str`, `str`], optional
        Ids and keys of issues to read in any case: those that a webhook named.

    Returns
    -------
    news : `News`
        With the trouble, if Jira did not answer; nothing is missed then, for what is not read stays noted.
    """
    news = News()
    rows = unread.due(edges.mirror, now, _MOST)
    whole_seconds = not any(row.kind and datetime.fromisoformat(row.version).microsecond for row in rows)
    # While a pass still has all that it can read, as after a start, another search would only name it again.
    if named or len(rows) < _MOST:
        try:
            whole_seconds = _list(edges, now, named or {})
        except RemoteError as error:
            news.trouble = error
            return news
        rows = unread.due(edges.mirror, now, _MOST)
    _read(edges, rows, now, news, whole_seconds=whole_seconds)
    news.more = news.trouble is None and len(rows) == _MOST and bool(unread.due(edges.mirror, now, 1))
    return news


def _read(
    edges: Edges, rows: tuple[unread.Row, ...], now: datetime, news: News, *, whole_seconds: bool
) -> None:
    together, strikes = _together(edges, rows), 0
    new = arrivals.keep(edges, rows, together) if together else []
    news.keys.update(key for issue in new for key in (issue.key, issue.parent) if key)
    news.changed += len(new)
    kept = set() if whole_seconds else {issue.id for issue in new}
    for row in rows:
        if row.id in kept:
            continue
        try:
            keys = looking.look(edges, row, now, together.get(row.id))
        except RemoteError as error:
            # One issue that cannot be read holds up nobody; it is read again, later and later.
            with edges.mirror.writing() as connection:
                unread.failed(connection, row, str(error), now)
            _LOG.log(logging.WARNING if not row.tries else logging.DEBUG, "%s", error)
            strikes += 1
            if isinstance(error, CredentialsError) or strikes == _STRIKES:
                news.trouble = error
                return
            continue
        strikes = 0
        if whole_seconds and row.version:
            _look_again(edges, row, now)
        news.keys |= keys
        news.changed += bool(keys)


def ready(edges: Edges) -> bool:
    """Tell whether decisions may be made: everything there is was seen once.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.

    Returns
    -------
    ready : `bool`
        `False` before the first full listing was read through.
    """
    return bool(edges.mirror.note(_LISTED)) and unread.complete(edges.mirror)


def _list(edges: Edges, now: datetime, named: Mapping[str, str]) -> bool:
    """Search, and note what is to be read together with the new cursor; say whether stamps lack fractions."""
    known, settings = edges.mirror.note(_CURSOR), edges.settings.jira
    overdue = _overdue(edges.mirror.note(_LISTED), now, settings.resync)
    full = overdue or not known
    for issue_id in named:
        edges.jira.expect(issue_id)
    listed = edges.jira.changed(None if full else int(known))
    cursor = _cursor(edges, listed, known, now)
    ids = [item["id"] for item in listed]
    before, noted = seen.versions(edges.mirror, ids), unread.among(edges.mirror, ids)
    to_read = [
        (item["id"], item["key"], stamp(item["updated"]), item["issuetype"])
        for item in listed
        if _is_news(edges, item, before.get(item["id"]), noted.get(item["id"]), overdue=overdue)
    ]
    if to_read or named or full or cursor != known:
        with edges.mirror.writing() as connection:
            unread.add_all(connection, to_read, now)
            for issue_id, key in named.items():
                unread.add(connection, issue_id, key, now)
            if full:
                _note_missing(edges, connection, set(ids), now)
                _remember(connection, _LISTED, stamp(now))
            _remember(connection, _CURSOR, cursor)
    return bool(listed) and not any(item["updated"].microsecond for item in listed)


def _together(edges: Edges, rows: tuple[unread.Row, ...]) -> dict[str, Mapping[str, Any]]:
    """Read many issues with few requests, as after a start; whatever is left out is read by itself."""
    updated = {row.id: datetime.fromisoformat(row.version) for row in rows if row.kind}
    if len(updated) < _MANY:
        return {}
    listed: list[Changed] = [
        {"id": row.id, "key": row.key, "updated": updated[row.id], "status": "", "issuetype": row.kind}
        for row in rows
        if row.kind
    ]
    try:
        found = {body["id"]: body for body in edges.jira.issues(listed)}
    except RemoteError as error:
        _LOG.debug("%s", error)
        return {}
    fresh = ((key, body) for key, body in found.items() if key in updated)
    return {key: body for key, body in fresh if values.time(body["fields"]["updated"]) >= updated[key]}


def _overdue(listed: str, now: datetime, resync: timedelta) -> bool:
    # In both directions: the clock of this machine may have been put back.
    return not listed or abs(now - datetime.fromisoformat(listed)) >= resync


def _cursor(edges: Edges, listed: list[Changed], known: str, now: datetime) -> str:
    """Move on behind the newest change seen, by Jira's clock, when it has been within reach for long enough.

    A search may lag, and may miss an issue for a moment. So the cursor stays the overlap behind the newest
    change of a search, and moves there only when further searches have had as long a time to see the rest.
    """
    if not listed:
        return known
    mirror, overlap = edges.mirror, edges.settings.jira.overlap
    since, _, reached = mirror.note(_REACHED).partition(" ")
    if since and abs(now - datetime.fromisoformat(since)) < overlap:
        return known
    newest = max(item["updated"] for item in listed)
    if newest > now + overlap:
        # Jira's clock went wrong or ours did. A cursor in Jira's future would see nothing until then.
        newest = min(newest, edges.jira.server_time())
    behind = int((newest - overlap).timestamp() * 1000)
    mirror.remember(_REACHED, f"{stamp(now)} {behind}")
    return str(min(int(reached), behind)) if reached else known


def _is_news(
    edges: Edges, item: Changed, before: tuple[str, str] | None, row: unread.Row | None, *, overdue: bool
) -> bool:
    if row is not None and row.error:
        # A failure in this very version is left alone by `unread.add`.
        return True
    managed = edges.names.managed(item["issuetype"])
    if before is None or not managed:
        # What is not cmbot's is of interest only if it was.
        return managed or before is not None
    key, updated = before
    found = stamp(item["updated"])
    # The search may be older than what was read by id; now and then also a Jira that was put back is seen.
    return key != item["key"] or (found != updated if overdue else found > updated)


def _note_missing(edges: Edges, connection: Connection, listed: set[str], now: datetime) -> None:
    for issue_id, key in seen.keys_by_id(edges.mirror).items():
        if issue_id not in listed and unread.find(edges.mirror, issue_id) is None:
            unread.add(connection, issue_id, key, now)


def _look_again(edges: Edges, row: unread.Row, now: datetime) -> None:
    """Read once more where stamps are whole seconds: a second change in the same one would not show."""
    again = f"again {row.version}"
    if row.version.startswith("again ") or unread.find(edges.mirror, row.id) is not None:
        return
    with edges.mirror.writing() as connection:
        unread.add(connection, row.id, row.key, now + _SECOND, again)


def _remember(connection: Connection, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))
