"""A move is made once, and never against somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import OutcomeUnknown, Refused, UserError
from cmbot.jira import transitions
from cmbot.jira.datacenter import DataCenter
from cmbot.jira.gateway import Jira

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses

    from cmbot.jira.wire import Wire
    from tests.jira.conftest import Site

CAUSE = "10012:10507"


@pytest.fixture
def key(site: Site) -> str:
    key = site.make()
    site.move(key, "Launch")
    return key


def moves(site: Site, key: str) -> list[str]:
    return [entry["items"][0]["toString"] for entry in site.histories(key)]


@pytest.mark.covers("V14")
def test_a_move_is_made_and_its_cause_is_in_the_history(jira: Jira, site: Site, key: str) -> None:
    assert jira.ensure_transition(key, "Launch", "Running", cause=CAUSE)
    assert moves(site, key) == ["Launch", "Running"]
    mark = site.histories(key)[-1]["historyMetadata"]
    assert mark["type"] == "cmbot:transition"
    assert mark["actor"]["id"] == "cmbot"
    assert mark["cause"]["id"] == CAUSE


def test_an_issue_that_is_there_is_not_moved_again(jira: Jira, site: Site, key: str) -> None:
    assert jira.ensure_transition(key, "Launch", "Running", cause=CAUSE)
    site.writes()
    assert jira.ensure_transition(key, "Launch", "Running", cause=CAUSE)
    assert site.writes() == []


@pytest.mark.covers("W3")
def test_an_issue_that_somebody_moved_elsewhere_stays_there(jira: Jira, site: Site, key: str) -> None:
    site.move(key, "Paused")
    site.writes()
    assert not jira.ensure_transition(key, "Launch", "Running", cause=CAUSE)
    assert site.status(key) == "Paused"
    assert site.writes() == []


@pytest.mark.covers("W2")
def test_an_answer_lost_after_a_move_leaves_one(jira: Jira, site: Site, key: str) -> None:
    site.disturb("lost_answer", "POST", "/transitions$")
    assert jira.ensure_transition(key, "Launch", "Running", cause=CAUSE)
    assert moves(site, key) == ["Launch", "Running"]


@pytest.mark.covers("W2")
@pytest.mark.parametrize("kind", ["refused", "500", "503"])
def test_a_request_lost_before_it_is_unknown_and_the_next_call_moves_once(
    jira: Jira, site: Site, key: str, kind: str
) -> None:
    site.disturb(kind, "POST", "/transitions$")
    with pytest.raises(OutcomeUnknown, match=f"{key}: the move to Running"):
        jira.ensure_transition(key, "Launch", "Running", cause=CAUSE)
    assert jira.ensure_transition(key, "Launch", "Running", cause=CAUSE)
    assert jira.ensure_transition(key, "Launch", "Running", cause=CAUSE)
    assert moves(site, key) == ["Launch", "Running"]


class Interruption:
    """Lets something happen right after a write, as a person would by chance."""

    def __init__(self, wire: Wire, then: Callable[[], None]) -> None:
        self._write = wire.write
        self._then = then

    def __call__(self, *args: Any, **content: Any) -> dict[str, Any]:
        try:
            return self._write(*args, **content)
        finally:
            self._then()


@pytest.mark.parametrize("status", ["Paused", "Launch"])
def test_a_person_who_moves_on_at_once_is_not_overruled(
    jira: Jira, site: Site, key: str, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The answer is lost, and alice has moved the issue before cmbot looks: the history tells it.
    monkeypatch.setattr(jira._wire, "write", Interruption(jira._wire, lambda: site.move(key, status)))
    site.disturb("lost_answer", "POST", "/transitions$")
    assert jira.ensure_transition(key, "Launch", "Running", cause=CAUSE)
    assert moves(site, key) == ["Launch", "Running", status]


def test_a_person_who_was_faster_wins_over_a_lost_request(
    jira: Jira, site: Site, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jira._wire, "write", Interruption(jira._wire, lambda: site.move(key, "Paused")))
    site.disturb("refused", "POST", "/transitions$")
    assert not jira.ensure_transition(key, "Launch", "Running", cause=CAUSE)
    assert moves(site, key) == ["Launch", "Paused"]


def test_a_refused_move_is_said(jira: Jira, site: Site, key: str) -> None:
    site.disturb("400", "POST", "/transitions$")
    with pytest.raises(Refused, match="the move to Running was refused"):
        jira.ensure_transition(key, "Launch", "Running", cause=CAUSE)
    assert site.status(key) == "Launch"


@pytest.mark.covers("W21")
def test_a_project_without_the_move_is_told_what_to_do(jira: Jira, key: str) -> None:
    with pytest.raises(UserError, match=f"{key}: .* no move from Launch to Abandoned; .*administrator"):
        jira.ensure_transition(key, "Launch", "Abandoned", cause=CAUSE)


@pytest.mark.covers("W21")
def test_the_settings_say_what_the_statuses_are_called(site: Site, key: str) -> None:
    # This site says Launch for what cmbot calls Draft, and Paused for Running.
    names = {"Draft": "Launch", "Running": "Paused"}
    assert Jira.connect(site.settings(statuses=names), lambda: site.tokens["cmbot"]).ensure_transition(
        key, "Draft", "Running", cause=CAUSE
    )
    assert site.status(key) == "Paused"


def test_of_several_ways_the_one_that_asks_for_nothing_is_taken(
    wire: Wire, server: responses.RequestsMock
) -> None:
    rest = "https://jira.test/jira/rest/api/2/issue/1"
    asking = {"resolution": {"required": True, "name": "Resolution"}}
    harmless = {"resolution": {"required": True, "hasDefaultValue": True}, "summary": {"required": False}}
    ways = [
        {"id": "11", "name": "Launch", "to": {"id": "3", "name": "Draft"}},
        {"id": "21", "name": "Start", "to": {"id": "4", "name": "running"}, "fields": asking},
        {"id": "31", "name": "Start", "to": {"id": "4", "name": "running"}, "fields": harmless},
    ]
    server.get(rest, json={"fields": {"status": {"name": "Launch"}}})
    server.get(f"{rest}/transitions", json={"transitions": ways})
    sent = server.post(f"{rest}/transitions", status=204)
    assert transitions.ensure(wire, DataCenter(), "1", "launch", "Running", CAUSE)
    assert b'"transition": {"id": "31"}' in (sent.calls[0].request.body or b"")
