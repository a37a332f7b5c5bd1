"""Who gets in, what is noted, and what goes wrong on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from conftest import Sandbox


@pytest.fixture
def sandbox(calm: Sandbox) -> Sandbox:
    calm.ask("DELETE", "/sandbox/disturb")
    calm.ask("DELETE", "/sandbox/requests")
    return calm


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80", "[::2]", "0.0.0.0", "[", ""],
)
def test_a_foreign_host_is_refused(sandbox: Sandbox, host: str) -> None:
    assert sandbox.rest("GET", "myself", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://localhost"])
def test_a_foreign_page_is_refused(sandbox: Sandbox, origin: str) -> None:
    assert sandbox.rest("GET", "myself", headers={"Origin": origin}).status_code == 403


def test_its_own_pages_and_names_are_let_in(sandbox: Sandbox) -> None:
    assert sandbox.rest("GET", "myself", headers={"Origin": sandbox.url}).status_code == 200
    port = sandbox.url.rpartition(":")[2]
    assert sandbox.rest("GET", "myself", headers={"Host": f"localhost:{port}"}).status_code == 200


def test_only_tokens_of_this_start_get_in(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/rest/api/2/myself"
    token = sandbox.app.access.tokens["bob"]
    assert requests.get(url, auth=("bob", token), timeout=20).json()["name"] == "bob"
    for wrong in (("alice", token), ("bob", "bob"), ("bob", "")):
        assert requests.get(url, auth=wrong, timeout=20).status_code == 401
    for header in ("Bearer x", "Bearer ü", "Basic !", "Basic", "", "Digest x"):
        answer = requests.get(url, headers={"Authorization": header.encode()}, timeout=20)
        assert (answer.status_code, list(answer.json())) == (401, ["errorMessages", "errors"])


def test_what_the_server_is_needs_no_credentials(sandbox: Sandbox) -> None:
    about = requests.get(f"{sandbox.url}/rest/api/2/serverInfo", timeout=20).json()
    assert about["deploymentType"] != "Cloud"
    assert about["versionNumbers"][0] == 10
    assert about["serverTime"] == "2026-11-20T12:00:00.000+0000"


def test_requests_are_noted_with_who_asked(sandbox: Sandbox) -> None:
    before = sandbox.ask("GET", "/sandbox/requests").json()["count"]
    sandbox.rest("GET", "myself", user="bob")
    report = sandbox.ask("GET", "/sandbox/requests").json()
    assert report["count"] == before + 2  # the earlier look itself is noted too
    assert report["requests"][-1] == {
        "number": report["count"],
        "method": "GET",
        "path": "/rest/api/2/myself",
        "status": 200,
        "user": "bob",
    }


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_the_sandboxs_own_paths_are_for_administrators(sandbox: Sandbox, method: str) -> None:
    assert sandbox.ask(method, "/sandbox/requests", user="bob").status_code == 403
    assert sandbox.ask("POST", "/sandbox/disturb", user="bob", json={"kind": "hang"}).status_code == 403


def disturb(sandbox: Sandbox, kind: str, **more: object) -> None:
    match = {"method": "POST", "path": "/comment$"}
    armed = sandbox.ask("POST", "/sandbox/disturb", json={"match": match, "kind": kind, **more})
    assert armed.status_code == 204, armed.text


def test_a_lost_answer_was_applied_and_a_refused_request_was_not(sandbox: Sandbox) -> None:
    key = sandbox.create()
    for kind in ("lost_answer", "refused"):
        disturb(sandbox, kind)
        with pytest.raises(requests.ConnectionError):
            sandbox.rest("POST", f"issue/{key}/comment", json={"body": kind})
    assert sandbox.rest("POST", f"issue/{key}/comment", json={"body": "calm"}).status_code == 201
    bodies = [one["body"] for one in sandbox.get(f"issue/{key}/comment")["comments"]]
    assert bodies == ["lost_answer", "calm"]


def test_an_answer_can_be_any_failure_with_its_headers(sandbox: Sandbox) -> None:
    key = sandbox.create()
    disturb(sandbox, "status", status=429, headers={"Retry-After": "1847"}, body="<html>", count=2)
    disturb(sandbox, "503")
    answers = [sandbox.rest("POST", f"issue/{key}/comment", json={"body": "x"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 429, 503, 201]
    assert (answers[0].headers["Retry-After"], answers[0].text) == ("1847", "<html>")


def test_a_request_can_hang_until_the_client_gives_up(sandbox: Sandbox) -> None:
    key = sandbox.create()
    disturb(sandbox, "hang")
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{sandbox.url}/rest/api/2/issue/{key}/comment",
            json={"body": "x"},
            headers={"Authorization": f"Bearer {sandbox.app.access.tokens['alice']}"},
            timeout=0.2,
        )
    assert sandbox.get(f"issue/{key}/comment")["total"] == 0


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"kind": "nonsense"},
        {"kind": "200"},
        {"kind": "hang", "count": 0},
        {"kind": "hang", "count": "many"},
        {"kind": "hang", "match": {"path": "("}},
        {"kind": "hang", "match": {"host": "x"}},
        {"kind": "hang", "match": 1},
        {"kind": "hang", "when": 1},
        {"kind": "status", "headers": 1},
        {"kind": "status", "headers": {"a": "b\n"}},
    ],
)
def test_a_disturbance_it_does_not_know_is_refused(sandbox: Sandbox, asked: dict[str, object]) -> None:
    assert sandbox.ask("POST", "/sandbox/disturb", json=asked).status_code == 400


def test_calm_can_be_restored(sandbox: Sandbox) -> None:
    disturb(sandbox, "503", count=5)
    sandbox.ask("DELETE", "/sandbox/disturb")
    key = sandbox.create()
    assert sandbox.rest("POST", f"issue/{key}/comment", json={"body": "x"}).status_code == 201
