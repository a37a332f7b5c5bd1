"""A search index that lags behind, and that now and then loses an issue for a moment.

It is a copy of the issues in the store's own connection. Triggers note which issues were written, and a
search first copies those whose time has come. What lives in other tables (histories, comments) does not lag.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmbot.sandbox.jira.store import Store

_NOTE = "BEGIN INSERT INTO unindexed_{{0}} VALUES ({}.id, sandbox_now()); END"
_BEGIN = (
    "CREATE TEMP TABLE indexed_{0} AS SELECT * FROM issues",
    "CREATE UNIQUE INDEX temp.indexed_{0}_by_id ON indexed_{0} (id)",
    "CREATE TEMP TABLE unindexed_{0} (issue_id INTEGER NOT NULL, at INTEGER NOT NULL)",
    "CREATE TEMP TRIGGER issue_added_{0} AFTER INSERT ON main.issues " + _NOTE.format("NEW"),
    "CREATE TEMP TRIGGER issue_changed_{0} AFTER UPDATE ON main.issues " + _NOTE.format("NEW"),
    "CREATE TEMP TRIGGER issue_removed_{0} AFTER DELETE ON main.issues " + _NOTE.format("OLD"),
)
_END = (
    "DROP TRIGGER temp.issue_added_{0}",
    "DROP TRIGGER temp.issue_changed_{0}",
    "DROP TRIGGER temp.issue_removed_{0}",
    "DROP TABLE temp.unindexed_{0}",
    "DROP TABLE temp.indexed_{0}",
)


class IndexTrouble(BaseModel):
    """How the index misbehaves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lag: Annotated[float, Field(ge=0, le=3_600)] = 0.0
    """Seconds of the sandbox's clock until a search sees a write."""
    regress: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of searches that miss one issue they should find."""
    short: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of Cloud's pages that hold fewer issues than asked for, down to none."""


class SearchIndex:
    """What searches read.

    Parameters
    ----------
    store : `Store`
        The store.
    name : `str`
        What its tables are told apart by from those of another index over the same store.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._lagging = False
        self.seed("0")
        self.trouble = IndexTrouble()
        store.function("sandbox_now", 0, store.now, deterministic=False)

    def seed(self, seed: str) -> None:
        """Decide anew which issue is missed when."""
        self._chance = Random(seed)  # noqa: S311 - faults, not secrets

    def set(self, trouble: IndexTrouble) -> None:
        """Misbehave like this from now on; what is written so far is indexed."""
        with self._store.transaction():
            for statement in _END if self._lagging else ():
                self._store.run(statement.format(self._name))
            self.trouble = trouble
            self._lagging = trouble.lag > 0
            for statement in _BEGIN if self._lagging else ():
                self._store.run(statement.format(self._name))

    def table(self, current: Iterable[int] = ()) -> str:
        """The table to search, brought up to what it may know now.

        Parameters
        ----------
        current : `~collections.abc.Iterable` [`int`], optional
            Ids of issues that are to be right whatever the lag (``reconcileIssues``).
        """
        if not self._lagging:
            return "issues"
        indexed, unindexed = f"indexed_{self._name}", f"unindexed_{self._name}"
        due = self._store.now() - round(self.trouble.lag * 1000)
        with self._store.transaction():
            for issue in current:
                self._store.run(f"UPDATE {unindexed} SET at = ? WHERE issue_id = ?", due, issue)  # noqa: S608 - fixed words
            ready = f"(SELECT issue_id FROM {unindexed} WHERE at <= ?)"  # noqa: S608 - fixed words
            if self._store.row(f"SELECT 1 FROM {unindexed} WHERE at <= ?", due) is not None:  # noqa: S608 - fixed words
                self._store.run(f"DELETE FROM {indexed} WHERE id IN {ready}", due)  # noqa: S608 - fixed words
                self._store.run(f"INSERT INTO {indexed} SELECT * FROM issues WHERE id IN {ready}", due)  # noqa: S608 - fixed words
                self._store.run(f"DELETE FROM {unindexed} WHERE at <= ?", due)  # noqa: S608 - fixed words
        return indexed

    def cut(self, limit: int) -> int:
        """How many issues a page holds that could hold so many."""
        return limit if self._chance.random() >= self.trouble.short else self._chance.randrange(limit)

    def missed(self, found: list[Any], current: Iterable[int] = ()) -> int | None:
        """The id of an issue that this search misses, if it misses one.

        Parameters
        ----------
        found : `list`
            Rows that the search found, each with an ``id``.
        current : `~collections.abc.Iterable` [`int`], optional
            Ids that may not be missed.
        """
        if not found or self._chance.random() >= self.trouble.regress:
            return None
        chosen = int(self._chance.choice(found)["id"])
        return None if chosen in set(current) else chosen
