"""Comments, properties, links, attachments and watchers over REST."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

BEGIN = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)

if TYPE_CHECKING:
    from conftest import Sandbox


@pytest.fixture
def sandbox(calm: Sandbox) -> Sandbox:
    """The module's site; every test takes an issue of its own."""
    calm.clock.now = BEGIN
    return calm


@pytest.fixture
def key(sandbox: Sandbox) -> str:
    return sandbox.create()


def test_a_comment_brings_its_properties_along(sandbox: Sandbox, key: str) -> None:
    sent = {"body": "h3. running", "properties": [{"key": "cmbot.status", "value": {"step": "CM-12"}}]}
    made = sandbox.rest("POST", f"issue/{key}/comment", json=sent)
    assert made.status_code == 201
    number = made.json()["id"]
    assert sandbox.get(f"comment/{number}/properties/cmbot.status")["value"] == {"step": "CM-12"}
    assert [one["key"] for one in sandbox.get(f"comment/{number}/properties")["keys"]] == ["cmbot.status"]
    assert sandbox.rest("DELETE", f"comment/{number}/properties/cmbot.status").status_code == 204
    assert sandbox.rest("GET", f"comment/{number}/properties/cmbot.status").status_code == 404


def test_comments_come_newest_first_and_in_pages(sandbox: Sandbox, key: str) -> None:
    for text in ("one", "two", "three"):
        sandbox.rest("POST", f"issue/{key}/comment", json={"body": text})
    page = sandbox.get(f"issue/{key}/comment?orderBy=-created&maxResults=2")
    assert ([one["body"] for one in page["comments"]], page["total"]) == (["three", "two"], 3)


def test_an_edited_comment_says_who_and_when(sandbox: Sandbox, key: str) -> None:
    number = sandbox.rest("POST", f"issue/{key}/comment", json={"body": "a"}).json()["id"]
    sandbox.clock.advance(minutes=3)
    edited = sandbox.rest("PUT", f"issue/{key}/comment/{number}", json={"body": "b"}, user="bob")
    assert edited.status_code == 200
    comment = sandbox.get(f"issue/{key}/comment/{number}?expand=renderedBody")
    assert (comment["author"]["name"], comment["updateAuthor"]["name"]) == ("alice", "bob")
    assert comment["created"] < comment["updated"] == "2026-11-20T12:03:00.000+0000"
    assert comment["renderedBody"] == "<p>b</p>"


@pytest.mark.parametrize(
    "body",
    [{}, {"body": ""}, {"body": " "}, {"body": 7}, {"body": "x" * 32_768}, {"body": "x", "visibility": 1}],
)
def test_a_comment_that_cannot_be_is_refused(sandbox: Sandbox, key: str, body: dict[str, object]) -> None:
    assert sandbox.rest("POST", f"issue/{key}/comment", json=body).status_code == 400
    assert sandbox.get(f"issue/{key}/comment")["total"] == 0


def test_a_comment_of_another_issue_is_not_found_here(sandbox: Sandbox, key: str) -> None:
    number = sandbox.rest("POST", f"issue/{key}/comment", json={"body": "a"}).json()["id"]
    other = sandbox.create()
    assert sandbox.rest("GET", f"issue/{other}/comment/{number}").status_code == 404


def test_a_property_is_created_then_replaced_whole(sandbox: Sandbox, key: str) -> None:
    path = f"issue/{key}/properties/cmbot.state"
    assert sandbox.rest("PUT", path, json={"a": 1, "b": 2}).status_code == 201
    assert sandbox.rest("PUT", path, json={"a": 3}).status_code == 200
    assert sandbox.get(path) == {"key": "cmbot.state", "value": {"a": 3}}


@pytest.mark.parametrize(
    ("name", "raw", "status"),
    [
        ("k", b'"' + b"x" * 32_766 + b'"', 201),
        ("k", b'"' + b"x" * 32_767 + b'"', 400),
        ("k" * 255, b"1", 201),
        ("k" * 256, b"1", 400),
        ("a%2Fb", b"1", 201),
        ("k", b"", 400),
        ("k", b"{", 400),
        ("k", b"NaN", 400),
        ("k", b"\xff", 400),
        ("k", b'"\\ud800"', 400),
        ("k", b"[" * 100_000, 400),
    ],
)
def test_a_property_has_its_limits(sandbox: Sandbox, key: str, name: str, raw: bytes, status: int) -> None:
    assert sandbox.rest("PUT", f"issue/{key}/properties/{name}", data=raw).status_code == status


def test_a_property_does_not_move_the_issue(sandbox: Sandbox, key: str) -> None:
    sandbox.clock.advance(hours=1)
    sandbox.rest("PUT", f"issue/{key}/properties/p", json=1)
    assert sandbox.get(f"issue/{key}")["fields"]["updated"] == "2026-11-20T12:00:00.000+0000"


def test_a_remote_link_with_a_known_global_id_is_overwritten(sandbox: Sandbox, key: str) -> None:
    whole = {
        "globalId": "cmbot:run=1&x=y",
        "relationship": "workflow",
        "object": {"url": "https://x.example", "title": "one", "summary": "s"},
    }
    first = sandbox.rest("POST", f"issue/{key}/remotelink", json=whole)
    second = sandbox.rest(
        "POST",
        f"issue/{key}/remotelink",
        json={"globalId": whole["globalId"], "object": {"url": "https://x.example", "title": "two"}},
    )
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    found = sandbox.get(f"issue/{key}/remotelink", params={"globalId": whole["globalId"]})
    assert found["object"] == {"url": "https://x.example", "title": "two"}
    assert "relationship" not in found  # what is left out becomes null
    gone = sandbox.rest("DELETE", f"issue/{key}/remotelink", params={"globalId": whole["globalId"]})
    assert gone.status_code == 204
    assert sandbox.get(f"issue/{key}/remotelink") == []


def test_remote_links_without_a_global_id_add_up(sandbox: Sandbox, key: str) -> None:
    link = {"object": {"url": "https://x.example", "title": "t"}}
    for _ in range(2):
        sandbox.rest("POST", f"issue/{key}/remotelink", json=link)
    assert len(sandbox.get(f"issue/{key}/remotelink")) == 2
    refused = sandbox.rest("POST", f"issue/{key}/remotelink", json={"object": {"url": "https://x.example"}})
    assert refused.json()["errors"] == {"title": "'title' is required."}


def test_a_link_is_refused_for_unknown_issues_and_types(sandbox: Sandbox, key: str) -> None:
    ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": "CM-99"}}
    unknown = sandbox.rest("POST", "issueLink", json={"type": {"name": "Blocks"}, **ends})
    strange = sandbox.rest("POST", "issueLink", json={"type": {"name": "Loves"}, **ends})
    itself = {"inwardIssue": {"key": key}, "outwardIssue": {"key": key}}
    narcissus = sandbox.rest("POST", "issueLink", json={"type": {"name": "Blocks"}, **itself})
    assert [answer.status_code for answer in (unknown, strange, narcissus)] == [404, 404, 400]


def test_an_upload_needs_its_header_and_keeps_to_the_limit(sandbox: Sandbox, key: str) -> None:
    path, file = f"issue/{key}/attachments", {"file": ("x.txt", b"abc")}
    sure = {"X-Atlassian-Token": "no-check"}
    assert sandbox.rest("POST", path, files=file).status_code == 403
    large = {"file": ("x", b"0" * (10 * 1024 * 1024 + 1))}
    assert sandbox.rest("POST", path, files=large, headers=sure).status_code == 413
    assert sandbox.get(f"issue/{key}")["fields"]["attachment"] == []
    for _ in range(2):
        assert sandbox.rest("POST", path, files=file, headers=sure).status_code == 200
    assert len(sandbox.get(f"issue/{key}")["fields"]["attachment"]) == 2


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\x", "a\x00b", "...", "ü" * 300, '<b>"x'])
def test_a_file_name_is_only_a_name(sandbox: Sandbox, key: str, name: str) -> None:
    made = sandbox.rest(
        "POST",
        f"issue/{key}/attachments",
        files={"file": (name, b"content")},
        headers={"X-Atlassian-Token": "no-check"},
    )
    assert made.status_code == 200
    (attachment,) = made.json()
    assert not set(attachment["filename"]) & set('/\\<>"\x00')
    assert 0 < len(attachment["filename"]) <= 255
    file = sandbox.ask("GET", attachment["content"].removeprefix(sandbox.url))
    assert file.content == b"content"
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["x-content-type-options"] == "nosniff"


def test_a_watcher_is_a_bare_name(sandbox: Sandbox, key: str) -> None:
    path = f"issue/{key}/watchers"
    assert sandbox.rest("POST", path, json="bob").status_code == 204
    assert sandbox.rest("POST", path).status_code == 400
    assert sandbox.rest("POST", path, json="nobody").status_code == 404
    assert sandbox.get(path)["watchCount"] == 2


def test_the_same_file_name_twice_is_two_attachments(sandbox: Sandbox, key: str) -> None:
    for content in (b"one", b"two"):
        files, sure = {"file": ("same.txt", content)}, {"X-Atlassian-Token": "no-check"}
        sandbox.rest("POST", f"issue/{key}/attachments", files=files, headers=sure)
    attached = sandbox.get(f"issue/{key}?fields=attachment")["fields"]["attachment"]
    assert [one["filename"] for one in attached] == ["same.txt", "same.txt"]
    paths = [one["content"].removeprefix(sandbox.url) for one in attached]
    assert [sandbox.ask("GET", path).content for path in paths] == [b"one", b"two"]
