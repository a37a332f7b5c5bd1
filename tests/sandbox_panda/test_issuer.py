"""Id tokens: made, renewed with panda-client's own code, refused when they are not right."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests
from pandaclient.openidc_utils import OpenIdConnect_Utils

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Build = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, start: Callable[..., Any]) -> Iterator[Any]:
    """A server whose relay asks for id tokens, as ``cmbot sandbox panda --id-tokens`` starts it."""
    server = start(tmp_path_factory.mktemp("strict") / "panda", id_tokens=3600)
    yield server
    server.stop()


def _call(server: Any, token: str, origin: str = "Rubin", **fields: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "Origin": origin}
    data = {"command_name": "ping"} | fields
    return requests.post(f"{server.relay}/relay_idds_command", data=data, headers=headers, timeout=30)


def _tokens(server: Any, **claims: Any) -> dict[str, Any]:
    return dict(server.order("/sandbox/tokens", **claims))


def test_the_first_id_token_is_there_to_read(strict: Any) -> None:
    token = (strict.state / "client" / "id_token").read_text()
    assert not token.endswith("\n")
    assert _call(strict, token).text == '[true, {"Status": "OK"}]'
    assert json.loads((strict.state / "client" / ".token").read_text())["id_token"] == token
    assert (strict.state / "client" / ".token").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (lambda server: server.token, "Invalid token. Not enough segments"),
        (lambda server: "notatoken", "Invalid token. Not enough segments"),
        (lambda server: _tokens(server, lifetime=-1)["id_token"], "Invalid token. Signature has expired"),
        (
            lambda server: _tokens(server)["id_token"][:-8] + "AAAAAAAA",
            "Invalid token. Signature verification failed",
        ),
    ],
)
def test_wrong_tokens_are_refused_in_words(strict: Any, token: Callable[[Any], str], words: str) -> None:
    answer = _call(strict, token(strict))
    assert (answer.status_code, answer.text) == (403, f"ERROR : Token authentication failed. {words}")


def test_a_token_signed_by_somebody_else_or_without_a_signature_is_refused(strict: Any) -> None:
    claims = jwt.decode(_tokens(strict)["id_token"], options={"verify_signature": False})
    public = requests.get(f"{strict.url}/jwks", timeout=30).json()["keys"][0]["n"]
    for forged in (
        jwt.encode(claims, public, algorithm="HS256", headers={"kid": "sandbox"}),
        jwt.encode(claims, None, algorithm="none"),
    ):
        assert _call(strict, forged).status_code == 403
    key = jwt.PyJWKClient(f"{strict.url}/jwks").get_signing_key("sandbox")
    assert (
        jwt.decode(_tokens(strict)["id_token"], key, algorithms=["RS256"], audience=claims["aud"]) is not None
    )


def test_a_role_needs_its_group(strict: Any) -> None:
    token = _tokens(strict, groups=["/Rubin"])["id_token"]
    assert _call(strict, token, "Rubin").status_code == 200
    answer = _call(strict, token, "Rubin.production")
    assert answer.text == "ERROR : Token authentication failed. Not a member of the Rubin/production group"
    assert "Unknown vo : Nope" in _call(strict, token, "Nope").text


def test_a_request_belongs_to_who_submitted_it(strict: Any, workflow: Build) -> None:
    mine, other = (_tokens(strict, name=name)["id_token"] for name in ("campaign service", "somebody"))
    posted = json.dumps([workflow("owned", isr={})])
    number = _call(strict, mine, command_name="submit", args=posted).json()[1]
    named = {"kwargs": json.dumps({"request_id": number})}
    (row,) = _call(strict, other, command_name="get_requests", **named).json()[1]
    assert row["username"] == "Campaign Service"
    refused = _call(strict, other, command_name="abort", **named).json()
    message = f"User Somebody has no permission to update request {number}"
    assert refused == [True, [[-1, {"message": message, "status": -1}]]]
    assert _call(strict, mine, command_name="abort", **named).json()[1][0][0] == 0


def test_the_monitor_takes_id_tokens_too(strict: Any) -> None:
    good, expired = (_tokens(strict, lifetime=seconds)["id_token"] for seconds in (60, -60))
    url = f"{strict.url}/idds/wfprogress/?json"
    for scheme in ("Bearer", "Token"):
        assert requests.get(url, headers={"Authorization": f"{scheme} {good}"}, timeout=30).ok
        answer = requests.get(url, headers={"Authorization": f"{scheme} {expired}"}, timeout=30)
        assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token."})
    assert (
        requests.get(
            f"{strict.url}/sandbox/requests", headers={"Authorization": f"Bearer {good}"}, timeout=30
        ).status_code
        == 401
    )


def test_panda_client_renews_an_expired_token_by_itself(strict: Any, tmp_path: Path) -> None:
    expired = _tokens(strict, name="renewer", lifetime=-10)
    (tmp_path / ".token").write_text(json.dumps(expired))
    client = OpenIdConnect_Utils(
        f"{strict.url}/auth/Rubin.production_auth_config.json", str(tmp_path), logging.getLogger("test")
    )
    done, token = client.run_device_authorization_flow()
    assert done, token
    kept = json.loads((tmp_path / ".token").read_text())
    assert kept["refresh_token"] == expired["refresh_token"]
    assert jwt.decode(token, options={"verify_signature": False})["name"] == "renewer"


def test_refresh_tokens_survive_a_restart_until_they_are_revoked(
    tmp_path: Path, start: Callable[..., Any]
) -> None:
    server = start(tmp_path / "panda", id_tokens=3600)
    refresh = _tokens(server)["refresh_token"]
    server.process.kill()
    server.process.wait()
    server.start()

    def renew(**more: str) -> requests.Response:
        config = requests.get(f"{server.url}/auth/Rubin_auth_config.json", timeout=30).json()
        form = {
            "grant_type": "refresh_token",
            "client_id": config["client_id"],
            "client_secret": config["client_secret"],
            "refresh_token": refresh,
        }
        return requests.post(f"{server.url}/token", data=form | more, timeout=30)

    assert _call(server, renew().json()["id_token"]).status_code == 200
    wrong = renew(client_secret="x")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert renew(grant_type="password").json()["error"] == "unsupported_grant_type"
    assert server.ask("DELETE", "/sandbox/tokens").json()["revoked"] >= 1
    assert (renew().status_code, renew().json()["error"]) == (400, "invalid_grant")
    server.stop()


def test_tokens_expire_by_the_clock_of_the_sandbox(strict: Any) -> None:
    token = _tokens(strict, lifetime=3600)["id_token"]
    strict.order("/sandbox/clock", advance=3601)
    assert "has expired" in _call(strict, token).text
    strict.order("/sandbox/clock", advance=-3601)
    assert _call(strict, token).status_code == 200


def test_no_token_is_in_the_log(strict: Any) -> None:
    tokens = _tokens(strict)
    _call(strict, tokens["id_token"])
    log = strict.log.read_text()
    assert tokens["id_token"] not in log
    assert tokens["refresh_token"] not in log


def test_the_command_says_how_to_start_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cmbot", "sandbox", "panda", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--id-tokens" in done.stdout
    assert "--seed" in done.stdout
