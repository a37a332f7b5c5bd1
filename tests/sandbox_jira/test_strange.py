"""Strange mode: what goes wrong, how often, and that the same seed makes the same run."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cmbot.sandbox.jira.strange.failures import FAILURES

if TYPE_CHECKING:
    from conftest import Sandbox


@pytest.fixture
def sandbox(calm: Sandbox) -> Sandbox:
    """The module's site, calm, with its clock where it was."""
    calm.ask("DELETE", "/sandbox/disturb")
    calm.ask("DELETE", "/sandbox/strange")
    calm.clock.now = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
    return calm


def become(sandbox: Sandbox, **asked: Any) -> dict[str, Any]:
    answer = sandbox.ask("PUT", "/sandbox/strange", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


# ------------------------------------------------------------------------------------------- faults
@pytest.mark.parametrize("kind", FAILURES)
def test_a_failure_has_its_status_and_comes_before_any_effect(sandbox: Sandbox, kind: str) -> None:
    key = sandbox.create()
    sandbox.ask("POST", "/sandbox/disturb", json={"kind": kind, "match": {"path": "/comment$"}})
    answer = sandbox.rest("POST", f"issue/{key}/comment", json={"body": "x"})
    assert answer.status_code == FAILURES[kind](sandbox.clock()).status >= 400
    is_json = answer.headers["content-type"].startswith("application/json")
    assert is_json or answer.text.startswith("<html>")
    assert sandbox.get(f"issue/{key}/comment")["total"] == 0


def test_the_forms_of_429_differ_in_when_to_come_back(sandbox: Sandbox) -> None:
    key = sandbox.create()
    found = {}
    for kind in (word for word in FAILURES if word.startswith("429")):
        sandbox.ask("POST", "/sandbox/disturb", json={"kind": kind})
        found[kind] = sandbox.rest("GET", f"issue/{key}").headers
    assert found["429-hour"]["Retry-After"] == "1847"
    assert found["429-data-center"]["Retry-After"] == "0"
    assert "Retry-After" not in found["429-silent"]
    assert found["429-silent"]["X-RateLimit-Reset"] == "2026-11-20T12:00:01Z"
    assert parsedate_to_datetime(found["429-date"]["Retry-After"]) > sandbox.clock()
    reasons = {kind: headers.get("RateLimit-Reason") for kind, headers in found.items()}
    assert reasons["429-per-issue"] == "jira-per-issue-on-write"
    assert reasons["429-data-center"] is None


def test_a_captcha_says_so_in_a_header(sandbox: Sandbox) -> None:
    sandbox.ask("POST", "/sandbox/disturb", json={"kind": "captcha"})
    denied = sandbox.rest("GET", "myself")
    assert denied.status_code == 403
    assert denied.headers["X-Authentication-Denied-Reason"].startswith("CAPTCHA_CHALLENGE")


def test_a_fault_can_last_for_a_while(sandbox: Sandbox) -> None:
    sandbox.ask("POST", "/sandbox/disturb", json={"kind": "maintenance", "lasting": 60})
    assert [sandbox.rest("GET", "myself").status_code for _ in range(3)] == [503, 503, 503]
    sandbox.clock.advance(seconds=60)
    assert sandbox.rest("GET", "myself").status_code == 200


def test_a_slow_answer_is_still_an_answer(sandbox: Sandbox) -> None:
    key = sandbox.create()
    slow = {"kind": "slow", "seconds": 0.3, "match": {"method": "POST", "path": "/comment$"}}
    sandbox.ask("POST", "/sandbox/disturb", json={**slow, "count": 2})
    headers = {"Authorization": f"Bearer {sandbox.app.access.tokens['alice']}"}
    url = f"{sandbox.url}/rest/api/2/issue/{key}/comment"
    assert requests.post(url, json={"body": "patient"}, headers=headers, timeout=20).status_code == 201
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json={"body": "hasty"}, headers=headers, timeout=0.05)


def outcomes(sandbox: Sandbox, number: int) -> list[int]:
    return [sandbox.rest("GET", "myself").status_code for _ in range(number)]


def test_the_same_seed_makes_the_same_run(sandbox: Sandbox) -> None:
    asked = {"seed": 11, "faults": [{"kind": "conflict", "rate": 0.4, "match": {"path": "/myself"}}]}
    become(sandbox, **asked)
    first = outcomes(sandbox, 30)
    become(sandbox, **asked)
    assert outcomes(sandbox, 30) == first
    assert 0 < first.count(409) < 30
    become(sandbox, **{**asked, "seed": 12})
    assert outcomes(sandbox, 30) != first


def test_calming_single_faults_leaves_the_settings(sandbox: Sandbox) -> None:
    become(sandbox, faults=[{"kind": "conflict", "rate": 1}])
    sandbox.ask("POST", "/sandbox/disturb", json={"kind": "expired"})
    sandbox.ask("DELETE", "/sandbox/disturb")
    assert outcomes(sandbox, 2) == [409, 409]
    sandbox.ask("DELETE", "/sandbox/strange")
    assert outcomes(sandbox, 2) == [200, 200]


def test_a_profile_is_a_set_of_settings(sandbox: Sandbox) -> None:
    found = become(sandbox, profile="cloud", seed=3, search={"lag": 1})
    assert (found["seed"], found["search"], found["limits"]["per_issue"]) == (
        3,
        {"lag": 1, "regress": 0, "short": 0},
        True,
    )
    assert sandbox.ask("GET", "/sandbox/strange").json() == found
    assert become(sandbox, **found) == found  # what it reports can be sent back
    assert become(sandbox)["faults"] == []


@pytest.mark.parametrize(
    "asked",
    [
        {"profile": "nonsense"},
        {"profile": 1},
        {"nonsense": 1},
        {"seed": "x"},
        {"faults": [{"kind": "nonsense"}]},
        {"faults": [{"kind": "hang", "rate": 2}]},
        {"search": {"lag": -1}},
        {"webhooks": {"lost": 2}},
        {"limits": {"bucket": {"size": 0, "fill": 1}}},
        {"users": ["nobody"]},
        {"users": "alice"},
    ],
)
def test_a_strangeness_it_does_not_know_is_refused(sandbox: Sandbox, asked: dict[str, Any]) -> None:
    before = sandbox.ask("GET", "/sandbox/strange").json()
    assert sandbox.ask("PUT", "/sandbox/strange", json=asked).status_code == 400
    assert sandbox.ask("GET", "/sandbox/strange").json() == before


def test_only_administrators_steer(sandbox: Sandbox) -> None:
    for path in ("/sandbox/strange", "/sandbox/clock"):
        for method in ("GET", "PUT", "DELETE"):
            assert sandbox.ask(method, path, user="bob", json={}).status_code == 403


def test_a_single_fault_comes_before_what_is_left_to_chance(sandbox: Sandbox) -> None:
    become(sandbox, faults=[{"kind": "conflict", "rate": 1}])
    sandbox.ask("POST", "/sandbox/disturb", json={"kind": "expired", "count": 2})
    assert outcomes(sandbox, 3) == [401, 401, 409]


def test_it_can_be_strange_to_one_user_and_calm_to_others(sandbox: Sandbox) -> None:
    def fates() -> list[int]:
        return [sandbox.rest("GET", "myself", user=name).status_code for name in ("alice", "bob")]

    key = sandbox.create(labels=["unlucky"])
    become(sandbox, users=["bob"], faults=[{"kind": "conflict", "rate": 1, "match": {"path": "/myself"}}])
    assert fates() == [200, 409]
    become(sandbox, users=["bob"])
    sandbox.ask("POST", "/sandbox/disturb", json={"kind": "expired"})
    assert fates() == [200, 401]
    become(sandbox, users=["bob"], limits={"bucket": {"size": 1, "fill": 1, "interval": 10}})
    assert (fates(), fates()) == ([200, 200], [200, 429])
    become(sandbox, users=["bob"], search={"lag": 10, "regress": 1})
    assert sandbox.search("labels = unlucky") == [key]
    found = sandbox.rest("GET", "search", params={"jql": "labels = unlucky"}, user="bob").json()
    assert found["issues"] == []
    sandbox.move(key, "Launch")
    assert sandbox.search("labels = unlucky AND status = Launch") == [key]


def test_one_who_is_signed_in_with_a_cookie_is_known_too(sandbox: Sandbox) -> None:
    become(sandbox, users=["bob"], faults=[{"kind": "conflict", "rate": 1, "match": {"path": "/myself"}}])
    for name, status in (("alice", 200), ("bob", 409)):
        browser = requests.Session()
        session = {"username": name, "password": sandbox.app.access.tokens[name]}
        browser.post(f"{sandbox.url}/rest/auth/1/session", json=session, timeout=20).raise_for_status()
        answer = browser.get(f"{sandbox.url}/rest/api/2/myself", timeout=20)
        assert answer.status_code == status


# ------------------------------------------------------------------------------------------- search
def test_a_search_lags_and_a_read_does_not(sandbox: Sandbox) -> None:
    key = sandbox.create(labels=["lag"])
    become(sandbox, search={"lag": 10})
    assert sandbox.search("labels = lag") == [key]  # what was there before is indexed
    sandbox.move(key, "Launch")
    new = sandbox.create(labels=["lag"])
    assert sandbox.search("labels = lag AND status = Draft") == [key]
    assert sandbox.status(key) == "Launch"
    asked = {"jql": "labels = lag", "fields": ["status"]}
    (row,) = sandbox.rest("POST", "search", json=asked).json()["issues"]
    assert row["fields"]["status"]["name"] == "Draft"  # the answer comes from the index too
    sandbox.clock.advance(seconds=10)
    assert sandbox.search("labels = lag ORDER BY key") == [key, new]
    assert sandbox.search("labels = lag AND status = Launch") == [key]
    for gone in (key, new):
        sandbox.rest("DELETE", f"issue/{gone}")
    assert sandbox.search("labels = lag ORDER BY key") == [key, new]
    become(sandbox)
    assert sandbox.search("labels = lag") == []


def test_a_write_that_was_undone_is_not_indexed(sandbox: Sandbox) -> None:
    become(sandbox, search={"lag": 5})
    bad = {
        "fields": {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "x", "labels": ["un"]}
    }
    assert sandbox.rest("POST", "issue", json={**bad, "properties": [{"key": ""}]}).status_code == 400
    sandbox.clock.advance(minutes=1)
    assert sandbox.search("labels = un") == []


def test_an_issue_vanishes_for_a_moment_and_comes_back(sandbox: Sandbox) -> None:
    keys = {sandbox.create(labels=["moment"]) for _ in range(3)}
    become(sandbox, seed=1, search={"regress": 0.5})
    seen = [set(sandbox.search("labels = moment")) for _ in range(20)]
    assert {len(found) for found in seen} == {2, 3}
    assert set.union(*seen) == keys


# ------------------------------------------------------------------------------------------- limits
def test_writes_to_one_issue_are_limited(sandbox: Sandbox) -> None:
    key, other = sandbox.create(), sandbox.create()
    number = sandbox.get(f"issue/{key}")["id"]
    become(sandbox, limits={"per_issue": True})

    def write(name: str) -> requests.Response:
        return sandbox.rest("PUT", f"issue/{name}/properties/p", json=1)

    assert [write((key, number)[n % 2]).status_code for n in range(20)] == [201] + [200] * 19
    refused = write(number)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert refused.headers["RateLimit-Reason"] == "jira-per-issue-on-write"
    assert write(other).status_code == 201
    assert sandbox.rest("GET", f"issue/{key}").status_code == 200
    for _ in range(4):
        sandbox.clock.advance(seconds=2)
        assert [write(key).status_code for _ in range(20)] == [200] * 20
    sandbox.clock.advance(seconds=2)
    refused = write(key)  # the hundredth and first in ten seconds
    assert (refused.status_code, refused.headers["X-RateLimit-Limit"]) == (429, "100")
    sandbox.clock.advance(seconds=int(refused.headers["Retry-After"]))
    assert write(key).status_code == 200


def test_bursts_are_limited_by_endpoint_for_all_users(sandbox: Sandbox) -> None:
    key = sandbox.create()
    become(sandbox, limits={"burst": True})
    answers = [sandbox.rest("GET", f"issue/{key}", user=("alice", "bob")[n % 2]) for n in range(101)]
    assert [one.status_code for one in answers] == [200] * 100 + [429]
    assert answers[0].headers["X-RateLimit-Remaining"] == "99"
    assert "X-RateLimit-NearLimit" not in answers[0].headers
    assert answers[95].headers["X-RateLimit-NearLimit"] == "true"
    assert answers[100].headers["RateLimit-Reason"] == "jira-burst-based"
    assert sandbox.rest("GET", "myself").status_code == 200
    sandbox.clock.advance(seconds=1)
    assert sandbox.rest("GET", f"issue/{key}").status_code == 200


def test_a_bucket_empties_and_fills_for_each_user(sandbox: Sandbox) -> None:
    become(sandbox, limits={"bucket": {"size": 3, "fill": 2, "interval": 10}})
    answers = [sandbox.rest("GET", "myself") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["X-RateLimit-Remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert answers[0].headers["Retry-After"] == "0"
    assert (answers[3].headers["Retry-After"], answers[3].headers["X-RateLimit-FillRate"]) == ("10", "2")
    assert sandbox.rest("GET", "myself", user="bob").status_code == 200
    sandbox.clock.advance(seconds=10)
    assert outcomes(sandbox, 3) == [200, 200, 429]


# ------------------------------------------------------------------------------------------- habits
def properties(sandbox: Sandbox, owner: str) -> list[str]:
    return [one["key"] for one in sandbox.get(f"{owner}/properties")["keys"]]


def test_a_site_may_ignore_properties_that_come_with_moves_and_comments(sandbox: Sandbox) -> None:
    sent = {"properties": [{"key": "cmbot.x", "value": 1}]}
    for ignored, found in ((True, []), (False, ["cmbot.x"])):
        become(sandbox, habits={"ignore_properties": ignored})
        key = sandbox.create()
        assert sandbox.move(key, "Launch", **sent).status_code == 204
        number = sandbox.rest("POST", f"issue/{key}/comment", json={"body": "b", **sent}).json()["id"]
        assert properties(sandbox, f"issue/{key}") == properties(sandbox, f"comment/{number}") == found


def test_a_property_may_or_may_not_move_updated(sandbox: Sandbox) -> None:
    for moves in (False, True):
        become(sandbox, habits={"property_moves_updated": moves})
        key = sandbox.create()
        before = sandbox.get(f"issue/{key}")["fields"]["updated"]
        sandbox.clock.advance(minutes=1)
        sandbox.rest("PUT", f"issue/{key}/properties/p", json=1)
        assert (sandbox.get(f"issue/{key}")["fields"]["updated"] != before) is moves


def test_a_site_may_keep_whole_seconds(sandbox: Sandbox) -> None:
    sandbox.clock.advance(milliseconds=789)
    assert sandbox.get(f"issue/{sandbox.create()}")["fields"]["created"].endswith(":00.789+0000")
    become(sandbox, habits={"whole_seconds": True})
    assert sandbox.get(f"issue/{sandbox.create()}")["fields"]["created"].endswith(":00.000+0000")


def test_a_move_may_name_the_status_first(sandbox: Sandbox) -> None:
    orders = []
    for first in (False, True):
        become(sandbox, habits={"status_first": first})
        key = sandbox.create()
        for name in ("Launch", "Run"):
            sandbox.move(key, name)
        sandbox.move(key, "Complete", fields={"resolution": {"name": "Done"}})
        entry = sandbox.get(f"issue/{key}?expand=changelog")["changelog"]["histories"][-1]
        orders.append([item["field"] for item in entry["items"]])
    assert orders == [["resolution", "status"], ["status", "resolution"]]


# ---------------------------------------------------------------------------------------- meanwhile
def meanwhile(sandbox: Sandbox, match: dict[str, str], **act: Any) -> None:
    fault = {"kind": "meanwhile", "match": match, "act": {"user": "bob", **act}}
    answer = sandbox.ask("POST", "/sandbox/disturb", json=fault)
    assert answer.status_code == 204, answer.text


def test_a_person_moves_the_issue_just_before_the_bot(sandbox: Sandbox) -> None:
    key = sandbox.create()
    launch = sandbox.get(f"issue/{key}/transitions")["transitions"][0]["id"]
    path = f"/rest/api/2/issue/{key}/transitions"
    body = {"transition": {"id": launch}}
    meanwhile(sandbox, {"method": "PUT", "path": f"{key}$"}, method="POST", path=path, body=body)
    assert sandbox.rest("PUT", f"issue/{key}", json={"fields": {"summary": "x"}}).status_code == 204
    histories = sandbox.get(f"issue/{key}?expand=changelog")["changelog"]["histories"]
    assert [(one["author"]["name"], one["items"][0]["field"]) for one in histories] == [
        ("bob", "status"),
        ("alice", "summary"),
    ]


def test_another_bot_rewrites_a_comment_just_after_it_was_made(sandbox: Sandbox) -> None:
    key = sandbox.create()
    path = f"/rest/api/2/issue/{key}/comment/{{id}}"
    body = {"body": "see [CM-1|https://x.example]"}
    match = {"method": "POST", "path": "/comment$"}
    meanwhile(sandbox, match, user="alice", method="PUT", path=path, body=body, after=True)
    answer = sandbox.rest("POST", f"issue/{key}/comment", json={"body": "see CM-1"})
    assert (answer.status_code, answer.json()["body"]) == (201, "see CM-1")
    (comment,) = sandbox.get(f"issue/{key}/comment")["comments"]
    assert comment["body"] == "see [CM-1|https://x.example]"


def test_what_another_may_not_do_is_not_done(sandbox: Sandbox) -> None:
    key = sandbox.create()
    for user in ("nobody", "bob"):
        path = f"/rest/api/2/issue/{key}/comment/99"
        meanwhile(sandbox, {"path": f"{key}$"}, user=user, method="DELETE", path=path)
        assert sandbox.rest("GET", f"issue/{key}").status_code == 200


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "meanwhile"},
        {"kind": "hang", "act": {"user": "bob", "method": "PUT", "path": "/rest/api/2/x"}},
        {"kind": "meanwhile", "act": {"user": "bob", "method": "PUT", "path": "/sandbox/reset"}},
        {"kind": "meanwhile", "act": {"user": "bob", "method": "GET", "path": "/rest/api/2/x"}},
    ],
)
def test_an_act_that_is_none_is_refused(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    assert sandbox.ask("POST", "/sandbox/disturb", json=fault).status_code == 400
