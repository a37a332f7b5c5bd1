"""Signing in: passwords, cookie sessions, personal access tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from jira import JIRA

from cmbot.sandbox.jira import seeding

if TYPE_CHECKING:
    from conftest import Sandbox, Start

SESSION = "/rest/auth/1/session"
ADMIN = {"username": "admin", "password": "admin"}


@pytest.fixture
def fresh(start: Start) -> Sandbox:
    """A site without a seed of its own."""
    return start(seed=seeding.DEFAULT.model_dump(by_alias=True))


def test_without_a_seed_there_is_an_administrator_called_admin(fresh: Sandbox) -> None:
    url = f"{fresh.url}/rest/api/2/myself"
    assert requests.get(url, auth=("admin", "admin"), timeout=20).json()["name"] == "admin"
    for wrong in (("admin", "Admin"), ("admin", ""), ("nobody", "admin")):
        assert requests.get(url, auth=wrong, timeout=20).status_code == 401
    (row,) = fresh.store.rows("SELECT password FROM users")
    assert "admin" not in row["password"]


def test_a_session_cookie_signs_a_client_in_until_it_signs_out(fresh: Sandbox) -> None:
    with requests.Session() as client:
        refused = client.post(fresh.url + SESSION, json={**ADMIN, "password": "x"}, timeout=20)
        assert (refused.status_code, refused.json()["errorMessages"]) == (401, ["Login failed"])
        opened = client.post(fresh.url + SESSION, json=ADMIN, timeout=20)
        assert opened.json()["session"]["name"] == "JSESSIONID"
        assert {k: opened.json()["loginInfo"][k] for k in ("failedLoginCount", "loginCount")} == {
            "failedLoginCount": 1,
            "loginCount": 1,
        }
        assert client.get(fresh.url + SESSION, timeout=20).json()["name"] == "admin"
        assert client.get(fresh.url + "/rest/api/2/myself", timeout=20).status_code == 200
        value = client.cookies["JSESSIONID"]
        assert client.delete(fresh.url + SESSION, timeout=20).status_code == 204
        client.cookies.set("JSESSIONID", value)
        assert client.get(fresh.url + "/rest/api/2/myself", timeout=20).status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"username": 1, "password": []}', b"\xff"])
def test_a_malformed_sign_in_is_refused(sandbox: Sandbox, body: bytes) -> None:
    assert requests.post(sandbox.url + SESSION, data=body, timeout=20).status_code == 400


def test_a_clients_session_opens_no_page(fresh: Sandbox) -> None:
    with requests.Session() as client:
        client.post(fresh.url + SESSION, json=ADMIN, timeout=20)
        page = client.get(fresh.url + "/projects", headers={"Accept": "text/html"}, timeout=20)
        assert page.status_code == 401


@pytest.mark.filterwarnings("ignore:Use OAuth or Token based:DeprecationWarning")
def test_the_library_signs_in_with_cookies_and_with_basic_auth(fresh: Sandbox) -> None:
    for how in ({"auth": ("admin", "admin")}, {"basic_auth": ("admin", "admin")}):
        client = JIRA(fresh.url, max_retries=0, timeout=20, **how)
        assert client.myself()["name"] == "admin"
        client.close()


def token(sandbox: Sandbox, **body: object) -> dict[str, object]:
    made = sandbox.ask("POST", "/rest/pat/latest/tokens", json={"name": "bot", **body})
    assert made.status_code == 201, made.text
    return dict(made.json())


def use(sandbox: Sandbox, secret: object) -> int:
    header = {"Authorization": f"Bearer {secret}"}
    return requests.get(f"{sandbox.url}/rest/api/2/myself", headers=header, timeout=20).status_code


def test_a_personal_token_works_until_it_ends(sandbox: Sandbox) -> None:
    made = token(sandbox, expirationDuration=2)
    assert made["expiringAt"] == "2026-11-22T12:00:00.000+0000"
    assert use(sandbox, made["rawToken"]) == 200
    sandbox.clock.advance(days=2, seconds=-1)
    assert use(sandbox, made["rawToken"]) == 200
    sandbox.clock.advance(seconds=1)
    assert use(sandbox, made["rawToken"]) == 401


def test_a_personal_token_is_shown_once_and_kept_as_a_digest(sandbox: Sandbox) -> None:
    made = token(sandbox)
    use(sandbox, made["rawToken"])
    (listed,) = sandbox.ask("GET", "/rest/pat/latest/tokens").json()
    assert set(listed) == {"id", "name", "createdAt", "expiringAt", "lastAccessedAt"}
    (row,) = sandbox.store.rows("SELECT * FROM personal_tokens")
    assert made["rawToken"] not in tuple(row)


def test_a_revoked_token_is_refused_and_others_cannot_revoke_it(sandbox: Sandbox) -> None:
    made = token(sandbox, expirationDuration=None)
    path = f"/rest/pat/latest/tokens/{made['id']}"
    assert sandbox.ask("DELETE", path, user="bob").status_code == 404
    assert sandbox.ask("PUT", path, json={"name": "other"}).json()["name"] == "other"
    assert sandbox.ask("DELETE", path).status_code == 204
    assert use(sandbox, made["rawToken"]) == 401
    assert sandbox.ask("GET", path).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "x", "expirationDuration": 0}, {"name": "x" * 256}]
)
def test_a_token_that_cannot_be_is_refused(sandbox: Sandbox, body: dict[str, object]) -> None:
    assert sandbox.ask("POST", "/rest/pat/latest/tokens", json=body).status_code == 400
    assert sandbox.ask("GET", "/rest/pat/latest/tokens").json() == []
