"""Webhook bodies of both deployments: what they name, and what folds together."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import RemoteError
from cmbot.jira_schema import changelog, webhooks
from cmbot.models.issues import Person

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "jira"
COMMENT_82 = ("10013", "comment", "10082", "2019-06-04T00:15:17.234+0000")
COMMENT_84 = ("10013", "comment", "10084", "2019-06-04T00:53:33.665+0000")
CAPTURED: dict[str, tuple[str, tuple[str, ...]] | None] = {
    "cloud-attachment-edited": ("TES-41", ("10040", "history", "10233")),
    "cloud-comment-created": ("TES-41", ("10040", "comment", "10019", "2019-02-15T19:11:18.321-0800")),
    "cloud-comment-deleted": ("KT-7", ("10357", "comment", "10757", "deleted")),
    "cloud-comment-updated": ("TES-41", ("10040", "comment", "10019", "2019-02-15T19:12:08.432-0800")),
    "cloud-custom-field": ("TES-14", ("10368", "history", "11479")),
    "cloud-issue-created": ("KT-22", ("10509", "history", "11627")),
    "cloud-labels": ("TES-41", ("10040", "history", "10233")),
    "cloud-status-reopened": ("TES-41", ("10040", "history", "10229")),
    "cloud-status-resolved": ("TES-41", ("10040", "history", "10228")),
    "cloud-status-started-working": ("TES-41", ("10040", "history", "10227")),
    "dc-assigned": ("PRJA-37", ("10226", "history", "10225")),
    "dc-comment-created": ("", COMMENT_82),
    "dc-comment-created-as-issue-updated": ("PRJX-14", COMMENT_82),
    "dc-comment-deleted": ("", ("10013", "comment", "10084", "deleted")),
    # It does not say which comment; the other event about the same deletion does.
    "dc-comment-deleted-as-issue-updated": None,
    "dc-comment-updated": ("", COMMENT_84),
    "dc-comment-updated-as-issue-updated": ("PRJX-14", COMMENT_84),
    "dc-custom-field": ("TES-8", ("10106", "history", "10200")),
    "dc-status-closed": ("TES-4", ("10300", "history", "10511")),
    "dc-status-in-progress": ("TES-4", ("10300", "history", "10508")),
    "dc-status-reopened": ("TES-4", ("10300", "history", "10507")),
    "dc-status-resolved": ("TES-4", ("10300", "history", "10414")),
}
"""What each captured body names: the key, and what folds it. None for what is passed over."""
MOVED = {
    "cloud-issue-created": ("", "To Do"),
    "cloud-status-reopened": ("Done", "To Do"),
    "cloud-status-resolved": ("In Progress", "Done"),
    "cloud-status-started-working": ("To Do", "In Progress"),
    "dc-status-closed": ("Resolved", "Closed"),
    "dc-status-in-progress": ("Reopened", "In Progress"),
    "dc-status-reopened": ("Resolved", "Reopened"),
    "dc-status-resolved": ("In Progress", "Resolved"),
}
"""Captured bodies that tell of a status."""


@pytest.fixture(scope="module")
def captured() -> dict[str, Any]:
    """Bodies that real sites sent."""
    files = list(SAMPLES.glob("webhook-*.json"))
    if not files:
        pytest.skip("the captured bodies are not beside the checkout")
    return {file.stem.removeprefix("webhook-"): json.loads(file.read_text()) for file in files}


def test_every_captured_body_is_read(captured: dict[str, Any]) -> None:
    found = {name: webhooks.parse(body) for name, body in captured.items()}
    assert {name: told and (told.issue_key, told.fold) for name, told in found.items()} == CAPTURED
    assert all(told.issue_id == told.fold[0] for told in found.values() if told)


def test_every_captured_change_is_read(captured: dict[str, Any]) -> None:
    moved = {}
    for name, body in captured.items():
        items = (body.get("changelog") or {}).get("items")
        changes = changelog.changes(items)
        assert len(changes) == len(items or ())
        for one in changes:
            if one.field == "status":
                moved[name] = (one.source, one.target)
    assert moved == MOVED


def test_who_did_it_is_read_where_the_body_says_so(captured: dict[str, Any]) -> None:
    def by(name: str) -> Person:
        told = webhooks.parse(captured[name])
        assert told is not None
        return told.by

    assert by("dc-status-closed") == Person("admin")
    assert by("cloud-status-resolved").account == captured["cloud-status-resolved"]["user"]["accountId"]
    # Without a user: who wrote the comment; of one that was deleted nobody knows.
    assert by("dc-comment-created").account == captured["dc-comment-created"]["comment"]["author"]["name"]
    assert by("cloud-comment-deleted") == Person("")


def told(**more: Any) -> dict[str, Any]:
    issue = {"id": "10002", "key": "CM-2", "fields": {"status": {"name": "Launch"}}}
    return {"webhookEvent": "jira:issue_updated", "timestamp": 1, "issue": issue} | more


def test_an_event_without_changes_is_told_apart_by_its_time() -> None:
    for empty in ({}, {"changelog": None}, {"changelog": {}}):
        found = webhooks.parse(told(**empty))
        assert found is not None
        assert found.fold == ("10002", "jira:issue_updated", "1")
    deleted = webhooks.parse(told(webhookEvent="jira:issue_deleted"))
    assert deleted is not None
    assert deleted.fold == ("10002", "jira:issue_deleted", "1")


def test_what_cmbot_does_not_follow_is_passed_over() -> None:
    for event in ("jira:version_released", "worklog_created", "project_deleted", "something new"):
        assert webhooks.parse({"webhookEvent": event, "timestamp": 1}) is None


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"webhookEvent": ["jira:issue_updated"]},
        {"webhookEvent": "jira:issue_updated"},
        told(issue={"id": 10002, "key": "CM-2"}),
        told(issue={"id": "10002/../../admin", "key": "CM-2"}),
        told(issue={"id": "10002", "key": "CM-2?x=1"}),
        told(issue={"id": "10002", "key": None}),
        told(issue={"id": "1" * 40, "key": "CM-2"}),
        told(changelog=[1]),
        told(comment={"id": "1"}),
        told(user="alice"),
        {"webhookEvent": "comment_created"},
        {"webhookEvent": "comment_created", "comment": {"id": "1", "updated": "x", "self": "http://evil/"}},
    ],
)
def test_what_is_no_webhook_is_an_error(body: Any) -> None:
    with pytest.raises(RemoteError, match="webhook: has an unknown form"):
        webhooks.parse(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(["jira:issue_updated", "comment_created", "comment_deleted"]),
    st.dictionaries(st.sampled_from(["issue", "comment", "changelog", "user", "timestamp"]), JSON),
)
def test_a_hostile_body_is_read_or_refused(event: str, body: dict[str, Any]) -> None:
    with suppress(RemoteError):
        webhooks.parse(body | {"webhookEvent": event})
