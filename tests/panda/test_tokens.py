"""When a token ends, and how it is renewed."""

from __future__ import annotations

import base64
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import CredentialsError, RemoteError
from cmbot.panda.tokens import IdToken, expiry
from cmbot.settings import PandaSettings, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ISSUER = "https://panda.test:8443"


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


# ------------------------------------------------------------------------------------------ renewal


def lasting(**time: float) -> str:
    return token({"exp": (NOW + timedelta(**time)).timestamp()})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".token"


@pytest.fixture
def issuer() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as server:
        client = {"client_id": "rubin", "client_secret": "x", "oidc_config_url": f"{ISSUER}/discovery"}
        server.get(f"{ISSUER}/auth/Rubin.production_auth_config.json", json=client)
        server.get(f"{ISSUER}/discovery", json={"token_endpoint": f"{ISSUER}/token"})
        server.post(f"{ISSUER}/token", json={"id_token": lasting(hours=2), "expires_in": 7200})
        yield server


def id_token(file: Path, text: str) -> IdToken:
    file.write_text(text)
    settings = PandaSettings(
        relay=f"{ISSUER}/server/panda", vo="Rubin:production", token=Secret(file=str(file))
    )
    return IdToken(settings, lambda: file.read_text().strip(), lambda: NOW)


def both(until: str) -> str:
    return json.dumps({"id_token": until, "refresh_token": "secret-refresh"})


def test_a_token_alone_is_given_as_it_is(file: Path) -> None:
    assert id_token(file, f"{lasting(days=2)}\n")() == lasting(days=2)
    assert id_token(file, "opaque")() == "opaque"


def test_a_token_that_has_expired_is_told_plainly(file: Path) -> None:
    with pytest.raises(CredentialsError, match="expired at 2026-11-20 11:00 UTC"):
        id_token(file, lasting(hours=-1))()


def test_a_token_that_nothing_renews_is_named_in_the_log_once(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    give = id_token(file, lasting(hours=3))
    assert give() == give()
    assert [record.getMessage() for record in caplog.records] == [
        "PanDA's token expires at 2026-11-20 15:00 UTC; renew it before"
    ]


def test_a_token_with_a_refresh_token_is_renewed_before_it_expires(
    file: Path, issuer: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    give = id_token(file, both(lasting(minutes=5)))
    assert give() == give() == lasting(hours=2)
    assert len(issuer.calls) == 3
    assert json.loads(file.read_text())["refresh_token"] == "secret-refresh"
    assert file.stat().st_mode & 0o077 == 0
    assert "secret-refresh" not in caplog.text


def test_a_token_that_lasts_is_not_renewed(file: Path, issuer: responses.RequestsMock) -> None:
    assert id_token(file, both(lasting(minutes=30)))() == lasting(minutes=30)
    assert not issuer.calls


def test_an_issuer_that_is_down_matters_only_when_the_token_has_expired(
    file: Path, issuer: responses.RequestsMock
) -> None:
    issuer.replace(responses.GET, f"{ISSUER}/discovery", status=503)
    assert id_token(file, both(lasting(minutes=5)))() == lasting(minutes=5)
    with pytest.raises(RemoteError, match="HTTP 503"):
        id_token(file, both(lasting(minutes=-5)))()


def test_a_refused_renewal_says_what_to_do(file: Path, issuer: responses.RequestsMock) -> None:
    issuer.replace(responses.POST, f"{ISSUER}/token", status=400, json={"error": "invalid_grant"})
    with pytest.raises(CredentialsError, match="sign in again") as caught:
        id_token(file, both(lasting(minutes=-5)))()
    assert "secret-refresh" not in str(caught.value)


@pytest.mark.parametrize("text", ["{}", "{not json", '{"id_token": "x"}'])
def test_a_token_file_of_another_form_is_refused(file: Path, text: str) -> None:
    with pytest.raises(CredentialsError, match="no id_token with a refresh_token"):
        id_token(file, text)()
