"""A made-up address for what only the wire shows, and a sandbox Jira for what happens."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
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
    """A site on the wire only; nothing is tried again."""
    return JiraSettings(url=URL, token=Secret(variable="CMBOT_JIRA_TOKEN"), patience=0)


@pytest.fixture
def wire(settings: JiraSettings) -> Wire:
    return Wire(settings, lambda: TOKEN)


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@dataclass(frozen=True)
class Site:
    """A running sandbox Jira, seen by its administrator alice."""

    flavour: str
    url: str
    tokens: dict[str, str]
    logins: dict[str, dict[str, str]] = field(default_factory=dict)
    """On Cloud: e-mail and account id of each user."""
    gateway: str = ""
    """On Cloud: where scoped tokens work."""

    @property
    def cloud(self) -> bool:
        return self.flavour == "cloud"

    def user(self, name: str) -> dict[str, str]:
        """Somebody, as requests name people here."""
        return {"accountId": self.logins[name]["accountId"]} if self.cloud else {"name": name}

    def account(self, name: str) -> str:
        return next(iter(self.user(name).values()))

    def login(self, name: str) -> str:
        return self.logins[name]["email"] if self.cloud else name

    def settings(self, **more: Any) -> JiraSettings:
        """The bot's settings for this site, by which nothing is tried again."""
        own: dict[str, Any] = {"url": self.url, "token": Secret(variable="CMBOT_JIRA_TOKEN"), "patience": 0}
        return JiraSettings(**own | ({"user": self.login("cmbot")} if self.cloud else {}) | more)

    def ask(self, method: str, path: str, body: Any = None, *, user: str = "alice") -> Any:
        signed = (self.login(user), self.tokens[user])
        answer = requests.request(method, f"{self.url}{path}", json=body, auth=signed, timeout=30)
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
            if one["user"] == "cmbot" and one["method"] != "GET" and not one["path"].endswith("/search/jql")
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

    def search(self, jql: str) -> list[str]:
        """Keys of the issues that a query finds."""
        path = "search/jql" if self.cloud else "search"
        return [issue["key"] for issue in self.rest("GET", f"{path}?jql={jql}&fields=summary")["issues"]]

    def histories(self, key: str) -> list[dict[str, Any]]:
        """What was done to an issue after it was made, oldest first."""
        log = self.rest("GET", f"issue/{key}?expand=changelog")["changelog"]["histories"]
        # Cloud's history begins with the creation, whose status item is written large.
        done = [entry for entry in log if "Status" not in {item["field"] for item in entry["items"]}]
        return sorted(done, key=lambda entry: int(entry["id"]))

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


@pytest.fixture(scope="session", params=["data-center", "cloud"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    state = tmp_path_factory.mktemp("sandbox-jira")
    seed, address = state / "seed.json", state / "address.json"
    seed.write_text(json.dumps(SEED))
    start = "import sys, pathlib as p; from cmbot.sandbox.jira import serve; "
    options = f"context_path='/jira', flavour={request.param!r}"
    code = f"{start}serve(p.Path(sys.argv[1]), seed=p.Path(sys.argv[2]), {options})"
    with (state / "log").open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-c", code, state, seed], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_for(lambda: address.exists() or server.poll() is not None)
        assert server.poll() is None, (state / "log").read_text()
        yield Site(request.param, **json.loads(address.read_text()))
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
    """The sandbox, with nothing left over from other tests.

    It is calm to begin with: a test here brings about the one trouble that it is about, and
    ``test_strange_days.py`` has them all at once.
    """
    running.ask("DELETE", "/sandbox/strange")
    running.ask("DELETE", "/sandbox/requests")
    return running


@pytest.fixture
def jira(site: Site) -> Jira:
    return Jira.connect(site.settings(), lambda: site.tokens["cmbot"])
