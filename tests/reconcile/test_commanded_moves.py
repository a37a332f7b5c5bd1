"""Launch and pause in a comment count as the person's move; what may or can not be changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.handlers import causes
from cmbot.handlers.campaign import decide
from cmbot.mirror import acts, events
from cmbot.models.attempts import Cause
from cmbot.models.issues import Person, Role, Status
from cmbot.operations import logs, moving
from cmbot.operations.commands import obey
from cmbot.reconcile import commanding, tell
from cmbot.reconcile.summaries import Ended
from cmbot.settings import RoleSettings
from tests.reconcile.conftest import IDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.models.issues import Issue
    from tests.reconcile.conftest import MemoryJira, Watcher

EPIC, STEP = "10001", "10002"


def turn(watcher: Watcher) -> list[str]:
    """What a pass does: read, obey, decide and write down what is to be told; without telling it."""
    errors: list[str] = []
    watcher.look()
    commanding.everything(watcher.edges, obey, watcher.now, errors)
    view = watcher.campaign()
    tell.campaign(watcher.edges, view, decide(view), Ended(), watcher.now)
    return errors


def said(watcher: Watcher, kind: str) -> list[dict[str, Any]]:
    return [
        json.loads(row["body"]) for row in watcher.edges.mirror.db["outbox"].rows_where("kind = ?", (kind,))
    ]


def answer(watcher: Watcher) -> str:
    rows = watcher.edges.mirror.db["outbox"].rows_where("marker LIKE 'answer:%' ORDER BY id")
    return str(json.loads(list(rows)[-1]["body"])["text"])


def epic(watcher: Watcher) -> Issue:
    return watcher.campaign().issue


@pytest.mark.covers("D4", "W13", "W22")
def test_a_launch_by_comment_starts_what_a_move_to_launch_would(jira: MemoryJira, defined: Watcher) -> None:
    comment = jira.say(EPIC, "/cmbot launch the night is over")
    assert turn(defined) == []
    assert (epic(defined).status, epic(defined).shown) == (Status.LAUNCH, Status.DRAFT)
    cause = causes.in_force((epic(defined),), defined.edges.me)
    assert cause is not None
    assert (cause.id, cause.by) == (f"move:comment:{EPIC}:{comment}", Person("anna"))
    assert cause.what == "wrote /cmbot launch the night is over on CM-1"
    assert [step.name for step in decide(defined.campaign()).plans] == ["step1"]
    assert "step1 (CM-2): the Butler is asked how its data split" in answer(defined)
    # Only people set Launch; cmbot moves it when something of it has begun.
    assert said(defined, "move") == []


@pytest.mark.covers("W13")
def test_what_would_turn_a_move_back_refuses_a_command(jira: MemoryJira, defined: Watcher) -> None:
    jira.touch(EPIC, **{IDS["Reason"]: ""})
    jira.say(EPIC, "/cmbot launch")
    turn(defined)
    assert "*not done*" in answer(defined)
    assert "Reason" in answer(defined)
    assert epic(defined).status is Status.DRAFT
    assert acts.of(defined.edges.mirror, EPIC, "CM-1") == ()
    jira.say(EPIC, "/cmbot pause\n/cmbot pause")
    turn(defined)
    # A pause of what has not begun stands, and once is enough.
    assert "CM-1: is in Paused already; there is nothing to do" in answer(defined)
    assert epic(defined).status is Status.PAUSED


@pytest.mark.covers("D4", "V16")
def test_only_people_with_the_role_command(jira: MemoryJira, defined: Watcher) -> None:
    roles = {Role.OPERATOR: RoleSettings(groups=("operators",))}
    edges = defined.edges
    settings = edges.settings.model_copy(
        update={"jira": edges.settings.jira.model_copy(update={"roles": roles})}
    )
    defined.edges = replace(edges, settings=settings)
    have = {"anna": frozenset({Role.OPERATOR})}
    jira.people = SimpleNamespace(
        forget=lambda: None, roles_of=lambda person: have.get(person.account, frozenset())
    )
    jira.say(EPIC, "/cmbot launch\n/cmbot status", by="bob")
    turn(defined)
    assert "only people with the role operator may launch a campaign; ask one of them" in answer(defined)
    assert "“/cmbot status”: done" in answer(defined)
    assert epic(defined).status is Status.DRAFT
    jira.say(EPIC, "/cmbot launch", by="anna")
    turn(defined)
    assert epic(defined).status is Status.LAUNCH


@pytest.mark.covers("W13")
def test_a_pause_is_moved_in_jira_and_says_who_asked(jira: MemoryJira, defined: Watcher) -> None:
    jira.move(EPIC, "Launch")
    defined.look()
    jira.move(EPIC, "Running", by="cmbot")
    defined.look()
    jira.say(EPIC, "/cmbot pause wrong night")
    turn(defined)
    (move,) = said(defined, "move")
    assert (move["source"], move["target"]) == ("Running", "Paused")
    assert move["cause"] == "anna wrote /cmbot pause wrong night on CM-1"
    jira.move(EPIC, "Paused", by="cmbot")
    turn(defined)
    turn(defined)
    assert (epic(defined).status, epic(defined).shown) == (Status.PAUSED, None)
    assert len(said(defined, "move")) == 1
    who = {event.who for event in events.of(defined.edges.mirror, ("CM-1",)) if "Paused" in event.what}
    assert "anna" in who


def test_a_move_after_the_comment_counts_more(jira: MemoryJira, defined: Watcher) -> None:
    jira.say(EPIC, "/cmbot launch")
    jira.move(EPIC, "Abandoned", by="bob")
    turn(defined)
    assert "was moved to Abandoned by bob after that was written" in answer(defined)
    assert epic(defined).status is Status.ABANDONED


def test_a_launch_that_comes_to_nothing_stays_where_jira_has_it(jira: MemoryJira, defined: Watcher) -> None:
    jira.say(EPIC, "/cmbot launch")
    turn(defined)
    jira.touch(EPIC, **{IDS["Reason"]: ""})
    turn(defined)
    turn(defined)
    assert (epic(defined).status, epic(defined).shown) == (Status.DRAFT, None)
    assert said(defined, "move") == []
    assert ("cmbot", "CM-1 stays in Draft") in defined.events("CM-1")


@pytest.mark.covers("W8", "W22")
def test_a_lost_mirror_knows_the_launch_again(jira: MemoryJira, defined: Watcher, forgetful: Watcher) -> None:
    jira.say(EPIC, "/cmbot launch")
    turn(defined)
    (kept,) = [one for one in said(defined, "property") if one["key"] == "cmbot.commands"]
    jira.issues_[EPIC]["properties"]["cmbot.commands"] = kept["value"]
    turn(forgetful)
    assert epic(forgetful).status is Status.LAUNCH
    cause = causes.in_force((epic(forgetful),), forgetful.edges.me)
    assert cause == causes.in_force((epic(defined),), defined.edges.me)


def test_an_act_that_nobody_wrote_is_not_taken_from_jira(
    jira: MemoryJira, defined: Watcher, forgetful: Watcher
) -> None:
    jira.say(EPIC, "/cmbot launch", by="mallory")
    turn(defined)
    (kept,) = [one["value"] for one in said(defined, "property") if one["key"] == "cmbot.commands"]
    kept["acts"][0]["account"] = "anna"
    jira.issues_[EPIC]["properties"]["cmbot.commands"] = kept
    turn(forgetful)
    assert epic(forgetful).status is Status.DRAFT


def test_what_is_commanded_at_a_terminal_is_noticed_once(defined: Watcher) -> None:
    cause = Cause("request:0a1b", Person("linda"), defined.now, "ran cmbot launch CM-1")
    launch = partial(moving.move, defined.edges, "CM-1", Status.LAUNCH, cause)
    assert moving.would(defined.edges, launch) == ("step1 (CM-2): the Butler is asked how its data split",)
    assert epic(defined).status is Status.DRAFT
    launch()
    assert acts.unnoticed(defined.edges.mirror) == {EPIC}
    assert acts.unnoticed(defined.edges.mirror) == set()
    assert epic(defined).status is Status.LAUNCH


@pytest.mark.covers("V19")
def test_a_plan_shows_what_a_launch_would_begin_and_changes_nothing(
    jira: MemoryJira, defined: Watcher
) -> None:
    jira.say(EPIC, "/cmbot plan\n/cmbot help\n/cmbot explain")
    turn(defined)
    assert "step1 (CM-2): the Butler is asked how its data split" in answer(defined)
    assert "/cmbot launch [REASON\\]: start it" in answer(defined).replace("\\[", "[")
    assert "no launch is in force" in answer(defined)
    assert epic(defined).status is Status.DRAFT
    assert acts.of(defined.edges.mirror, EPIC, "CM-1") == ()


def test_there_is_no_log_of_what_did_not_fail(jira: MemoryJira, defined: Watcher) -> None:
    jira.say(STEP, "/cmbot log")
    turn(defined)
    assert "nothing of it has failed" in answer(defined)


@pytest.mark.covers("F22")
def test_a_log_is_shown_from_its_end(
    jira: MemoryJira, defined: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def jobs(_: Any, key: str, __: Any, group: str, task: str, most: int) -> Iterator[logs.Log]:
        asked.append((key, group, task, most))
        yield logs.Log(
            "step1 g003: 2 x isr", "https://x.example/log", "\n".join(f"line {n}" for n in range(40))
        )

    monkeypatch.setattr(logs, "jobs", jobs)
    jira.say(STEP, "/cmbot log group 3 task isr")
    turn(defined)
    assert asked == [("CM-2", "g003", "isr", 1)]
    assert "line 39" in answer(defined)
    assert "line 24" not in answer(defined)
    assert "step1 g003: 2 x isr" in answer(defined)
