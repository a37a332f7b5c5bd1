"""A made-up address for what only the wire shows, and a sandbox Jira for what happens."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
import responses

from cmbot.jira.gateway import Jira
from cmbot.jira.wire import Wire
from cmbot.jira_schema.fields import FIELDS
from cmbot.jira_schema.statuses import CATEGORIES
from cmbot.models.issues import Status
from cmbot.settings import JiraSettings, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

URL = "https://jira.test/jira"
REST = f"{URL}/rest/api/2"
TOKEN = "made-up-token"


@pytest.fixture
def settings() -> JiraSettings:
    return JiraSettings(url=URL, token=Secret(variable="CMBOT_JIRA_TOKEN"))


@pytest.fixture
def wire(settings: JiraSettings) -> Wire:
    return Wire(settings, TOKEN)


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@dataclass(frozen=True)
class Site:
    """A running sandbox Jira, seen by its administrator alice."""

    url: str
    tokens: dict[str, str]

    def ask(self, method: str, path: str, body: Any = None, *, user: str = "alice") -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[user]}"}
        answer = requests.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def rest(self, method: str, path: str, body: Any = None, *, user: str = "alice") -> Any:
        return self.ask(method, f"/rest/api/2/{path}", body, user=user)

    def disturb(self, kind: str, method: str, path: str, *, count: int = 1) -> None:
        match = {"method": method, "path": path}
        self.ask("POST", "/sandbox/disturb", {"match": match, "kind": kind, "count": count})

    def writes(self) -> list[str]:
        """What cmbot's account wrote or tried to write since the last look."""
        asked = self.ask("GET", "/sandbox/requests")["requests"]
        self.ask("DELETE", "/sandbox/requests")
        return [
            f"{one['method']} {one['path'].rpartition('/rest/api/2/')[2]}"
            for one in asked
            if one["user"] == "cmbot" and one["method"] != "GET"
        ]

    def make(self, fields: dict[str, Any] | None = None) -> str:
        """Make a step as alice and give its key."""
        needed = {"project": {"key": "CM"}, "issuetype": {"name": "CM Step"}, "summary": "made by alice"}
        return str(self.rest("POST", "issue", {"fields": {**needed, **(fields or {})}})["key"])

    def move(self, key: str, status: str) -> None:
        ways = self.rest("GET", f"issue/{key}/transitions")["transitions"]
        number = next(way["id"] for way in ways if way["to"]["name"] == status)
        self.rest("POST", f"issue/{key}/transitions", {"transition": {"id": number}})

    def status(self, key: str) -> str:
        return str(self.rest("GET", f"issue/{key}?fields=status")["fields"]["status"]["name"])

    def histories(self, key: str) -> list[dict[str, Any]]:
        histories: list[dict[str, Any]] = self.rest("GET", f"issue/{key}?expand=changelog")["changelog"][
            "histories"
        ]
        return histories

    def comments(self, key: str) -> list[dict[str, Any]]:
        comments: list[dict[str, Any]] = self.rest("GET", f"issue/{key}/comment")["comments"]
        return comments


SEED = {
    "users": [
        {"name": "alice", "displayName": "Alice Example", "timeZone": "America/New_York", "admin": True},
        {"name": "cmbot", "displayName": "CM bot", "timeZone": "Asia/Tokyo"},
    ],
    "statuses": [{"name": str(status), "category": CATEGORIES[status]} for status in Status],
    "fields": [
        *({"name": field.name, "type": field.type, "options": field.options} for field in FIELDS),
        {"name": "Epic Link", "type": "epic-link"},
        {"name": "Epic Name", "type": "epic-name"},
    ],
    "issue_types": [
        {"name": "Epic", "level": 1},
        {"name": "CM Step", "level": 0},
        {"name": "CM Group", "level": -1},
    ],
    "link_types": [{"name": "Blocks", "inward": "is blocked by", "outward": "blocks"}],
    "projects": [
        {
            "key": "CM",
            "name": "Campaigns",
            "lead": "alice",
            "issue_types": ["Epic", "CM Step", "CM Group"],
            "initial": "Draft",
            # Nothing leads to Abandoned: a project that is not set up completely.
            "transitions": [
                {"name": f"To {status}", "to": str(status)} for status in Status if status != "Abandoned"
            ],
        }
    ],
}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    state = tmp_path_factory.mktemp("sandbox-jira")
    seed, address = state / "seed.json", state / "address.json"
    seed.write_text(json.dumps(SEED))
    start = "import sys, pathlib as p; from cmbot.sandbox.jira import serve; "
    code = f"{start}serve(p.Path(sys.argv[1]), seed=p.Path(sys.argv[2]), context_path='/jira')"
    with (state / "log").open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-c", code, state, seed], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_for(lambda: address.exists() or server.poll() is not None)
        assert server.poll() is None, (state / "log").read_text()
        yield Site(**json.loads(address.read_text()))
    finally:
        server.terminate()
        server.wait(30)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def site(running: Site) -> Site:
    """The sandbox, with nothing left over from other tests."""
    running.ask("DELETE", "/sandbox/disturb")
    running.ask("DELETE", "/sandbox/requests")
    return running


@pytest.fixture
def jira(site: Site) -> Jira:
    settings = JiraSettings(url=site.url, token=Secret(variable="CMBOT_JIRA_TOKEN"))
    return Jira.connect(settings, site.tokens["cmbot"])
