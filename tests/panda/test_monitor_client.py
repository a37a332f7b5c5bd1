"""Every way in which the monitor can answer a question, recorded ones included."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
import responses

from cmbot.exceptions import CredentialsError, Limited, Refused, RemoteError, UserError
from cmbot.panda.monitor import Monitor
from cmbot.settings import PandaSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from panda.conftest import Purse

SETTINGS = PandaSettings(relay="https://panda.test/server/panda", monitor="https://bigmon.test:8443/")
TASKS = "https://bigmon.test:8443/tasks/"
JWT = "e30.e30.signature"


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as server:
        yield server


@pytest.fixture
def monitor(purse: Purse) -> Monitor:
    return Monitor(SETTINGS, None, purse)


@pytest.fixture
def recorded(samples: Path) -> Callable[[str], dict[str, Any]]:
    """A recorded HTTP answer, for `responses`."""

    def read(name: str) -> dict[str, Any]:
        head, _, body = (samples / "panda/bigmon" / name).read_bytes().partition(b"\r\n\r\n")
        status, *headers = head.decode().split("\r\n")
        named = dict(line.split(": ", 1) for line in headers)
        return {"status": int(status.split()[1]), "body": body, "content_type": named["Content-Type"]}

    return read


def ask(monitor: Monitor) -> Any:
    return monitor.ask("tasks/", days=7, reqid="1|2")


@pytest.mark.covers("H2", "H5")
def test_a_question_has_a_window_and_asks_for_json_past_all_caches(
    server: responses.RequestsMock, monitor: Monitor, purse: Purse
) -> None:
    server.get(TASKS, json=[])
    assert ask(monitor) == []
    request = server.calls[0].request
    sent = request.params  # type: ignore[attr-defined]  # responses adds it
    assert (sent["days"], sent["reqid"]) == ("7", "1|2")
    assert "timestamp" in sent
    assert request.headers["Accept"] == "application/json"
    assert "Authorization" not in request.headers
    assert purse.spent == ["bigmon.test"]


@pytest.mark.parametrize(("token", "header"), [("abcdef", "Token abcdef"), (JWT, f"Bearer {JWT}")])
def test_a_token_is_sent_as_what_it_is(
    server: responses.RequestsMock, purse: Purse, token: str, header: str
) -> None:
    server.get(TASKS, json=[])
    ask(Monitor(SETTINGS, lambda: token, purse))
    assert server.calls[0].request.headers["Authorization"] == header


@pytest.mark.covers("H4")
def test_plain_http_is_good_enough_without_a_token_only(server: responses.RequestsMock, purse: Purse) -> None:
    plain = SETTINGS.model_copy(update={"monitor": "http://bigmon.test"})
    server.get("http://bigmon.test/tasks/", json=[{"jeditaskid": 1}])
    assert ask(Monitor(plain, None, purse)) == [{"jeditaskid": 1}]
    with pytest.raises(UserError, match="show the token"):
        Monitor(plain, lambda: "abcdef", purse)
    with pytest.raises(UserError, match="no web address"):
        Monitor(SETTINGS.model_copy(update={"monitor": "ftp://x"}), None, purse)


@pytest.mark.parametrize(
    ("name", "error", "refusals"),
    [
        ("rate_limited_429.http", Limited, 1),
        ("bad_token_401.http", CredentialsError, 0),
        ("job_unknown_200.http", RemoteError, 0),
    ],
)
def test_recorded_troubles_are_told_apart(
    server: responses.RequestsMock,
    monitor: Monitor,
    purse: Purse,
    recorded: Callable[[str], dict[str, Any]],
    name: str,
    error: type[RemoteError],
    refusals: int,
) -> None:
    server.get(TASKS, **recorded(name))
    with pytest.raises(RemoteError) as caught:
        ask(monitor)
    assert type(caught.value) is error
    assert len(purse.refusals) == refusals


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, {"error": "You are blacklisted, access denied"}, Refused),
        (302, {}, CredentialsError),
        (400, {"error": "Illegal value 'abc' for jeditaskid"}, Refused),
        (400, {"error": "Rejected due to DB issue"}, RemoteError),
        (500, {}, RemoteError),
    ],
)
def test_other_troubles_are_told_apart(
    server: responses.RequestsMock, monitor: Monitor, status: int, body: Any, error: type[RemoteError]
) -> None:
    server.get(TASKS, status=status, json=body)
    with pytest.raises(RemoteError) as caught:
        ask(monitor)
    assert type(caught.value) is error


def test_half_a_body_is_no_answer(server: responses.RequestsMock, monitor: Monitor, samples: Path) -> None:
    body = (samples / "panda/bigmon_variants/tasks_truncated_body.json").read_bytes()
    server.get(TASKS, body=body, content_type="application/json")
    with pytest.raises(RemoteError, match="no JSON"):
        ask(monitor)


def test_no_answer_names_no_address(server: responses.RequestsMock, monitor: Monitor) -> None:
    server.get(TASKS, body=requests.ConnectionError("secret details"))
    with pytest.raises(RemoteError, match=r"got no answer \(ConnectionError\)"):
        ask(monitor)


def test_numbers_that_are_none_are_nothing(
    server: responses.RequestsMock, monitor: Monitor, samples: Path
) -> None:
    body = (samples / "panda/bigmon_variants/wfprogress_nan.json").read_text()
    assert "NaN" in body
    server.get(TASKS, body=body, content_type="application/json")
    assert "NaN" not in json.dumps(ask(monitor))


def test_a_spent_budget_asks_nothing(server: responses.RequestsMock, monitor: Monitor, purse: Purse) -> None:
    purse.empty = True
    with pytest.raises(Limited):
        ask(monitor)
    assert not server.calls
