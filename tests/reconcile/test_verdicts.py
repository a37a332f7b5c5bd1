"""Verdicts in comments and by hand: kept with who, when and why, shown in Jira (requirements G1, G2)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import UserError
from cmbot.handlers.campaign import decide
from cmbot.mirror import events, journal, plans
from cmbot.models.attempts import AttemptState, Cause
from cmbot.models.issues import Person, Verdict
from cmbot.operations import verdicts
from cmbot.operations.attention import Kind, attention
from cmbot.operations.commands import obey
from cmbot.operations.status import status
from cmbot.reconcile import commanding, tell
from cmbot.reconcile.summaries import Ended
from tests.reconcile.conftest import EPIC_LINK, IDS

if TYPE_CHECKING:
    from tests.reconcile.conftest import MemoryJira, Watcher

EPIC, STEP = "10001", "10002"
LINDA = Person("linda", "Linda")


@pytest.fixture
def made(jira: MemoryJira, defined: Watcher) -> Watcher:
    """step1 (CM-2) and step2 (CM-3), which follows it, have each made one group."""
    jira.field_ids = IDS
    raw = dict(jira.issues_[STEP]["fields"])
    raw |= {
        IDS["Step name"]: "step2",
        "issuelinks": [{"type": {"name": "Blocks"}, "inwardIssue": {"key": "CM-2"}}],
    }
    jira.add(3, **{key: value for key, value in raw.items() if key.startswith(("custom", "issuelinks"))})
    defined.look()
    for step in (STEP, "10003"):
        row = plans.GroupRow(step, "g001", 1, {"where": "visit = 1", "table": ""}, "", "")
        plans.freeze_groups(defined.edges.mirror, step, [row])
        cause = Cause(f"move:{step}:1", Person("anna"), defined.now, "moved CM-1 to Launch")
        with defined.edges.mirror.writing() as connection:
            attempt = journal.add_attempt(connection, step, "g001", 1, cause, "", defined.now)
            journal.set_attempt(
                connection, attempt, state=AttemptState.SUCCEEDED, ended_at=defined.now.isoformat()
            )
    assert EPIC_LINK in raw
    return defined


def turn(watcher: Watcher) -> str:
    """What a pass does; the newest answer."""
    errors: list[str] = []
    watcher.look()
    commanding.everything(watcher.edges, obey, watcher.now, errors)
    assert errors == []
    view = watcher.campaign()
    tell.campaign(watcher.edges, view, decide(view), Ended(), watcher.now)
    rows = watcher.edges.mirror.db["outbox"].rows_where("marker LIKE 'answer:%' ORDER BY id DESC")
    return next((str(json.loads(row["body"])["text"]) for row in rows), "")


def written(watcher: Watcher, issue_id: str) -> dict[str, Any]:
    (row,) = watcher.edges.mirror.db["outbox"].rows_where("marker = ?", (f"verdict:{issue_id}",))
    return dict(json.loads(row["body"]))


def status_of(watcher: Watcher, issue_id: str) -> str:
    (row,) = watcher.edges.mirror.db["outbox"].rows_where("marker = ?", (f"status:{issue_id}",))
    return str(json.loads(row["body"])["text"])


@pytest.mark.covers("G2", "D4", "W13")
def test_invalidating_a_step_is_kept_with_who_and_why_and_makes_the_next_one_stale(
    jira: MemoryJira, made: Watcher
) -> None:
    jira.raw = lambda _, value: str(value)  # type: ignore[method-assign]  # JSON can hold it
    jira.say(STEP, "/cmbot invalidate the flats were wrong", by="anna")
    said = turn(made)
    assert "the data of CM-2 are bad" in said
    assert "step2 (CM-3) is stale: the data of step1 (CM-2) were judged bad" in said
    told = written(made, STEP)
    assert datetime.fromisoformat(told.pop("Verdict at")) < jira.now
    assert told == {"Verdict": "bad", "Verdict reason": "the flats were wrong", "Verdict by": "anna"}
    (event,) = [one for one in events.of(made.edges.mirror, ("CM-2",)) if "judges" in one.what]
    assert (event.who, event.what) == ("anna", "judges bad the data of CM-2")
    assert "the flats were wrong" in event.why

    assert "*Stale:*" in status_of(made, "10003")
    assert "The data were judged *bad* by anna" in status_of(made, STEP)
    assert ", stale|" in status_of(made, EPIC)
    lines = {line.key: line.summary for line in status(made.edges, "CM-1")}
    assert lines["CM-2"] == "judged bad by anna: the flats were wrong"
    assert lines["CM-3"].startswith("stale: the data of step1")
    (stale,) = [waits for waits in attention(made.edges, "CM-1") if waits.kind is Kind.STALE]
    assert (stale.key, "`cmbot reject CM-3`" in stale.todo) == ("CM-3", True)

    jira.say(STEP, "/cmbot validate looked again", by="bob")
    assert "the data of CM-2 are good" in turn(made)
    assert made.campaign().steps[1].stale == ""
    assert written(made, STEP)["Verdict"] == "good"


@pytest.mark.covers("G1")
def test_what_is_judged_by_hand_gets_who_and_when(jira: MemoryJira, made: Watcher) -> None:
    jira.raw = lambda _, value: str(value)  # type: ignore[method-assign]  # JSON can hold it
    item = {"field": "Verdict", "fieldtype": "custom", "fromString": "", "toString": "good"}
    at = jira.now.isoformat()
    entry = {"id": "77", "created": at, "author": {"name": "bob", "displayName": "Bob"}, "items": [item]}
    jira.issues_[STEP]["histories"].append(entry)
    jira.touch(STEP, **{IDS["Verdict"]: {"value": "good"}})
    turn(made)
    assert written(made, STEP) == {"Verdict at": at.replace("T", " "), "Verdict by": "Bob"}


@pytest.mark.covers("G1", "A14")
def test_a_campaign_is_good_when_all_have_signed(jira: MemoryJira, made: Watcher) -> None:
    view = made.campaign()
    assert view.definition is not None
    jira.touch(EPIC, **{IDS["Sign-off roles"]: "burst advocate: linda\ndata-quality shifter: bob"})
    made.look()
    asked = made.campaign().definition
    assert asked is not None
    assert asked.sign_off == {"burst advocate": "linda", "data-quality shifter": "bob"}

    def sign(by: Person, number: int) -> tuple[str, ...]:
        return verdicts.judge(
            made.edges,
            "CM-1",
            Verdict.GOOD,
            "",
            Cause(f"comment:1:{number}", by, made.now, "wrote /cmbot validate"),
        )

    with pytest.raises(UserError, match="anna does not sign for it"):
        sign(Person("anna"), 1)
    (line,) = sign(LINDA, 2)
    assert "signed by Linda" in line
    assert "bob (data-quality shifter)" in line
    assert made.campaign().issue.judgement is None
    assert sign(Person("bob"), 3) == ("the data of CM-1 are good",)
    said = made.campaign().issue.judgement
    assert said is not None
    assert said.verdict is Verdict.GOOD
    # A bad verdict needs one alone; after it all sign anew.
    bad = replace(Cause("comment:1:4", LINDA, made.now, "wrote"), what="wrote /cmbot invalidate")
    verdicts.judge(made.edges, "CM-1", Verdict.BAD, "stars are missing", bad)
    assert "bob" in sign(LINDA, 5)[0]
    said = made.campaign().issue.judgement
    assert said is not None
    assert said.verdict is Verdict.BAD


def test_there_must_be_something_to_judge_and_a_reason_for_bad(jira: MemoryJira, made: Watcher) -> None:
    cause = Cause("request:1", LINDA, made.now, "ran cmbot invalidate CM-2")
    with pytest.raises(UserError, match="needs a reason"):
        verdicts.judge(made.edges, "CM-2", Verdict.BAD, " ", cause)
    with pytest.raises(UserError, match="not known here"):
        verdicts.judge(made.edges, "CM-99", Verdict.GOOD, "", cause)
    with made.edges.mirror.writing() as connection:
        ((attempt,),) = journal.attempts(made.edges.mirror, STEP).values()
        journal.set_attempt(connection, attempt.id, state=AttemptState.RUNNING)
    with pytest.raises(UserError, match="cannot be judged good yet: step1 g001 is running"):
        verdicts.judge(made.edges, "CM-2", Verdict.GOOD, "", cause)
    # That it is bad may be clear before its end.
    assert verdicts.judge(made.edges, "CM-2", Verdict.BAD, "wrong", cause)[0] == "the data of CM-2 are bad"
