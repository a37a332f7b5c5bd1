"""One request each: what is sent, what an answer means, what a message tells."""

from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from cmbot import credentials
from cmbot.exceptions import (
    CmbotError,
    Conflict,
    CredentialsError,
    Limited,
    NotFound,
    OutcomeUnknown,
    Refused,
    RemoteError,
    UserError,
)
from cmbot.jira.wire import Wire, issue_path
from cmbot.settings import JiraSettings, Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import responses

    from tests.jira.conftest import Site

REST = "https://jira.test/jira/rest/api/2"
TOKEN = "made-up-token"


def read(wire: Wire) -> Any:
    return wire.read("CM-1", "reading the issue", "issue/CM-1")


def write(wire: Wire) -> Any:
    return wire.write("CM-1", "adding a comment", "POST", "issue/CM-1", {"body": "x"})


def post(wire: Wire) -> Any:
    return wire.write("CM-1", "adding a comment", "POST", "issue/CM-1", {"body": "x"}, answer=True)


def failure_of(call: Callable[[Wire], Any], wire: Wire) -> CmbotError:
    with pytest.raises(CmbotError) as caught:
        call(wire)
    return caught.value


def test_a_request_carries_the_token_the_time_outs_and_what_jira_wants_of_uploads(
    wire: Wire, server: responses.RequestsMock
) -> None:
    server.get(f"{REST}/issue/CM-1", json={"id": "1"})
    assert read(wire) == {"id": "1"}
    request = server.calls[0].request
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["X-Atlassian-Token"] == "no-check"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"] == "cmbot"
    assert request.req_kwargs["timeout"] == (5.0, 30.0)  # type: ignore[attr-defined] # responses adds it


def test_a_user_in_the_settings_means_basic_authentication(
    settings: JiraSettings, server: responses.RequestsMock
) -> None:
    server.get(f"{REST}/issue/CM-1", json={})
    read(Wire(settings.model_copy(update={"user": "bot"}), lambda: TOKEN))
    assert server.calls[0].request.headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("code", "headers", "reading", "writing"),
    [
        (400, {}, Refused, Refused),
        (401, {}, CredentialsError, CredentialsError),
        (403, {}, Refused, Refused),
        (403, {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE"}, CredentialsError, CredentialsError),
        (404, {}, NotFound, NotFound),
        (408, {}, RemoteError, OutcomeUnknown),
        (409, {}, Conflict, Conflict),
        (410, {}, Refused, Refused),
        (413, {}, Refused, Refused),
        (429, {"Retry-After": "5"}, Limited, Limited),
        (500, {}, RemoteError, OutcomeUnknown),
        (502, {}, RemoteError, OutcomeUnknown),
        (503, {}, RemoteError, OutcomeUnknown),
        (503, {"Retry-After": "5"}, Limited, OutcomeUnknown),
        (504, {}, RemoteError, OutcomeUnknown),
        (302, {"Location": "https://login.test/"}, Refused, Refused),
    ],
)
@pytest.mark.covers("W2")
def test_an_error_is_translated_and_nothing_is_sent_again(
    settings: JiraSettings,
    server: responses.RequestsMock,
    code: int,
    headers: dict[str, str],
    reading: type[CmbotError],
    writing: type[CmbotError],
) -> None:
    body = {"errorMessages": ["No."], "errors": {}}
    server.get(f"{REST}/issue/CM-1", status=code, headers=headers, json=body)
    server.post(f"{REST}/issue/CM-1", status=code, headers=headers, json=body)
    assert type(failure_of(read, Wire(settings, lambda: TOKEN))) is reading
    assert type(failure_of(write, Wire(settings, lambda: TOKEN))) is writing
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("error", "reading", "writing"),
    [
        (requests.ConnectTimeout("x"), RemoteError, RemoteError),
        (requests.ReadTimeout("x"), RemoteError, OutcomeUnknown),
        (requests.ConnectionError("x"), RemoteError, OutcomeUnknown),
        (requests.exceptions.ChunkedEncodingError("x"), RemoteError, OutcomeUnknown),
        (requests.exceptions.SSLError("x"), RemoteError, OutcomeUnknown),
    ],
)
@pytest.mark.covers("W2")
def test_a_lost_answer_is_unknown_for_a_write_and_nothing_is_sent_again(
    wire: Wire,
    server: responses.RequestsMock,
    error: Exception,
    reading: type[CmbotError],
    writing: type[CmbotError],
) -> None:
    server.get(f"{REST}/issue/CM-1", body=error)
    server.post(f"{REST}/issue/CM-1", body=error)
    assert type(failure_of(read, wire)) is reading
    assert type(failure_of(write, wire)) is writing
    assert len(server.calls) == 2


def test_a_server_that_refuses_connections_has_done_nothing(
    wire: Wire, server: responses.RequestsMock
) -> None:
    cause = MaxRetryError(None, "/", NewConnectionError(None, "refused"))  # type: ignore[arg-type] # no pool here
    server.post(f"{REST}/issue/CM-1", body=requests.ConnectionError(cause))
    assert type(failure_of(write, wire)) is RemoteError


def test_a_closed_port_has_done_nothing(settings: JiraSettings) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        error = failure_of(write, Wire(settings.model_copy(update={"url": address}), lambda: TOKEN))
    assert type(error) is RemoteError
    assert str(error) == (
        "CM-1: adding a comment did not reach Jira (no connection); "
        "check jira.url, and the network between Jira and this machine"
    )


def test_a_host_that_nobody_knows_is_told_as_such(settings: JiraSettings) -> None:
    error = failure_of(read, Wire(settings.model_copy(update={"url": "http://jira.invalid"}), lambda: TOKEN))
    assert "did not reach Jira (its host name is not known here); check jira.url" in str(error)


def test_a_server_that_does_not_answer_is_left_after_the_time_out(settings: JiraSettings, site: Site) -> None:
    short = settings.model_copy(update={"url": site.url, "read_timeout": 0.1})
    impatient = Wire(short, lambda: site.tokens["cmbot"])
    site.disturb("hang", "GET", "/issue/CM-1$")
    site.disturb("hang", "POST", "/issue/CM-1$")
    assert "was not answered in time" in str(failure_of(read, impatient))
    assert type(failure_of(write, impatient)) is OutcomeUnknown


DEEP = '{"properties": ' + "[" * 5_000 + "]" * 5_000 + "}"
"""Whoever may edit an issue may give it a property like this."""


@pytest.mark.parametrize("body", ["", "<html>Log in</html>", "[1]", '"text"', "{", DEEP, '{"x": "\\ud800"}'])
def test_an_answer_that_is_no_object_or_could_not_be_kept_is_an_error(
    wire: Wire, server: responses.RequestsMock, body: str
) -> None:
    server.get(f"{REST}/issue/CM-1", body=body)
    server.post(f"{REST}/issue/CM-1", body=body)
    assert type(failure_of(read, wire)) is RemoteError
    assert type(failure_of(post, wire)) is OutcomeUnknown


def test_a_web_page_in_place_of_an_empty_answer_is_no_success(
    wire: Wire, server: responses.RequestsMock
) -> None:
    server.post(f"{REST}/issue/CM-1", body="<html>Log in</html>", content_type="text/html")
    assert type(failure_of(write, wire)) is OutcomeUnknown


def test_a_login_that_failed_behind_a_good_status_is_a_matter_of_credentials(
    wire: Wire, server: responses.RequestsMock
) -> None:
    server.get(f"{REST}/issue/CM-1", json={}, headers={"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"})
    assert type(failure_of(read, wire)) is CredentialsError


def limit(wire: Wire, server: responses.RequestsMock, headers: dict[str, str]) -> datetime | None:
    server.get(f"{REST}/issue/CM-1", status=429, headers=headers)
    error = failure_of(read, wire)
    assert isinstance(error, Limited)
    return error.retry_at


@pytest.mark.covers("W2")
def test_after_wrong_credentials_nothing_is_written_until_something_can_be_read(
    wire: Wire, server: responses.RequestsMock
) -> None:
    server.get(f"{REST}/issue/CM-1", status=401)
    assert type(failure_of(read, wire)) is CredentialsError
    assert "was not tried: Jira does not accept the credentials" in str(failure_of(write, wire))
    assert len(server.calls) == 1
    server.replace("GET", f"{REST}/issue/CM-1", json={})
    server.post(f"{REST}/issue/CM-1", status=204)
    read(wire)
    write(wire)
    assert len(server.calls) == 3


def test_retry_after_in_seconds_is_an_instant(wire: Wire, server: responses.RequestsMock) -> None:
    before = datetime.now(UTC)
    at = limit(wire, server, {"Retry-After": "1847"})
    assert at is not None
    assert before <= at - timedelta(seconds=1847) <= datetime.now(UTC)


def test_retry_after_as_a_date_is_read_against_the_servers_clock(
    wire: Wire, server: responses.RequestsMock
) -> None:
    # The server's clock is an hour slow; what counts is the minute between its two times.
    now = datetime.now(UTC) - timedelta(hours=1)
    headers = {"Date": format_datetime(now), "Retry-After": format_datetime(now + timedelta(minutes=1))}
    before = datetime.now(UTC)
    at = limit(wire, server, headers)
    assert at is not None
    assert before <= at - timedelta(minutes=1) <= datetime.now(UTC)


@pytest.mark.parametrize("text", [None, "0", "", "soon", "-5", "Thu, 01 Jan 1970 00:00:00 GMT", "nan"])
def test_retry_after_without_meaning_leaves_it_to_cmbot(
    wire: Wire, server: responses.RequestsMock, text: str | None
) -> None:
    at = limit(wire, server, {} if text is None else {"Retry-After": text})
    assert at is not None
    assert at <= datetime.now(UTC) + timedelta(seconds=1)


def test_retry_after_is_believed_for_a_day_at_most(wire: Wire, server: responses.RequestsMock) -> None:
    at = limit(wire, server, {"Retry-After": "9" * 30})
    assert at is not None
    assert at <= datetime.now(UTC) + timedelta(days=1)


def test_a_message_names_the_issue_the_operation_and_the_field(
    wire: Wire, server: responses.RequestsMock
) -> None:
    wire.field_names = {"customfield_10100": "Reason"}
    errors = {"customfield_10100": "It is not on the screen."}
    server.post(f"{REST}/issue/CM-1", status=400, json={"errorMessages": [], "errors": errors})
    message = str(failure_of(write, wire))
    assert message == (
        "CM-1: adding a comment was refused (HTTP 400): Reason: It is not on the screen.; see Jira's reason"
    )


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"errors": [], "errorMessages": "text"}', b"[]", b"<html>"])
def test_a_strange_error_body_is_left_out(wire: Wire, server: responses.RequestsMock, body: bytes) -> None:
    server.post(f"{REST}/issue/CM-1", status=400, body=body)
    assert str(failure_of(write, wire)) == "CM-1: adding a comment was refused (HTTP 400); see Jira's reason"


def test_a_long_reason_is_cut(wire: Wire, server: responses.RequestsMock) -> None:
    server.post(f"{REST}/issue/CM-1", status=400, json={"errorMessages": ["x" * 100_000]})
    assert len(str(failure_of(write, wire))) < 1_000


def test_no_message_log_or_traceback_shows_the_token_or_a_cookie(
    wire: Wire, server: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="cmbot")
    server.post(f"{REST}/issue/CM-1", status=500, headers={"Set-Cookie": "JSESSIONID=secret"}, body="<html>")
    server.get(f"{REST}/issue/CM-1", body=requests.ConnectionError(f"Authorization: Bearer {TOKEN}"))
    for call in (write, read):
        error = failure_of(call, wire)
        assert error.__cause__ is None
        assert error.__context__ is None or error.__suppress_context__
        assert TOKEN not in str(error)
        assert "secret" not in str(error)
    assert TOKEN not in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "naïve"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(
    settings: JiraSettings, token: str
) -> None:
    with pytest.raises(UserError, match=r"jira\.token") as caught:
        Wire(settings, lambda: token)
    assert not token or token not in str(caught.value)


def test_a_token_is_read_again_after_it_was_refused_and_only_then(
    settings: JiraSettings, server: responses.RequestsMock, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    wire = Wire(settings, partial(credentials.read, Secret(file=str(file)), "jira.token"))

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        accepted = request.headers["Authorization"] == f"Bearer {valid}"
        return (200 if accepted else 401), {}, "{}"

    for method in ("GET", "POST"):
        server.add_callback(method, f"{REST}/issue/CM-1", answer)
    valid = "old"
    read(wire)
    file.write_text("new")
    read(wire)
    valid = "new"
    assert type(failure_of(read, wire)) is CredentialsError
    # Only a reading finds out whether the new one is good.
    assert type(failure_of(write, wire)) is CredentialsError
    assert len(server.calls) == 3
    read(wire)
    write(wire)
    assert [call.response.status_code for call in server.calls] == [200, 200, 401, 200, 200]


@pytest.mark.parametrize(("content", "problem"), [("", "is empty"), ("two words", "holds white space")])
def test_a_refused_token_whose_file_holds_none_now_is_told_and_not_sent_again(
    settings: JiraSettings, server: responses.RequestsMock, tmp_path: Path, content: str, problem: str
) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    wire = Wire(settings, partial(credentials.read, Secret(file=str(file)), "jira.token"))
    server.get(f"{REST}/issue/CM-1", status=401)
    assert type(failure_of(read, wire)) is CredentialsError
    file.write_text(content)
    for _ in range(2):
        error = failure_of(read, wire)
        assert type(error) is CredentialsError
        assert problem in str(error)
    assert len(server.calls) == 1
    file.write_text("new")
    server.replace("GET", f"{REST}/issue/CM-1", json={})
    read(wire)
    assert server.calls[1].request.headers["Authorization"] == "Bearer new"


@pytest.mark.parametrize("url", ["", "jira.test", "ftp://jira.test", "https://", "https://me:pw@jira.test/"])
def test_an_address_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(UserError, match=r"jira\.url") as caught:
        Wire(JiraSettings(url=url, token=Secret(variable="T")), lambda: TOKEN)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "..", "CM-1/../../x", "CM-1?x=1", "CM 1", "CM-1\n"])
def test_what_is_no_key_does_not_reach_a_path(key: str) -> None:
    with pytest.raises(UserError, match="is not the key of an issue"):
        issue_path(key)
