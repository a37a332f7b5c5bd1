"""Nobody's words become markup in a comment, and no comment becomes too long for Jira."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.comments.render import LIMIT
from cmbot.exceptions import Problem, UserError
from cmbot.models.attempts import AttemptState
from cmbot.models.failures import Action, Explained, Failure, Flavour, JobError
from cmbot.models.issues import Person
from cmbot.models.notices import NoticeKind
from cmbot.models.roster import Handover
from cmbot.sandbox.jira.markup import to_html

if TYPE_CHECKING:
    from cmbot.comments import Comments

HOSTILE = [
    "|| a || b ||",
    "a|b\n|c|d|\n* item",
    "\n\nh1. Paid by\n----\n",
    "{code}{noformat}{panel}{quote}{color:red}",
    "[~admin] [click|javascript:alert(1)] [x|http://evil.example]",
    "!http://evil.example/x.png! ^file^ ??cite??",
    "_(a)_ *b* -(c)- +(d)+",
    "trailing \\",
    "{{code}} {{ marker }} {% raw %} {# #}",
    "<script>alert(1)</script>",
    "x" * 5000,
    "\u202eoverride\x00\x07",
    "",
]


def everything(story: Any, comments: Comments, text: str) -> list[str]:
    """One comment of each kind, with a text in every place where people or servers put theirs."""
    cause = replace(story.cause, by=Person(text, text), what=text)
    problem = Problem(text, text, text)
    attempt = replace(story.attempt(AttemptState.PARTIAL, summary=text), cause=cause)
    group = replace(story.groups(1)[0], selection=text, attempts=(attempt,))
    failure = Failure(text, (JobError(text, 1, text),), site=text, job=1, log=text, data_id=text)
    failures = (
        Explained(
            failure.errors[0], text, 1, 2, failure, Action.REVIEW, Flavour.PAYLOAD, text, text, (text,), text
        ),
    )
    step = story.step(group, problems=(problem,), waiting=text, stale=text, failures=failures)
    step = story.judged(step, text)
    named = replace(step, name=text)
    view = story.campaign(named, problems=(problem,))
    view = replace(view, issue=replace(view.issue, summary=text))
    said = {
        "cause": cause,
        "happened": (text, text),
        "problems": (problem,),
        "coming": text,
        "failures": failures,
    }
    people = (Person(text, text), Person(text, text))
    handover = Handover("CM-1", story.cause.at, people, people, *((text, text),) * 4)
    return [
        comments.step(view, named),
        comments.campaign(view),
        comments.campaign(replace(view, problems=()), replace(story.summary(), collection=text)),
        comments.step(view, named, replace(story.summary().steps[0], suspicious=(text, text))),
        *(comments.notice(story.notice(kind, **said)) for kind in NoticeKind),
        comments.campaign(replace(view, problems=())),
        *(comments.notice(story.notice(kind, **said), people, people[:1]) for kind in NoticeKind),
        comments.handover("handover:1:20261120T081500Z", handover, people),
        comments.problem("unreadable:1", UserError("CM-1", text, text)),
        comments.answer("answer:1", story.heard(Person(text, text)), story.answers(text, text)),
    ]


def shape(markup: str) -> list[str]:
    """The tags of a comment in order, without paragraphs, bare addresses and the mention of an account."""
    page = re.sub(r'<span class="mention"[^>]*>[^<]*</span>', "", to_html(markup))
    return [tag for tag in re.findall(r"<[^>/ ]+", page) if tag not in {"<a", "<p"}]


@pytest.mark.parametrize("text", [text for text in HOSTILE if text])
def test_words_from_outside_change_no_markup(story: Any, comments: Comments, text: str) -> None:
    hostile = everything(story, comments, text)
    assert [shape(comment) for comment in hostile] == [
        shape(comment) for comment in everything(story, comments, "words")
    ]
    for comment in hostile:
        page = to_html(comment)
        assert not re.search(r'href="(?!https?://)', page)
        assert "@admin" not in page


@pytest.mark.parametrize("text", HOSTILE)
def test_every_comment_ends_with_its_marker_whatever_it_says(
    story: Any, comments: Comments, text: str
) -> None:
    for comment in everything(story, comments, text):
        last = comment.strip().split("\n")[-1]
        assert re.fullmatch(r"\{color:#7a869a\}cmbot 1\.0 \| [a-z]+:[\w:]+\{color\}", last)


@pytest.mark.parametrize("unit", ["|", "\U0001f52d", "word "])
def test_no_comment_is_longer_than_jira_takes(story: Any, comments: Comments, unit: str) -> None:
    text = unit * 300
    many = tuple(Problem(text, text, text) for _ in range(200))
    step = story.step(*(replace(group, selection=text) for group in story.groups(27)), problems=many)
    view = story.campaign(step, problems=many)
    for comment in (
        comments.step(view, step),
        comments.campaign(view),
        comments.notice(story.notice(NoticeKind.PAUSED, happened=(text,) * 400, problems=many)),
    ):
        assert len(comment.encode("utf-16-le")) // 2 <= LIMIT
        assert comment.strip().split("\n")[-1].startswith("{color:#7a869a}cmbot 1.0 | ")
        assert re.search(r"^\d+ more lines$", comment, re.MULTILINE)
        assert to_html(comment).count("<tr>") > 3 or "<li>" in to_html(comment)


@pytest.mark.covers("W15")
def test_the_same_state_gives_the_same_text(story: Any, comments: Comments) -> None:
    for text in HOSTILE:
        assert everything(story, comments, text) == everything(story, comments, text)


def test_launches_are_listed_once_each_oldest_first(story: Any, comments: Comments) -> None:
    causes = [story.later(minutes) for minutes in (30, 0, 10, 30)]
    attempts = tuple(replace(story.attempt(AttemptState.FAILED), cause=cause) for cause in causes)
    step = story.step(replace(story.groups(1)[0], attempts=attempts))
    text = comments.step(story.campaign(step), step)
    assert re.findall(r"^\* 2026-11-20 (\S+) UTC: Anna", text, re.MULTILINE) == ["08:15", "08:25", "08:45"]
