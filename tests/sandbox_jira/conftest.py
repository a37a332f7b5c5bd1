"""A sandbox Jira that listens on loopback, with a clock that tests move."""

from __future__ import annotations

import copy
import datetime as dt
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import uvicorn
from jira import JIRA

from cmbot.sandbox.jira import Store, beginnings, create_app
from cmbot.sandbox.jira import seed as seeds
from cmbot.sandbox.jira.server import BOTH
from cmbot.sandbox.jira.sidebyside import SideBySide

if TYPE_CHECKING:
    from cmbot.sandbox.jira.app import Application
    from cmbot.sandbox.jira.webhooks import Deliverer

SEED = {
    "users": [
        {"name": "alice", "displayName": "Alice Example", "email": "alice@example.org", "admin": True},
        {
            "name": "bob",
            "displayName": "Bob Beispiel",
            "email": "bob@example.org",
            "timeZone": "America/New_York",
        },
    ],
    "statuses": [
        {"name": "Draft", "category": "new"},
        {"name": "Launch", "category": "indeterminate"},
        {"name": "Running", "category": "indeterminate"},
        {"name": "Completed", "category": "done"},
    ],
    "fields": [
        {"name": "Epic Link", "type": "epic-link"},
        {"name": "Epic Name", "type": "epic-name"},
        {"name": "Reason", "type": "paragraph"},
        {"name": "Tag", "type": "text"},
        {"name": "WMS", "type": "select", "options": ["PanDA", "Parsl"]},
        {"name": "Sites", "type": "multiselect", "options": ["SLAC", "IN2P3", "UK"]},
        {"name": "Quanta", "type": "number"},
        {"name": "Log", "type": "url"},
        {"name": "Definer", "type": "user"},
        {"name": "Operators", "type": "users"},
        {"name": "Started", "type": "datetime"},
    ],
    "issue_types": [
        {"name": "Epic", "level": 1},
        {"name": "Step", "level": 0},
        {"name": "Group", "level": -1},
    ],
    "link_types": [{"name": "Blocks", "inward": "is blocked by", "outward": "blocks"}],
    "projects": [
        {
            "key": "CM",
            "name": "Campaigns",
            "lead": "alice",
            "issue_types": ["Epic", "Step", "Group"],
            "initial": "Draft",
            "transitions": [
                {"name": "Launch", "to": "Launch", "from": "*"},
                {"name": "Run", "to": "Running", "from": "Launch"},
                {
                    "name": "Complete",
                    "to": "Completed",
                    "from": "Running",
                    "screen": [{"field": "resolution", "required": True}, {"field": "Reason"}],
                },
            ],
        }
    ],
}


@dataclass
class MovableClock:
    """Stands still until a test moves it."""

    now: dt.datetime = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += dt.timedelta(**delta)


@dataclass
class Sandbox:
    """A listening site and how to ask it."""

    url: str
    app: Application
    store: Store
    clock: MovableClock
    beside: Application | None = None
    _session: requests.Session = field(default_factory=requests.Session)

    def ask(self, method: str, path: str, *, user: str = "alice", **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.app.access.tokens[user]}", **more.pop("headers", {})}
        return self._session.request(method, self.url + path, headers=headers, timeout=20, **more)

    def rest(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.ask(method, f"/rest/api/2/{path}", **more)

    def get(self, path: str, **more: Any) -> Any:
        answer = self.rest("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def field(self, name: str) -> str:
        return next(f.id for f in self.app.site.config.fields.values() if f.name == name)

    def create(self, kind: str = "Step", summary: str = "a step", **fields: Any) -> str:
        """Create an issue over REST; returns its key."""
        if kind == "Epic":
            fields.setdefault(self.field("Epic Name"), summary)
        sent = {"project": {"key": "CM"}, "issuetype": {"name": kind}, "summary": summary, **fields}
        answer = self.rest("POST", "issue", json={"fields": sent})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["key"])

    def move(self, key: str, name: str, **more: Any) -> requests.Response:
        found = self.get(f"issue/{key}/transitions")["transitions"]
        number = next(one["id"] for one in found if one["name"] == name)
        return self.rest("POST", f"issue/{key}/transitions", json={"transition": {"id": number}, **more})

    def search(self, jql: str, **more: Any) -> list[str]:
        """Keys that a query finds, in order."""
        answer = self.rest(
            "POST", "search", json={"jql": jql, "fields": ["summary"], "maxResults": 1000}, **more
        )
        assert answer.status_code == 200, answer.text
        return [issue["key"] for issue in answer.json()["issues"]]

    def status(self, key: str) -> str:
        return str(self.get(f"issue/{key}?fields=status")["fields"]["status"]["name"])


@contextmanager
def listening(
    seed: dict[str, Any] | None = None,
    store: Path | None = None,
    context_path: str = "",
    flavour: str = "data-center",
    beginning: beginnings.Beginning | None = None,
) -> Iterator[Sandbox]:
    """A site that answers, in a thread of this process."""
    clock = MovableClock()
    opened = Store(store, clock)
    beginnings.begin(opened, beginning or seeds.Seed.model_validate(seed or SEED))
    served = (
        SideBySide(opened, None, context_path)
        if flavour == BOTH
        else create_app(opened, context_path=context_path, flavour=flavour)
    )
    app = served.data_center if isinstance(served, SideBySide) else served
    config = uvicorn.Config(served, log_config=None, access_log=False, ws="none", lifespan="off")
    server = uvicorn.Server(config)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{door.getsockname()[1]}{context_path}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            thread.join(0.01)
        served.answers_at(url)
        sandbox = Sandbox(url, app, opened, clock)
        if isinstance(served, SideBySide):
            sandbox.beside = served.cloud
        yield sandbox
        sandbox._session.close()
        server.should_exit = server.force_exit = True
        thread.join(20)
    served.close()
    opened.close()


Start = Callable[..., Sandbox]


@pytest.fixture
def seed() -> dict[str, Any]:
    """The usual seed, to be changed by a test."""
    return copy.deepcopy(SEED)


@pytest.fixture(scope="session")
def usual_seed() -> dict[str, Any]:
    """The usual seed, not to be changed."""
    return SEED


@pytest.fixture(scope="session")
def listen() -> Callable[..., AbstractContextManager[Sandbox]]:
    """Starts a sandbox for the time of a ``with``."""
    return listening


@pytest.fixture
def start() -> Iterator[Start]:
    """Start sandboxes that end with the test."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(listening(**how))


@pytest.fixture(scope="module")
def calm() -> Iterator[Sandbox]:
    """A seeded site that the tests of a module share; what they leave there must not matter."""
    with listening() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(start: Start) -> Sandbox:
    """A seeded site."""
    return start()


@pytest.fixture
def library(sandbox: Sandbox) -> Iterator[JIRA]:
    """The ``jira`` library, unmodified, signed in as alice."""
    client = JIRA(sandbox.url, token_auth=sandbox.app.access.tokens["alice"], max_retries=0, timeout=20)
    yield client
    client.close()


@dataclass
class Received:
    """A request that came in."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw)
        return found

    @property
    def event(self) -> tuple[str, str | None]:
        return self.body["webhookEvent"], self.body.get("issue_event_type_name")


@dataclass
class Receiver:
    """Listens for webhooks; answers what a test tells it to, else 200."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def settle(self, sandbox: Sandbox, deliverer: Deliverer | None = None) -> None:
        """Wait until everything that is due was sent."""
        deadline = time.monotonic() + 20
        while True:
            report = (deliverer or sandbox.app.deliverer).report()
            if not report["sending"] and all(one["due"] > sandbox.store.now() for one in report["waiting"]):
                return
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def events(self) -> list[tuple[str, str | None]]:
        return [one.event for one in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status = found.answers.pop(0) if found.answers else 200
            found.got.append(Received(self.path, dict(self.headers), raw))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join(10)


@pytest.fixture
def samples() -> Path:
    """Captured payloads beside the checkout."""
    found = Path(__file__).parents[3] / "shared" / "samples" / "jira"
    if not found.is_dir():
        pytest.skip("the captured payloads are not on this machine")
    return found


# What the sandbox leaves out of captured bodies, each with its reason.
LEFT_OUT = {
    **dict.fromkeys(
        (
            "remainingEstimate",
            "timeSpent",
            "remainingEstimateSeconds",
            "timeSpentSeconds",
            "originalEstimate",
            "percent",
        ),
        "there only where time is tracked",
    ),
    "originalEstimateSeconds": "there only where time is tracked",
    "avatarId": "there are no pictures to choose",
    "autoCompleteUrl": "leads to what only the vendor's own pages ask",
    "epic": "comes from the agile resource, which is not emulated",
}


def _differences(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Keys that are missing and types that differ; null fits everything, lists are judged by their first."""
    if ours is None or theirs is None:
        return
    if type(ours) is not type(theirs):
        yield f"{place}: {type(ours).__name__} instead of {type(theirs).__name__}"
    elif isinstance(theirs, dict):
        for key, value in theirs.items():
            if key in LEFT_OUT or key.startswith("customfield_"):
                continue
            if key not in ours:
                yield f"{place}.{key} is missing"
            else:
                yield from _differences(ours[key], value, f"{place}.{key}")
    elif isinstance(theirs, list) and theirs and ours:
        yield from _differences(ours[0], theirs[0], f"{place}[0]")


Differences = Callable[[Any, Any], list[str]]


@pytest.fixture
def differences() -> Differences:
    """Compares what the sandbox sends with what a real Jira sent: keys that miss, types that differ."""
    return lambda ours, theirs: list(_differences(ours, theirs))
