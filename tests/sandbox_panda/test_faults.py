from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cmbot.sandbox.panda.store import requests as submissions

if TYPE_CHECKING:
    from collections.abc import Callable

    Build = Callable[..., dict[str, Any]]


class Submission(threading.Thread):
    """A submission in a thread of its own, and what became of it."""

    def __init__(self, server: Any, posted: dict[str, Any]) -> None:
        super().__init__()
        self.server, self.posted, self.answer = server, posted, ""
        self.start()

    def run(self) -> None:
        try:
            answer = self.server.post({"command_name": "submit", "args": json.dumps([self.posted])})
        except requests.RequestException as error:
            self.answer = type(error).__name__
        else:
            self.answer = answer.text


@pytest.mark.parametrize(("when", "stored"), [("before", 0), ("after", 1)])
def test_a_submission_is_held_at_the_chosen_side_of_its_effect(
    server: Any, workflow: Build, until: Callable[..., Any], when: str, stored: int
) -> None:
    server.order("/sandbox/hold", command="submit", when=when)
    first = Submission(server, workflow("held", isr={}))
    until(lambda: server.json("/sandbox/controls")["held"] == [{"command": "submit", "when": when}])
    assert len(submissions(server.state)) == stored
    assert server.call("ping")[0] is True, "others are not held"
    assert server.order("/sandbox/release") == {"released": 1}
    first.join()
    assert first.answer == "[true, 1]"
    assert len(submissions(server.state)) == 1
    assert server.result("submit", workflow("free", isr={})) == 2, "the order was for one request"


@pytest.mark.parametrize(("when", "stored"), [("before", 0), ("after", 1)])
def test_a_submission_is_dropped_at_the_chosen_side_of_its_effect(
    server: Any, workflow: Build, when: str, stored: int
) -> None:
    server.order("/sandbox/hold", command="submit", when=when, then="drop")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        server.call("submit", workflow("dropped", isr={}))
    assert len(submissions(server.state)) == stored


def test_what_is_held_can_be_dropped_at_its_release(
    server: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    server.order("/sandbox/hold", command="submit", when="after", count=2)
    both = [Submission(server, workflow(name, isr={})) for name in ("a", "b")]
    until(lambda: len(server.json("/sandbox/controls")["held"]) == 2)
    assert server.order("/sandbox/release", then="drop") == {"released": 2}
    for one in both:
        one.join()
    assert [one.answer for one in both] == ["ChunkedEncodingError"] * 2
    assert len(submissions(server.state)) == 2


def test_a_held_submission_takes_effect_although_the_client_went_away(
    server: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    server.order("/sandbox/hold", command="submit", when="before")
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(
            f"{server.relay}/relay_idds_command",
            data={"command_name": "submit", "args": json.dumps([workflow("late", isr={})])},
            headers={"Authorization": f"Bearer {server.token}", "Origin": "Rubin"},
            timeout=0.5,
        )
    until(lambda: server.json("/sandbox/controls")["held"])
    assert submissions(server.state) == []
    server.order("/sandbox/release")
    until(lambda: [request.name for request in submissions(server.state)] == ["late"])


def test_held_requests_do_not_keep_the_server_from_ending(
    server: Any, workflow: Build, until: Callable[..., Any]
) -> None:
    server.order("/sandbox/hold", command="submit", when="before")
    held = Submission(server, workflow("held", isr={}))
    until(lambda: server.json("/sandbox/controls")["held"])
    server.stop()
    held.join()
    assert held.answer != "[true, 1]"
    assert submissions(server.state) == []


@pytest.mark.parametrize(
    ("kind", "status", "start"),
    [
        ("down", 503, "Service Unavailable"),
        ("html", 200, "<!DOCTYPE html>"),
        ("idds_down", 200, '[true, [false, "Connection exception.'),
        ("idds_db_down", 200, '[true, [false, "No object  exception.'),
    ],
)
def test_an_outage_lasts_until_it_is_ended(shared: Any, kind: str, status: int, start: str) -> None:
    shared.order("/sandbox/outage", kind=kind)
    answer = shared.post({"command_name": "get_requests", "kwargs": '{"request_id": 1}'})
    ping = shared.post({"command_name": "ping"})
    shared.order("/sandbox/outage", kind=None)
    assert answer.status_code == status
    assert answer.text.startswith(start)
    assert (ping.text == '[true, {"Status": "OK"}]') is (kind == "idds_db_down")
    assert shared.call("get_requests", request_id=10**6) == [True, []]


def test_an_order_that_is_not_understood_is_refused(shared: Any) -> None:
    for path, body in [
        ("hold", {"command": "submit", "when": "during"}),
        ("hold", {"command": "submit", "seconds": 3}),
        ("outage", {"kind": "flood"}),
        ("executor", {}),
    ]:
        assert shared.ask("POST", f"/sandbox/{path}", json=body).status_code == 422
