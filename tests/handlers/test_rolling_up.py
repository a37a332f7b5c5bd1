"""Statuses are recomputed from children, and a person's word stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.handlers.campaign import decide
from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Level, Status
from cmbot.models.notices import NoticeKind
from cmbot.models.views import Counts, roll_up

S = AttemptState
statuses = st.lists(st.sampled_from(list(Status)), max_size=6)


def moved(decision: Any) -> dict[str, Status]:
    """Where cmbot moves which issue."""
    return {move.issue.key: move.target for move in decision.moves}


@pytest.mark.covers("F20", "W6")
@given(statuses, st.randoms())
def test_the_order_and_number_of_children_do_not_matter(children: list[Status], random: Any) -> None:
    shuffled = [*children, *children]
    random.shuffle(shuffled)
    assert roll_up(shuffled) is roll_up(children)


@given(statuses)
def test_completed_means_that_all_are(children: list[Status]) -> None:
    assert (roll_up(children) is Status.COMPLETED) is (set(children) == {Status.COMPLETED})


@given(statuses)
def test_anything_running_makes_the_whole_running(children: list[Status]) -> None:
    assert (roll_up(children) is Status.RUNNING) is (Status.RUNNING in children)


def test_one_failed_among_done_ones_is_for_a_person_to_decide() -> None:
    assert roll_up([Status.COMPLETED, Status.FAILED]) is Status.PAUSED
    assert roll_up([Status.COMPLETED, Status.DRAFT]) is Status.PAUSED
    assert roll_up([]) is Status.DRAFT


def test_every_attempt_state_means_something_on_the_board(build: Any) -> None:
    for state in AttemptState:
        group = build.group("g001", build.attempt(state, build.cause(1, 1)))
        assert (group.status is Status.COMPLETED) is (state is S.SUCCEEDED)
        assert (group.status is Status.FAILED) is state.ended_badly


def test_running_work_moves_group_step_and_campaign_to_running(build: Any) -> None:
    sub_task = build.issue(5, level=Level.GROUP)
    group = build.group("g001", build.attempt(S.RESERVED, build.cause(1, 1)), issue=sub_task)
    decision = decide(build.campaign(build.launched(), build.step(build.issue(2), group)))
    assert moved(decision) == dict.fromkeys(("CM-1", "CM-2", "CM-5"), Status.RUNNING)


@pytest.mark.covers("D9")
def test_everything_is_completed_when_every_group_succeeded(build: Any) -> None:
    group = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    decision = decide(build.campaign(build.running(), build.step(build.running(2), group)))
    assert moved(decision) == {"CM-1": Status.COMPLETED, "CM-2": Status.COMPLETED}


@pytest.mark.covers("W6")
def test_what_is_missing_is_said_when_a_campaign_is_completed(build: Any) -> None:
    group = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    for done, said in ((2, "2 of 2 quanta"), (1, "1 of 2 quanta; 1 missing, which was accepted")):
        counted = replace(group, quanta=Counts(total=2, done=done, failed=2 - done))
        decision = decide(build.campaign(build.running(), build.step(build.running(2), counted)))
        told = [each.happened[0] for each in decision.notices if each.kind is NoticeKind.COMPLETED]
        assert len(told) == 2
        assert all(text.endswith(said) for text in told)


def test_nothing_is_moved_when_nothing_changed(build: Any) -> None:
    done = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    finished = build.issue(2, (1, build.bot, Status.RUNNING), (2, build.bot, Status.COMPLETED))
    epic = build.issue(
        1,
        (1, build.anna, Status.LAUNCH),
        (2, build.bot, Status.RUNNING),
        (3, build.bot, Status.COMPLETED),
        level=Level.CAMPAIGN,
    )
    decision = decide(build.campaign(epic, build.step(finished, done)))
    assert decision.moves == decision.submits == decision.notices == ()


def test_a_step_between_two_groups_is_not_shown_as_paused(build: Any) -> None:
    done = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    view = build.campaign(build.running(), build.step(build.running(2), done, build.group("g002")))
    assert moved(decide(view)) == {}


@pytest.mark.covers("D8")
def test_a_failure_moves_the_group_to_failed_and_the_others_to_paused(build: Any) -> None:
    sub_task = build.issue(5, (1, build.bot, Status.RUNNING), level=Level.GROUP)
    group = build.group("g001", build.attempt(S.FAILED, build.cause(1, 1)), issue=sub_task)
    decision = decide(build.campaign(build.running(), build.step(build.running(2), group)))
    assert moved(decision) == {"CM-5": Status.FAILED, "CM-2": Status.PAUSED, "CM-1": Status.PAUSED}


@pytest.mark.covers("W3")
@pytest.mark.parametrize("word", [Status.PAUSED, Status.FAILED, Status.COMPLETED, Status.ABANDONED])
@pytest.mark.parametrize("state", [S.RUNNING, S.FAILED])
def test_what_a_person_said_stands(build: Any, word: Status, state: AttemptState) -> None:
    group = build.group("g001", build.attempt(state, build.cause(1, 1)))
    said = build.issue(
        2, (1, build.anna, Status.LAUNCH), (2, build.bot, Status.RUNNING), (3, build.anna, word)
    )
    assert "CM-2" not in moved(decide(build.campaign(build.running(), build.step(said, group))))


def test_a_step_that_a_person_paused_is_completed_when_its_work_is_done(build: Any) -> None:
    group = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    said = build.issue(2, (1, build.anna, Status.LAUNCH), (3, build.anna, Status.PAUSED))
    decision = decide(build.campaign(build.running(), build.step(said, group)))
    assert moved(decision)["CM-2"] is Status.COMPLETED


def test_an_attempt_asked_for_since_shows_that_a_person_wants_more(build: Any) -> None:
    said = build.issue(2, (1, build.anna, Status.FAILED))
    group = build.group("g001", build.attempt(S.RUNNING, build.cause(1, 5)))
    decision = decide(build.campaign(build.running(minute=5), build.step(said, group)))
    assert moved(decision)["CM-2"] is Status.RUNNING


def test_abandoned_groups_and_steps_do_not_count(build: Any) -> None:
    first = build.cause(1, 1)
    given_up = build.issue(5, (3, build.anna, Status.ABANDONED), level=Level.GROUP)
    groups = [
        build.group("g001", build.attempt(S.SUCCEEDED, first)),
        build.group("g002", build.attempt(S.FAILED, first), issue=given_up),
    ]
    abandoned = build.issue(3, (3, build.anna, Status.ABANDONED))
    view = build.campaign(
        build.running(),
        build.step(build.running(2), *groups),
        build.step(abandoned, build.group("g000", build.attempt(S.FAILED, first)), name="other"),
    )
    assert moved(decide(view)) == {"CM-1": Status.COMPLETED, "CM-2": Status.COMPLETED}


def test_a_failed_group_that_a_person_accepted_completes_its_step(build: Any) -> None:
    accepted = build.issue(
        5, (2, build.bot, Status.FAILED), (3, build.anna, Status.COMPLETED), level=Level.GROUP
    )
    group = build.group("g001", build.attempt(S.FAILED, build.cause(1, 1)), issue=accepted)
    decision = decide(build.campaign(build.running(), build.step(build.running(2), group)))
    assert moved(decision) == {"CM-1": Status.COMPLETED, "CM-2": Status.COMPLETED}


# ----------------------------------------------------------------------------------------- counts

counts = st.builds(Counts, *(st.integers(0, 10**9) for _ in range(4)))


@pytest.mark.covers("V9")
@given(st.integers(1, 10**9), st.data())
def test_hundred_percent_means_all_and_nothing_else(total: int, data: Any) -> None:
    done = data.draw(st.integers(0, total))
    percent = Counts(total=total, done=done).percent
    assert (percent == 100) is (done == total)
    assert 0 <= percent <= 100
    assert percent <= 100 * done / total + 1e-9


def test_counts_of_nothing_are_no_percents() -> None:
    assert Counts().percent == 0


@given(counts, counts, counts)
def test_counts_add_up_in_any_order(one: Counts, two: Counts, three: Counts) -> None:
    assert (one + two) + three == three + (two + one)
    assert one + Counts() == one
    assert (one + two).total == one.total + two.total


@pytest.mark.covers("V9", "V15")
@given(st.lists(st.tuples(st.integers(1, 500), st.integers(1, 90), st.booleans()), min_size=1, max_size=5))
def test_progress_never_goes_back_when_the_butler_has_counted_and_is_whole_only_then(
    build: Any, groups: list[tuple[int, int, bool]]
) -> None:
    def step(*, counted: bool) -> Any:
        # All jobs are done; of some groups the quanta are counted, too.
        made = []
        for number, (quanta, jobs, known) in enumerate(groups):
            found = Counts(quanta, quanta) if known and counted else Counts(quanta)
            made.append(replace(build.group(f"g{number:03}"), jobs=Counts(jobs, jobs), quanta=found))
        return build.step(build.issue(2), *made)

    before, after = step(counted=False).progress, step(counted=True).progress
    assert before.done <= after.done
    assert before.percent < 100
    assert (after.percent == 100) is all(known for _, _, known in groups)
