"""Whether all is well, for whoever watches the service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import requests

from cmbot.exceptions import UserError
from cmbot.web.app import create_app
from cmbot.web.health import Health
from cmbot.web.server import serving

if TYPE_CHECKING:
    from tests.web.conftest import Door

EXPIRED = (
    "https://jira.example.org: does not accept the credentials; renew the token in the settings (jira.token)"
)


@pytest.mark.covers("V8")
def test_health_fails_when_passes_stop_succeeding(door: Door) -> None:
    assert door.get("/healthz") == (
        200,
        {
            "status": "ok",
            "started": "2026-11-20T08:00:00+00:00",
            "last_success": None,
            "last_webhook": None,
            "refused_webhooks": 0,
            "trouble": "",
        },
    )
    door.health.passed("")
    assert door.get("/healthz")[1]["last_success"] == "2026-11-20T08:00:00+00:00"
    door.clock.wait(1)
    door.health.passed(EXPIRED)
    code, report = door.get("/healthz")
    assert (code, report["status"], report["trouble"]) == (200, "degraded", EXPIRED)
    door.clock.wait(2)
    door.health.passed(EXPIRED)
    code, report = door.get("/healthz")
    assert (code, report["status"], report["trouble"]) == (503, "failing", EXPIRED)
    door.health.passed("")
    assert door.get("/healthz")[0] == 200
    # A pass that hangs says nothing, and that is a failure too.
    door.clock.wait(3)
    assert door.get("/healthz")[0] == 503


def test_health_says_when_the_last_webhook_came(door: Door) -> None:
    door.clock.wait(2)
    door.health.delivered()
    assert door.get("/healthz")[1]["last_webhook"] == "2026-11-20T08:02:00+00:00"


def test_it_is_ready_after_the_first_pass_that_succeeded(door: Door) -> None:
    assert door.get("/readyz") == (503, {"status": "not ready", "trouble": "starting"})
    door.health.passed(EXPIRED)
    assert door.get("/readyz") == (503, {"status": "not ready", "trouble": EXPIRED})
    door.health.passed("")
    assert door.get("/readyz") == (200, {"status": "ready", "trouble": ""})
    # One that loses Jira for a while has not to be started again.
    door.health.passed(EXPIRED)
    assert door.get("/readyz")[0] == 200
    door.health.stopping()
    assert door.get("/readyz") == (503, {"status": "not ready", "trouble": "stopping"})


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/nowhere", "/webhooks/jira"])
def test_every_answer_has_the_headers_that_keep_it_to_itself(door: Door, path: str) -> None:
    headers = requests.get(f"{door.url}{path}", timeout=10).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Server" not in headers


def test_without_a_secret_there_are_no_webhooks() -> None:
    health = Health(timedelta(minutes=1), lambda: datetime(2026, 11, 20, tzinfo=UTC))
    with serving(create_app(health, None), "127.0.0.1", 0) as url:
        assert requests.post(f"{url}/webhooks/jira", data=b"{}", timeout=10).status_code == 404


def test_a_port_that_is_taken_is_named(door: Door) -> None:
    host, _, port = door.url.removeprefix("http://").rpartition(":")
    with (
        pytest.raises(UserError, match=f"settings web: {host}:{port} cannot be listened on"),
        serving(create_app(door.health, None), host, int(port)),
    ):
        pass
