"""Whether the monitor answers, and when a token ends."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import RemoteError
from cmbot.panda.reach import ask_monitor, expiry
from cmbot.settings import PandaSettings

SETTINGS = PandaSettings(relay="https://panda.test/server/panda", monitor="https://bigmon.test")


def token(claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.signature"


def test_the_end_of_a_token_is_read_from_it() -> None:
    assert expiry(token({"exp": 1795176000})) == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("claims", [{}, {"exp": None}, {"exp": "soon"}, {"exp": 1e40}, [], "exp", 5])
def test_a_token_that_does_not_say_has_no_end(claims: Any) -> None:
    assert expiry(token(claims)) is None


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    expiry(text)


@pytest.mark.parametrize("status", [200, 302, 401, 404])
def test_a_monitor_that_answers_is_reached(status: int) -> None:
    with responses.RequestsMock() as server:
        server.get(SETTINGS.monitor, status=status)
        ask_monitor(SETTINGS)


def test_a_monitor_that_does_not_is_told() -> None:
    with responses.RequestsMock() as server:
        server.get(SETTINGS.monitor, status=503)
        with pytest.raises(RemoteError, match="HTTP 503"):
            ask_monitor(SETTINGS)
        server.replace(responses.GET, SETTINGS.monitor, body=requests.ConnectionError("secret details"))
        with pytest.raises(RemoteError, match=r"got no answer \(ConnectionError\)"):
            ask_monitor(SETTINGS)
