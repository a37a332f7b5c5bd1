"""Whatever is sent, the server answers in its own words: never with an error of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    Build = Callable[..., dict[str, Any]]

PATHS = [
    "/",
    "/idds/wfprogress/",
    "/idds/daggraph/",
    "/idds/getiddsfortask/",
    "/tasks/",
    "/tasks",
    "/task/5001/",
    "/task/{}/",
    "/taskstatuslog/{}/",
    "/jobs/",
    "/job",
    "/job/1/",
    "/job/{}/",
    "/jobstatuslog/{}/",
    "/errors/",
    "/filebrowser/",
    "/api/joberrordescriptions/",
    "/logs/{}/PandaJob_1/payload.stderr",
    "/logs/LOCAL_TEST/PandaJob_{}/payload.stderr",
    "/read/{}/payload.stderr",
    "/workflows/{}",
    "/sandbox/requests/{}",
    "/login/",
    "/auth/{}_auth_config.json",
]
ORDERS = [
    "/sandbox/hold",
    "/sandbox/outage",
    "/sandbox/executor",
    "/sandbox/troubles",
    "/sandbox/queues",
    "/sandbox/tokens",
    "/sandbox/clock",
    "/sandbox/settings",
    "/sandbox/requests/1/hide",
    "/sandbox/requests/1/reopen",
    "/sandbox/requests/1/status",
    "/sandbox/tasks/5001/status",
    "/token",
    "/devicecode",
]
NAMES = [
    *("json", "jeditaskid", "pandaid", "reqid", "requestid", "idds_request_id", "days", "hours", "date_from"),
    *("date_to", "limit", "taskname", "jobname", "status", "jobstatus", "username", "computingsite", "mode"),
    *("fields", "outputs", "token", "timestamp", "params"),
]
TEXT = st.text(max_size=12) | st.sampled_from(
    [
        *("*", "!*", "1|2", "1,abc", "%", "-1", "0", str(2**63), str(10**30), "nodrop", "pandaid,jobstatus"),
        *("09-11-2021", "2026-02-31", "0001-01-01", "9999-12-31T23:59:59", "2026-11-20T00:00:00+14:00"),
        *("[", "[!]", "\0"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
QUIET = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def busy(shared: Any, workflow: Build) -> Any:
    """A server with failures in it that asks nobody to wait."""
    shared.order("/sandbox/settings", rate_limit=10**6)
    number = shared.result("submit", workflow("run", isr={"command": "exit 3", "attempts": 2}, other={}))
    shared.ended(number)
    return shared


@QUIET
@given(
    path=st.sampled_from(PATHS),
    part=TEXT,
    query=st.dictionaries(st.sampled_from(NAMES) | TEXT, TEXT, max_size=4),
    wants_json=st.booleans(),
)
def test_no_question_breaks_the_monitor(
    busy: Any, path: str, part: str, query: dict[str, str], wants_json: bool
) -> None:
    pairs = urlencode(query | ({"json": ""} if wants_json else {}))
    answer = busy.ask("GET", f"{path.format(quote(part, safe=''))}?{pairs}", allow_redirects=False)
    assert answer.status_code < 500, (path, query)


@QUIET
@given(
    path=st.sampled_from([path for path in PATHS if path.endswith("s/")]), body=JSON | st.binary(max_size=40)
)
def test_no_body_breaks_the_monitor(busy: Any, path: str, body: Any) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        answer = busy.ask("POST", f"{path}?json", data=data, kind=kind)
        assert answer.status_code < 500, (path, body)


@QUIET
@given(
    path=st.sampled_from(ORDERS), body=JSON | st.binary(max_size=40), method=st.sampled_from(["POST", "PUT"])
)
def test_no_order_breaks_the_server(busy: Any, path: str, body: Any, method: str) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert busy.ask(method, path, data=data).status_code < 500, (path, body)
    assert busy.ask("GET", "/sandbox/controls").status_code == 200


@settings(max_examples=60)
@given(
    command=st.sampled_from(
        ["ping", "get_requests", "abort", "retry", "submit", "get_request_id_by_name", "x"]
    ),
    args=JSON,
    kwargs=st.dictionaries(st.sampled_from(["request_id", "name", "with_detail", "workload_id"]), JSON),
)
def test_no_command_is_answered_with_an_error_of_the_server(
    busy: Any, command: str, args: Any, kwargs: dict[str, Any]
) -> None:
    fields = {"command_name": command, "args": json.dumps(args), "kwargs": json.dumps(kwargs)}
    answer = busy.post(fields)
    assert answer.status_code == 200
    # Like Python's, the real relay's call takes whatever can be gone through.
    assert answer.json()[0] in ({True, False} if isinstance(args, list | dict | str) else {False})
