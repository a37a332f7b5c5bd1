"""Issues that are gone, hidden, moved, converted or renamed: frozen and shown, never dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.exceptions import UserError
from cmbot.handlers.campaign import decide
from cmbot.mirror import deliveries, frozen, outbox
from cmbot.models.issues import Status
from cmbot.operations import status
from cmbot.reconcile import looking

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reconcile.conftest import MemoryJira, Watcher

EPIC_LINK = "customfield_10001"


def delete(jira: MemoryJira, issue_id: str) -> Callable[[], None]:
    gone = jira.issues_[issue_id]
    jira.delete(issue_id)

    def back() -> None:
        jira.issues_[issue_id] = gone
        jira.catch_up()

    return back


def hide(jira: MemoryJira, issue_id: str) -> Callable[[], None]:
    jira.hidden.add(issue_id)
    return lambda: jira.hidden.discard(issue_id)


def archive(jira: MemoryJira, issue_id: str) -> Callable[[], None]:
    issue = jira.issues_[issue_id]
    issue["read_only"], issue["fields"]["archiveddate"] = True, "2026-11-20T12:00:00.000+0000"
    jira.catch_up()

    def back() -> None:
        issue["read_only"], issue["fields"]["archiveddate"] = False, None
        jira.catch_up()

    return back


def close(jira: MemoryJira, issue_id: str) -> Callable[[], None]:
    back = archive(jira, issue_id)
    del jira.issues_[issue_id]["fields"]["archiveddate"]
    return back


def move(jira: MemoryJira, issue_id: str) -> Callable[[], None]:
    jira.rename(issue_id, "OTHER-7", project="2")
    return lambda: jira.rename(issue_id, "CM-99")


def convert(jira: MemoryJira, issue_id: str) -> Callable[[], None]:
    before = jira.issues_[issue_id]["fields"]["issuetype"]
    jira.touch(issue_id, issuetype={"name": "Bug"})
    return lambda: jira.touch(issue_id, issuetype=before)


def give_odd_status(jira: MemoryJira, issue_id: str) -> Callable[[], None]:
    jira.touch(issue_id, status={"name": "To Do"})
    return lambda: jira.touch(issue_id, status={"name": "Draft"})


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (delete, "is gone, or hidden from cmbot"),
        (hide, "is gone, or hidden from cmbot"),
        (archive, "is archived; restore it"),
        (close, "is archived, or closed to cmbot; restore it, or let cmbot's account edit it"),
        (move, "is in another project now, as OTHER-7"),
        (convert, "is of type Bug now, which cmbot does not manage"),
        (give_odd_status, "has status To Do, which is none of cmbot's"),
    ],
)
@pytest.mark.parametrize("which", ["epic", "step", "group"])
def test_what_cannot_be_followed_is_frozen_and_thaws_when_it_is_back(
    jira: MemoryJira,
    watcher: Watcher,
    campaign: dict[str, str],
    trouble: Callable[[MemoryJira, str], Callable[[], None]],
    why: str,
    which: str,
) -> None:
    issue_id, before = campaign[which], watcher.seen()
    key = {"epic": "CM-1", "step": "CM-2", "group": "CM-4"}[which]
    back = trouble(jira, issue_id)
    assert watcher.resync().keys & {key}
    assert why in watcher.frozen(issue_id)
    assert watcher.seen() == before | {key: f"({before[key]})"}
    view = watcher.campaign()
    assert [issue.key for issue in view.frozen] == [key]
    assert [
        (line.key, line.summary) for line in status.status(watcher.edges, key) if "frozen" in line.summary
    ]
    # It is quiet about it.
    jira.asked.clear()
    for _ in range(3):
        assert watcher.look().changed == 0
    assert jira.asked == ["search"] * 3

    back()
    news = watcher.resync()
    assert news.changed == 1
    assert watcher.frozen(issue_id) == ""
    now = jira.issues_[issue_id]["key"]
    assert watcher.campaign(now if which == "epic" else "CM-1").frozen == ()
    assert set(watcher.seen()) == set(before) - {key} | {now}
    assert watcher.events(now) == [
        ("cmbot", f"does not follow {key} now"),
        ("cmbot", f"follows {now} again"),
    ]


def test_what_was_archived_before_its_last_change_was_read_thaws_when_it_is_back_unchanged(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    jira.move(campaign["step"], "Launch")
    jira.lagging = True
    back = archive(jira, campaign["step"])
    jira.index[campaign["step"]]["read_only"] = False  # the search still finds it
    watcher.look()
    assert "is archived" in watcher.frozen(campaign["step"])
    jira.catch_up()
    watcher.resync()
    back()
    watcher.resync()
    assert watcher.seen()["CM-2"] == "Launch"


def test_nothing_starts_for_what_is_frozen(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    jira.move(campaign["step"], "Launch")
    watcher.look()
    jira.hidden.add(campaign["step"])
    watcher.resync()
    decision = decide(watcher.campaign())
    assert (decision.plans, decision.submits) == ((), ())
    with pytest.raises(UserError, match="CM-2: is gone, or hidden from cmbot"):
        looking.reread(watcher.edges, campaign["step"], watcher.now)


def test_what_is_to_be_told_there_waits_until_it_is_back(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    mirror = watcher.edges.mirror
    with mirror.writing() as connection:
        for name, key in (("group", "CM-4"), ("step", "CM-2")):
            outbox.say(connection, (campaign[name], key), "comment", name, {"text": "x"}, watcher.now)
    jira.hidden.add(campaign["group"])
    watcher.resync()
    assert [row.issue_key for row in deliveries.pending(mirror, watcher.now)] == ["CM-2"]
    jira.hidden.clear()
    watcher.resync()
    assert [row.issue_key for row in deliveries.pending(mirror, watcher.now)] == ["CM-4", "CM-2"]


def test_the_status_comment_of_the_parent_shows_it(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    jira.delete(campaign["group"])
    watcher.resync()
    view = watcher.campaign()
    for text in (watcher.edges.comments.step(view, view.steps[0]), watcher.edges.comments.campaign(view)):
        assert "*Frozen:*" in text
        assert "[CM-4|https://jira.example.org/browse/CM-4] is gone, or hidden from cmbot" in text
    assert "*Frozen:*" not in watcher.edges.comments.step(view, view.steps[1])


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"issuetype": {"name": "CM Step"}}, "was a group and is a step now"),
        ({"parent": {"key": "CM-3"}}, "was taken from CM-2 to CM-3"),
        ({"parent": None}, "was taken from CM-2 to nowhere"),
    ],
)
def test_a_group_that_became_something_else_stays_the_group_it_was(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str], fields: dict[str, object], why: str
) -> None:
    before = dict(jira.issues_[campaign["group"]]["fields"])
    jira.touch(campaign["group"], **fields)
    watcher.look()
    assert why in watcher.frozen(campaign["group"])
    (group,) = watcher.campaign().steps[0].groups
    assert group.issue is not None
    assert (group.issue.level, group.issue.parent) == ("group", "CM-2")
    jira.touch(campaign["group"], **before)
    watcher.look()
    assert watcher.frozen(campaign["group"]) == ""


def test_a_step_of_which_nothing_was_made_may_go_elsewhere(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    jira.add(9, "Epic")
    jira.touch(campaign["next"], **{EPIC_LINK: "CM-9"})
    watcher.look()
    assert [step.issue.key for step in watcher.campaign("CM-9").steps] == ["CM-3"]
    assert [step.issue.key for step in watcher.campaign().steps] == ["CM-2"]
    # One with groups has its data in its campaign's collections.
    jira.touch(campaign["step"], **{EPIC_LINK: "CM-9"})
    watcher.look()
    assert "was taken from CM-1 to CM-9; put it back under CM-1" in watcher.frozen(campaign["step"])
    assert [step.issue.key for step in watcher.campaign().steps] == ["CM-2"]


def test_a_step_that_was_never_readable_keeps_its_campaign_from_launching(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    jira.add(8, status="To Do", **{EPIC_LINK: "CM-1"})
    assert "CM-1" in watcher.look().keys
    (problem,) = [str(problem) for problem in watcher.campaign().problems if problem.field == "CM-8"]
    assert problem.startswith("CM-8: has status To Do, which is none of cmbot's; move it to Draft")
    (told,) = [
        row for row in deliveries.pending(watcher.edges.mirror, watcher.now) if row.issue_key == "CM-8"
    ]
    assert "cannot follow this issue" in told.body["text"]
    jira.touch("10008", status={"name": "Draft"})
    watcher.look()
    assert "CM-8" not in [problem.field for problem in watcher.campaign().problems]
    (told,) = [row for row in deliveries.pending(watcher.edges.mirror, watcher.now) if row.id == told.id]
    assert told.body["text"].startswith("cmbot could not follow this issue for a while; it does again.")


@pytest.mark.parametrize("order", [("epic", "step", "next", "group"), ("group", "next", "step", "epic")])
def test_a_project_that_is_renamed_keeps_its_campaigns(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str], order: tuple[str, ...]
) -> None:
    before = {"epic": "CMP-1", "step": "CMP-2", "next": "CMP-3", "group": "CMP-4"}
    for name in order:
        # What names other issues is shown with their new keys; no time stamp moves.
        issue = jira.issues_[campaign[name]]
        if EPIC_LINK in issue["fields"]:
            issue["fields"][EPIC_LINK] = "CMP-1"
        if name == "group":
            issue["fields"]["parent"] = {"key": "CMP-2"}
        jira.rename(campaign[name], before[name])
    watcher.resync()
    view = watcher.campaign("CMP-1")
    assert view.frozen == ()
    assert [step.issue.key for step in view.steps] == ["CMP-2", "CMP-3"]
    assert view.steps[0].groups[0].issue is not None
    assert view.steps[0].groups[0].issue.key == "CMP-4"
    assert {line.key for line in status.status(watcher.edges, "CM-1")} == set(before.values())


def test_a_link_to_a_renamed_step_still_orders_the_steps(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": "CM-2"}}
    jira.touch(campaign["next"], issuelinks=[link])
    watcher.look()
    jira.rename(campaign["step"], "CM-20")
    watcher.resync()
    assert watcher.campaign().steps[1].issue.blocked_by == ("CM-20",)
    history = status.history(watcher.edges, "CM-2")
    assert history == status.history(watcher.edges, "CM-20")
    assert status.history(watcher.edges, "CM-1") is not None


def test_a_started_bot_looks_again_at_what_is_frozen(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    jira.hidden.add(campaign["epic"])
    watcher.resync()
    jira.hidden.clear()
    jira.vanished.add(campaign["epic"])
    watcher.look()
    assert watcher.frozen(campaign["epic"])
    with watcher.edges.mirror.writing() as connection:
        frozen.try_again(connection, watcher.now)
    watcher.look()
    assert watcher.frozen(campaign["epic"]) == ""
    assert watcher.campaign().issue.status is Status.RUNNING
