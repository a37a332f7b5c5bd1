"""What came of steps and campaigns is recomputed from what is known, and what looks wrong is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.handlers import summarising
from cmbot.handlers.summarising import NAMED, Facts
from cmbot.models.attempts import AttemptState, Order, Try, TryState, Verb
from cmbot.models.campaign import DataIdFile
from cmbot.models.data_report import FailedQuantum, TaskCount
from cmbot.models.issues import Edit, Level, Status
from cmbot.models.summary import Contents, OutputType, Totals, Usage, add_up, to_json
from cmbot.models.views import Counts

if TYPE_CHECKING:
    from conftest import Builder

    from cmbot.models.summary import StepSummary
    from cmbot.models.views import CampaignView, GroupView


AT = datetime(2026, 11, 20, 8, tzinfo=UTC)


def group(
    build: Builder, name: str = "g001", *, tasks: tuple[TaskCount, ...] = (), size: int = 10, **more: Any
) -> GroupView:
    """A group whose one attempt ended after 90 minutes, with its tasks counted."""
    nonce = f"{int(name[1:]):08x}"
    item = Try(1, 1, nonce, f"CM-2_step1_{name}_a1_{nonce}", TryState.SUBMITTED, "d", "h", build.at(5))
    state = AttemptState.SUCCEEDED if all(not task.missing for task in tasks) else AttemptState.PARTIAL
    attempt = replace(build.attempt(state, build.cause(1, 1)), tries=(item,), ended_at=build.at(95))
    done = sum(task.successful for task in tasks)
    total = sum(task.expected for task in tasks)
    counted = {"tasks": tasks, "size": size, "quanta": Counts(total, done, total - done)}
    return replace(build.group(name, attempt), **counted | more)


def isr(expected: int = 10, failed: int = 0, **more: int) -> TaskCount:
    missing = failed + sum(more.get(kind, 0) for kind in ("blocked", "unknown", "wonky"))
    counts = {"blocked": 0, "unknown": 0, "wonky": 0} | more
    return TaskCount("isr", expected, expected - missing, failed, **counts)


def view(build: Builder, *groups: GroupView, **fields: Any) -> CampaignView:
    step = build.step(build.issue(2, status=Status.COMPLETED, **fields), *groups)
    return build.campaign(build.issue(1, status=Status.COMPLETED, level=Level.CAMPAIGN), step)


def defined(of: CampaignView, **changes: Any) -> CampaignView:
    """The same with another definition of its step."""
    step = of.steps[0]
    assert step.definition is not None
    return replace(of, steps=(replace(step, definition=replace(step.definition, **changes)),))


def summed(of: CampaignView, facts: Facts | None = None) -> StepSummary:
    return summarising.step(of, of.steps[0], facts or Facts())


def holding(count: int, dataset_type: str = "postISRCCD", **groups: int) -> Facts:
    return Facts("u/test/step1", Contents((OutputType(dataset_type, "isr", count, groups),), {}))


@pytest.mark.covers("E13", "A12")
def test_a_step_is_summed_up_in_a_row(build: Builder) -> None:
    usage = {"isr": Usage(quanta=20, sampled=20, wall=7200.0, cpu=3600.0, memory=512.0)}
    contents = Contents((OutputType("postISRCCD", "isr", 20),), usage)
    of = view(build, group(build, "g001", tasks=(isr(),)), group(build, "g002", tasks=(isr(),)))
    of = defined(of, options={"pipetask": {"isr": {"requestCpus": 2}}})
    found = summed(of, Facts("u/test/step1", contents, ("Environment stack",)))
    assert found.totals == Totals(20, 20, 0, 20, build.at(5), build.at(95), core_hours=4.0, cpu_hours=1.0)
    assert found.totals.wall_hours == 1.5
    assert found.tasks == (isr(20),)
    assert (found.collection, found.software) == ("u/test/step1", ("Environment stack",))
    assert found.suspicious == ()


def test_what_still_runs_has_no_end(build: Builder) -> None:
    running = replace(
        group(build, "g002"), attempts=(build.attempt(AttemptState.RUNNING, build.cause(1, 1)),)
    )
    found = summed(view(build, group(build, tasks=(isr(),)), running))
    assert found.totals.ended is None
    assert found.totals.wall_hours is None


@pytest.mark.covers("E13")
def test_what_was_not_processed_is_listed_with_the_reason(build: Builder) -> None:
    quantum = FailedQuantum("isr", {"exposure": 3}, "Traceback\nValueError: NaN", "u/run")
    tasks = (isr(10, 1, blocked=2, unknown=1),)
    of = view(build, group(build, tasks=tasks), build.group("g002"))
    found = summed(of, Facts(failed={"g001": (quantum,)}))
    one, other = found.coverage
    assert [(each.label, each.data_id, each.why) for each in one.missing] == [
        ("isr", '{"exposure": 3}', "ValueError: NaN"),
        ("isr", "", "2 quanta not tried: something before them failed"),
        ("isr", "", "1 quanta left neither metadata nor a log"),
    ]
    assert [each.why for each in other.missing] == ["it was never submitted"]


def test_of_very_many_failed_quanta_the_number_is_told(build: Builder) -> None:
    quanta = tuple(FailedQuantum("isr", {"exposure": n}, "", "u/run") for n in range(NAMED + 5))
    found = summed(view(build, group(build, tasks=(isr(2000, NAMED + 5),))), Facts(failed={"g001": quanta}))
    *named, last = found.coverage[0].missing
    assert len(named) == NAMED
    assert named[0].why == "it failed without a message"
    assert last.why == "5 more quanta failed"


def test_where_only_counts_are_left_the_attempt_says_why(build: Builder) -> None:
    lost = replace(group(build, tasks=()), quanta=Counts(10, 8, 2))
    attempt = replace(lost.attempts[0], summary="isr: 2 of 10 quanta missing")
    found = summed(view(build, replace(lost, attempts=(attempt,))))
    assert [each.why for each in found.coverage[0].missing] == ["isr: 2 of 10 quanta missing"]
    assert (found.totals.expected, found.totals.produced, found.totals.failed) == (10, 8, 2)


@pytest.mark.covers("C4", "V22")
def test_inputs_that_people_left_out_are_told_with_their_reason(build: Builder) -> None:
    of = view(build, group(build, tasks=(isr(),)))
    of = defined(of, exclude=DataIdFile("bad.json", "clouds", count=3))
    assert summed(of).left_out == ("without the 3 DataIds of bad.json: clouds",)


@pytest.mark.covers("E13")
@pytest.mark.parametrize(
    ("count", "caveats", "said"),
    [
        (20, 0, ()),
        (0, 0, ("postISRCCD: no datasets of 20 quanta of isr that succeeded",)),
        (19, 0, ("postISRCCD: only 19 datasets of 20 quanta of isr that succeeded",)),
        # No work was found for four of them: they need not have made anything.
        (16, 4, ()),
    ],
)
def test_fewer_datasets_than_quanta_that_succeeded_are_suspicious(
    build: Builder, count: int, caveats: int, said: tuple[str, ...]
) -> None:
    of = view(build, group(build, tasks=(replace(isr(20), caveats=caveats),)))
    assert summed(of, holding(count, g001=count)).suspicious == said


@pytest.mark.covers("E13")
def test_a_group_with_far_fewer_outputs_for_its_inputs_than_its_siblings_is_suspicious(
    build: Builder,
) -> None:
    names = ("g001", "g002", "g003")
    of = view(build, *(group(build, name, tasks=(isr(10),)) for name in names))
    found = summed(of, holding(30, g001=14, g002=14, g003=2))
    said = "g003 has 2 postISRCCD for 10 inputs; its siblings have about 1.4 for each"
    assert found.suspicious == (said,)
    small = group(build, "g003", tasks=(isr(2),), size=2)
    of = view(build, *(group(build, name, tasks=(isr(10),)) for name in names[:2]), small)
    assert summed(of, holding(22, g001=10, g002=10, g003=2)).suspicious == ()


def test_of_two_groups_none_stands_out_and_a_graph_that_is_too_small_does(build: Builder) -> None:
    two = view(build, group(build, "g001", tasks=(isr(10),)), group(build, "g002", tasks=(isr(1),)))
    assert summed(two).suspicious == ()
    sizes = {"g001": 10, "g002": 12, "g003": 3}
    of = view(build, *(group(build, name, tasks=(isr(number),)) for name, number in sizes.items()))
    assert summed(of).suspicious == ("g003 has 3 quanta for 10 inputs; its siblings have about 1 for each",)


def test_groups_that_ran_with_different_software_are_suspicious(build: Builder) -> None:
    facts = Facts(software=("LSST version w_2026_46", "LSST version w_2026_47"))
    [said] = summed(view(build, group(build, tasks=(isr(),))), facts).suspicious
    assert said == "its groups ran with different software: LSST version w_2026_46; LSST version w_2026_47"


def test_what_was_made_of_bad_data_is_said_to_be_stale(build: Builder) -> None:
    of = view(build, group(build, tasks=(isr(),)))
    stale = replace(of, steps=(replace(of.steps[0], stale="step0 was judged bad"),))
    assert summed(stale).suspicious == ("stale: step0 was judged bad",)


@pytest.mark.covers("E13", "G5")
def test_what_people_said_is_kept_in_order(build: Builder) -> None:
    def edit(minute: int, field: str, after: str) -> Edit:
        return Edit(minute, build.at(minute), build.anna, field, "", after)

    order = Order(
        1, replace(build.cause(1, 40), what="asked for it: disk was full"), Verb.RETRY, "2", "g001", 1
    )
    left = group(build, tasks=(isr(10, 1),))
    moved = build.issue(
        3, (1, build.bot, Status.FAILED), (60, build.anna, Status.COMPLETED), level=Level.GROUP
    )
    left = replace(left, issue=moved, attempts=(replace(left.attempts[0], orders=(order,)),))
    of = view(build, left)
    said = (edit(90, "Verdict", "good"), edit(91, "Verdict reason", "seeing"), edit(20, "WMS priority", "3"))
    of = defined(of, exception="tracts are of the test field")
    step = replace(of.steps[0], issue=replace(of.steps[0].issue, edits=said))
    found = summed(replace(of, steps=(step,)))
    assert [(each.about, each.text) for each in found.remarks] == [
        ("CM-2", "exception to the rules: tracts are of the test field"),
        ("CM-2", "retry of g001: asked for it: disk was full"),
        ("CM-3", "accepted g001 as it is, 1 quanta missing"),
        ("CM-2", "Verdict: good"),
        ("CM-2", "Verdict reason: seeing"),
    ]


@pytest.mark.covers("A2", "E13")
def test_campaigns_of_a_production_are_added_up(build: Builder) -> None:
    of = view(build, group(build, tasks=(isr(10, 1),)))
    definition = replace(of.definition, production="DP0.2")
    facts = {"2": holding(9)}
    test, real = (summarising.campaign(replace(of, definition=definition), facts, "u/test") for _ in range(2))
    other = summarising.campaign(of, facts, "u/other")
    found = summarising.production("DP0.2", (test, other, real))
    assert found.campaigns == (test, real)
    assert (found.totals.expected, found.totals.produced, found.totals.datasets) == (20, 18, 18)
    assert json.loads(to_json(found))["totals"]["failed"] == 2


def test_a_summary_says_the_same_for_the_same_state(build: Builder) -> None:
    of = view(build, group(build, tasks=(isr(10, 1),)), Verdict="good")
    first, second = (summarising.campaign(of, {"2": holding(9)}, "u/test") for _ in range(2))
    assert to_json(first) == to_json(second)
    assert first.steps[0].verdict == "good"
    assert first.verdict == "none"


@pytest.mark.covers("A14", "E11", "E12")
def test_who_is_who_and_where_more_is_found_is_in_it(build: Builder) -> None:
    of = view(build, group(build, tasks=(isr(),)), **{"Metrics link": "https://metrics.example.org/1"})
    judged = Edit(9, build.at(9), build.anna, "Verdict", "", "good")
    fields = {"QA link": "https://qa.example.org/2", "Reason": "because", "Verdict": "good"}
    epic = replace(of.issue, fields=fields, edits=(judged,))
    roles = {"Data Release Board": "Zoë"}
    definition = replace(of.definition, definer="anna", operators=("bob", "eve"), sign_off=roles)
    found = summarising.campaign(replace(of, issue=epic, definition=definition), {}, "")
    assert found.people == {"definer": "anna", "operators": "bob, eve", "Data Release Board": "Zoë"}
    assert (found.verdict, found.verdict_by) == ("good", "Anna")
    assert found.links == {"QA link": "https://qa.example.org/2"}
    assert found.steps[0].links == {"Metrics link": "https://metrics.example.org/1"}


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.booleans()), max_size=6))
def test_what_is_not_known_of_one_is_not_known_of_all(rows: list[tuple[int, int, bool]]) -> None:
    totals = tuple(
        Totals(
            made + lost,
            made,
            lost,
            made if known else None,
            AT,
            AT + timedelta(minutes=made) if known else None,
        )
        for made, lost, known in rows
    )
    found = add_up(totals)
    assert found.expected == found.produced + found.failed
    everything = bool(rows) and all(known for _, _, known in rows)
    assert (found.datasets is not None) is everything
    assert (found.ended is not None) is everything
