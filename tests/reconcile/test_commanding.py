"""Commands in comments act once, whatever happens in between, and each is answered once (W22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.exceptions import UserError
from cmbot.mirror import events
from cmbot.reconcile import commanding, deliver

if TYPE_CHECKING:
    from cmbot.models.attempts import Cause
    from cmbot.models.commands import Command
    from cmbot.models.issues import Issue
    from cmbot.reconcile.edges import Edges
    from tests.reconcile.conftest import MemoryJira, Watcher


class Doer:
    """Does what is commanded, and counts it in the mirror, as operations do."""

    def __init__(self) -> None:
        self.refuses = False
        self.breaks = False
        self.causes: list[Cause] = []

    def __call__(self, edges: Edges, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
        self.causes.append(cause)
        with edges.mirror.writing() as connection:
            events.add(connection, cause.at, issue.key, "doer", command.verb, cause.id)
        if self.refuses:
            raise UserError(issue.key, "cannot be done", "do something else")
        if self.breaks:
            raise RuntimeError("killed")
        return ("it is done",)


@pytest.fixture
def doer() -> Doer:
    return Doer()


def turn(watcher: Watcher, doer: Doer, minutes: float = 1) -> list[str]:
    """What a pass does with comments; the errors that it reports."""
    errors: list[str] = []
    watcher.look(minutes)
    commanding.everything(watcher.edges, doer, watcher.now, errors)
    deliver.all_due(watcher.edges, watcher.now)
    return errors


def done(watcher: Watcher, key: str = "CM-1") -> list[str]:
    return [what for who, what in watcher.events(key) if who == "doer"]


def answers(jira: MemoryJira, issue_id: str) -> list[str]:
    return [
        comment["body"]
        for comment in jira.issues_[issue_id]["comments"]
        if comment["author"]["name"] == "cmbot"
    ]


@pytest.fixture
def epic(jira: MemoryJira, watcher: Watcher) -> str:
    issue_id = jira.add(1, "Epic")
    watcher.look()
    return issue_id


@pytest.mark.covers("W22", "W13")
def test_a_command_is_carried_out_once_and_answered_once(
    jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str
) -> None:
    comment = jira.say(epic, "good morning\n/cmbot status please not", by="anna")
    jira.say(epic, "/cmbot status\n/cmbot hlep")
    for _ in range(4):
        assert turn(watcher, doer) == []
    assert done(watcher) == ["status"]
    first, second = answers(jira, epic)
    assert "not done" in first
    assert "“/cmbot status please not”" in first
    assert f"answer:{comment}" in first
    assert "it is done" in second
    assert "write /cmbot help" in second
    (told,) = [event for event in events.of(watcher.edges.mirror, ("CM-1",)) if event.who == "doer"]
    assert told.why == f"comment:{epic}:20002"
    assert ("anna", "writes '/cmbot status'") in watcher.events("CM-1")


def test_the_second_command_of_a_comment_has_an_id_of_its_own(
    jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str
) -> None:
    comment = jira.say(epic, "/cmbot help\n/cmbot status\n" + "/cmbot help\n" * 20)
    turn(watcher, doer)
    ids = [event.why for event in events.of(watcher.edges.mirror, ("CM-1",)) if event.who == "doer"]
    assert ids[:2] == [f"comment:{epic}:{comment}", f"comment:{epic}:{comment}:2"]
    assert len(ids) == 10
    assert "carries out 10 commands" in answers(jira, epic)[0]


def test_cmbots_own_words_and_quiet_comments_command_nothing(
    jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str
) -> None:
    jira.say(epic, "/cmbot help", by="cmbot")
    jira.say(epic, "{quote}\n/cmbot help\n{quote}")
    turn(watcher, doer)
    assert done(watcher) == []
    assert len(answers(jira, epic)) == 1


@pytest.mark.covers("W22")
def test_an_edited_comment_is_not_carried_out_again(
    jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str
) -> None:
    jira.say(epic, "/cmbot help")
    turn(watcher, doer)
    jira.issues_[epic]["comments"][0]["body"] = "/cmbot status"
    jira.touch(epic)
    turn(watcher, doer)
    assert done(watcher) == ["help"]
    assert len(answers(jira, epic)) == 1


def test_what_somebody_else_wrote_into_a_comment_is_not_carried_out(
    jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str
) -> None:
    jira.say(epic, "/cmbot help", by="anna", updateAuthor={"name": "mallory"})
    turn(watcher, doer)
    assert done(watcher) == []
    (said,) = answers(jira, epic)
    assert "mallory has changed it" in said


def test_what_nobody_signed_is_not_carried_out(
    jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str
) -> None:
    jira.say(epic, "/cmbot help", by="")
    turn(watcher, doer)
    assert done(watcher) == []
    assert "nobody is named as its author" in answers(jira, epic)[0]


def test_a_comment_that_is_older_than_its_arrival_or_too_old_is_answered_and_not_carried_out(
    jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str
) -> None:
    late = jira.add(2, "Epic")
    jira.say(late, "/cmbot help")
    jira.say(epic, "/cmbot help")
    turn(watcher, doer, minutes=60 * 24 * 8)
    assert done(watcher) == done(watcher, "CM-2") == []
    assert "before cmbot followed CM-2" in answers(jira, late)[0]
    assert "more than 7 days old" in answers(jira, epic)[0]
    turn(watcher, doer)
    assert len(answers(jira, late)) == len(answers(jira, epic)) == 1


@pytest.mark.covers("W22", "W1")
def test_nothing_is_done_before_jira_keeps_that_it_is_begun(
    jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str
) -> None:
    jira.say(epic, "/cmbot help")
    jira.mute = True
    assert "does not answer" in turn(watcher, doer)[0]
    assert done(watcher) == []
    jira.mute = False
    turn(watcher, doer, minutes=30)
    turn(watcher, doer, minutes=30)
    assert done(watcher) == ["help"]
    assert len(answers(jira, epic)) == 1


@pytest.mark.covers("W22")
def test_what_breaks_in_the_middle_leaves_nothing_and_is_done_again(
    jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str
) -> None:
    jira.say(epic, "/cmbot help")
    doer.breaks = True
    assert "please report this" in turn(watcher, doer)[0]
    assert done(watcher) == []
    doer.breaks = False
    turn(watcher, doer)
    assert done(watcher) == ["help"]


def test_what_is_refused_leaves_nothing(jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str) -> None:
    jira.say(epic, "/cmbot help")
    doer.refuses = True
    turn(watcher, doer)
    assert done(watcher) == []
    assert "cannot be done; do something else" in answers(jira, epic)[0]


@pytest.mark.covers("W22", "W8")
@pytest.mark.parametrize("answered", [True, False])
def test_a_lost_mirror_carries_nothing_out_twice(
    jira: MemoryJira, watcher: Watcher, forgetful: Watcher, doer: Doer, epic: str, *, answered: bool
) -> None:
    jira.say(epic, "/cmbot help")
    watcher.look()
    commanding.everything(watcher.edges, doer, watcher.now, [])
    if answered:
        deliver.all_due(watcher.edges, watcher.now)
    jira.say(epic, "/cmbot status")

    turn(forgetful, doer)
    turn(forgetful, doer)
    # The second one came after the issue was first seen, which Jira remembers: it is still new.
    assert done(forgetful) == ["status"]
    said = answers(jira, epic)
    assert len(said) == 2
    assert sum("lost its notes" in text for text in said) == (not answered)


def test_without_a_memory_in_jira_a_lost_mirror_takes_every_comment_for_old(
    jira: MemoryJira, forgetful: Watcher, doer: Doer, epic: str
) -> None:
    jira.issues_[epic]["properties"]["cmbot.commands"] = {"since": "yesterday", "taken": ["; DROP TABLE"]}
    jira.say(epic, "/cmbot help")
    turn(forgetful, doer)
    assert done(forgetful) == []
    assert "before cmbot followed" in answers(jira, epic)[0]


def test_an_issue_that_cannot_be_followed_is_answered_when_it_is_back(
    jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str
) -> None:
    jira.say(epic, "/cmbot help")
    watcher.look()
    jira.hidden.add(epic)
    assert turn(watcher, doer) == []
    assert done(watcher) == []
    jira.hidden.clear()
    turn(watcher, doer, minutes=61)
    assert done(watcher) == ["help"]


@pytest.mark.covers("V16")
def test_what_is_restricted_is_not_quoted(jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str) -> None:
    jira.say(epic, "/cmbot pause Bob is ill", visibility={"type": "role", "value": "Administrators"})
    turn(watcher, doer)
    assert doer.causes[0].what == "wrote /cmbot pause on CM-1"
    (said,) = answers(jira, epic)
    assert "/cmbot pause" not in said
    assert "a command that not everybody may read" in said


def test_a_quiet_pass_reads_no_comments(jira: MemoryJira, watcher: Watcher, doer: Doer, epic: str) -> None:
    jira.say(epic, "/cmbot help")
    turn(watcher, doer)
    turn(watcher, doer)
    jira.asked.clear()
    turn(watcher, doer)
    assert jira.asked == ["search"]
