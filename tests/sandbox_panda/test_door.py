"""How often the monitor may be asked, and how it behaves when it is strange."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Build = Callable[..., dict[str, Any]]

WORKFLOWS = "/idds/wfprogress/?json"
TOO_MANY = {"error": "too many requests per hour, please try later"}


@pytest.fixture
def one(server: Any, workflow: Build) -> int:
    """A server with one workflow that has ended."""
    request_id: int = server.result("submit", workflow("u_sandbox_Run", isr={"jobs": {"a": [], "b": []}}))
    assert server.ended(request_id) == "Finished"
    return request_id


def _ask(server: Any, path: str = WORKFLOWS, **headers: str) -> requests.Response:
    usual = {"Authorization": f"Bearer {server.token}"}
    return requests.get(server.url + path, headers=usual | headers, timeout=30, allow_redirects=False)


def test_one_request_too_many_in_an_hour_is_429_and_the_hour_slides(server: Any) -> None:
    server.order("/sandbox/clock", running=False)
    server.order("/sandbox/settings", rate_limit=3)
    assert [_ask(server).status_code for _ in range(2)] == [200, 200]
    server.order("/sandbox/clock", advance=1800)
    assert [_ask(server).status_code for _ in range(3)] == [200, 429, 429]
    refused = _ask(server)
    assert refused.json() == TOO_MANY
    assert "Retry-After" not in refused.headers
    assert _ask(server, **{"X-Forwarded-For": "10.0.0.7, 127.0.0.1"}).status_code == 200
    assert server.json("/sandbox/asked") == {
        "10.0.0.7": {"asked": 1, "refused": 0},
        "127.0.0.1": {"asked": 6, "refused": 3},
    }
    server.order("/sandbox/clock", advance=1801)
    # the first two have left the hour; refused ones did not prolong it
    assert [_ask(server).status_code for _ in range(3)] == [200, 200, 429]


def test_the_count_survives_a_killed_server(server: Any) -> None:
    server.order("/sandbox/settings", rate_limit=2)
    assert [_ask(server).status_code for _ in range(2)] == [200, 200]
    server.process.kill()
    server.process.wait()
    server.start()
    assert _ask(server).status_code == 429


def test_who_goes_on_asking_is_blocked(server: Any) -> None:
    server.order("/sandbox/settings", rate_limit=0, block_after=2)
    assert [_ask(server).status_code for _ in range(3)] == [429, 429, 403]
    assert _ask(server).json() == {"error": "You are blacklisted, access denied"}
    server.order("/sandbox/settings", rate_limit=100, blocked=[])
    assert _ask(server).status_code == 200


def test_pages_of_a_browser_and_the_request_of_a_task_are_not_counted(server: Any, one: int) -> None:
    server.order("/sandbox/settings", rate_limit=0)
    with requests.Session() as browser:
        browser.get(f"{server.url}/?token={server.token}", timeout=30)
        assert browser.get(f"{server.url}/idds/wfprogress/", timeout=30).status_code == 200
        assert browser.get(f"{server.url}{WORKFLOWS}", timeout=30).status_code == 429
    task = _ask(server, "/idds/getiddsfortask/?json&jeditaskid=5001").json()
    assert task["data"][0]["request_id"] == one


def test_json_without_a_token_can_be_allowed(server: Any, one: int) -> None:
    server.order("/sandbox/settings", anonymous=True)
    assert requests.get(server.url + WORKFLOWS, timeout=30).json()[0]["request_id"] == one
    wrong = {"Authorization": "Token wrong"}
    assert requests.get(server.url + WORKFLOWS, headers=wrong, timeout=30).status_code == 401
    assert requests.get(f"{server.url}/sandbox/settings", timeout=30).status_code == 401
    assert (
        requests.get(f"{server.url}/logs/LOCAL_TEST/PandaJob_1/payload.stdout", timeout=30).status_code == 401
    )


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        ("down", 503, "text/html; charset=utf-8"),
        ("error", 500, "text/html; charset=utf-8"),
        ("html", 200, "text/html; charset=utf-8"),
        ("login", 302, None),
        ("empty", 200, "application/json"),
        ("cut", 200, "application/json"),
    ],
)
def test_outages_of_the_monitor(
    server: Any, one: int, kind: str, status: int, content_type: str | None
) -> None:
    whole = _ask(server).text
    server.order("/sandbox/settings", monitor=kind)
    answer = _ask(server)
    assert (answer.status_code, answer.headers.get("Content-Type")) == (status, content_type)
    if kind == "empty":
        assert answer.json() == []
    if kind == "cut":
        assert answer.text == whole[: len(whole) // 2]
    assert server.result("get_requests", request_id=one), "iDDS does not notice"
    server.order("/sandbox/settings", monitor=None)
    assert _ask(server).text == whole


def test_a_hidden_request_is_gone_from_the_monitor_and_not_from_idds(server: Any, one: int) -> None:
    before = [_ask(server, path).json() for path in (WORKFLOWS, "/tasks/?json", "/jobs/?json")]
    server.order(f"/sandbox/requests/{one}/hide", hidden=True)
    assert _ask(server).json() == _ask(server, "/tasks/?json").json() == []
    assert _ask(server, "/jobs/?json").json()["jobs"] == []
    assert _ask(server, "/task/5001/?json").headers["Content-Type"].startswith("text/html")
    assert server.result("get_requests", request_id=one)
    server.order(f"/sandbox/requests/{one}/hide", hidden=False)
    assert _ask(server).json() == before[0]


def test_a_new_request_appears_late_where_the_monitor_lags(server: Any, one: int) -> None:
    server.order("/sandbox/settings", lag=1200)
    assert _ask(server).json() == []
    server.order("/sandbox/clock", advance=1200)
    assert [row["request_id"] for row in _ask(server).json()] == [one]


def test_a_cache_in_between_repeats_an_answer_unless_the_address_differs(
    server: Any, one: int, workflow: Build
) -> None:
    server.order("/sandbox/settings", cache=600)
    stale = _ask(server).json()
    server.result("submit", workflow("second", isr={}))
    assert _ask(server).json() == stale
    assert len(_ask(server, f"{WORKFLOWS}&timestamp=1").json()) == 2
    assert requests.get(server.url + WORKFLOWS, timeout=30).status_code == 401
    server.order("/sandbox/clock", advance=601)
    assert len(_ask(server).json()) == 2


def test_older_releases_of_the_monitor(server: Any, one: int, samples: Path) -> None:
    folder = samples / "panda" / "bigmon_variants"
    server.order("/sandbox/settings", workflows="lower case")
    (row,) = _ask(server).json()
    assert (row["r_status"], row["r_name"], row["username"]) == ("finished", "u_sandbox_run", "sandbox")
    assert row["tasks_statuses"] == {"Finished": 1}
    server.order("/sandbox/settings", workflows="counts")
    (row,) = _ask(server).json()
    assert set(row) == set(json.loads((folder / "wfprogress_old_fields.json").read_text())[0])
    assert (row["processed_files"], row["remaining_files"], row["tasks_links_all"]) == (2, 0, "5001")


def test_bare_not_a_number_and_foreign_rows(server: Any, one: int) -> None:
    server.order("/sandbox/settings", not_a_number=True, foreign=True)
    answer = _ask(server, f"{WORKFLOWS}&requestid={one}")
    assert "NaN" in answer.text
    assert "Infinity" in answer.text
    own, foreign = answer.json()
    assert (own["request_id"], foreign["request_id"]) == (one, one + 1_000_000)
    assert math.isnan(own["finished_files"])
    assert foreign["username"] == "Somebody Else"
    tasks = _ask(server, f"/tasks/?json&reqid={one}").json()
    assert [task["reqid"] for task in tasks] == [one, one + 1_000_000]


def test_an_address_without_its_slash_loses_the_query(server: Any, one: int) -> None:
    answer = _ask(server, "/tasks?json")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/tasks/")


def test_a_job_limit_counts_for_each_table(server: Any, workflow: Build, one: int) -> None:
    server.order("/sandbox/clock", advance=5 * 86400)
    request_id = server.result("submit", workflow("later", isr={"jobs": {"a": [], "b": []}}))
    server.ended(request_id)
    jobs = _ask(server, "/jobs/?json&limit=1").json()["jobs"]
    assert len(jobs) == 2


def test_windows_of_time_are_not_lifted_by_a_request_id(server: Any, one: int) -> None:
    server.order("/sandbox/clock", advance=8 * 86400)
    for path in ("/idds/wfprogress/?json&requestid=1", "/tasks/?json&reqid=1"):
        assert _ask(server, path).json() == []
        assert len(_ask(server, f"{path}&days=30").json()) == 1
    assert _ask(server, "/jobs/?json&reqid=1").json()["jobs"] == []
    assert len(_ask(server, "/jobs/?json&jeditaskid=5001").json()["jobs"]) == 2
    assert _ask(server, "/jobs/?json&jeditaskid=5001&days=1").json()["jobs"] == []


def test_a_misspelt_filter_gives_everything(server: Any, one: int) -> None:
    assert len(_ask(server, "/tasks/?json&name=nothing*").json()) == 1
    assert _ask(server, "/tasks/?json&taskname=nothing*").json() == []
    assert len(_ask(server, "/tasks/?json&taskname=U_SANDBOX_run*").json()) == 1
