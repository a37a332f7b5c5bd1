"""A command counts as a move of its issue: at once, and until a later move."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.handlers import causes
from cmbot.handlers.acts import with_acts
from cmbot.handlers.campaign import decide
from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Issue, Move, Status

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def commanded(build: Any) -> Callable[..., Issue]:
    """An issue after a command; the number is that of the newest move before it."""

    def make(issue: Issue, target: Status, minute: float, after: int | None = None) -> Issue:
        last = issue.last_move.history_id if issue.last_move else 0
        where = last if after is None else after
        before = [move for move in issue.moves if move.history_id <= where]
        source, at = (before[-1].target if before else Status.DRAFT), build.at(minute)
        act = Move(
            issue.id, issue.key, where, at, build.anna, source, target, cause="comment:1:7", words="wrote"
        )
        return with_acts(issue, [act], build.bot)

    return make


@pytest.mark.covers("W13")
def test_a_launch_counts_although_jira_shows_the_status_before(build: Any, commanded: Any) -> None:
    epic = commanded(build.issue(1), Status.LAUNCH, 5)
    assert (epic.status, epic.shown) == (Status.LAUNCH, Status.DRAFT)
    cause = causes.in_force((epic,), build.bot)
    assert cause is not None
    assert (cause.id, cause.by, cause.what) == ("move:comment:1:7", build.anna, "wrote")

    view = build.campaign(epic, build.step(build.issue(2), build.group("g001")))
    (submit,) = decide(view).submits
    assert submit.cause.id == cause.id


def test_it_goes_on_counting_when_cmbot_has_moved_the_issue(build: Any, commanded: Any) -> None:
    epic = commanded(build.issue(1, (6, build.bot, Status.RUNNING)), Status.LAUNCH, 5, after=0)
    assert (epic.status, epic.shown) == (Status.RUNNING, None)
    assert causes.in_force((epic,), build.bot) is not None


def test_a_move_that_comes_after_it_ends_it(build: Any, commanded: Any) -> None:
    for by in (build.bot, build.anna):
        epic = commanded(build.issue(1, (6, by, Status.PAUSED)), Status.LAUNCH, 5, after=0)
        assert (epic.status, epic.shown) == (Status.PAUSED, None)
        assert causes.in_force((epic,), build.bot) is None


def test_a_pause_is_shown_in_jira_and_stands_while_something_runs(build: Any, commanded: Any) -> None:
    running = build.attempt(AttemptState.RUNNING, build.cause(1, 1))
    step = build.step(build.running(2), build.group("g001", running), build.group("g002"))
    epic = commanded(build.running(1), Status.PAUSED, 5)
    decision = decide(build.campaign(epic, step))
    assert decision.submits == ()
    (move,) = [move for move in decision.moves if move.issue.id == "1"]
    assert (move.target, move.issue.shown) == (Status.PAUSED, Status.RUNNING)
    assert "wrote" in move.why

    # cmbot has moved it; that is the person's pause, and no roll-up takes it back.
    moved = replace(build.running(1), status=Status.PAUSED)
    last = Move("1", "CM-1", 9, build.at(9), build.bot, Status.RUNNING, Status.PAUSED)
    moved = replace(moved, moves=(*moved.moves, last))
    epic = commanded(moved, Status.PAUSED, 5, after=2)
    assert (epic.status, epic.shown, epic.last_move.by) == (Status.PAUSED, None, build.anna)
    assert [move for move in decide(build.campaign(epic, step)).moves if move.issue.id == "1"] == []


def test_a_launch_that_cannot_be_followed_goes_back_where_jira_has_it(build: Any, commanded: Any) -> None:
    first = build.step(build.issue(2), build.group("g001"))
    second = commanded(build.issue(3), Status.LAUNCH, 5)
    view = build.campaign(
        build.issue(1, (1, build.anna, Status.PAUSED)),
        first,
        build.step(second, build.group("g001"), name="step2", after=("step1",)),
    )
    decision = decide(view)
    (move,) = [move for move in decision.moves if move.issue.id == "3"]
    assert move.target is move.issue.shown is Status.DRAFT
    (notice,) = [notice for notice in decision.notices if notice.issue.id == "3"]
    assert notice.marker == "refused:3:comment:1:7"
