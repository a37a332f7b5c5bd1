"""What changed in Jira is seen: late, doubled, out of order or not found by the search, and never lost."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmbot.exceptions import CredentialsError, RemoteError
from cmbot.mirror import frozen
from cmbot.models.issues import Status
from cmbot.reconcile import observe

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.reconcile.conftest import MemoryJira, Watcher


@pytest.mark.covers("W14")
def test_three_moves_between_two_looks_are_three_events_and_the_last_counts(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    for status in ("Launch", "Paused", "Launch"):
        jira.move(campaign["epic"], status)
    watcher.look()
    assert [what for _, what in watcher.events("CM-1")] == [
        "moved CM-1 from Running to Launch",
        "moved CM-1 from Launch to Paused",
        "moved CM-1 from Paused to Launch",
    ]
    view = watcher.campaign()
    assert view.issue.status is Status.LAUNCH
    assert view.issue.last_move is not None
    assert view.issue.last_move.history_id == 3
    watcher.look()
    watcher.resync()
    assert len(watcher.events("CM-1")) == 3


@pytest.mark.covers("W15")
def test_without_news_one_search_is_made(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    for _ in range(3):
        news = watcher.look()
        assert (news.keys, news.changed, news.more) == (set(), 0, False)
    assert jira.asked == ["search"] * 3
    watcher.resync()
    assert jira.asked == ["search"] * 4


def test_an_index_that_is_behind_loses_nothing(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    jira.lagging = True
    jira.move(campaign["step"], "Launch")
    watcher.look()
    # The index shows a later change of another issue first.
    jira.touch(campaign["next"])
    jira.index[campaign["next"]] = jira.issues_[campaign["next"]]
    watcher.look()
    assert watcher.seen()["CM-2"] == "Draft"
    jira.catch_up()
    watcher.look()
    assert watcher.seen()["CM-2"] == "Launch"


def test_a_search_that_is_older_than_what_was_read_is_not_believed(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    jira.lagging = True
    jira.move(campaign["step"], "Launch")
    jira.asked.clear()
    watcher.look(_10002="CM-2")
    assert watcher.seen()["CM-2"] == "Launch"
    for _ in range(3):
        watcher.look()
    # The index still says Draft, and nothing is read for that.
    assert jira.asked == ["expect 10002", "search", "10002", "search", "search", "search"]
    assert watcher.seen()["CM-2"] == "Launch"


def test_what_the_search_forgets_for_a_moment_is_not_gone(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    jira.vanished = set(campaign.values())
    watcher.resync()
    assert watcher.seen() == {"CM-1": "Running", "CM-2": "Draft", "CM-3": "Draft", "CM-4": "Draft"}
    assert not any(watcher.frozen(issue_id) for issue_id in campaign.values())
    # What changed meanwhile is seen although the search does not find it.
    jira.move(campaign["next"], "Launch")
    watcher.resync()
    assert watcher.seen()["CM-3"] == "Launch"


def test_two_changes_in_one_second_are_both_seen_where_stamps_are_whole_seconds(
    jira: MemoryJira, watcher: Watcher
) -> None:
    for number in range(1, 4):
        jira.add(number, "Epic")
    jira.move("10001", "Launch")
    whole = jira.now.replace(microsecond=0)
    for issue in (*jira.issues_.values(), *jira.index.values()):
        issue["fields"]["updated"] = whole.isoformat()
    watcher.look()
    # The same second goes on, and the stamp does not tell.
    for store in (jira.issues_, jira.index):
        store["10001"]["fields"]["status"] = {"name": "Paused"}
    watcher.look()
    assert watcher.seen()["CM-1"] == "Paused"
    jira.asked.clear()
    watcher.look()
    assert jira.asked == ["search"]


def test_a_clock_that_was_wrong_for_a_while_hides_nothing(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    right = jira.now
    jira.tick(90 * 24 * 3600)
    jira.touch(campaign["step"])
    jira.now = right
    watcher.look()
    jira.move(campaign["next"], "Launch")
    watcher.look()
    assert watcher.seen()["CM-3"] == "Launch"


@pytest.mark.covers("V26")
def test_an_issue_that_cannot_be_read_holds_up_nobody_and_is_tried_ever_more_rarely(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    jira.broken = {campaign["step"]}
    jira.move(campaign["step"], "Launch")
    jira.move(campaign["next"], "Launch")
    assert watcher.look().trouble is None
    assert watcher.seen()["CM-3"] == "Launch"
    jira.asked.clear()
    for _ in range(3 * 60):
        watcher.look()
    assert 8 <= jira.asked.count(campaign["step"]) <= 14
    assert "CM-2: reading the issue: HTTP 500" in watcher.frozen(campaign["step"])
    assert "HTTP 500" in watcher.campaign().steps[0].issue.frozen
    # Any change of it is worth a try at once.
    jira.broken.clear()
    jira.move(campaign["step"], "Paused")
    watcher.look()
    assert watcher.seen()["CM-2"] == "Paused"
    assert watcher.frozen(campaign["step"]) == ""


def test_nothing_is_concluded_before_everything_was_seen_once(jira: MemoryJira, watcher: Watcher) -> None:
    jira.add(1, "Epic", "Running")
    step = jira.add(2)
    assert not observe.ready(watcher.edges)
    jira.broken = {step}
    for _ in range(3):
        watcher.look()
        assert watcher.seen() == {"CM-1": "Running"}
        assert not observe.ready(watcher.edges)
    jira.broken.clear()
    watcher.look(2)
    assert observe.ready(watcher.edges)
    assert set(watcher.seen()) == {"CM-1", "CM-2"}
    # One that never can be read must not stop all the others for ever.
    jira.broken = {jira.add(3)}
    for _ in range(60):
        watcher.look()
    assert observe.ready(watcher.edges)


def test_what_was_read_before_the_token_expired_is_not_forgotten(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    jira.move(campaign["epic"], "Launch")
    jira.move(campaign["step"], "Launch")
    read, count = jira.issue, 0

    def expiring(id_or_key: str) -> Any:
        nonlocal count
        count += 1
        if count > 1:
            raise CredentialsError("Jira", "does not accept the credentials", "renew the token")
        return read(id_or_key)

    monkeypatch.setattr(jira, "issue", expiring)
    news = watcher.look()
    assert isinstance(news.trouble, CredentialsError)
    assert news.keys == {"CM-1"}
    monkeypatch.setattr(jira, "issue", read)
    assert watcher.look().keys == {"CM-1", "CM-2"}


def test_when_jira_is_away_nothing_is_lost(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(since_ms: int | None) -> Any:
        raise RemoteError("Jira", "does not answer")

    jira.move(campaign["step"], "Launch")
    with monkeypatch.context() as patch:
        patch.setattr(jira, "changed", away)
        assert str(watcher.look(24 * 60).trouble) == "Jira: does not answer"
    watcher.look()
    assert watcher.seen()["CM-2"] == "Launch"


def test_many_issues_are_read_together_and_what_the_index_has_not_got_yet_by_itself(
    jira: MemoryJira, watcher: Watcher
) -> None:
    for number in range(1, 700):
        jira.add(number)
    assert watcher.look().more
    assert not observe.ready(watcher.edges)
    assert not watcher.look().more
    assert observe.ready(watcher.edges)
    assert len(watcher.seen()) == 699
    assert [asked for asked in jira.asked if asked not in ("search", "several")] == []


def test_issues_of_other_types_are_left_alone(jira: MemoryJira, watcher: Watcher) -> None:
    jira.add(1, "Bug")
    jira.add(2, "Epic")
    for _ in range(2):
        watcher.look(_10001="CM-1")
    watcher.resync()
    assert set(watcher.seen()) == {"CM-2"}
    assert frozen.troubles(watcher.edges.mirror) == {}


ACTS: dict[str, Callable[[Watcher, str], object]] = {
    "launch": lambda watcher, issue_id: watcher.jira.move(issue_id, "Launch"),
    "pause": lambda watcher, issue_id: watcher.jira.move(issue_id, "Paused"),
    "touch": lambda watcher, issue_id: watcher.jira.touch(issue_id),
    "look": lambda watcher, _: watcher.look(),
    "wake": lambda watcher, issue_id: watcher.look(0.01, **{f"_{issue_id}": "CM-1"}),
    "vanish": lambda watcher, issue_id: watcher.jira.vanished.add(issue_id),
    "appear": lambda watcher, issue_id: watcher.jira.vanished.discard(issue_id),
    "lag": lambda watcher, _: setattr(watcher.jira, "lagging", True),
    "catch up": lambda watcher, _: watcher.jira.catch_up(),
    "break": lambda watcher, issue_id: watcher.jira.broken.add(issue_id),
    "mend": lambda watcher, issue_id: watcher.jira.broken.discard(issue_id),
}
"""What may happen, to which issue."""


@settings(max_examples=40)
@given(acts=st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(1, 4)), max_size=30))
def test_whatever_the_search_shows_in_the_end_all_is_seen(
    acts: list[tuple[str, int]], new_watcher: Callable[[], AbstractContextManager[Watcher]]
) -> None:
    with new_watcher() as watcher:
        jira = watcher.jira
        for number in range(1, 5):
            jira.add(number, "Epic" if number == 1 else "CM Step")
        for act, number in acts:
            ACTS[act](watcher, str(10000 + number))
        jira.vanished.clear()
        jira.broken.clear()
        jira.catch_up()
        watcher.resync()
        watcher.look(61)
        assert watcher.seen() == {
            issue["key"]: issue["fields"]["status"]["name"] for issue in jira.issues_.values()
        }
        moved = [event for key in watcher.seen() for event in watcher.events(key)]
        assert len(moved) == sum(len(issue["histories"]) for issue in jira.issues_.values())
        assert watcher.look(1).changed == 0


def test_the_cursor_follows_when_further_searches_had_time_to_see_the_rest(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    overlap = watcher.edges.settings.jira.overlap
    newest = datetime.fromisoformat(jira.issues_[campaign["group"]]["fields"]["updated"])
    reached = int((newest - overlap).timestamp() * 1000)
    assert watcher.edges.mirror.note("jira cursor") == ""
    watcher.look(overlap.total_seconds() / 60)
    assert int(watcher.edges.mirror.note("jira cursor")) == reached
    # Something changes, and the first searches after a long time do not find it, although they find more.
    jira.tick(3600)
    jira.move(campaign["step"], "Launch")
    jira.tick(3600)
    jira.touch(campaign["next"])
    jira.vanished = {campaign["step"]}
    watcher.look(50)
    watcher.look(overlap.total_seconds() / 120)
    jira.vanished.clear()
    watcher.look()
    assert watcher.seen()["CM-2"] == "Launch"


def test_what_a_step_waits_for_is_known_with_it(jira: MemoryJira, watcher: Watcher) -> None:
    jira.add(1, "Epic")
    watcher.look()
    first = jira.add(2, customfield_10001="CM-1")
    links = [
        {"type": {"name": "Blocks"}, "inwardIssue": {"key": key}} for key in ("CM-2", "OTHER-1", "CM-999")
    ]
    jira.add(3, customfield_10001="CM-1", issuelinks=links)
    # The search knows the second step and not yet the first.
    jira.vanished.add(first)
    watcher.look()
    one, two = watcher.campaign().steps
    assert (one.issue.key, two.issue.blocked_by[0]) == ("CM-2", "CM-2")
    assert "OTHER-1" not in jira.asked
