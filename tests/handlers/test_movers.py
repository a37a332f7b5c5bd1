"""A move counts as its author's roles were when cmbot first saw it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.handlers import causes
from cmbot.handlers.campaign import decide
from cmbot.handlers.movers import to_judge, with_roles
from cmbot.models.issues import Level, Role, Status
from cmbot.models.notices import NoticeKind

if TYPE_CHECKING:
    from cmbot.models.issues import Issue

NONE: frozenset[Role] = frozenset()
OPERATOR = frozenset({Role.OPERATOR})


def had(issue: Issue, roles: frozenset[Role]) -> Issue:
    """The issue, if all who moved it had these roles."""
    return with_roles(issue, {move.history_id: roles for move in issue.moves})


def judged(build: Any, *moves: Any, known: tuple[int, ...] = ()) -> list[int]:
    return [move.history_id for move in to_judge(build.issue(2, *moves), known, build.bot)]


@pytest.mark.covers("V16", "W13")
def test_who_is_no_operator_starts_nothing_and_is_told_who_may(build: Any) -> None:
    step = build.step(build.issue(2), build.group("g001"))
    decision = decide(build.campaign(had(build.launched(), NONE), step))
    assert decision.submits == ()
    [move] = decision.moves
    assert (move.issue.key, move.target) == ("CM-1", Status.DRAFT)
    [notice] = decision.notices
    assert notice.kind is NoticeKind.REFUSED
    assert "only people with the role operator move a campaign to Launch" in notice.problems[0].problem
    assert len(decide(build.campaign(had(build.launched(), OPERATOR), step)).submits) == 1


@pytest.mark.covers("V16")
def test_who_is_no_operator_neither_stops_nor_ends_what_an_operator_started(build: Any) -> None:
    running = build.running(1)
    for target in (Status.PAUSED, Status.COMPLETED, Status.ABANDONED):
        moves = [(1, build.anna, Status.LAUNCH), (2, build.bot, Status.RUNNING), (3, build.anna, target)]
        stopped = build.issue(1, *moves, level=Level.CAMPAIGN)
        stopped = with_roles(stopped, {1: OPERATOR, 3: NONE})
        step = build.step(build.issue(2), build.group("g001"))
        decision = decide(build.campaign(stopped, step))
        assert [move.target for move in decision.moves if move.issue.key == "CM-1"] == [Status.RUNNING]
        # Turned back, the operator's launch is in force again.
        back = build.issue(1, *moves, (4, build.bot, Status.RUNNING), level=Level.CAMPAIGN)
        back = with_roles(back, {1: OPERATOR, 3: NONE})
        assert causes.in_force((back,), build.bot) == causes.in_force((running,), build.bot)
        assert len(decide(build.campaign(back, step)).submits) == 1


def test_several_refused_moves_go_back_to_where_they_began(build: Any) -> None:
    moves = [
        (1, build.bot, Status.RUNNING),
        (2, build.anna, Status.PAUSED),
        (3, build.anna, Status.FAILED),
        (4, build.anna, Status.LAUNCH),
    ]
    epic = had(build.issue(1, *moves, level=Level.CAMPAIGN), NONE)
    decision = decide(build.campaign(epic, build.step(build.issue(2), build.group("g001"))))
    assert [move.target for move in decision.moves if move.issue.key == "CM-1"] == [Status.RUNNING]


def test_a_move_is_judged_once(build: Any) -> None:
    launch, run = (1, build.anna, Status.LAUNCH), (2, build.bot, Status.RUNNING)
    assert judged(build, launch) == [1]
    assert judged(build, launch, known=(1,)) == []
    assert judged(build, launch, run, (3, build.anna, Status.PAUSED), known=(1,)) == [3]


def test_of_a_history_seen_as_a_whole_only_what_was_turned_back_or_is_new_is_judged(build: Any) -> None:
    """Who has left the group since does not undo what was done: for the day the mirror is lost."""
    moves = [
        (1, build.anna, Status.LAUNCH),  # turned back
        (2, build.bot, Status.DRAFT),
        (3, build.anna, Status.LAUNCH),  # acted on
        (4, build.bot, Status.RUNNING),
        (5, build.anna, Status.PAUSED),  # new
        (6, build.anna, Status.LAUNCH),  # new
    ]
    assert judged(build, *moves) == [1, 5, 6]
    assert judged(build, *moves[:4]) == [1]


def test_roles_are_added_to_moves_and_taken_away(build: Any) -> None:
    issue = build.running(2)
    known = with_roles(issue, {1: OPERATOR})
    assert [move.roles for move in known.moves] == [OPERATOR, None]
    assert with_roles(known, {}) == issue == replace(known, moves=issue.moves)
