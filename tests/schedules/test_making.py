"""Each instant makes one campaign, whatever happens in between, and nothing is launched (requirement B27)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot import service
from cmbot.mirror import Mirror, creations, events
from cmbot.operations import attention
from cmbot.operations import schedule as verb
from cmbot.operations.schedules import named
from cmbot.reconcile.passes import Report

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.settings import Settings
    from tests.schedules.conftest import Project

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
"""Before the instant of that day, 11:30 UTC."""


def turn(mirror: Any, settings: Any, jira: Any, **later: float) -> list[str]:
    return verb.make_due(mirror, settings, jira, START + timedelta(**later))


@pytest.mark.covers("B27", "V24")
def test_a_campaign_is_made_when_its_time_has_come_and_told_on_it(
    mirror: Mirror, settings: Settings, jira: Project
) -> None:
    # It begins when it is seen first: nothing is made for the days before.
    assert turn(mirror, settings, jira) == []
    assert turn(mirror, settings, jira, hours=3.4) == []
    assert jira.campaigns == []
    for minutes in range(3):
        assert turn(mirror, settings, jira, hours=4, minutes=minutes) == []
    assert jira.campaigns == ["night 20261119"]
    turn(mirror, settings, jira, days=1, hours=4)
    assert jira.campaigns == ["night 20261119", "night 20261120"]
    rows = list(mirror.connection.execute("SELECT issue_key, kind, body FROM outbox ORDER BY id"))
    assert [(row["issue_key"], row["kind"]) for row in rows] == [("CM-1", "comment"), ("CM-3", "comment")]
    assert "Because schedule nightly asked for it on 2026-11-20 11:30" in rows[0]["body"]
    assert "Nothing of it runs until somebody moves [CM-1" in rows[0]["body"]
    (event,) = events.of(mirror, ("CM-1",))
    assert event.what == "created CM-1"
    assert event.why == "schedule nightly, schedule nightly 2026-11-20T11:30:00Z"


@pytest.mark.covers("B27")
@pytest.mark.parametrize(("catch_up", "made"), [(1, ["20261128"]), (3, ["20261126", "20261127", "20261128"])])
def test_after_a_time_without_cmbot_the_newest_are_made_up_for(
    jira: Project, template: Path, again: Any, mirror: Mirror, catch_up: int, made: list[str]
) -> None:
    settings = again.with_schedules(template.parent, nightly=again.nightly(template, catch_up=catch_up))
    turn(mirror, settings, jira)
    for _ in range(2):
        assert turn(mirror, settings, jira, days=9, hours=6) == []
    assert jira.campaigns == [f"night {night}" for night in made]


@pytest.mark.covers("B27", "W1")
@pytest.mark.parametrize("failing", ["before", "after"])
def test_what_was_begun_is_finished_as_it_was_and_once(
    mirror: Mirror, settings: Settings, jira: Project, template: Path, failing: str
) -> None:
    turn(mirror, settings, jira)
    jira.failing = failing
    (trouble,) = turn(mirror, settings, jira, hours=4)
    assert trouble.startswith("schedule nightly 2026-11-20T11:30:00Z: Jira: ")
    # The template is another one now; what was begun is not.
    template.write_text(template.read_text().replace("night $(night)", "changed $(night)"))
    assert turn(mirror, settings, jira, hours=5) == []
    assert turn(mirror, settings, jira, hours=6) == []
    assert jira.campaigns == ["night 20261119"]
    turn(mirror, settings, jira, days=1, hours=4)
    assert jira.campaigns == ["night 20261119", "changed 20261120"]


@pytest.mark.covers("B27")
def test_a_template_that_is_wrong_is_said_once_and_others_go_on(
    mirror: Mirror, jira: Project, template: Path, again: Any
) -> None:
    wrong = template.with_name("wrong.yaml")
    wrong.write_text(template.read_text().replace("reason: validation of last night", "reason: ''"))
    two = {"bad": again.nightly(wrong), "good": again.nightly(template)}
    settings = again.with_schedules(template.parent, **two)
    turn(mirror, settings, jira)
    (trouble,) = turn(mirror, settings, jira, hours=4)
    assert "schedule bad 2026-11-20T11:30:00Z: night 20261119: Reason: is empty" in trouble
    assert turn(mirror, settings, jira, hours=4.1) == []
    assert jira.campaigns == ["night 20261119"]
    bad, good = verb.lines(settings, START + timedelta(hours=5))
    assert (bad.last, bad.campaign) == ("2026-11-20T11:30:00Z", "")
    assert "Reason: is empty" in bad.problem
    assert (good.next, good.campaign, good.problem) == ("2026-11-21T11:30:00Z", "CM-1", "")
    local = SimpleNamespace(settings=settings, mirror=mirror)
    (waits,) = attention._schedules(local)  # type: ignore[arg-type]  # what it asks of it
    assert (waits.key, waits.todo) == ("schedule bad", "correct it, then `cmbot schedule run bad`")
    assert "Reason: is empty" in waits.why
    # A person mends it and asks for that instant again.
    wrong.write_text(template.read_text().replace("night $(night)", "mended $(night)"))
    found = named(settings, "bad")
    made = verb.make(mirror, settings, jira, found, START + timedelta(hours=3.5), START)  # type: ignore[arg-type]  # a stand-in
    assert made.new
    assert jira.campaigns == ["night 20261119", "mended 20261119"]
    assert creations.of(mirror, "schedule bad")[0].campaign == made.campaign


@pytest.mark.parametrize(("jira_says", "made"), [("", 1), ("does not answer", 0)])
def test_the_service_makes_them_after_a_pass_in_which_jira_answered(
    mirror: Mirror, settings: Settings, jira: Project, jira_says: str, made: int
) -> None:
    turn(mirror, settings, jira, days=-2)
    edges, report = SimpleNamespace(settings=settings, mirror=mirror, jira=jira), Report(jira=jira_says)
    service._scheduled(edges, report)  # type: ignore[arg-type]  # what it asks of it
    assert (len(jira.campaigns), report.errors) == (made, [])


def test_schedules_that_were_never_due_are_listed(settings: Settings) -> None:
    (line,) = verb.lines(settings, START)
    assert (line.next, line.last, line.campaign) == ("2026-11-20T11:30:00Z", "", "")
