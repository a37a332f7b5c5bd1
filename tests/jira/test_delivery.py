"""What is in the outbox reaches Jira: how many writes, and when it stops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.mirror import Mirror, deliveries, outbox
from cmbot.reconcile import deliver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmbot.jira.gateway import Jira
    from tests.jira.conftest import Site

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def edges(jira: Jira, site: Site, tmp_path: Path) -> Iterator[Any]:
    mirror = Mirror(tmp_path / "cmbot.sqlite")
    comments = SimpleNamespace(problem=lambda marker, error: f"{error}\n{marker}")
    yield SimpleNamespace(jira=jira, mirror=mirror, comments=comments, settings=None)
    mirror.close()


def keep(edges: Any, issue_id: str, text: str, now: datetime) -> None:
    issue = (issue_id, issue_id)
    with edges.mirror.writing() as connection:
        for kind, body in (
            ("status comment", {"text": f"{text}\nstatus:{issue_id}"}),
            ("property", {"key": "cmbot.attempts", "value": {"attempts": [text]}}),
            ("fields", {"Error summary": text}),
        ):
            marker = f"{kind}:{issue_id}" if kind != "status comment" else f"status:{issue_id}"
            outbox.keep_said(connection, issue, kind, marker, body, now, MINUTE)


@pytest.mark.covers("W15")
def test_an_issue_gets_one_routine_write_in_a_pass_and_everything_in_the_end(
    edges: Any, jira: Jira, site: Site
) -> None:
    ids = [jira.issue(site.make())["id"] for _ in range(3)]
    now = NOW
    for number in range(12):
        # Everything changes between two passes, as with jobs that go on.
        for one in ids:
            keep(edges, one, f"state {number}", now)
        site.writes()
        deliver.all_due(edges, now)
        written = [path.split("/")[1] for path in site.writes()]
        assert sorted(written) == sorted(ids)
        now += MINUTE
    while deliver.all_due(edges, now):
        now += MINUTE
    for one in ids:
        (comment,) = site.comments(one)
        assert comment["body"] == f"state 11\nstatus:{one}"
        read = jira.issue(one)
        assert read["properties"] == {"cmbot.attempts": {"attempts": ["state 11"]}}
        assert read["fields"][jira.field_id("Error summary")] == "state 11"


def test_when_jira_wants_no_requests_nothing_else_is_tried(edges: Any, jira: Jira, site: Site) -> None:
    ids = [jira.issue(site.make())["id"] for _ in range(3)]
    for one in ids:
        keep(edges, one, "state", NOW)
    site.disturb("429-hour", "POST", "/comment$")
    site.writes()
    before = datetime.now(UTC)
    assert deliver.all_due(edges, NOW) == 0
    assert site.writes() == []
    waiting = edges.mirror.connection.execute("SELECT * FROM outbox WHERE error <> ''").fetchall()
    assert len(waiting) == 1
    assert datetime.fromisoformat(waiting[0]["not_before"]) >= before + timedelta(seconds=1847)
    assert len(deliveries.pending(edges.mirror, NOW)) == 6
