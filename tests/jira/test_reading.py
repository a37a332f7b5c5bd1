"""What the gateway reads from a running Jira."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.exceptions import NotFound, RemoteError
from cmbot.jira import reading
from cmbot.jira_schema import changelog, parse
from cmbot.jira_schema.names import names
from cmbot.models.issues import Level, Status

if TYPE_CHECKING:
    from cmbot.jira.gateway import Jira
    from tests.jira.conftest import Site


def test_we_are_known_by_our_account(jira: Jira, site: Site) -> None:
    assert (jira.me.account, jira.me.name) == (site.account("cmbot"), "CM bot")
    assert jira.url == site.url
    assert not jira.field_problems


def test_a_changed_issue_is_seen_and_an_old_one_is_not(jira: Jira, site: Site) -> None:
    old = site.make()
    bound = max(item["updated"] for item in jira.changed(None))
    site.move(site.make(), "Launch")
    newer = jira.changed(int(bound.timestamp() * 1000) + 1)
    assert old in {item["key"] for item in jira.changed(None)}
    assert [(item["status"], item["issuetype"]) for item in newer] == [("Launch", "CM Step")]
    assert newer[0]["updated"] <= jira.server_time()


def test_a_pass_without_news_makes_one_request(jira: Jira, site: Site) -> None:
    site.ask("DELETE", "/sandbox/requests")
    now = int(jira.server_time().timestamp() * 1000)
    site.ask("DELETE", "/sandbox/requests")
    assert jira.changed(now + 1) == []
    asked = site.ask("GET", "/sandbox/requests")["requests"]
    assert [one["path"] for one in asked if one["user"] == "cmbot"] == [
        f"/jira/rest/api/2/{'search/jql' if site.cloud else 'search'}"
    ]


def test_an_issue_is_read_with_fields_moves_and_attempts(jira: Jira, site: Site) -> None:
    key = site.make({jira.field_id("Data query"): "visit > 3", "labels": ["mine"]})
    site.move(key, "Launch")
    site.move(key, "Paused")
    site.rest("PUT", f"issue/{key}/properties/cmbot.attempts", {"attempts": [{"attempt": 1}]})
    site.rest("PUT", f"issue/{key}/properties/other", 1)
    read = jira.issue(key)
    assert read["key"] == key
    assert jira.issue(read["id"]) == read
    assert read["fields"][jira.field_id("Data query")] == "visit > 3"
    assert read["fields"]["labels"] == ["mine"]
    assert [entry["items"][0]["toString"] for entry in read["histories"]][-2:] == ["Launch", "Paused"]
    assert read["properties"] == {"cmbot.attempts": {"attempts": [{"attempt": 1}]}}
    assert jira.properties(read["id"]) == read["properties"]


def test_an_issue_that_is_gone_is_an_error_that_names_it(jira: Jira) -> None:
    with pytest.raises(NotFound, match="CM-99999: reading the issue"):
        jira.issue("CM-99999")


def test_comments_come_oldest_first(jira: Jira, site: Site) -> None:
    key = site.make()
    for text in ("one", "two", "three"):
        site.rest("POST", f"issue/{key}/comment", {"body": text})
    assert [comment["body"] for comment in jira.comments(key)] == ["one", "two", "three"]


def test_small_pages_give_the_same(jira: Jira, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [site.make() for _ in range(7)]
    for text in ("one", "two", "three"):
        site.rest("POST", f"issue/{keys[0]}/comment", {"body": text})
    whole, said = jira.changed(None), jira.comments(keys[0])
    monkeypatch.setattr(reading, "PAGE", 2)
    assert jira.changed(None) == whole
    assert jira.comments(keys[0]) == said


def test_what_is_read_becomes_an_issue_of_cmbots(jira: Jira, site: Site) -> None:
    epic_id, epic_key = jira.ensure_issue("epic of test_reading", epic(jira, "w47"))
    in_epic = {jira.field_id(name): value for name, value in jira.epic_fields(epic_key=epic_key).items()}
    key = site.make({**in_epic, jira.field_id("Max concurrent groups"): 3})
    blocker = site.make()
    jira.ensure_link(blocker, key)
    site.move(key, "Launch")
    known = names(site.settings(), jira.field_ids, jira.epic_link)
    step, campaign = parse.issue(jira.issue(key), known), parse.issue(jira.issue(epic_id), known)
    assert (step.level, step.status, step.parent) == (Level.STEP, Status.LAUNCH, epic_key)
    assert step.fields == {"Max concurrent groups": 3.0}
    assert step.blocked_by == (blocker,)
    assert step.last_move is not None
    assert (step.last_move.target, step.last_move.by.account) == (Status.LAUNCH, site.account("alice"))
    assert (campaign.level, campaign.summary) == (Level.CAMPAIGN, "w47")


def test_many_issues_are_read_as_each_alone_with_few_requests(jira: Jira, site: Site) -> None:
    keys = [site.make({"labels": ["mine"]}) for _ in range(3)]
    for number in range(45):
        site.rest("PUT", f"issue/{keys[0]}", {"fields": {"summary": f"name {number}"}})
    site.move(keys[1], "Launch")
    jira.ensure_property(jira.issue(keys[1])["id"], "cmbot.attempts", {"attempts": [1]})
    jira.ensure_property(jira.issue(keys[2])["id"], "cmbot.attempts.3", {"attempts": [2]})
    epics = [jira.ensure_issue(f"{n} of many", epic(jira, f"many {n}"))[1] for n in range(120)]
    rows = [row for row in jira.changed(None) if row["key"] in {*keys, *epics}]
    alone = {row["id"]: jira.issue(row["id"]) for row in rows}
    site.ask("DELETE", "/sandbox/requests")
    several = {read["id"]: read for read in jira.issues(rows)}
    asked = site.ask("GET", "/sandbox/requests")["requests"]
    assert len([one for one in asked if one["user"] == "cmbot"]) <= 8
    read: Any
    for read in (*several.values(), *alone.values()):
        read["histories"] = list(changelog.entries(read["key"], read["histories"]))
        # They come only with an issue that is read by itself.
        assert read.pop("comments", []) == []
    assert several == alone
    gone: Any = {**rows[0], "id": "999999"}
    assert [read["id"] for read in jira.issues([gone, rows[0]])] == [rows[0]["id"]]


def epic(jira: Jira, name: str) -> dict[str, Any]:
    return {"issuetype": {"name": "Epic"}, "summary": name, **jira.epic_fields(name=name)}


def test_an_archived_issue_is_read_and_offers_nothing(jira: Jira, site: Site) -> None:
    key, other = site.make(), site.make()
    if site.cloud:
        site.rest("PUT", "issue/archive", {"issueIdsOrKeys": [key]})
    else:
        site.rest("PUT", f"issue/{key}/archive")
    read = jira.issue(key)
    assert (read["key"], read["read_only"]) == (key, True)
    assert bool(read["fields"].get("archiveddate")) is not site.cloud
    assert not jira.issue(other)["read_only"]
    assert not {key} & {item["key"] for item in jira.changed(None)}


@pytest.mark.covers("W22")
def test_the_newest_comments_come_with_the_issue(jira: Jira, site: Site) -> None:
    key = site.make()
    for number in range(3):
        site.rest("POST", f"issue/{key}/comment", {"body": f"comment {number}"})
    assert [one["body"] for one in jira.issue(key)["comments"]] == [
        f"comment {number}" for number in range(3)
    ]


def test_comments_that_did_not_all_come_with_the_issue_are_asked_for_newest_first() -> None:
    asked = []

    class Wire:
        def subject(self, _: str) -> str:
            return "CM-1"

        def read(self, _: str, __: str, path: str, **parameters: Any) -> dict[str, Any]:
            asked.append((path, parameters))
            return {"comments": [{"id": "12"}, {"id": "9"}], "total": 900}

    wire = cast("Any", Wire())
    for page in (None, {"comments": [{"id": "1"}], "total": 900}):
        assert reading._newest(wire, "10001", page) == [{"id": "9"}, {"id": "12"}]
    assert asked == [("issue/10001/comment", {"orderBy": "-created", "maxResults": 100})] * 2
    all_of_them = {"comments": [{"id": str(number)} for number in range(200)], "total": 200}
    assert reading._newest(wire, "10001", all_of_them) == [{"id": str(number)} for number in range(100, 200)]
    with pytest.raises(RemoteError):
        reading._newest(wire, "10001", {"comments": "none"})
