from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.sandbox.panda.store import Store, requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Build = Callable[..., dict[str, Any]]


def test_submissions_are_counted_one_by_one_also_when_their_names_are_equal(
    tmp_path: Path, workflow: Build
) -> None:
    before = datetime.now(UTC)
    with closing(Store(tmp_path)) as store:
        assert [store.submit(workflow("same", isr={})) for _ in range(2)] == [1, 2]
        counted = requests(tmp_path)
        assert store.ids_by_name("same") == {"same": 2}
    assert [(r.id, r.name, r.status) for r in counted] == [(1, "same", "New"), (2, "same", "New")]
    assert before <= counted[0].created <= counted[1].created <= datetime.now(UTC)
    assert requests(tmp_path) == counted


def test_counting_where_no_server_ever_was_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        requests(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_workflow_that_is_refused_leaves_nothing(tmp_path: Path, workflow: Build) -> None:
    with closing(Store(tmp_path)) as store:
        with pytest.raises(ValueError, match="does not exist"):
            store.submit(workflow("run", isr={"jobs": {"a": ["isr/none"]}}))
        assert requests(tmp_path) == []


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("names"))
    with store.transaction() as db:
        for name in ("a_b", "axb", "A_b", "a%b", "a\\b", "a.b", "a_b_c", "ab", "", "a\nb"):
            db.execute(
                "INSERT INTO requests (name, username, status, substatus, site, cloud, queue, created,"
                " updated, body) VALUES (?, '', 'New', 'New', '', '', '', '', '', '')",
                (name,),
            )
    return store


@given(pattern=st.text("abA_%.\\xc\n", max_size=6))
def test_look_up_by_name_is_sql_like(names: Store, pattern: str) -> None:
    if pattern.endswith("\\"):
        return  # an error in PostgreSQL, nothing in SQLite
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("PRAGMA case_sensitive_like = ON")
        everything = names.ids_by_name("%")
        matching = {
            name
            for name in everything
            if db.execute("SELECT ? LIKE ? ESCAPE '\\'", (name, pattern)).fetchone()[0]
        }
    assert set(names.ids_by_name(pattern)) == matching


def test_a_star_is_any_text_and_an_underscore_any_character(names: Store) -> None:
    assert set(names.ids_by_name("a*b")) == {"a_b", "axb", "a%b", "a\\b", "a.b", "ab", "a\nb"}
    assert set(names.ids_by_name("a_b")) == {"a_b", "axb", "a%b", "a\\b", "a.b", "a\nb"}
