"""Whatever the sandbox's own paths and the webhooks' are sent: an answer, never a broken server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from conftest import Sandbox

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = {
    "disturb": ("kind", "match", "count", "rate", "lasting", "seconds", "status", "headers", "body"),
    "strange": ("profile", "seed", "faults", "search", "limits", "webhooks"),
    "clock": ("now", "advance", "running"),
    "reset": ("seed",),
}
WEBHOOK = {"name": "n", "url": "http://127.0.0.1:9/", "events": ["jira:issue_updated"]}


@st.composite
def steering(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """A path of the sandbox's own and a body with keys that it knows."""
    path = draw(st.sampled_from(sorted(KEYS)))
    body = draw(st.dictionaries(st.sampled_from(KEYS[path]), JSON, max_size=3))
    return {"disturb": "POST", "reset": "POST"}.get(path, "PUT"), f"/sandbox/{path}", body


@pytest.fixture
def sandbox(calm: Sandbox) -> Sandbox:
    return calm


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steering())
def test_any_steering_is_done_or_refused(sandbox: Sandbox, asked: tuple[str, str, dict[str, Any]]) -> None:
    method, path, body = asked
    assert sandbox.ask(method, path, json=body).status_code in (200, 204, 400)
    for thing in ("disturb", "strange", "clock"):
        assert sandbox.ask("DELETE", f"/sandbox/{thing}").status_code in (200, 204)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["name", "url", "events", "filters", "configuration", "secret", "enabled", "active"]),
        JSON,
        max_size=3,
    ),
    st.sampled_from(["/rest/webhooks/1.0/webhook", "/rest/jira-webhook/1.0/webhooks"]),
)
def test_any_webhook_is_kept_or_refused(sandbox: Sandbox, more: dict[str, Any], path: str) -> None:
    answer = sandbox.ask("POST", path, json={**WEBHOOK, **more})
    assert answer.status_code in (201, 400)
    key = sandbox.create()
    sandbox.rest("PUT", f"issue/{key}", json={"fields": {"summary": "new"}})
    for one in sandbox.ask("GET", "/rest/jira-webhook/1.0/webhooks").json():
        assert sandbox.ask("PUT", f"{path}/{one['id']}", json=more).status_code in (200, 400)
        assert sandbox.ask("DELETE", f"{path}/{one['id']}").status_code == 204
    assert sandbox.ask("GET", f"{path}/%00").status_code == 404
