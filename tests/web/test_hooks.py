"""Webhooks are taken from Jira alone, once each, and nothing but names is taken from them."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.web import bodies, hooks

if TYPE_CHECKING:
    from tests.web.conftest import Door

HEAD = b"POST /webhooks/jira HTTP/1.1\r\nHost: cmbot\r\n"


def names(door: Door) -> list[tuple[str, str]]:
    return [(told.issue_id, told.issue_key) for told in door.woken]


@pytest.mark.covers("W14")
def test_a_signed_delivery_wakes(door: Door, moved: dict[str, Any]) -> None:
    assert door.post(moved) == 204
    assert names(door) == [("10002", "CM-2")]
    assert door.woken[0].by.account == "alice"


def test_what_is_not_signed_with_the_secret_does_nothing(door: Door, moved: dict[str, Any]) -> None:
    assert door.post(moved, secret="another") == 401
    for signature in ("", "sha256=", "sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", "sha256=é", "x" * 9000):
        assert door.post(moved, X_Hub_Signature=signature.encode().decode("latin-1")) == 401
    assert door.woken == []


def test_what_is_refused_is_warned_of_once_and_counted(
    door: Door, moved: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "cmbot.web.hooks")
    for _ in range(5):
        assert door.post(moved, secret="another") == 401
    assert [record.levelname for record in caplog.records] == ["WARNING", *["DEBUG"] * 4]
    assert door.get("/healthz")[1]["refused_webhooks"] == 5


def test_the_raw_bytes_are_what_is_signed(door: Door, moved: dict[str, Any]) -> None:
    raw = json.dumps(moved, indent=3).encode()
    signature = hmac.new(b"what only Jira and cmbot know", raw, hashlib.sha256).hexdigest()
    assert door.post(json.dumps(moved).encode(), X_Hub_Signature=f"sha256={signature}") == 401
    assert door.post(raw, X_Hub_Signature=f"sha256={signature.upper()}") == 204


def test_doubled_and_repeated_deliveries_wake_once(door: Door, moved: dict[str, Any]) -> None:
    for _ in range(3):
        assert door.post(moved) == 204
    # Cloud sends an identifier that stays the same on every retry.
    other = moved | {"changelog": {"id": "78", "items": []}}
    for retry in range(3):
        another = other | {"changelog": None, "timestamp": 5 + retry}
        assert door.post(another, X_Atlassian_Webhook_Identifier="abc") == 204
    assert len(door.woken) == 2


def test_the_two_events_of_one_comment_wake_once(door: Door, moved: dict[str, Any]) -> None:
    comment = {
        "self": "https://jira.example.org/rest/api/2/issue/10002/comment/5",
        "id": "5",
        "author": {"name": "alice"},
        "body": "/cmbot help",
        "updated": "2026-11-20T08:00:00.000+0000",
    }
    alone = {"timestamp": 1, "webhookEvent": "comment_created", "comment": comment}
    with_issue = moved | {"comment": comment, "changelog": None, "issue_event_type_name": "issue_commented"}
    for body in (alone, with_issue, alone):
        assert door.post(body) == 204
    assert names(door) == [("10002", "")]
    edited = comment | {"updated": "2026-11-20T08:01:00.000+0000"}
    assert door.post(alone | {"webhookEvent": "comment_updated", "comment": edited}) == 204
    assert len(door.woken) == 2


def test_what_is_about_something_else_is_taken_and_forgotten(door: Door) -> None:
    assert door.post({"timestamp": 1, "webhookEvent": "jira:version_released"}) == 204
    assert door.woken == []


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[1]", b'"x"', b"\xff\xfe", b"[" * 100_000, b"{}"])
def test_what_is_no_webhook_is_refused_even_if_signed(door: Door, body: bytes) -> None:
    assert door.post(body) == 400
    assert door.woken == []


def test_a_body_that_is_too_large_is_refused_before_it_is_read(door: Door) -> None:
    length = f"Content-Length: {hooks.LARGEST + 1}\r\n\r\n".encode()
    assert door.raw(HEAD + length).startswith(b"HTTP/1.1 413 ")
    # Without a word about its length: as soon as it is too large.
    chunk = b"%x\r\n%s\r\n" % (65536, b"x" * 65536)
    many = [chunk] * (hooks.LARGEST // 65536 + 1)
    assert door.raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *many).startswith(b"HTTP/1.1 413 ")
    assert door.woken == []


def test_who_takes_too_long_is_not_waited_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_PATIENCE", 0.1)
    assert door.raw(HEAD + b"Content-Length: 10\r\n\r\n12345").startswith(b"HTTP/1.1 408 ")


def test_other_methods_are_refused(door: Door) -> None:
    assert door.get("/webhooks/jira")[0] == 405
    assert door.get("/")[0] == 404
    assert door.get("/docs")[0] == door.get("/openapi.json")[0] == 404


def test_what_is_remembered_of_deliveries_is_bounded(
    door: Door, moved: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "_REMEMBERED", 2)
    for number in (1, 2, 3, 1):
        door.post(moved | {"changelog": {"id": str(number)}})
    assert len(door.woken) == 4
