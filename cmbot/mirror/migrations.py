"""The tables, as small steps that are each applied once, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection


def _first(connection: Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)


_TABLES = (
    """CREATE TABLE issues (
        id TEXT PRIMARY KEY, key TEXT NOT NULL, level TEXT NOT NULL, status TEXT NOT NULL,
        parent TEXT NOT NULL, updated TEXT NOT NULL, body TEXT NOT NULL)""",
    "CREATE INDEX issues_key ON issues (key)",
    "CREATE INDEX issues_parent ON issues (parent)",
    """CREATE TABLE plans (
        step_id TEXT NOT NULL, hash TEXT NOT NULL, cause_id TEXT NOT NULL, directory TEXT NOT NULL,
        asked_at TEXT NOT NULL, answer TEXT, PRIMARY KEY (step_id, hash))""",
    """CREATE TABLE groups (
        step_id TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, predicate TEXT NOT NULL,
        issue_id TEXT NOT NULL DEFAULT '', issue_key TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (step_id, name))""",
    """CREATE TABLE causes (
        id TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, at TEXT NOT NULL,
        what TEXT NOT NULL)""",
    """CREATE TABLE attempts (
        id INTEGER PRIMARY KEY, step_id TEXT NOT NULL, grp TEXT NOT NULL, number INTEGER NOT NULL,
        state TEXT NOT NULL, cause_id TEXT NOT NULL REFERENCES causes, hash TEXT NOT NULL,
        created_at TEXT NOT NULL, ended_at TEXT, summary TEXT NOT NULL DEFAULT '',
        UNIQUE (step_id, grp, number), UNIQUE (step_id, grp, cause_id))""",
    """CREATE TABLE tries (
        id INTEGER PRIMARY KEY, attempt_id INTEGER NOT NULL REFERENCES attempts, nonce TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE, state TEXT NOT NULL, directory TEXT NOT NULL,
        host TEXT NOT NULL, reserved_at TEXT NOT NULL, ended_at TEXT, request_id INTEGER,
        lookups INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '')""",
    # At most one submission of an attempt can be under way or have happened.
    "CREATE UNIQUE INDEX tries_live ON tries (attempt_id) WHERE state <> 'not submitted'",
    """CREATE TABLE reports (
        try_id INTEGER NOT NULL REFERENCES tries, kind TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (try_id, kind))""",
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY, issue_id TEXT NOT NULL, issue_key TEXT NOT NULL, kind TEXT NOT NULL,
        marker TEXT NOT NULL UNIQUE, body TEXT NOT NULL, state TEXT NOT NULL,
        sends INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, not_before TEXT NOT NULL,
        told_at TEXT, result TEXT NOT NULL DEFAULT '',
        error TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX outbox_pending ON outbox (id) WHERE state = 'pending'",
    """CREATE TABLE events (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, issue_key TEXT NOT NULL, who TEXT NOT NULL,
        what TEXT NOT NULL, why TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX events_issue ON events (issue_key)",
    """CREATE TRIGGER events_are_kept BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    """CREATE TRIGGER events_stay BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    """CREATE TABLE lease (
        id INTEGER PRIMARY KEY CHECK (id = 1), holder TEXT NOT NULL, token INTEGER NOT NULL,
        expires_at TEXT NOT NULL)""",
    "CREATE TABLE requests (host TEXT NOT NULL, at TEXT NOT NULL)",
    "CREATE INDEX requests_host ON requests (host, at)",
    "CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)


def _movers(connection: Connection) -> None:
    connection.execute(
        """CREATE TABLE movers (
        issue_id TEXT NOT NULL, history_id INTEGER NOT NULL, roles TEXT NOT NULL,
        PRIMARY KEY (issue_id, history_id))"""
    )


def _unread(connection: Connection) -> None:
    """Issues that are to be read, or cannot be followed; and the keys that issues had before."""
    connection.execute(
        """CREATE TABLE unread (
        id TEXT PRIMARY KEY, key TEXT NOT NULL, version TEXT NOT NULL, since TEXT NOT NULL,
        not_before TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
        kind TEXT NOT NULL DEFAULT '', parent TEXT NOT NULL DEFAULT '',
        silent INTEGER NOT NULL DEFAULT 0)"""
    )
    connection.execute("CREATE TABLE former_keys (key TEXT PRIMARY KEY, id TEXT NOT NULL)")


def _definitions(connection: Connection) -> None:
    connection.execute(
        """CREATE TABLE definitions (
        step_id TEXT NOT NULL, hash TEXT NOT NULL, fields TEXT NOT NULL, at TEXT NOT NULL,
        PRIMARY KEY (step_id, hash))"""
    )
    connection.execute(
        """CREATE TABLE contradictions (
        step_id TEXT NOT NULL, grp TEXT NOT NULL, text TEXT NOT NULL, entries TEXT NOT NULL,
        PRIMARY KEY (step_id, grp))"""
    )


def _followed(connection: Connection) -> None:
    """When things were seen last, what is overdue, and hosts that asked to be left alone."""
    connection.execute("ALTER TABLE tries ADD COLUMN seen_at TEXT")
    connection.execute("ALTER TABLE attempts ADD COLUMN since TEXT NOT NULL DEFAULT ''")
    connection.execute("UPDATE attempts SET since = coalesce(ended_at, created_at)")
    connection.execute("ALTER TABLE attempts ADD COLUMN attention TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE attempts ADD COLUMN reopened_at TEXT")
    connection.execute(
        "CREATE TABLE hosts (host TEXT PRIMARY KEY, refusals INTEGER NOT NULL, not_before TEXT NOT NULL)"
    )


def _orders(connection: Connection) -> None:
    """What people ask of attempts, and what an attempt does otherwise than its definition says."""
    connection.execute(
        """CREATE TABLE orders (
        id INTEGER PRIMARY KEY, cause_id TEXT NOT NULL REFERENCES causes, verb TEXT NOT NULL,
        step_id TEXT NOT NULL, grp TEXT NOT NULL, number INTEGER NOT NULL, changes TEXT NOT NULL,
        state TEXT NOT NULL, note TEXT NOT NULL DEFAULT '', sent INTEGER NOT NULL DEFAULT 0, sent_at TEXT,
        UNIQUE (cause_id, step_id, grp))"""
    )
    connection.execute("CREATE INDEX orders_attempt ON orders (step_id, grp, number)")
    connection.execute("CREATE INDEX orders_open ON orders (step_id) WHERE state = 'open'")
    connection.execute("ALTER TABLE attempts ADD COLUMN changes TEXT NOT NULL DEFAULT '{}'")


def _systems(connection: Connection) -> None:
    """Which WMS has a submission, and at which site."""
    connection.execute("ALTER TABLE tries ADD COLUMN wms TEXT NOT NULL DEFAULT 'PanDA'")
    connection.execute("ALTER TABLE tries ADD COLUMN site TEXT NOT NULL DEFAULT ''")


def _recorded(connection: Connection) -> None:
    """Workflows that others ran."""
    connection.execute("ALTER TABLE tries ADD COLUMN recorded TEXT NOT NULL DEFAULT ''")


def _commands(connection: Connection) -> None:
    """Comments with commands, and when issues were seen first: older comments command nothing."""
    connection.execute(
        """CREATE TABLE commands (
        comment_id TEXT PRIMARY KEY, issue_id TEXT NOT NULL, account TEXT NOT NULL, name TEXT NOT NULL,
        at TEXT NOT NULL, lines TEXT NOT NULL, restricted INTEGER NOT NULL, unfit TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'new')"""
    )
    connection.execute("CREATE INDEX commands_issue ON commands (issue_id, at)")
    connection.execute("CREATE INDEX commands_waiting ON commands (at) WHERE state <> 'done'")
    connection.execute(
        """CREATE TABLE arrivals (
        issue_id TEXT PRIMARY KEY, at TEXT NOT NULL, asked INTEGER NOT NULL DEFAULT 0)"""
    )
    connection.execute("INSERT INTO arrivals SELECT id, updated, 1 FROM issues")
    # An OR IGNORE would become the OR REPLACE of the statement that fires it.
    connection.execute(
        """CREATE TRIGGER issues_arrive AFTER INSERT ON issues
        BEGIN INSERT INTO arrivals SELECT NEW.id, NEW.updated, 0
        WHERE NOT EXISTS (SELECT 1 FROM arrivals WHERE issue_id = NEW.id); END"""
    )


def _pages(connection: Connection) -> None:
    """Campaigns are found by status and last change, however many there are (requirement W9)."""
    connection.execute("CREATE INDEX issues_status ON issues (level, status, updated)")
    connection.execute("CREATE INDEX issues_updated ON issues (level, updated)")


def _acts(connection: Connection) -> None:
    """What people commanded that counts as a move of an issue."""
    connection.execute(
        """CREATE TABLE acts (
        id INTEGER PRIMARY KEY, cause_id TEXT NOT NULL REFERENCES causes, issue_id TEXT NOT NULL,
        source TEXT NOT NULL, target TEXT NOT NULL, after INTEGER NOT NULL,
        noticed INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
        UNIQUE (cause_id, issue_id))"""
    )
    connection.execute("CREATE INDEX acts_issue ON acts (issue_id)")


def _creations(connection: Connection) -> None:
    """Campaigns that programs and schedules asked for."""
    connection.execute(
        """CREATE TABLE creations (
        key TEXT PRIMARY KEY, source TEXT NOT NULL, due_at TEXT NOT NULL, definition TEXT NOT NULL,
        campaign TEXT NOT NULL, problem TEXT NOT NULL)"""
    )
    connection.execute("CREATE INDEX creations_source ON creations (source, due_at)")


def _verdicts(connection: Connection) -> None:
    """Verdicts that people commanded, and who has signed for what."""
    connection.execute(
        """CREATE TABLE verdicts (
        id INTEGER PRIMARY KEY, cause_id TEXT NOT NULL REFERENCES causes, issue_id TEXT NOT NULL,
        verdict TEXT NOT NULL, reason TEXT NOT NULL, after INTEGER NOT NULL,
        noticed INTEGER NOT NULL DEFAULT 0, UNIQUE (cause_id, issue_id))"""
    )
    connection.execute("CREATE INDEX verdicts_issue ON verdicts (issue_id)")
    connection.execute(
        """CREATE TABLE signatures (
        issue_id TEXT NOT NULL, role TEXT NOT NULL, cause_id TEXT NOT NULL REFERENCES causes,
        PRIMARY KEY (issue_id, role))"""
    )


def _withdrawals(connection: Connection) -> None:
    """What people took back of what attempts had made."""
    connection.execute(
        """CREATE TABLE withdrawals (
        step_id TEXT NOT NULL, grp TEXT NOT NULL, number INTEGER NOT NULL,
        cause_id TEXT NOT NULL REFERENCES causes, removed INTEGER NOT NULL, done INTEGER NOT NULL,
        PRIMARY KEY (step_id, grp, number))"""
    )


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    _first,
    _movers,
    _unread,
    _definitions,
    _followed,
    _orders,
    _systems,
    _recorded,
    _commands,
    _pages,
    _acts,
    _creations,
    _verdicts,
    _withdrawals,
)
"""Every step ever released; appended to, never edited."""


def migrate(connection: Connection) -> None:
    """Bring a database up to date.

    Parameters
    ----------
    connection : `sqlite3.Connection`
        In autocommit mode.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        (done,) = connection.execute("PRAGMA user_version").fetchone()
        for step in MIGRATIONS[done:]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
