"""What waits for a person is listed with since when, why, and what to do; nothing else is."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.handlers.campaign import decide
from cmbot.mirror import deliveries, journal, outbox
from cmbot.models.attempts import AttemptState, Cause, TryState
from cmbot.models.issues import Person
from cmbot.models.notices import NoticeKind
from cmbot.operations.attention import Kind, attention
from cmbot.operations.commands import obey
from cmbot.reconcile import attending, troubles, waiting
from cmbot.reconcile.passes import Passes
from cmbot.settings import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reconcile.conftest import MemoryJira, Watcher


@pytest.fixture
def attempt(watcher: Watcher, campaign: dict[str, str]) -> int:
    """An attempt of group CM-4 that was submitted two hours ago and heard of just now."""
    now = datetime.now(UTC)
    then = now - timedelta(hours=2)
    cause = Cause("move:10002:1", Person("anna", "Anna"), then, "moved CM-2 to Launch")
    with watcher.edges.mirror.writing() as connection:
        made = journal.add_attempt(connection, campaign["step"], "g001", 1, cause, "spec", then)
        item = journal.add_try(connection, made, "0a1b2c3d", "CM-2_step1_g001_a1_0a1b2c3d", "x", then)
        journal.set_try(connection, item, request_id=7, state=TryState.SUBMITTED)
        journal.move_attempt(connection, made, AttemptState.RUNNING, then)
        journal.mark_seen(connection, [item], now)
    return made


def change(watcher: Watcher, attempt: int, state: AttemptState, **columns: Any) -> None:
    with watcher.edges.mirror.writing() as connection:
        journal.move_attempt(connection, attempt, state, datetime.now(UTC), **columns)


def found(watcher: Watcher, key: str = "") -> list[tuple[Kind, str, str]]:
    return [(each.kind, each.key, each.name) for each in attention(watcher.edges, key)]


G001 = "step1 g001 a1"


@pytest.mark.covers("W5")
def test_nothing_waits_while_all_is_well(watcher: Watcher, attempt: int) -> None:
    assert found(watcher) == []


@pytest.mark.covers("W5")
@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (AttemptState.DUPLICATE, Kind.DUPLICATE),
        (AttemptState.UNKNOWN, Kind.UNKNOWN),
        (AttemptState.FAILED, Kind.FAILED),
        (AttemptState.PARTIAL, Kind.FAILED),
        (AttemptState.CANCELLED, Kind.FAILED),
    ],
)
def test_attempts_that_need_a_decision_wait(
    watcher: Watcher, attempt: int, state: AttemptState, kind: Kind
) -> None:
    change(watcher, attempt, state, summary="this is why")
    (each,) = attention(watcher.edges)
    assert (each.kind, each.key, each.name) == (kind, "CM-4", G001)
    assert "this is why" in each.why
    assert each.since is not None
    assert each.todo
    assert each.who == "Anna"


def test_what_is_overdue_waits_with_its_reason(watcher: Watcher, attempt: int) -> None:
    with watcher.edges.mirror.writing() as connection:
        journal.set_attempt(connection, attempt, attention="running since 08:00: nothing moves")
    (each,) = attention(watcher.edges)
    assert (each.kind, each.why[:13]) == (Kind.OVERDUE, "running since")


def test_what_a_person_decided_waits_no_more(watcher: Watcher, jira: MemoryJira, attempt: int) -> None:
    change(watcher, attempt, AttemptState.PARTIAL)
    assert found(watcher) == [(Kind.FAILED, "CM-4", G001)]
    jira.move("10004", "Completed")
    watcher.look()
    assert found(watcher) == []


def test_a_paused_campaign_waits_and_its_steps_do_not_repeat_it(
    watcher: Watcher, jira: MemoryJira, attempt: int
) -> None:
    jira.move("10001", "Paused")
    jira.move("10002", "Paused")
    watcher.look()
    ((kind, key, _),) = found(watcher)
    assert (kind, key) == (Kind.PAUSED, "CM-1")
    (each,) = attention(watcher.edges)
    assert each.why.startswith("paused by anna")
    jira.move("10001", "Abandoned")
    watcher.look()
    assert found(watcher) == []


def test_a_step_that_is_paused_by_itself_waits(watcher: Watcher, jira: MemoryJira, attempt: int) -> None:
    jira.move("10002", "Paused")
    watcher.look()
    assert found(watcher) == [(Kind.PAUSED, "CM-2", "")]


def test_frozen_issues_wait_with_what_to_do(watcher: Watcher, jira: MemoryJira, attempt: int) -> None:
    jira.hidden.add("10004")
    watcher.resync()
    (each,) = attention(watcher.edges)
    assert (each.kind, each.key) == (Kind.FROZEN, "CM-4")
    assert (each.why, each.todo) == (
        "is gone, or hidden from cmbot",
        "bring it back, or let cmbot's account browse it",
    )
    assert each.to_json()["since"]


def test_old_data_wait_with_what_keeps_panda_from_answering(watcher: Watcher, attempt: int) -> None:
    mirror, now = watcher.edges.mirror, datetime.now(UTC)
    with mirror.writing() as connection:
        connection.execute("UPDATE tries SET seen_at = ?", ((now - timedelta(hours=1)).isoformat(),))
    (each,) = attention(watcher.edges)
    assert (each.kind, each.key, each.todo) == (Kind.OLD, "CM-4", "see whether `cmbot sync` runs")
    troubles.keep(mirror, "PanDA", "PanDA: does not answer", now)
    assert found(watcher) == [(Kind.SERVER, "PanDA", ""), (Kind.OLD, "CM-4", G001)]
    # Of one campaign only what is its own.
    assert found(watcher, "CM-2") == [(Kind.OLD, "CM-4", G001)]
    troubles.keep(mirror, "PanDA", "", now)
    assert found(watcher) == [(Kind.OLD, "CM-4", G001)]


def test_the_trouble_with_jira_is_kept_from_its_beginning_to_its_end(
    watcher: Watcher, jira: MemoryJira, campaign: dict[str, str]
) -> None:
    passes, now = Passes(watcher.edges, obey), datetime.now(UTC)
    jira.down = True
    for minute in range(3):
        passes.run(now + timedelta(minutes=minute))
    (each,) = attention(watcher.edges)
    assert (each.kind, each.key, each.since) == (Kind.SERVER, "Jira", now)
    assert "does not answer" in each.why
    assert each.who == "whoever runs cmbot"


def test_an_expired_token_waits(watcher: Watcher, campaign: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "token"
    secret = Secret(file=str(file))
    settings = watcher.edges.settings
    edges = replace(
        watcher.edges,
        settings=settings.model_copy(update={"panda": settings.panda.model_copy(update={"token": secret})}),
    )
    for hours, kinds in ((1, []), (-1, [Kind.TOKEN])):
        until = (datetime.now(UTC) + timedelta(hours=hours)).timestamp()
        claims = base64.urlsafe_b64encode(json.dumps({"exp": until}).encode()).decode().rstrip("=")
        file.write_text(f"head.{claims}.signature")
        assert [each.kind for each in attention(edges)] == kinds


def test_what_jira_does_not_take_waits(watcher: Watcher, campaign: dict[str, str]) -> None:
    mirror, now = watcher.edges.mirror, datetime.now(UTC)
    with mirror.writing() as connection:
        outbox.say(connection, ("10002", "CM-2"), "comment", "m:1", {"text": "x"}, now)
    assert found(watcher) == []
    (row,) = deliveries.pending(mirror, now)
    with mirror.writing() as connection:
        deliveries.refused(connection, row, "CM-2: comments are closed; open them", now)
    (each,) = attention(watcher.edges, "CM-1")
    assert (each.kind, each.key, each.name, each.todo) == (Kind.UNTOLD, "CM-2", "comment", "open them")


@pytest.mark.covers("W5")
def test_a_launch_that_leads_to_nothing_is_told_once_and_waits(
    watcher: Watcher, jira: MemoryJira, campaign: dict[str, str]
) -> None:
    jira.move("10001", "Paused")
    jira.move("10001", "Launch")
    watcher.look()
    launched = jira.now
    for hours, told in ((5, 0), (7, 1), (9, 1)):
        view = watcher.campaign()
        attending.waits(watcher.edges, view, launched + timedelta(hours=hours))
        notices = [item for item in decide(watcher.campaign()).notices if item.kind is NoticeKind.ATTENTION]
        assert len(notices) == told
    assert "CM-1: in Launch since 2026-11-20 08:" in notices[0].happened[0]
    assert (Kind.OVERDUE, "CM-1", "") in found(watcher)
    # Another launch begins anew.
    jira.move("10001", "Draft")
    jira.move("10001", "Launch")
    watcher.look()
    assert (Kind.OVERDUE, "CM-1", "") not in found(watcher)


@pytest.mark.covers("W5")
def test_a_step_that_waits_too_long_is_told_once_until_it_goes_on(
    watcher: Watcher, jira: MemoryJira, campaign: dict[str, str]
) -> None:
    jira.move("10001", "Paused")
    jira.move("10001", "Launch")
    watcher.look()
    begun = datetime.now(UTC)

    def told(trouble: str, hours: float) -> list[str]:
        waiting.note(watcher.edges, watcher.campaign().steps[0], "submit", trouble)
        attending.waits(watcher.edges, watcher.campaign(), begun + timedelta(hours=hours))
        notices = decide(watcher.campaign()).notices
        return [item.marker for item in notices if item.issue.key == "CM-2"]

    assert told("PanDA does not answer", 0) == told("PanDA does not answer", 1) == []
    (marker,) = told("PanDA does not answer", 2)
    # Another reason is the same wait.
    assert told("Jira does not answer", 3) == [marker]
    (each,) = (each for each in attention(watcher.edges) if each.key == "CM-2")
    assert each.kind is Kind.OVERDUE
    assert each.why.endswith("UTC; Jira does not answer")
    assert told("", 4) == []
    assert told("PanDA does not answer", 5) == []
    (later,) = told("PanDA does not answer", 7)
    assert later != marker


def test_what_nobody_wants_any_more_waits_for_nobody(watcher: Watcher, campaign: dict[str, str]) -> None:
    # The campaign is Running, and nobody has launched anything that is still in force.
    waiting.note(watcher.edges, watcher.campaign().steps[0], "submit", "PanDA does not answer")
    for hours in (0, 100):
        attending.waits(watcher.edges, watcher.campaign(), datetime.now(UTC) + timedelta(hours=hours))
    assert found(watcher) == []


def test_the_most_urgent_comes_first(watcher: Watcher, jira: MemoryJira, attempt: int) -> None:
    change(watcher, attempt, AttemptState.FAILED)
    jira.move("10001", "Paused")
    watcher.look()
    troubles.keep(watcher.edges.mirror, "PanDA", "PanDA: no", datetime.now(UTC))
    assert [kind for kind, *_ in found(watcher)] == [Kind.SERVER, Kind.FAILED, Kind.PAUSED]
