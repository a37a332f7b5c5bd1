"""Logs are read where jobs say they are, within bounds, and the token stays at home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
import responses

from cmbot.exceptions import NotFound, RemoteError
from cmbot.panda import logs
from cmbot.panda.logs import Logs
from cmbot.settings import PandaSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from panda.conftest import Purse

OWN = "http://127.0.0.1:9/logs/SLAC/PandaJob_1/payload.stderr"
OTHER = "https://logs.test/SLAC/PandaJob_1/payload.stderr"


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as server:
        yield server


@pytest.fixture
def reader(purse: Purse) -> Logs:
    settings = PandaSettings(relay="https://panda.test/server/panda", monitor="http://127.0.0.1:9/")
    return Logs(settings, lambda: "e30.e30.secret", purse)


@pytest.mark.covers("F12")
def test_a_log_is_text_whatever_its_bytes_are(
    server: responses.RequestsMock, reader: Logs, purse: Purse
) -> None:
    server.get(OTHER, body=b"one\n\xff\xfe two\n")
    assert reader.read(OTHER).startswith("one\n")
    assert purse.spent == ["logs.test"]


def test_only_the_monitor_is_shown_its_token(server: responses.RequestsMock, reader: Logs) -> None:
    server.get(OTHER, body="x")
    server.get(OWN, body="x")
    reader.read(OTHER)
    reader.read(OWN)
    assert ["Authorization" in call.request.headers for call in server.calls] == [False, True]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:90/logs",
        "file:///etc/passwd",
        "ftp://x/y",
        "",
        "//x",
    ],
)
def test_other_addresses_are_not_opened(url: str, reader: Logs, purse: Purse) -> None:
    with pytest.raises(RemoteError):
        reader.read(url)
    assert purse.spent == []


def test_what_is_gone_moved_or_broken_is_said(server: responses.RequestsMock, reader: Logs) -> None:
    server.get(OTHER, status=404)
    with pytest.raises(NotFound):
        reader.read(OTHER)
    server.replace("GET", OTHER, status=302, headers={"Location": OWN})
    with pytest.raises(RemoteError, match="HTTP 302"):
        reader.read(OTHER)
    server.replace("GET", OTHER, body=requests.ConnectionError("refused"))
    with pytest.raises(RemoteError, match="ConnectionError"):
        reader.read(OTHER)


def test_a_log_without_end_is_given_up(
    server: responses.RequestsMock, reader: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "_LARGEST_LOG", 1000)
    server.get(OTHER, body=b"x" * 100_000)
    with pytest.raises(RemoteError, match="too large"):
        reader.read(OTHER)
