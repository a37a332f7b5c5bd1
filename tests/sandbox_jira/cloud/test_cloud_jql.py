"""The same JQL on Cloud, where people are account ids and creating is part of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Cloud


@pytest.fixture
def moved(cloud: Cloud) -> Cloud:
    """CM-1 is bob's and was launched an hour after it was made; CM-2 stays as it is."""
    for _ in range(2):
        cloud.create(assignee={"accountId": cloud.account("bob")})
    cloud.clock.advance(hours=1)
    cloud.move("CM-1", "Launch")
    cloud.rest("PUT", "issue/CM-2/assignee", json={"accountId": None})
    return cloud


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("status was Draft", ["CM-1", "CM-2"]),
        ("status was Launch", ["CM-1"]),
        ("status was EMPTY", []),
        ("status changed", ["CM-1"]),  # creating is no change
        ("project = CM AND NOT status changed", ["CM-2"]),
        ("status changed FROM Draft TO Launch BY currentUser() AFTER -1m", ["CM-1"]),
        ("status changed AFTER 1795179599999", ["CM-1"]),  # 2026-11-20 13:00 UTC
        ("status changed AFTER 1795179600000", []),
        ("assignee was {bob}", ["CM-1", "CM-2"]),
        ("assignee = {bob}", ["CM-1"]),
        ("assignee changed FROM {bob} TO EMPTY", ["CM-2"]),
        ('assignee in membersOf("jira-software-users")', ["CM-1"]),
        ("updated >= startOfDay() AND updated <= now()", ["CM-1", "CM-2"]),
        ("created >= endOfDay(-1) AND status = Launch", ["CM-1"]),
    ],
)
def test_a_query_finds(moved: Cloud, jql: str, keys: list[str]) -> None:
    assert sorted(moved.search(jql.format(bob=moved.account("bob")))) == keys


def test_what_it_does_not_know_is_refused(moved: Cloud) -> None:
    for jql in ("status was Nonsense", "labels changed", "created > startOfDay(x)", "summary ~ first"):
        assert moved.rest("POST", "search/jql", json={"jql": jql}).status_code == 400
