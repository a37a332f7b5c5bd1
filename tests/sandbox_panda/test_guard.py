from __future__ import annotations

import http.client
import stat
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

PATHS = [
    "/",
    "/workflows/1",
    "/sandbox/requests",
    "/logs/LOCAL_TEST/PandaJob_1/payload.stdout",
    "/read/1/payload.stdout",
    "/cache/schedconfig/pandaqueues.json",
    "/sandbox/controls",
    "/sandbox/settings",
    "/sandbox/tokens",
    "/style.css",
]


def _get(server: Any, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    connection.close()
    return found


@pytest.mark.parametrize("path", [*PATHS, "/nowhere"])
def test_nothing_is_shown_without_the_token(shared: Any, path: str) -> None:
    assert _get(shared, path)[0] == 401
    assert _get(shared, path, Authorization="Bearer wrong")[0] == 401
    assert _get(shared, path, Cookie="cmbot_sandbox_panda=wrong")[0] == 401
    assert _get(shared, f"{path}?token=wrong")[0] == 401


MONITOR = ["/idds/wfprogress/", "/tasks/", "/task/1/", "/jobs/", "/job/1/", "/job", "/errors/"]


@pytest.mark.parametrize("path", MONITOR)
def test_the_monitor_refuses_in_its_own_words(shared: Any, path: str) -> None:
    assert _get(shared, f"{path}?json")[::2] == (401, '{"error": "No token provided"}')
    for wrong in ("Token wrong", "Bearer wrong"):
        assert _get(shared, f"{path}?json", Authorization=wrong)[::2] == (401, '{"detail": "Invalid token."}')
    status, headers, _ = _get(shared, path)
    assert (status, headers["location"]) == (302, f"/login/?next={path}")
    assert "token" in _get(shared, headers["location"])[2]
    assert _get(shared, f"{path}?json", Origin="http://evil.example.org")[0] == 403


@pytest.mark.parametrize(
    "host", ["evil.example.org", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example.org:80", ""]
)
def test_a_foreign_host_is_refused_even_with_the_token(shared: Any, host: str) -> None:
    for path in [*PATHS, *MONITOR, "/server/panda/relay_idds_command", "/jwks", "/token"]:
        assert _get(shared, path, Host=host, Authorization=f"Bearer {shared.token}")[0] == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example.org", "null", "https://127.0.0.1", "http://127.0.0.1:1"]
)
def test_a_foreign_origin_is_refused_even_with_the_token(shared: Any, origin: str) -> None:
    assert _get(shared, "/sandbox/requests", Origin=origin, Authorization=f"Bearer {shared.token}")[0] == 403


def test_the_token_in_an_address_becomes_a_cookie_and_leaves_the_address(shared: Any) -> None:
    status, headers, _ = _get(shared, f"/workflows/1?token={shared.token}&x=1")
    assert (status, headers["location"]) == (303, "/workflows/1?x=1")
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=strict" in headers["set-cookie"]
    with requests.Session() as session:
        assert session.get(f"{shared.url}/?token={shared.token}", timeout=30).status_code == 200
        assert session.get(f"{shared.url}/sandbox/requests", timeout=30).status_code == 200


def test_a_redirect_never_leads_to_another_host(shared: Any) -> None:
    _, headers, _ = _get(shared, f"//evil.example.org/?token={shared.token}")
    assert headers["location"] == "/evil.example.org/"


def test_the_address_is_readable_by_its_owner_alone(shared: Any) -> None:
    path = shared.state / "address.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


def test_only_loopback_is_listened_on(shared: Any) -> None:
    assert urlsplit(shared.url).hostname == "127.0.0.1"
    assert shared.relay == f"{shared.url}/server/panda"


def test_the_token_does_not_appear_in_the_log(shared: Any) -> None:
    _get(shared, f"/?token={shared.token}")
    assert shared.token not in shared.log.read_text()
