"""accept, reject, launch, pause and explain at a terminal."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from cmbot.mirror import acts, events, journal
from cmbot.models.attempts import AttemptState, Order, Verb


def given(terminal: Any) -> list[Order]:
    with closing(terminal.mirror()) as mirror:
        ((attempt,),) = journal.attempts(mirror, "10002").values()
        return list(attempt.orders)


@pytest.mark.covers("W13", "D4")
def test_what_failed_can_be_accepted_with_a_reason_that_is_kept(followed: Any) -> None:
    said = followed.run("accept", "CM-2", "--dry-run")
    assert "CM-3 would accept step1 g001 a1" in said.output
    assert "nothing runs again" in said.output
    assert given(followed) == []
    followed.run("accept", "CM-2", "--reason", "edge of the survey")
    (order,) = given(followed)
    assert (order.verb, order.cause.what) == (Verb.ACCEPT, "ran cmbot accept CM-2: edge of the survey")
    (line,) = followed.refused("reject", "CM-3", "--reason", "no")
    assert "accept of a1 was asked already" in line


def test_a_rejection_needs_a_reason_and_something_that_has_ended(followed: Any) -> None:
    assert "a rejection needs a reason" in followed.refused("reject", "CM-3")[0]
    with closing(followed.mirror()) as mirror, mirror.writing() as connection:
        ((attempt,),) = journal.attempts(mirror, "10002").values()
        journal.set_attempt(connection, attempt.id, state=AttemptState.RUNNING)
    assert "a1 is running" in followed.refused("reject", "CM-3", "--reason", "no")[0]
    with closing(followed.mirror()) as mirror, mirror.writing() as connection:
        journal.set_attempt(connection, attempt.id, state=AttemptState.REJECTED)
    assert "a1 was rejected already" in followed.refused("reject", "CM-3", "--reason", "no")[0]
    with closing(followed.mirror()) as mirror, mirror.writing() as connection:
        journal.set_attempt(connection, attempt.id, state=AttemptState.SUCCEEDED)
    assert "a1 has its result" in followed.refused("accept", "CM-3")[0]
    answer = json.loads(followed.run("reject", "CM-3", "--reason", "wrong flats", "--json").output)
    assert [target["verb"] for target in answer["targets"]] == ["reject"]


@pytest.mark.covers("W13", "D4")
def test_a_pause_is_written_down_with_who_and_why(followed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "linda")
    said = followed.run("pause", "CM-1", "--dry-run", "--json")
    assert json.loads(said.output) == {
        "dry_run": True, "cause": "", "follows": ["nothing new of it is submitted"],
    }  # fmt: skip
    said = followed.run("pause", "CM-1", "--reason", "the site is down")
    assert said.output.splitlines()[0] == "CM-1 nothing new of it is submitted"
    assert "run `cmbot sync --once`" in said.output
    with closing(followed.mirror()) as mirror:
        (act,) = acts.of(mirror, "10001", "CM-1")
        assert act.words == "ran cmbot pause CM-1: the site is down"
        event = events.of(mirror, ("CM-1",))[-1]
    assert (event.who, event.what) == ("linda", "wants CM-1 in Paused")
    assert "is in Paused already" in followed.refused("pause", "CM-1")[0]
    assert "CM-1 is Paused" in followed.run("explain", "CM-1").output


def test_a_launch_that_would_be_turned_back_is_refused(followed: Any) -> None:
    assert any("Reason" in line for line in followed.refused("launch", "CM-7"))
    with closing(followed.mirror()) as mirror:
        assert acts.of(mirror, "10007", "CM-7") == ()


@pytest.mark.covers("W5")
def test_explain_says_whose_act_it_is_what_waits_and_what_to_do(followed: Any) -> None:
    lines = json.loads(followed.run("explain", "CM-2", "--json").output)
    assert lines[0] == "CM-2 is Paused"
    assert "no launch is in force: nothing new of it is submitted" in lines
    assert any("isr failed" in line for line in lines)
    lines = followed.run("explain", "CM-7").output.splitlines()
    assert any("Reason" in line for line in lines)
    assert "is not known here" in followed.refused("explain", "CM-99")[0]


@pytest.mark.covers("G1", "G2", "D4")
def test_data_are_judged_at_a_terminal(followed: Any) -> None:
    assert "needs a reason" in followed.refused("invalidate", "CM-2")[0]
    assert (
        "CM-2 the data of CM-2 are bad"
        in followed.run("invalidate", "CM-2", "--reason", "no", "--dry-run").output
    )
    assert "judged" not in followed.run("status", "CM-1").output
    followed.run("invalidate", "CM-2", "--reason", "the flats were wrong")
    assert "judged bad by" in followed.run("status", "CM-1").output
    assert "the flats were wrong" in followed.run("history", "CM-2").output
    followed.run("validate", "CM-2")
    assert "judged good by" in followed.run("status", "CM-1").output
    assert "has made nothing" in followed.refused("validate", "CM-7")[0]


def test_to_skip_needs_a_reason(followed: Any) -> None:
    assert "needs a reason" in followed.refused("skip", "CM-3")[0]
    followed.run("skip", "CM-3", "--reason", "no data there")
    with closing(followed.mirror()) as mirror:
        (act,) = acts.of(mirror, "10003", "CM-3")
    assert (act.target, act.words) == ("Abandoned", "ran cmbot skip CM-3: no data there")
