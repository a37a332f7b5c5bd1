"""cmbot site: what runs at a compute site, and holding new work there."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from cmbot.mirror import journal, reports
from cmbot.models.attempts import Cause, TryState
from cmbot.models.issues import Person

AT = datetime(2026, 11, 20, 8, 15, tzinfo=UTC)


@pytest.fixture
def two_sites(terminal: Any) -> Any:
    """An attempt in flight at SLAC, none at IN2P3."""
    terminal.write_settings(sites={"SLAC": {"max_groups": 7}, "IN2P3": {}})
    cause = Cause("move:10001:5", Person("anna"), AT, "moved CM-1 to Launch")
    with closing(terminal.mirror()) as mirror:
        mirror.remember("jira names", json.dumps(["cmbot", "cmbot", "", {}]))
        with mirror.writing() as connection:
            attempt = journal.add_attempt(connection, "10002", "g001", 1, cause, "hash", AT)
            name = "CM-2_step1_g001_a1_0a1b2c3d"
            item = journal.add_try(connection, attempt, "0a1b2c3d", name, "x", AT, site="SLAC")
            journal.set_try(connection, item, state=TryState.SUBMITTED, request_id=4711)
            counts = {"total": 30, "done": 27, "failed": 3, "running": 0}
            reports.save(connection, item, "wms", {"counts": counts, "tasks": []}, AT)
    return terminal


@pytest.mark.covers("F5")
def test_a_site_manager_sees_what_runs_at_that_site(two_sites: Any) -> None:
    text = two_sites.run("site", "list").output
    assert "SLAC (PanDA): 1 of 7 groups in flight\n    10002 g001 a1: " in text
    assert "request 4711, 27 of 30 jobs, 3 failed, since 2026-11-20 08:15 UTC" in text
    (site,) = json.loads(two_sites.run("site", "list", "IN2P3", "--json").output)
    assert (site["name"], site["running"], site["held"]) == ("IN2P3", [], "")


@pytest.mark.covers("F5", "W13")
def test_a_site_is_held_with_a_reason_until_it_is_released(two_sites: Any) -> None:
    assert two_sites.run("site", "hold", "SLAC").exit_code == 2
    held = two_sites.run("site", "hold", "SLAC", "--reason", "power cut")
    assert "what runs there goes on" in held.output
    (slac,) = json.loads(two_sites.run("site", "list", "SLAC", "--json").output)
    assert slac["held"].startswith("held by ")
    assert slac["held"].endswith("UTC: power cut")
    again = two_sites.run("site", "hold", "SLAC", "--reason", "still")
    assert (again.exit_code, "`cmbot site release SLAC` first" in again.output) == (1, True)
    assert two_sites.run("site", "release", "SLAC", "--reason", "light").exit_code == 0
    assert two_sites.run("site", "release", "SLAC").exit_code == 1
    (slac,) = json.loads(two_sites.run("site", "list", "SLAC", "--json").output)
    assert slac["held"] == ""
    told = two_sites.run("history", "SLAC").output
    assert "holds new work at this site  (power cut)" in told
    assert "releases this site  (light)" in told


def test_a_site_that_is_none_is_refused_by_name(two_sites: Any) -> None:
    for words in (("list", "MARS"), ("hold", "MARS", "--reason", "far")):
        result = two_sites.run("site", *words)
        assert result.exit_code == 1
        assert "'MARS' is not known; use IN2P3, SLAC" in result.output
