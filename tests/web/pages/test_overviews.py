"""Errors, sites, and cmbot itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

import cmbot
from cmbot.mirror import reports, sites
from cmbot.models.attempts import AttemptState

if TYPE_CHECKING:
    from tests.web.pages.conftest import Reader, World


@pytest.fixture
def busy(world: World) -> World:
    """CM-1 with a group that failed at SLAC and one that runs in France."""
    world.campaign("one")
    world.split("CM-2", 2)
    item = world.attempt("CM-2", "g001", AttemptState.FAILED)
    error = {"component": "pilot", "code": 1305, "diag": "killed"}
    example = {"label": "isr", "errors": [error], "site": "SLAC", "job": 7, "request_id": 4001}
    kinds = {"failed": 3, "kinds": [{"example": example, "count": 3}]}
    with world.mirror.writing() as connection:
        reports.save(connection, item, "failures", kinds, world.now)
        sites.hold(connection, sites.Held("SLAC", "rita", world.now, "power cut <b>"))
    world.attempt("CM-2", "g002", AttemptState.RUNNING, (10, 4, 1, 5), site="FrDF")
    return world


@pytest.mark.covers("V5")
def test_errors_are_added_up_by_step_site_and_day_and_beside_them_stand_the_rules(
    busy: World, reader: Reader
) -> None:
    page = reader.twin("errors.json")
    by = {matrix["title"]: matrix for matrix in page["matrices"]}
    assert by["step"]["rows"] == {"pilot:1305": [3]}
    assert by["step"]["columns"] == ["CM-2 step1"]
    assert by["site"]["columns"] == ["SLAC"]
    rules = {rule["name"]: rule for rule in page["rules"]}
    assert sum(rule["decided"] + rule["would"] for rule in rules.values()) == 3
    assert {rule["active"] for rule in rules.values()} == {True, False}
    text = reader.text("errors")
    assert "pilot:1305" in text
    assert "passive" in text
    assert reader.twin("errors.json?key=CM-1")["matrices"] == page["matrices"]
    assert reader.get("errors?key=CM-99").status_code == 400
    assert reader.get("errors?colour=red").status_code == 400


@pytest.mark.covers("F5")
def test_a_site_manager_sees_what_runs_there_and_why_it_is_held(busy: World, reader: Reader) -> None:
    text = reader.text("sites")
    assert "power cut &lt;b&gt;" in text
    assert 'href="group/CM-2/g002"' in text
    assert "4 of 10" in text
    (site,) = reader.twin("sites.json?site=FrDF")["sites"]
    assert [(one["group"], one["state"]) for one in site["running"]] == [("g002", "running")]
    assert reader.get("sites?site=nowhere").status_code == 400


@pytest.mark.covers("V7")
def test_the_system_page_says_who_leads_what_is_queued_and_what_was_spent(
    busy: World, reader: Reader
) -> None:
    with busy.mirror.writing() as connection:
        for minutes in (1, 2, 90):
            at = (busy.now - timedelta(minutes=minutes)).isoformat(timespec="microseconds")
            connection.execute("INSERT INTO requests VALUES ('monitor.example.org', ?)", (at,))
    system = reader.twin("system.json")["system"]
    assert system["version"] == cmbot.__version__
    assert system["holder"]
    assert system["mirror"]["attempts"] == {"failed": 1, "running": 1}
    assert system["mirror"]["issues"] == {"campaign": 1, "step": 1}
    assert system["mirror"]["requests"] == {"monitor.example.org": 2}
    assert system["limits"]["monitor.example.org"] == 500
    text = reader.text("system")
    assert cmbot.__version__ in text
    assert "monitor.example.org" in text


def test_two_instances_with_the_same_settings_show_the_same_hash(busy: World, reader: Reader) -> None:
    first = reader.twin("system.json")["system"]["settings"]
    assert len(first) == 64
    assert reader.twin("system.json")["system"]["settings"] == first


@pytest.mark.covers("V8")
def test_prometheus_reads_how_cmbot_is_under_any_name(busy: World, reader: Reader) -> None:
    answer = reader.get("metrics", Host="10.1.2.3:8480")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert 'cmbot_attempts{state="running"} 1.0' in lines
    assert "cmbot_stale 0.0" in lines
    assert any(line.startswith("cmbot_last_pass_timestamp_seconds ") for line in lines)
    busy.mirror.remember("jira names", "")
    with busy.served() as other:
        assert other.get("metrics").status_code == 503
