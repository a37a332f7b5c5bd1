"""The web door over real HTTP, with what it would wake."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cmbot.web.app import create_app
from cmbot.web.health import Health
from cmbot.web.hooks import Hooks
from cmbot.web.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.jira_schema.webhooks import Told

SECRET = "what only Jira and cmbot know"
START = datetime(2026, 11, 20, 8, tzinfo=UTC)


@dataclass
class Clock:
    """Stands still until it is told to go on."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def wait(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


@dataclass
class Door:
    """What is served, and what came of it."""

    url: str
    health: Health
    clock: Clock
    woken: list[Told] = field(default_factory=list)

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        answer = requests.get(f"{self.url}{path}", timeout=10)
        return answer.status_code, answer.json()

    def post(self, body: Any, secret: str = SECRET, **headers: str) -> int:
        """Deliver as Jira does."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature": signature, "Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        answer = requests.post(f"{self.url}/webhooks/jira", data=raw, headers=headers, timeout=10)
        assert SECRET not in answer.text
        return answer.status_code

    def raw(self, *parts: bytes) -> bytes:
        """Speak to it by hand; what it answers before it hangs up."""
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            for part in parts:
                connection.sendall(part)
            return connection.recv(4096)


@pytest.fixture
def door() -> Iterator[Door]:
    clock = Clock()
    health = Health(timedelta(minutes=1), clock)
    woken: list[Told] = []
    with serving(create_app(health, Hooks(SECRET, woken.append, health.refused)), "127.0.0.1", 0) as url:
        yield Door(url, health, clock, woken)


@pytest.fixture
def moved() -> dict[str, Any]:
    """What Jira sends when CM-2 was moved."""
    item = {"field": "status", "fromString": "Draft", "toString": "Launch"}
    return {
        "timestamp": 1,
        "webhookEvent": "jira:issue_updated",
        "user": {"name": "alice"},
        "issue": {"id": "10002", "key": "CM-2", "fields": {}},
        "changelog": {"id": "77", "items": [item]},
    }
