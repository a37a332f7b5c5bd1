"""Every way in which the relay can fail is told apart; recorded answers are read as they came."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import (
    CredentialsError,
    Limited,
    NotFound,
    OutcomeUnknown,
    Refused,
    RemoteError,
    UserError,
)
from cmbot.panda.relay import _unwrap
from cmbot.panda.service import PandaWms
from cmbot.settings import PandaSettings

if TYPE_CHECKING:
    from panda.conftest import Purse, Stub


def replay(stub: Stub, exchange: dict[str, Any]) -> None:
    stub.status, stub.body = exchange["status"], exchange["body"]
    stub.headers = {"Content-Type": exchange["content_type"]}


def test_a_request_is_a_form_with_token_and_organisation(stub: Stub) -> None:
    stub.answer({})
    stub.wms().find("CM-1_step1_")
    assert stub.forms == [
        {
            "path": "/server/panda/relay_idds_command",
            "command_name": "get_request_id_by_name",
            "kwargs": '{"name": "CM-1_step1_*"}',
            "manager": "True",
        }
    ]
    assert stub.seen[0]["Authorization"] == "Bearer 0123456789abcdef"
    assert stub.seen[0]["Origin"] == "Rubin"
    assert stub.purse.spent == ["127.0.0.1"]


def test_a_renewed_token_is_used_at_once(stub: Stub) -> None:
    stub.answer({})
    wms = stub.wms()
    wms.find("a")
    stub.token = "fedcba9876543210"
    wms.find("a")
    assert [seen["Authorization"][-3:] for seen in stub.seen] == ["def", "210"]


def test_a_proxy_is_not_asked_for_the_machine_itself(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    stub.answer({})
    assert stub.wms().find("a") == {}


def test_a_netrc_entry_does_not_replace_the_token(
    stub: Stub, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    stub.answer({})
    stub.wms().find("a")
    assert stub.seen[0]["Authorization"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("bad_token_403", CredentialsError),
        ("not_in_group_403", CredentialsError),
        ("no_credentials", CredentialsError),
        ("unknown_command", Refused),
        ("idds_down", RemoteError),
        ("idds_db_down", RemoteError),
        ("get_requests_bad_id", RemoteError),
        ("plain_json_500", RemoteError),
        ("get_requests_unknown_id", NotFound),
    ],
)
def test_recorded_troubles_are_told_apart(
    stub: Stub, exchanges: dict[str, dict[str, Any]], name: str, error: type[RemoteError]
) -> None:
    replay(stub, exchanges[name])
    with pytest.raises(RemoteError) as caught:
        stub.wms().status(2)
    assert type(caught.value) is error


def test_an_outage_never_looks_like_absence(stub: Stub, exchanges: dict[str, dict[str, Any]]) -> None:
    for name in ("idds_down", "idds_db_down"):
        replay(stub, exchanges[name])
        with pytest.raises(RemoteError, match="failed in iDDS") as caught:
            stub.wms().find("CM-1_")
        assert not isinstance(caught.value, NotFound)


@pytest.mark.parametrize(
    "body", ["", "<html>", "[true", "{}", "[]", "null", "[true]", "[1, {}]", "[true, true]", "[true, 5]"]
)
def test_an_answer_of_the_wrong_form_is_no_answer(stub: Stub, body: str) -> None:
    stub.body = body
    with pytest.raises(RemoteError) as caught:
        stub.wms().find("a")
    assert type(caught.value) is RemoteError


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)


@given(JSON, st.sampled_from([list, dict, int]))
def test_any_answer_gives_the_promised_type_or_a_remote_error(answer: object, kind: type[Any]) -> None:
    for body in (answer, [True, answer], [False, answer], [True, [answer]], [True, [False, answer]]):
        try:
            result = _unwrap(json.dumps(body).encode(), kind, "ping", RemoteError)
        except RemoteError:
            continue
        assert isinstance(result, kind)


def test_a_deeply_nested_answer_is_no_answer(stub: Stub) -> None:
    stub.body = "[" * 200_000
    with pytest.raises(RemoteError, match="JSON"):
        stub.wms().find("a")


def test_a_refusal_inside_idds_is_seen(stub: Stub) -> None:
    stub.answer("Authentication no permission: user X")
    with pytest.raises(Refused, match="not allowed"):
        stub.wms().find("a")


def test_redirects_are_not_followed(stub: Stub) -> None:
    stub.status, stub.headers = 302, {"Location": "http://127.0.0.1:1/elsewhere"}
    with pytest.raises(Refused, match="HTTP 302"):
        stub.wms().find("a")
    assert len(stub.forms) == 1


def test_too_many_requests_are_told_as_such(stub: Stub) -> None:
    stub.status = 429
    with pytest.raises(Limited):
        stub.wms().find("a")
    assert stub.purse.refusals == ["127.0.0.1"]


def test_a_closed_port_is_a_remote_error_that_names_no_token(purse: Purse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = PandaSettings(relay=f"http://127.0.0.1:{port}/server/panda", timeout=5)
    with pytest.raises(RemoteError, match=r"got no answer \(ConnectionError\)") as caught:
        PandaWms(settings, lambda: "0123456789abcdef", purse).status(1)
    assert "0123456789abcdef" not in str(caught.value)


def test_a_silent_server_is_given_up(purse: Purse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = PandaSettings(relay=f"http://127.0.0.1:{silent.getsockname()[1]}/x", timeout=0.2)
        wms = PandaWms(settings, lambda: "0123456789abcdef", purse)
        with pytest.raises(RemoteError, match="ReadTimeout"):
            wms.status(1)
        with pytest.raises(OutcomeUnknown):
            wms.cancel(1)


@pytest.mark.parametrize("token", ["", "abc\n", "a b", "ä" * 16])
def test_a_token_that_cannot_be_a_header_is_refused_unseen(stub: Stub, token: str) -> None:
    stub.token = token
    with pytest.raises(CredentialsError) as caught:
        stub.wms().status(1)
    assert stub.forms == []
    assert not token or token not in str(caught.value)


def test_the_token_never_crosses_a_network_unencrypted(purse: Purse) -> None:
    for relay in ("http://panda.example.org/server/panda", "ftp://127.0.0.1/x"):
        with pytest.raises(UserError, match=r"panda\.relay"):
            PandaWms(PandaSettings(relay=relay), lambda: "x", purse)


def test_a_spent_budget_stops_the_request(stub: Stub) -> None:
    stub.purse.empty = True
    with pytest.raises(Limited):
        stub.wms().status(1)
    assert stub.forms == []


def test_server_texts_are_shown_without_tokens(stub: Stub) -> None:
    stub.status, stub.body = 500, "Illegal header value b'Bearer 0123456789abcdef'"
    with pytest.raises(RemoteError) as caught:
        stub.wms().status(1)
    assert "0123456789abcdef" not in str(caught.value)


@pytest.mark.covers("W8")
def test_cancel_and_restart_are_done_only_when_registered(
    stub: Stub, exchanges: dict[str, dict[str, Any]]
) -> None:
    replay(stub, exchanges["abort_registered"])
    stub.wms().cancel(2)
    stub.wms().restart(2)
    assert [form["command_name"] for form in stub.forms] == ["abort", "retry"]
    assert [json.loads(form["kwargs"]) for form in stub.forms] == [{"request_id": 2}] * 2
    replay(stub, exchanges["abort_unknown_id"])
    with pytest.raises(NotFound):
        stub.wms().cancel(4242)
    replay(stub, exchanges["abort_not_owner"])
    with pytest.raises(Refused, match="no permission"):
        stub.wms().cancel(2)


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, "x"), (200, "x"), (200, "[true, []]"), (200, '[true, [[0, {"status": 5}]]]'), (200, "[true, {}]")],
)
def test_an_order_without_a_clear_answer_may_have_happened(stub: Stub, status: int, body: str) -> None:
    stub.status, stub.body = status, body
    with pytest.raises(OutcomeUnknown):
        stub.wms().restart(1)


def test_an_order_that_idds_did_not_confirm_may_have_happened(
    stub: Stub, exchanges: dict[str, dict[str, Any]]
) -> None:
    replay(stub, exchanges["idds_down"])
    with pytest.raises(OutcomeUnknown):
        stub.wms().cancel(2)
