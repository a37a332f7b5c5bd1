"""Bad data feed nothing, and what was made of them is stale, visibly (requirements G1, G2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.handlers import starting, verdicts
from cmbot.handlers.campaign import decide
from cmbot.models.attempts import AttemptState as S
from cmbot.models.attempts import Changes, Withdrawal
from cmbot.models.issues import Edit, Issue, Level, Status, Verdict

if TYPE_CHECKING:
    from cmbot.models.views import CampaignView


def three(build: Any, **more: Any) -> CampaignView:
    """Three steps in a row, of which the first two are completed."""
    done = build.group("g001", build.attempt(S.SUCCEEDED, build.cause(1, 1)))
    completed = {number: build.issue(number, (5, build.bot, Status.COMPLETED)) for number in (2, 3)}
    first = build.step(more.get("step1", completed[2]), more.get("group", done))
    second = build.step(completed[3], done, name="step2", after=("step1",))
    third = build.step(build.issue(4), build.group("g001"), name="step3", after=("step2",))
    epic = more.get("epic", build.running(1, minute=20))
    return verdicts.marked(build.campaign(epic, first, second, third))


def test_without_a_verdict_nothing_is_stale_and_the_next_step_starts(build: Any) -> None:
    view = three(build)
    assert [step.stale for step in view.steps] == ["", "", ""]
    assert [submit.step.name for submit in decide(view).submits] == ["step3"]


@pytest.mark.covers("G2")
def test_what_was_made_of_bad_data_is_stale_and_feeds_nothing(build: Any) -> None:
    judged = build.issue(2, (5, build.bot, Status.COMPLETED), Verdict="bad")
    view = three(build, step1=judged)
    assert [step.stale for step in view.steps] == ["", "the data of step1 (CM-2) were judged bad", ""]
    assert decide(view).submits == ()
    (reason,) = starting.blockers(view, view.steps[2])
    assert reason == "step2 (CM-3) is stale: the data of step1 (CM-2) were judged bad"


@pytest.mark.covers("G2")
def test_a_bad_campaign_feeds_no_later_step(build: Any) -> None:
    view = three(build, epic=replace(build.running(1, minute=20), fields={"Verdict": "bad"}))
    assert decide(view).submits == ()
    assert view.steps[1].stale == "the data of CM-1 were judged bad"
    assert starting.blockers(view, view.steps[0]) == ()


@pytest.mark.covers("G2")
def test_a_bad_or_rejected_group_makes_later_steps_stale_until_it_is_made_anew(build: Any) -> None:
    attempt = replace(build.attempt(S.SUCCEEDED, build.cause(1, 1)), ended_at=build.at(4))
    edit = Edit(9, build.at(6), build.anna, "Verdict", "", "bad")
    issue = replace(build.issue(9, level=Level.GROUP, Verdict="bad"), edits=(edit,))
    group = build.group("g001", attempt, issue=issue)
    assert verdicts.judged_bad(group)
    view = three(build, group=group)
    assert view.steps[1].stale == "the data of step1 g001 (CM-2) were judged bad"

    rejected = build.group("g001", replace(attempt, state=S.REJECTED))
    assert three(build, group=rejected).steps[1].stale == "what step1 g001 (CM-2) had made was rejected"

    anew = replace(
        attempt,
        number=2,
        changes=Changes(fresh=True),
        created_at=build.at(9),
        ended_at=build.at(10),
    )
    redone = build.group("g001", replace(attempt, state=S.REJECTED), anew, issue=issue)
    assert not verdicts.judged_bad(redone)
    assert three(build, group=redone).steps[1].stale == "step1 (CM-2) was made anew since"

    back = replace(attempt, withdrawal=Withdrawal(build.cause(2, 8), removed=True))
    gone = three(build, group=build.group("g001", back))
    assert gone.steps[1].stale == "what step1 g001 (CM-2) had made was taken back"
    redone = build.group("g001", back, replace(anew, changes=Changes()))
    assert three(build, group=redone).steps[1].stale == "step1 (CM-2) was made anew since"


def judged(build: Any, verdict: str, minute: float, after: int = 0) -> Edit:
    return Edit(
        after, build.at(minute), build.anna, "Verdict", "", verdict, cause=f"comment:2:{minute}", reason="why"
    )


@pytest.mark.covers("G1")
def test_a_commanded_verdict_counts_at_once_until_a_person_edits_the_field(build: Any) -> None:
    issue: Issue = build.issue(2)
    said = verdicts.with_verdicts(issue, [judged(build, "bad", 5)], build.bot).judgement
    assert said is not None
    assert (said.verdict, said.by, said.at, said.reason) == (Verdict.BAD, build.anna, build.at(5), "why")
    assert said.commanded

    # cmbot writes it into Jira: still Anna's word.
    echo = Edit(7, build.at(6), build.bot, "Verdict", "", "bad")
    shown = replace(issue, edits=(echo,), fields={"Verdict": "bad", "Verdict reason": "why"})
    said = verdicts.with_verdicts(shown, [judged(build, "bad", 5)], build.bot).judgement
    assert said is not None
    assert (said.by, said.commanded) == (build.anna, True)

    # Somebody else changes the field by hand.
    other = Edit(8, build.at(8), replace(build.anna, account="bob"), "Verdict", "bad", "good")
    edited = replace(shown, edits=(echo, other), fields={"Verdict": "good"})
    said = verdicts.with_verdicts(edited, [judged(build, "bad", 5)], build.bot).judgement
    assert said is not None
    assert (said.verdict, said.by.account, said.commanded) == (Verdict.GOOD, "bob", False)

    # A later command counts again, also before Jira shows it.
    later = [judged(build, "bad", 5), judged(build, "bad", 9, after=8)]
    said = verdicts.with_verdicts(edited, later, build.bot).judgement
    assert said is not None
    assert (said.verdict, said.at) == (Verdict.BAD, build.at(9))


@pytest.mark.covers("G1", "W8")
def test_of_a_verdict_that_is_forgotten_here_jira_knows_who_and_when(build: Any) -> None:
    echo = Edit(7, build.at(6), build.bot, "Verdict", "", "bad")
    fields = {"Verdict": "bad", "Verdict by": build.anna, "Verdict at": build.at(5), "Verdict reason": "why"}
    issue = replace(build.issue(2), edits=(echo,), fields=fields)
    said = verdicts.with_verdicts(issue, [], build.bot).judgement
    assert said is not None
    assert (said.verdict, said.by, said.at, said.reason, said.commanded) == (
        Verdict.BAD, build.anna, build.at(5), "why", False,
    )  # fmt: skip
    assert build.issue(2, Verdict="none").judgement is None
    group = build.group(
        "g001",
        replace(build.attempt(S.SUCCEEDED, build.cause(1, 1)), ended_at=build.at(5) + timedelta(hours=1)),
        issue=issue,
    )
    assert not verdicts.judged_bad(group)
