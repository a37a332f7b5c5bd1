"""What people read, word for word: rewritten with --update-golden and reviewed in the diff."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.comments.summaries import readable
from cmbot.exceptions import UserError
from cmbot.handlers.summarising import production
from cmbot.models.issues import Person
from cmbot.models.notices import NoticeKind
from cmbot.models.roster import Handover
from cmbot.models.views import Counts, Unlike

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.comments import Comments

AT = datetime(2026, 11, 20, 8, 15, tzinfo=UTC)


@pytest.mark.covers("V11", "F21", "V14")
def test_the_status_of_a_step_with_a_row_for_each_group(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    step = story.step(*story.groups(4))
    golden("comments/step.txt", comments.step(story.campaign(step), step))


@pytest.mark.covers("V11")
def test_the_status_of_a_step_with_many_groups_has_rows_for_those_that_differ(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    step = story.step(*story.groups(90))
    text = comments.step(story.campaign(step), step)
    golden("comments/step_many.txt", text)
    rows = [line for line in text.splitlines() if line.startswith("|g")]
    # All that ended without their whole result, none that waits or is done.
    assert len(rows) == 20
    assert all("|partial|" in line for line in rows)
    assert len(text) < 8000


@pytest.mark.covers("V11")
def test_twenty_steps_of_ninety_groups_fit_into_a_comment(story: Any, comments: Comments) -> None:
    view = story.campaign(*(story.step(*story.groups(90)) for _ in range(20)))
    assert len(comments.campaign(view)) < 6000
    assert comments.campaign(view).count("step1 [CM-2") == 20


@pytest.mark.covers("V9")
def test_an_estimate_says_that_it_is_one(story: Any, comments: Comments) -> None:
    running = story.groups(3)[2]
    step = story.step(replace(running, counted_at=AT + timedelta(hours=3)))
    text = comments.step(story.campaign(step), step)
    said = "what runs ends about 2026-11-20 18:15 UTC (an estimate, from the rate so far)"
    assert f"Running since 2026-11-20 08:15 UTC; {said}." in text
    assert "2026-11-20 18:15 UTC (an estimate" in comments.campaign(story.campaign(step))
    early = story.step(replace(running, counted_at=AT + timedelta(hours=3), jobs=Counts(40, 3)))
    assert "Running since 2026-11-20 08:15 UTC.\n" in comments.step(story.campaign(early), early)


@pytest.mark.covers("V4", "F11", "V9")
def test_the_status_of_a_step_says_why_jobs_failed(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    step = story.step(*story.groups(2), failures=story.failures())
    golden("comments/step_failures.txt", comments.step(story.campaign(step), step))


def test_many_reasons_stop_at_twenty_rows_and_lose_no_input(story: Any, comments: Comments) -> None:
    many = story.failures() * 9
    text = comments.notice(story.notice(NoticeKind.FAILED, failures=many))
    assert text.count("|calibrate|") + text.count("|isr|") == 20
    left = sum(each.count for each in many[20:])
    assert f"and {left} more inputs for 7 other reasons." in text


@pytest.mark.covers("V13")
def test_the_status_of_a_step_that_the_butler_refused(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    step = story.step(problems=story.problems)
    golden("comments/step_refused.txt", comments.step(story.campaign(step), step))


@pytest.mark.covers("W5")
def test_the_status_of_a_step_that_waits(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    step = story.waiting()
    golden("comments/step_waiting.txt", comments.step(story.campaign(step), step))


@pytest.mark.covers("V13")
def test_the_status_of_a_draft_names_everything_that_is_missing(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    view = story.campaign(story.step(), problems=story.problems)
    golden("comments/campaign_problems.txt", comments.campaign(view))


def test_the_status_of_a_complete_draft_says_how_to_start(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    golden("comments/campaign_draft.txt", comments.campaign(story.campaign(story.step())))


@pytest.mark.covers("V11", "F20")
def test_the_status_of_a_running_campaign_is_the_roll_up(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    golden("comments/campaign_running.txt", comments.campaign(story.campaign(story.step(*story.groups(4)))))


@pytest.mark.covers("V16")
def test_the_status_of_a_step_says_what_was_edited(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    step = story.step(*story.groups(1), differences=story.edited())
    text = comments.step(story.campaign(step), step)
    golden("comments/step_edited.txt", text)
    assert comments.campaign(story.campaign(differences=story.edited())).count("*not used*") == 1


@pytest.mark.covers("B16")
def test_workflows_that_are_unlike_the_others_are_named(comments: Comments, story: Any) -> None:
    names = tuple(f"g{number:03} a1" for number in range(2, 9))
    found = [Unlike(f"requestMemory{number}", "{quote}\n|4096|", "", names) for number in range(12)]
    step = story.step(*story.groups(1), unlike=tuple(found))
    text = comments.step(story.campaign(step), step)
    assert text.count("g002 a1") == 10
    assert "and 2 more differences" in text
    assert r"* requestMemory0: \{quote\} \|4096\| instead of nothing in g002 a1, g003 a1" in text


NOTICES: dict[NoticeKind, dict[str, Any]] = {
    NoticeKind.LAUNCHING: {
        "happened": ("120 groups of step1 (CM-2)",),
        "coming": "2026-11-20 08:04:00 UTC",
    },
    NoticeKind.LAUNCHED: {"happened": ("step1 (CM-2): g001 a1, g002 a1",)},
    NoticeKind.REFUSED: {"coming": "CM-1 is back in Draft. Correct it and move it again."},
    NoticeKind.PAUSED: {
        "happened": ("step1 (CM-2) is completed: 2 of 2 groups, 800 of 800 quanta",),
        "coming": "Move CM-1 to Launch to start step2 (CM-3).",
    },
    NoticeKind.FAILED: {
        "happened": ("step1 g001 a1: failed", "", "isr: no overscan in exposure 12"),
        "coming": "Move CM-101 to Launch to retry what failed, or to Abandoned to go on without.",
    },
    NoticeKind.COMPLETED: {
        "happened": ("step1 (CM-2): 2 of 2 groups, 800 of 800 quanta",),
        "coming": "A person judges the data: set the field Verdict.",
    },
    NoticeKind.ATTENTION: {
        "happened": (
            "step1 g001 a1: running since 2026-11-18 08:15 UTC: look (PanDA says: {0} files available)",
        )
    },
    NoticeKind.REOPENED: {"happened": ("step1 g001 a1: request 4701 goes on in PanDA after its end.",)},
    NoticeKind.CREATED: {},
    NoticeKind.DISTRUSTED: {
        "coming": "What was submitted is followed to its end; nothing new of it is submitted."
    },
}


@pytest.mark.covers("V14", "W4")
@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_milestone(
    kind: NoticeKind, story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    problems = (
        story.problems if kind in {NoticeKind.REFUSED, NoticeKind.PAUSED, NoticeKind.DISTRUSTED} else ()
    )
    cause = None if kind is NoticeKind.COMPLETED else story.cause
    failures = story.failures() if kind in {NoticeKind.FAILED, NoticeKind.PAUSED} else ()
    notice = story.notice(kind, cause=cause, problems=problems, failures=failures, **NOTICES[kind])
    people = (notice.cause.by, Person("ben", "Ben")) if notice.cause else ()
    golden(f"comments/{kind}.txt", comments.notice(notice, people, people[:1]))


@pytest.mark.covers("V21")
def test_a_hand_over(story: Any, comments: Comments, golden: Callable[[str, str], None]) -> None:
    ben, notes = Person("ben", "Ben"), ("mind {step2}",)
    question = "CM-3 step1 g001 a1: failed; isr failed. To do: retry it"
    handover = Handover(
        "CM-1", AT, (ben,), (story.cause.by,), notes, (question,) * 23, ("step1 (CM-2): g002",), ()
    )
    golden("comments/handover.txt", comments.handover("handover:10001:20261120T081500Z", handover, (ben,)))
    quiet = replace(handover, to=(), of=(), notes=(), questions=(), running=())
    text = comments.handover("handover:10001:20261120T081500Z", quiet, ())
    assert "Nobody is on shift for [CM-1|" in text
    assert "Nothing waits for a person." in text


def test_an_issue_that_cannot_be_followed(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    error = UserError("CM-7", "has status Doing, which is none of cmbot's", "move it to Draft")
    golden("comments/problem.txt", comments.problem("unreadable:10007", error))
    golden("comments/readable.txt", comments.readable("unreadable:10007"))


@pytest.mark.covers("W22", "W13")
def test_an_answer_quotes_the_commands_and_says_what_became_of_each(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    golden("comments/answer.txt", comments.answer("answer:10082", story.heard(), story.answers()))


@pytest.mark.covers("E13", "V11")
def test_the_status_of_what_has_ended_has_its_summary_in_short(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    step, summary = story.step(*story.groups(1)), story.summary()
    golden("comments/step_summary.txt", comments.step(story.campaign(step), step, summary.steps[0]))
    golden("comments/campaign_summary.txt", comments.campaign(story.campaign(step), summary))


@pytest.mark.covers("E13")
def test_a_summary_is_attached_as_text_that_people_read(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    golden("summaries/campaign.md", comments.summary(story.summary()))
    golden("summaries/step.md", comments.summary(story.summary().steps[0]))


@pytest.mark.covers("A2")
def test_the_summary_of_a_production_has_a_row_for_each_campaign(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    one = story.summary()
    whole = production("DP9", (one, replace(one, key="CM-9", name="again", collection="")))
    golden("summaries/production.md", readable(comments._environment, whole))


@pytest.mark.covers("G1", "G2")
def test_a_step_that_is_stale_or_judged_says_so(
    story: Any, comments: Comments, golden: Callable[[str, str], None]
) -> None:
    step = story.judged(story.step(*story.groups(1), stale="the data of step0 (CM-9) were judged bad"))
    view = story.campaign(step)
    golden("comments/step_stale.txt", comments.step(view, step))
    assert "stale, bad|" in comments.campaign(view)
