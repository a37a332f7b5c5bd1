"""What the doctor says of facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import DefinitionError, Problem, RemoteError
from cmbot.jira_schema.fields import FIELDS
from cmbot.jira_schema.needs import VENDOR
from cmbot.jira_schema.place import Deployment, Place, TypePlace, TypeSeen, Webhook
from cmbot.models.issues import Person, Status
from cmbot.models.roster import Roster, Shift
from cmbot.operations import diagnosis, jira_diagnosis
from cmbot.operations.diagnosis import Health, Line
from cmbot.settings import JiraSettings, Secret

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SETTINGS = JiraSettings(url="https://jira.example.org", token=Secret())
IDS = {field.name: f"customfield_{number}" for number, field in enumerate(FIELDS, start=1)}
STATUSES = frozenset(status.lower() for status in Status)
TYPE = TypePlace(
    STATUSES,
    {IDS[field.name]: frozenset(field.options) if field.options else None for field in FIELDS},
    targets=STATUSES,
)
PLACE = Place(
    deployment=Deployment.CLOUD,
    url="https://jira.example.org",
    key="CM",
    project_id="10000",
    site_types={
        name.lower(): TypeSeen(name, name, subtask=name == "CM Group")
        for name in ("Epic", "CM Step", "CM Group")
    },
    types={"epic": TYPE, "cm step": TYPE, "cm group": TYPE},
    statuses=dict.fromkeys(STATUSES, "1"),
    link_types=frozenset({"blocks"}),
    custom={IDS[field.name]: (field.name, VENDOR[field.type].type) for field in FIELDS},
    fields=IDS,
)


def health_of(place: Place) -> dict[str, Health]:
    return {line.check: line.health for line in jira_diagnosis.project(place, SETTINGS)}


def without(name: str) -> Place:
    number = IDS[name]
    create = {field: choices for field, choices in TYPE.create.items() if field != number}
    return replace(
        PLACE,
        custom={field: known for field, known in PLACE.custom.items() if field != number},
        fields={field: known for field, known in IDS.items() if field != name},
        types=dict.fromkeys(PLACE.types, replace(TYPE, create=create)),
    )


def test_the_worst_finding_counts() -> None:
    lines = [Line("a", health, "") for health in (Health.OK, Health.BROKEN, Health.DEGRADED)]
    assert diagnosis.worst(lines) is Health.BROKEN
    assert diagnosis.worst(lines[::2]) is Health.DEGRADED
    assert diagnosis.worst([Line("a", Health.UNCHECKED, ""), lines[0]]) is Health.UNCHECKED
    assert diagnosis.worst([]) is Health.OK


@given(st.sampled_from(Health), st.text(), st.text())
def test_whatever_is_not_ok_says_what_to_do(health: Health, problem: str, remedy: str) -> None:
    assert diagnosis.failed("x", RemoteError("Jira", problem, remedy), health).remedy
    definition = DefinitionError("x", (Problem("Reason", problem, remedy or "write one"),))
    assert diagnosis.failed("x", definition, health).remedy


@pytest.mark.parametrize(
    ("info", "health"),
    [
        ({"deploymentType": "Cloud", "version": "1001", "versionNumbers": [1001, 0, 0]}, Health.OK),
        ({"deploymentType": "Server", "version": "10.3.5", "versionNumbers": [10, 3, 5]}, Health.OK),
        ({"version": "8.20.1", "versionNumbers": [8, 20, 1]}, Health.DEGRADED),
        ({"version": "?", "versionNumbers": "strange"}, Health.DEGRADED),
        ({"deploymentType": "Cloud", "baseUrl": "https://other.example.org/"}, Health.DEGRADED),
        ({"deploymentType": "Cloud", "baseUrl": "https://jira.example.org/"}, Health.OK),
    ],
)
def test_the_version_of_jira_is_judged(info: dict[str, Any], health: Health) -> None:
    assert jira_diagnosis.server("jira", info, "https://jira.example.org").health is health


@pytest.mark.covers("W24")
@pytest.mark.parametrize(
    ("ahead", "health", "said"),
    [
        (timedelta(seconds=2), Health.OK, "2 s ahead"),
        (timedelta(seconds=-59), Health.OK, "59 s behind"),
        (timedelta(days=2), Health.DEGRADED, "172800 s ahead"),
        (timedelta(hours=-1), Health.DEGRADED, "3600 s behind"),
    ],
)
def test_clocks_that_differ_are_told_in_whole(ahead: timedelta, health: Health, said: str) -> None:
    line = jira_diagnosis.clock("clock", ahead)
    assert line.health is health
    assert said in line.found


def test_each_permission_that_is_lacking_is_named_with_its_use() -> None:
    held = dict.fromkeys(jira_diagnosis.PERMISSIONS, True)
    assert jira_diagnosis.permissions("p", held, "CM").health is Health.OK
    line = jira_diagnosis.permissions("p", {**held, "LINK_ISSUES": False}, "CM")
    assert line.health is Health.BROKEN
    assert line.found == "the account may not: LINK_ISSUES (link steps)"


def test_a_complete_project_is_ok() -> None:
    assert set(health_of(PLACE).values()) == {Health.OK}


@pytest.mark.covers("W21")
def test_what_a_project_lacks_is_told_once_and_loudly() -> None:
    found = health_of(without("Reason"))
    assert found["jira fields"] is Health.BROKEN
    assert found["jira screens"] is Health.UNCHECKED
    (line,) = (
        one for one in jira_diagnosis.project(without("Reason"), SETTINGS) if one.health is Health.BROKEN
    )
    assert line.found == "lacking field: Reason"
    assert "cmbot jira setup" in line.remedy


def test_a_field_that_only_cmbot_writes_degrades() -> None:
    assert health_of(without("Percent done"))["jira fields"] is Health.DEGRADED


def test_without_an_issue_transitions_are_unchecked() -> None:
    blind = replace(PLACE, types=dict.fromkeys(PLACE.types, replace(TYPE, targets=None)))
    assert health_of(blind)["jira transitions"] is Health.UNCHECKED


def test_a_project_that_is_hidden_is_broken_and_nothing_else_is_said() -> None:
    assert health_of(replace(PLACE, project_id="")) == {"jira project": Health.BROKEN}


@pytest.mark.parametrize(
    ("until", "health"),
    [
        (None, Health.OK),
        (NOW + timedelta(days=30), Health.OK),
        (NOW + timedelta(days=2), Health.DEGRADED),
        (NOW, Health.BROKEN),
        (NOW - timedelta(days=400), Health.BROKEN),
    ],
)
def test_a_token_is_judged_by_the_time_it_has_left(until: datetime | None, health: Health) -> None:
    assert diagnosis.token("token", until, NOW).health is health


@pytest.mark.parametrize(
    ("free", "writable", "health"),
    [
        (100 * 1024**3, True, Health.OK),
        (1024**3, True, Health.DEGRADED),
        (1024, True, Health.BROKEN),
        (100 * 1024**3, False, Health.BROKEN),
        (None, True, Health.OK),
        (None, False, Health.BROKEN),
    ],
)
def test_a_directory_needs_room_and_rights(free: int | None, writable: bool, health: Health) -> None:
    assert diagnosis.directory("work.state", "/data", free, writable=writable).health is health


@pytest.mark.parametrize(
    ("holder", "until", "gone", "health"),
    [
        ("host:boot:1:2", NOW + timedelta(minutes=4), False, Health.OK),
        ("host:boot:1:2", NOW + timedelta(minutes=4), True, Health.DEGRADED),
        ("host:boot:1:2", NOW - timedelta(seconds=1), False, Health.DEGRADED),
        ("", None, False, Health.DEGRADED),
    ],
)
def test_a_service_that_makes_no_pass_is_degraded(
    holder: str,
    until: datetime | None,
    gone: bool,
    health: Health,
) -> None:
    assert diagnosis.lease("lease", holder, until, NOW, gone=gone).health is health


@pytest.mark.parametrize(
    ("code", "said"), [(1, "ends with 1: no bps"), (None, "does not end in time: no bps")]
)
def test_a_program_that_does_not_start_says_its_last_line(code: int | None, said: str) -> None:
    line = diagnosis.child("environment stack", "bps submit --help", code, "no bps", "stack")
    assert line == Line(
        "environment stack", Health.BROKEN, f"`bps submit --help` {said}", "see settings environments.stack"
    )


@pytest.mark.parametrize(
    ("status", "report", "health"),
    [
        (200, {"status": "ok", "last_success": "2026-11-20T11:59:00+00:00"}, Health.OK),
        (200, {"status": "degraded", "trouble": "Jira is down"}, Health.DEGRADED),
        (503, {"status": "failing", "trouble": "Jira is down"}, Health.BROKEN),
        (404, {}, Health.BROKEN),
    ],
)
def test_the_service_is_judged_by_what_it_says(status: int, report: dict[str, str], health: Health) -> None:
    line = diagnosis.service("service", status, report)
    assert line.health is health
    assert report.get("trouble", "") in line.found


@pytest.mark.parametrize(
    ("report", "health"),
    [
        ({"last_webhook": "2026-11-20T11:00:00+00:00"}, Health.OK),
        ({"started": "2026-11-20T11:30:00+00:00", "last_webhook": None}, Health.UNCHECKED),
        ({"started": "2026-11-20T10:00:00+00:00", "last_webhook": None}, Health.DEGRADED),
        ({"started": "2026-11-20T11:30:00+00:00", "refused_webhooks": 3}, Health.DEGRADED),
        ({}, Health.DEGRADED),
    ],
)
def test_webhooks_that_do_not_come_only_degrade(report: dict[str, str], health: Health) -> None:
    assert diagnosis.webhooks("webhooks", report, NOW).health is health


ALL = jira_diagnosis.EVENTS
OURS = "https://proxy.example.org/webhooks/jira"


@pytest.mark.parametrize(
    ("registered", "health"),
    [
        (None, Health.UNCHECKED),
        ([], Health.DEGRADED),
        ([Webhook("https://other.example.org/", enabled=True, events=ALL)], Health.DEGRADED),
        ([Webhook(OURS, enabled=False, events=ALL)], Health.DEGRADED),
        ([Webhook(OURS, enabled=True, events=ALL - {"comment_created"})], Health.DEGRADED),
        ([Webhook(OURS, enabled=True, events=ALL | {"project_created"})], Health.OK),
    ],
)
def test_a_webhook_must_be_registered_and_sent_for_what_wakes(
    registered: list[Webhook] | None, health: Health
) -> None:
    assert jira_diagnosis.webhook("jira webhook", registered).health is health


@pytest.mark.covers("V21")
def test_a_roster_with_a_gap_or_an_end_degrades() -> None:
    def shift(start: int, end: int) -> Shift:
        return Shift(NOW + timedelta(hours=start), NOW + timedelta(hours=end), (Person("anna", "Anna"),))

    both = diagnosis.roster("roster", Roster((shift(-1, 7), shift(8, 16))), NOW)
    assert (both.health, both.found) == (Health.OK, "on shift: Anna; next: Anna at 2026-11-20 20:00 UTC")
    gap = diagnosis.roster("roster", Roster((shift(8, 16),)), NOW)
    assert (gap.health, gap.found) == (
        Health.DEGRADED,
        "on shift: nobody; next: Anna at 2026-11-20 20:00 UTC",
    )
    over = diagnosis.roster("roster", Roster((shift(-1, 7),)), NOW)
    assert (over.health, over.found) == (Health.DEGRADED, "on shift: Anna; it ends there")
    assert over.remedy
