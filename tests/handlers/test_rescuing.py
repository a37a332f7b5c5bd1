"""What cmbot does by itself about a group that ended badly, and where it stops and asks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.handlers import changing, memory, rescuing
from cmbot.handlers.actions import Accept, Ask, Submit
from cmbot.handlers.campaign import decide
from cmbot.models.attempts import AttemptState as S
from cmbot.models.attempts import Cause, Changes, Order, OrderState, Recorded, Try, TryState, Verb
from cmbot.models.campaign import PausePolicy, RetryPolicy
from cmbot.models.data_report import TaskCount
from cmbot.models.failures import Action, Explained, Failure, JobError
from cmbot.models.issues import Edit, Level, Status
from cmbot.models.limits import Limits
from cmbot.models.notices import NoticeKind
from cmbot.models.systems import System

if TYPE_CHECKING:
    from cmbot.models.views import CampaignView, GroupView, StepView

KILLED = JobError("transform", 137)


def failure(action: Action = Action.RESCUE, label: str = "isr", **more: Any) -> Explained:
    example = Failure(label, (KILLED,), 137, memory=more.pop("memory", None), used=more.pop("used", None))
    return Explained(KILLED, label, 1, 10, example, action, rule="killed", **more)


def missing(label: str, lacking: int, expected: int = 10, wonky: int = 0) -> TaskCount:
    return TaskCount(label, expected, expected - lacking, lacking, 0, 0, wonky)


def failed(build: Any, *failures: Explained, state: S = S.PARTIAL, **more: Any) -> GroupView:
    """A group whose first attempt, which had a request, ended badly under the launch of the campaign."""
    item = Try(1, 1, "0a1b2c3d", "run", TryState.SUBMITTED, "tries/run", "here", build.at(1), request_id=7)
    attempt = replace(build.attempt(state, build.cause(1, 1)), tries=(item,))
    return replace(build.group("g001", attempt), failures=failures, **more)


def restarted(group: GroupView, cause: Cause, state: OrderState, note: str = "") -> GroupView:
    """The same, of which a restart was asked."""
    order = Order(1, cause, Verb.RESTART, "2", "g001", 1, state=state, note=note)
    return replace(group, attempts=(replace(group.attempts[0], orders=(order,)),))


def executed(group: GroupView, **more: Any) -> GroupView:
    """The same, executed otherwise."""
    (attempt,) = group.attempts
    return replace(group, attempts=(replace(attempt, tries=(replace(attempt.tries[0], **more),)),))


def campaign(
    build: Any,
    *groups: GroupView,
    retry: RetryPolicy = RetryPolicy.AUTOMATIC,
    limits: Limits | None = None,
    epic: Any = None,
    pause: PausePolicy = PausePolicy.ON_ERRORS,
    options: dict[str, Any] | None = None,
) -> CampaignView:
    step = build.step(build.running(2), *groups)
    step = replace(step, definition=replace(step.definition, options=options or {}))
    view: CampaignView = build.campaign(epic or build.running(), step, pause=pause)
    assert view.definition is not None
    definition = replace(view.definition, retry=retry)
    return replace(view, definition=definition, limits=limits or Limits())


def what(view: CampaignView) -> Any:
    return rescuing.decided(view, view.steps[0], view.steps[0].groups[0])


# ------------------------------------------------------------------------------------------ rescue


@pytest.mark.covers("D15")
@pytest.mark.parametrize("pause", PausePolicy)
def test_what_a_rule_rescues_is_submitted_again_and_nobody_is_called(build: Any, pause: PausePolicy) -> None:
    view = campaign(build, failed(build, failure()), pause=pause)
    decision = decide(view)
    (submit,) = decision.submits
    assert (submit.number, submit.cause.id) == (2, "rule:2:g001:1")
    assert submit.cause.by == build.anna
    assert "killed" in submit.cause.what
    assert decision.moves == ()
    assert not [
        notice for notice in decision.notices if notice.kind in {NoticeKind.FAILED, NoticeKind.PAUSED}
    ]


def test_a_manual_policy_only_suggests(build: Any) -> None:
    decision = decide(campaign(build, failed(build, failure()), retry=RetryPolicy.MANUAL))
    assert decision.submits == ()
    assert [move.target for move in decision.moves] == [Status.PAUSED, Status.PAUSED]


def test_a_step_may_have_a_policy_of_its_own(build: Any) -> None:
    view = campaign(build, failed(build, failure()))
    (step,) = view.steps
    assert step.definition is not None
    manual = replace(step, definition=replace(step.definition, retry=RetryPolicy.MANUAL))
    assert rescuing.decided(replace(view, steps=(manual,)), manual, manual.groups[0]) is None


@pytest.mark.parametrize("action", [Action.REVIEW, Action.PAUSE])
def test_what_is_for_a_person_is_left_to_one(build: Any, action: Action) -> None:
    view = campaign(build, failed(build, failure(), failure(action, "calibrate")))
    assert what(view) is None
    assert decide(view).submits == ()


def test_a_passive_rule_does_nothing(build: Any) -> None:
    passive = failure(Action.REVIEW, would="killed", would_do=Action.RESCUE)
    assert what(campaign(build, failed(build, passive))) is None


@pytest.mark.parametrize("state", [S.CANCELLED, S.SUCCEEDED, S.RUNNING, S.DUPLICATE])
def test_only_what_failed_is_rescued(build: Any, state: S) -> None:
    assert what(campaign(build, failed(build, failure(), state=state))) is None


def test_while_it_is_not_known_why_jobs_failed_nobody_is_called(build: Any) -> None:
    view = campaign(build, failed(build, unexplained=True))
    assert isinstance(what(view), rescuing.Wait)
    decision = decide(view)
    assert (decision.submits, decision.moves) == ((), ())


@pytest.mark.parametrize("target", [Status.PAUSED, Status.FAILED, Status.ABANDONED, Status.COMPLETED])
def test_a_person_who_stopped_it_since_is_obeyed(build: Any, target: Status) -> None:
    epic = build.issue(
        1, (1, build.anna, Status.LAUNCH), (2, build.bot, Status.RUNNING), (3, build.anna, target),
        level=Level.CAMPAIGN,
    )  # fmt: skip
    assert what(campaign(build, failed(build, failure()), epic=epic)) is None


@pytest.mark.covers("D11")
def test_the_limit_of_attempts_and_a_rescue_that_made_nothing_stop_it(build: Any) -> None:
    group = failed(build, failure())
    stopped = what(campaign(build, group, limits=Limits(attempts=1)))
    assert stopped == rescuing.Stop("1 attempts were made (failures.max_attempts)")
    view = campaign(build, replace(group, stuck=True, issue=build.issue(5, level=Level.GROUP)))
    assert what(view) == rescuing.Stop("a1 made nothing more than was there before")
    told = {notice.kind: notice for notice in decide(view).notices}
    assert told[NoticeKind.FAILED].happened[2].startswith("cmbot does not go on by itself: a1 made nothing")


def test_others_go_on_while_cmbot_rescues_and_stop_when_it_gives_up(build: Any) -> None:
    rescued, fresh = failed(build, failure()), build.group("g002")
    epic = build.launched()
    submits = decide(campaign(build, rescued, fresh, epic=epic)).submits
    assert [(item.group.name, item.number) for item in submits] == [("g001", 2), ("g002", 1)]
    given_up = replace(rescued, stuck=True)
    assert decide(campaign(build, given_up, fresh, epic=epic)).submits == ()


def test_a_person_who_asks_for_it_is_the_cause(build: Any) -> None:
    moves = [(1, build.anna, Status.LAUNCH), (2, build.bot, Status.RUNNING)]
    again = build.issue(5, (3, build.bot, Status.FAILED), (4, build.anna, Status.LAUNCH), level=Level.GROUP)
    epic = build.issue(1, *moves, level=Level.CAMPAIGN)
    (submit,) = decide(campaign(build, replace(failed(build, failure()), issue=again), epic=epic)).submits
    assert submit.cause.id == "move:5:4"


def test_what_waits_for_an_earlier_step_is_not_rescued_and_a_person_is_called(build: Any) -> None:
    judged = build.step(build.issue(3, Verdict="bad", status=Status.COMPLETED), name="step0")
    view = campaign(build, replace(failed(build, failure()), issue=build.issue(5, level=Level.GROUP)))
    (step,) = view.steps
    assert step.definition is not None
    after = replace(step, definition=replace(step.definition, after=("step0",)))
    decision = decide(replace(view, steps=(judged, after)))
    assert decision.submits == ()
    assert NoticeKind.FAILED in {notice.kind for notice in decision.notices}


def test_a_rescue_that_failed_counts_for_the_launch_behind_it(build: Any) -> None:
    launch = build.cause(1, 1)
    second = Cause("rule:2:g001:1", launch.by, launch.at, "goes on")
    tried = build.group("g001", build.attempt(S.PARTIAL, launch), build.attempt(S.FAILED, second))
    view = campaign(build, tried, build.group("g002"), epic=build.launched())
    assert decide(view).submits == ()
    running = build.group("g001", build.attempt(S.PARTIAL, launch), build.attempt(S.RUNNING, second))
    view = campaign(build, running, build.group("g002"), epic=build.launched())
    assert [item.group.name for item in decide(view).submits] == ["g002"]


# ------------------------------------------------------------------------------------------ memory


@pytest.mark.covers("D11")
@pytest.mark.parametrize(
    ("used", "asked", "most", "expected"),
    [
        (None, None, 0, 8192),
        (5000, None, 0, 8192),
        (9000, None, 0, 11250),
        # PanDA had raised it already: its jobs ask for nine tenths.
        (None, 9000, 0, 20000),
        (9000, None, 6000, 6000),
    ],
)
def test_memory_is_doubled_or_what_was_measured_and_a_quarter_up_to_the_largest_queue(
    build: Any, used: int | None, asked: int | None, most: int, expected: int
) -> None:
    why = failure(Action.RESCUE_WITH_MORE_MEMORY, used=used, memory=asked)
    limits = Limits(queues={"SLAC": {"small": 3000, "large": most}} if most else {})
    view = campaign(
        build, failed(build, why), limits=limits, options={"pipetask": {"isr": {"requestMemory": 4096}}}
    )
    found = what(view)
    assert isinstance(found, Submit)
    assert found.changes.memory == {"isr": expected}


def test_a_cluster_asks_for_what_its_largest_task_does() -> None:
    options = {
        "requestMemory": 1000,
        "pipetask": {"isr": {"requestMemory": 3000}},
        "cluster": {"visits": {"pipetasks": "isr, calibrate"}, "big": {"requestMemory": 9000}},
    }
    labels = ("visits", "big", "isr", "calibrate", "finalJob")
    assert [memory.asked(options, label) for label in labels] == [3000, 9000, 3000, 1000, 32768]


def test_a_queue_that_is_chosen_counts_above_those_of_single_tasks() -> None:
    options = {
        "pipetask": {"isr": {"queue": "small", "requestMemory": 3000}},
        "cluster": {"visits": {"queue": "small", "pipetasks": "isr"}},
        "finalJob": {"queue": "merge"},
    }
    assert memory.applied(options, Changes(queue="large")) == {
        "queue": "large",
        "pipetask": {"isr": {"requestMemory": 3000}},
        "cluster": {"visits": {"pipetasks": "isr"}},
        "finalJob": {"queue": "merge"},
    }
    assert memory.applied(options, Changes()) == options


def test_where_no_queue_has_more_memory_a_person_is_asked(build: Any) -> None:
    limits = Limits(queues={"SLAC": {"only": 2048}})
    view = campaign(build, failed(build, failure(Action.RESCUE_WITH_MORE_MEMORY)), limits=limits)
    assert what(view) == rescuing.Stop("isr needs more memory, and no queue has more")


@pytest.mark.covers("D11")
@pytest.mark.parametrize(
    "options",
    [
        {"queue": "small"},
        {"queue": "large", "pipetask": {"isr": {"queue": "small"}}},
        {"pipetask": {"isr": {"queue": "large"}}, "cluster": {"isr": {"queue": "small"}}},
        {"pipetask": {"flat": {"queue": "small"}}, "cluster": {"isr": {"pipetasks": "flat"}}},
    ],
)
def test_memory_is_raised_no_further_than_the_queue_of_the_definition_has(
    build: Any, options: dict[str, Any]
) -> None:
    why = failure(Action.RESCUE_WITH_MORE_MEMORY)
    group = failed(build, why)
    limits = Limits(queues={"SLAC": {"small": 3000, "middle": 4000, "large": 9000}})
    found = what(campaign(build, group, limits=limits, options=options))
    assert isinstance(found, Submit)
    assert found.changes.memory == {"isr": 3000}
    last = replace(group.attempts[0], changes=Changes(memory={"isr": 3000}))
    found = what(campaign(build, replace(group, attempts=(last,)), limits=limits, options=options))
    said = "isr needs more memory, and its queue small has 3000 MB: retry it in large (--queue)"
    assert found == rescuing.Stop(said)
    view = campaign(build, group, limits=limits, options=options)
    asked = changing.changes(view, view.steps[0], group, Changes(queue="large"))
    assert asked.memory == {"isr": 4096}
    # The same where the site says it for all steps.
    limits = replace(limits, options={"SLAC": options, "elsewhere": {"queue": "large"}})
    found = what(campaign(build, group, limits=limits))
    assert isinstance(found, Submit)
    assert found.changes.memory == {"isr": 3000}


def test_a_step_s_own_memory_and_queue_count_above_those_of_the_site(build: Any) -> None:
    site = {"requestMemory": 3000, "queue": "small", "pipetask": {"isr": {"queue": "small"}}}
    limits = Limits(queues={"SLAC": {"small": 3000, "large": 9000}}, options={"SLAC": site})
    group = failed(build, failure(Action.RESCUE_WITH_MORE_MEMORY))
    assert what(campaign(build, group, limits=limits)) == rescuing.Stop(
        "isr needs more memory, and its queue small has 3000 MB: retry it in large (--queue)"
    )
    found = what(campaign(build, group, limits=limits, options={"pipetask": {"isr": {"queue": "large"}}}))
    assert isinstance(found, Submit)
    assert found.changes.memory == {"isr": 6000}


def test_the_final_job_keeps_its_queue(build: Any) -> None:
    limits = Limits(queues={"SLAC": {"merge": 40000, "large": 90000}})
    options = {"finalJob": {"queue": "merge"}, "queue": "large"}
    why = failure(Action.RESCUE_WITH_MORE_MEMORY, "finalJob")
    found = what(campaign(build, failed(build, why), limits=limits, options=options))
    assert isinstance(found, Submit)
    assert found.changes.memory == {"finalJob": 40000}


def test_memory_once_raised_stays_raised_for_every_later_attempt(build: Any) -> None:
    launch = build.cause(1, 1)
    first = replace(build.attempt(S.PARTIAL, launch), changes=Changes(memory={"isr": 8000}))
    group = replace(build.group("g001", first), failures=(failure(),))
    found = what(campaign(build, group))
    assert isinstance(found, Submit)
    assert found.changes.memory == {"isr": 8000}


def test_memory_once_raised_stays_in_the_queue_that_has_it(build: Any) -> None:
    raised = Changes(memory={"isr": 8000}, queue="large")
    last = replace(build.attempt(S.PARTIAL, build.cause(1, 1)), changes=raised)
    group = replace(build.group("g001", last), failures=(failure(),))
    limits = Limits(queues={"SLAC": {"small": 3000, "large": 9000}})
    found = what(campaign(build, group, limits=limits, options={"queue": "small"}))
    assert isinstance(found, Submit)
    assert (found.changes.memory, found.changes.queue) == ({"isr": 8000}, "large")
    # Another site has no such queue.
    elsewhere = replace(group, failures=(failure(to_site="IN2P3"),))
    limits = Limits(queues={**limits.queues, "IN2P3": {"himem": 64000}})
    found = what(campaign(build, elsewhere, limits=limits, options={"queue": "small"}))
    assert isinstance(found, Submit)
    assert (found.changes.site, found.changes.queue) == ("IN2P3", "")


def test_a_rule_may_send_a_rescue_elsewhere_but_only_to_what_the_settings_know(build: Any) -> None:
    why = failure(to_site="IN2P3", to_queue="himem")
    known = Limits(queues={"SLAC": {}, "IN2P3": {"himem": 64000}})
    found = what(campaign(build, failed(build, why), limits=known))
    assert isinstance(found, Submit)
    assert (found.changes.site, found.changes.queue) == ("IN2P3", "himem")
    found = what(campaign(build, failed(build, why), limits=Limits(queues={"SLAC": {}})))
    assert isinstance(found, Submit)
    assert (found.changes.site, found.changes.queue) == ("", "")


def test_what_a_person_judged_bad_is_not_used_again(build: Any) -> None:
    attempt = build.attempt(S.PARTIAL, build.cause(1, 1))
    judged = Edit(9, build.at(5), build.anna, "Verdict", "", "bad")
    moved = build.issue(5, (2, build.bot, Status.RUNNING), level=Level.GROUP, Verdict="bad")
    issue = replace(moved, edits=(judged,))
    group = replace(build.group("g001", attempt, issue=issue), failures=(failure(),))
    found = what(campaign(build, group))
    assert isinstance(found, Submit)
    assert found.changes.fresh


# ------------------------------------------------------------------------------------------ merge


def test_a_merge_that_failed_alone_is_restarted_alone_and_once(build: Any) -> None:
    group = failed(build, failure(label="finalJob"), merge_failed=True)
    view = campaign(build, group)
    found = what(view)
    assert isinstance(found, Ask)
    assert (found.verb, found.cause.id) == (Verb.RESTART, "rule:2:g001:1")
    assert decide(view).submits == ()
    again = campaign(build, restarted(group, found.cause, OrderState.DONE))
    assert what(again) == rescuing.Stop("its final job failed again after a restart")
    refused = campaign(build, restarted(group, found.cause, OrderState.REFUSED, "PanDA said no"))
    assert what(refused) == rescuing.Stop("its final job was not restarted: PanDA said no")


def test_nobody_is_called_while_cmbot_restarts_a_merge_by_itself(build: Any) -> None:
    issue = build.issue(9, (5, build.bot, Status.RUNNING), level=Level.GROUP)
    group = replace(failed(build, failure(label="finalJob"), merge_failed=True), issue=issue)
    asked = what(campaign(build, group))
    assert isinstance(asked, Ask)
    decision = decide(campaign(build, restarted(group, asked.cause, OrderState.OPEN)))
    assert [steer.order.cause for steer in decision.steers] == [asked.cause]
    assert (decision.asks, decision.submits, decision.moves) == ((), (), ())
    assert not [each for each in decision.notices if each.kind in {NoticeKind.FAILED, NoticeKind.PAUSED}]


@pytest.mark.parametrize(
    "more", [{"wms": System.PARSL}, {"recorded": Recorded("u/anna/run")}, {"request_id": None}], ids=str
)
@pytest.mark.parametrize("retry", RetryPolicy)
def test_a_merge_that_cannot_be_restarted_is_made_good_by_the_next_attempt(
    build: Any, more: dict[str, Any], retry: RetryPolicy
) -> None:
    group = executed(failed(build, failure(label="finalJob"), merge_failed=True), **more)
    epic = build.issue(1, (2, build.bot, Status.PAUSED), (3, build.anna, Status.LAUNCH), level=Level.CAMPAIGN)
    decision = decide(campaign(build, group, epic=epic, retry=retry))
    assert decision.asks == ()
    assert [submit.number for submit in decision.submits] == [2]


def test_a_launch_restarts_a_merge_too_and_its_cause_acts_once(build: Any) -> None:
    launch = (3, build.anna, Status.LAUNCH)
    epic = build.issue(1, (2, build.bot, Status.PAUSED), launch, level=Level.CAMPAIGN)
    group = failed(build, merge_failed=True)
    view = campaign(build, group, epic=epic, retry=RetryPolicy.MANUAL)
    (ask,) = decide(view).asks
    assert (ask.verb, ask.cause.id) == (Verb.RESTART, "move:1:3")
    assert decide(view).submits == ()
    done = restarted(group, ask.cause, OrderState.DONE)
    again = decide(campaign(build, done, epic=epic, retry=RetryPolicy.MANUAL))
    assert (again.asks, again.submits) == ((), ())


def test_a_launch_whose_restart_was_refused_makes_the_next_attempt(build: Any) -> None:
    epic = build.issue(1, (2, build.bot, Status.PAUSED), (3, build.anna, Status.LAUNCH), level=Level.CAMPAIGN)
    group = failed(build, merge_failed=True)
    refused = restarted(group, build.cause(1, 3), OrderState.REFUSED, "PanDA said no")
    decision = decide(campaign(build, refused, epic=epic, retry=RetryPolicy.MANUAL))
    assert decision.asks == ()
    assert [(submit.number, submit.cause.id) for submit in decision.submits] == [(2, "move:1:3")]


def test_a_second_launch_waits_for_what_comes_of_a_restart(build: Any) -> None:
    launches = (3, build.anna, Status.LAUNCH), (4, build.bot, Status.PAUSED), (5, build.anna, Status.LAUNCH)
    epic = build.issue(1, (2, build.bot, Status.PAUSED), *launches, level=Level.CAMPAIGN)
    group = restarted(failed(build, merge_failed=True), build.cause(1, 3), OrderState.OPEN)
    decision = decide(campaign(build, group, epic=epic, retry=RetryPolicy.MANUAL))
    assert (decision.asks, decision.submits, decision.settles) == ((), (), ())
    assert len(decision.steers) == 1


# ------------------------------------------------------------------------------------------ accept


@pytest.mark.covers("G7")
def test_few_enough_failures_of_the_whole_step_are_accepted(build: Any) -> None:
    few = failure(Action.ACCEPT, tolerance=0.01)
    group = failed(build, few, merged=True, tasks=(missing("isr", 1, 50),))
    # One of fifty is too much, one of a hundred in the whole step is not.
    assert isinstance(what(campaign(build, group)), rescuing.Stop)
    other = replace(
        build.group("g002", build.attempt(S.SUCCEEDED, build.cause(1, 1))), tasks=(missing("isr", 0, 50),)
    )
    view = campaign(build, group, other)
    found = what(view)
    assert isinstance(found, Accept)
    assert found.why == "accepted by killed: quanta missing of isr: 1 of 50"
    assert decide(view).accepts == (found,)


@pytest.mark.parametrize(
    "more",
    [
        {"merged": False},
        {"tasks": ()},
        {"tasks": (missing("isr", 1, 100, wonky=1),)},
        {"tasks": (missing("isr", 1, 100), missing("calibrate", 2, 100))},
    ],
)
def test_what_is_not_registered_not_known_contradicts_itself_or_blocks_more_is_not_accepted(
    build: Any, more: dict[str, Any]
) -> None:
    few = failure(Action.ACCEPT, tolerance=0.01)
    group = failed(build, few, **({"merged": True, "tasks": (missing("isr", 1, 100),)} | more))
    assert isinstance(what(campaign(build, group)), rescuing.Stop)


counts = st.lists(
    st.builds(
        lambda label, expected, lacking, wonky: missing(label, min(lacking, expected), expected, wonky),
        st.sampled_from(["isr", "calibrate"]),
        st.integers(0, 200),
        st.integers(0, 20),
        st.sampled_from([0, 0, 0, 1]),
    ),
    max_size=2,
    unique_by=lambda task: task.label,
).map(tuple)
explained = st.lists(
    st.builds(failure, st.sampled_from(Action), tolerance=st.sampled_from([0.0, 0.01, 0.1])), max_size=3
).map(tuple)


@pytest.mark.covers("W6", "G7")
@given(st.lists(st.tuples(counts, explained, st.booleans()), min_size=1, max_size=3))
def test_nothing_is_ever_accepted_that_lacks_more_than_a_rule_tolerates(
    build: Any, groups: list[tuple[Any, Any, bool]]
) -> None:
    views = tuple(
        replace(failed(build, *failures, merged=merged, tasks=tasks), name=f"g{number:03}")
        for number, (tasks, failures, merged) in enumerate(groups)
    )
    step: StepView = build.step(build.running(2), *views)
    for group in views:
        if not rescuing.acceptable(step, group):
            continue
        assert group.merged
        assert {each.action for each in group.failures} == {Action.ACCEPT}
        most = max(each.tolerance for each in group.failures)
        for task in group.tasks:
            assert task.wonky == 0
            alike = [other for each in views for other in each.tasks if other.label == task.label]
            if task.missing:
                lacking, expected = (sum(getattr(o, f) for o in alike) for f in ("missing", "expected"))
                assert lacking <= round(most * expected, 6)
