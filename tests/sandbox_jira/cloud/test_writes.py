"""What Cloud answers to writes where Data Center answers otherwise."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cmbot.sandbox.jira import issues, statusscheme
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.flavour import Caps

if TYPE_CHECKING:
    from conftest import Cloud

STEP = {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "s"}


def test_an_edit_gives_the_issue_back_if_asked(cloud: Cloud) -> None:
    key = cloud.create()
    answer = cloud.rest("PUT", f"issue/{key}?returnIssue=true", json={"fields": {"summary": "new"}})
    assert (answer.status_code, answer.json()["fields"]["summary"]) == (200, "new")
    assert cloud.rest("PUT", f"issue/{key}", json={"fields": {"summary": "newer"}}).status_code == 204


def test_a_transition_inside_an_edit_is_ignored(cloud: Cloud) -> None:
    key = cloud.create()
    launch = cloud.get(f"issue/{key}/transitions")["transitions"][0]["id"]
    sent = {"fields": {"summary": "new"}, "transition": {"id": launch}}
    assert cloud.rest("PUT", f"issue/{key}", json=sent).status_code == 204
    found = cloud.get(f"issue/{key}")["fields"]
    assert (found["summary"], found["status"]["name"]) == ("new", "Draft")


def test_silence_without_the_right_to_it_is_ignored(cloud: Cloud) -> None:
    key = cloud.create()
    path = f"issue/{key}?notifyUsers=false"
    assert cloud.rest("PUT", path, json={"fields": {"summary": "n"}}, user="bob").status_code == 204


def test_fifty_issues_are_created_at_once_and_no_more(cloud: Cloud) -> None:
    answer = cloud.rest("POST", "issue/bulk", json={"issueUpdates": [{"fields": STEP}] * 51})
    assert answer.status_code == 400
    assert cloud.search("project = CM") == []
    made = cloud.post("issue/bulk", {"issueUpdates": [{"fields": STEP}] * 49 + [{"fields": {}}]}, 201)
    assert (len(made["issues"]), made["errors"][0]["failedElementNumber"]) == (49, 49)


def test_of_two_moves_that_meet_one_is_a_conflict(cloud: Cloud) -> None:
    key = cloud.create()
    site = cloud.sandbox.app.site
    alice = site.config.users["alice"]
    seen = issues.find(site, key)
    launch = {"transition": {"id": "11"}}
    statusscheme.move(site, alice, seen, launch)
    with pytest.raises(JiraError) as conflict:
        statusscheme.move(site, alice, seen, launch)  # a global transition: it would be possible again
    assert conflict.value.status == 409
    entries = cloud.get(f"issue/{key}/changelog")["values"]
    assert [item["toString"] for entry in entries[1:] for item in entry["items"]] == ["Launch"]


def test_of_two_edits_that_meet_one_is_a_conflict(cloud: Cloud) -> None:
    key = cloud.create()
    site = cloud.sandbox.app.site
    alice = site.config.users["alice"]
    seen = issues.find(site, key)
    issues.edit(site, alice, seen, {"fields": {"summary": "first"}})
    with pytest.raises(JiraError) as conflict:
        issues.edit(site, alice, seen, {"fields": {"summary": "second"}})
    assert conflict.value.status == 409
    assert cloud.get(f"issue/{key}")["fields"]["summary"] == "first"


def test_an_unknown_transition_is_the_callers_mistake(cloud: Cloud) -> None:
    key = cloud.create()
    answer = cloud.rest("POST", f"issue/{key}/transitions", json={"transition": {"id": "999"}})
    assert answer.status_code == 400


def test_transitions_say_what_they_are(cloud: Cloud) -> None:
    key = cloud.create()
    cloud.move(key, "Launch")
    launch, run = cloud.get(f"issue/{key}/transitions?expand=transitions.fields")["transitions"]
    assert (launch["isGlobal"], launch["hasScreen"], launch["fields"]) == (True, False, {})
    assert (run["isGlobal"], run["isAvailable"], run["isInitial"], run["looped"]) == (
        False,
        True,
        False,
        False,
    )
    assert run["isConditional"] is False
    cloud.move(key, "Run")
    complete = next(
        one for one in cloud.get(f"issue/{key}/transitions")["transitions"] if one["name"] == "Complete"
    )
    assert complete["hasScreen"] is True


def remote_link(number: int) -> dict[str, Any]:
    return {"globalId": f"g{number}", "object": {"url": "https://x.example", "title": "t"}}


def test_a_full_issue_takes_no_more(cloud: Cloud) -> None:
    key, other, third = (cloud.create(summary=name) for name in "abc")
    cloud.sandbox.app.site.caps = Caps(comments=1, attachments=1, issue_links=1, remote_links=1)

    def statuses(path: str, *bodies: Any) -> list[int]:
        return [cloud.rest("POST", path, version=2, json=body).status_code for body in bodies]

    def link(to: str) -> dict[str, Any]:
        return {"type": {"name": "Blocks"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": to}}

    assert statuses(f"issue/{key}/comment", {"body": "1"}, {"body": "2"}) == [201, 413]
    assert statuses("issueLink", link(other), link(other), link(third)) == [201, 201, 413]
    again = [remote_link(1), remote_link(1), remote_link(2)]
    assert statuses(f"issue/{key}/remotelink", *again) == [201, 200, 413]
    for status in (200, 413):
        answer = cloud.rest(
            "POST",
            f"issue/{key}/attachments",
            files={"file": ("a.txt", b"x")},
            headers={"X-Atlassian-Token": "no-check"},
        )
        assert answer.status_code == status
    found = cloud.get(f"issue/{key}")["fields"]
    assert [len(found[name]) for name in ("issuelinks", "attachment")] == [1, 1]
    assert found["comment"]["total"] == 1
    assert len(cloud.get(f"issue/{key}/remotelink")) == 1


def test_a_remote_link_is_deleted_with_a_content_type_only(cloud: Cloud) -> None:
    key = cloud.create()
    number = cloud.post(f"issue/{key}/remotelink", remote_link(1), 201)["id"]
    cloud.post(f"issue/{key}/remotelink", remote_link(2), 201)
    for path in (f"issue/{key}/remotelink/{number}", f"issue/{key}/remotelink?globalId=g2"):
        assert cloud.rest("DELETE", path).status_code == 415
        headers = {"Content-Type": "application/json"}
        assert cloud.rest("DELETE", path, headers=headers).status_code == 204
    assert cloud.get(f"issue/{key}/remotelink") == []


def test_a_restricted_comment_names_its_group_by_id_too(cloud: Cloud) -> None:
    key = cloud.create()
    visibility = {"type": "group", "value": "jira-administrators"}
    sent = {"body": "c", "visibility": visibility}
    made = cloud.post(f"issue/{key}/comment", sent, 201, version=2)
    assert made["visibility"] == {**visibility, "identifier": "jira-administrators"}


def test_properties_come_with_create_edit_move_and_comment(cloud: Cloud) -> None:
    mine = [{"key": "cmbot.mark", "value": {"n": 1}}]
    key = cloud.post("issue", {"fields": STEP, "properties": mine}, 201)["key"]
    assert cloud.get(f"issue/{key}/properties/cmbot.mark")["value"] == {"n": 1}
    cloud.rest("PUT", f"issue/{key}", json={"properties": [{"key": "cmbot.mark", "value": 2}]})
    assert cloud.get(f"issue/{key}/properties/cmbot.mark")["value"] == 2
    cloud.move(key, "Launch", properties=[{"key": "cmbot.mark", "value": 3}])
    assert cloud.get(f"issue/{key}/properties/cmbot.mark")["value"] == 3
    number = cloud.post(f"issue/{key}/comment", {"body": "c", "properties": mine}, 201, version=2)["id"]
    assert cloud.get(f"comment/{number}/properties/cmbot.mark")["value"] == {"n": 1}


@pytest.mark.parametrize("what", ["edit", "transition"])
def test_writes_that_meet_over_http_conflict_and_none_is_half_done(cloud: Cloud, what: str) -> None:
    key = cloud.create()
    answered: list[int] = []
    stop = time.monotonic() + 30

    def write(worker: int) -> None:
        with requests.Session() as session:
            session.auth = cloud.login("alice")
            address = f"{cloud.sandbox.url}/rest/api/3/issue/{key}"
            for number in itertools.count():
                if 409 in answered or time.monotonic() > stop:
                    break
                if what == "edit":
                    sent: Any = {"fields": {"summary": f"{worker} {number}"}}
                    answer = session.put(address, json=sent, timeout=20)
                else:
                    sent = {"transition": {"id": ("11", "21")[number % 2]}}
                    answer = session.post(f"{address}/transitions", json=sent, timeout=20)
                answered.append(answer.status_code)

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(write, range(8)))
    assert 409 in answered
    assert set(answered) <= {204, 409, 400 if what == "transition" else 204}
    page = cloud.get(f"issue/{key}/changelog")
    changes = answered.count(204) if what == "edit" else page["total"] - 1
    assert page["total"] - 1 == changes <= answered.count(204)
