"""A sandbox Jira of each kind with a project that nobody has set up, and cmbot's command."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml
from click.testing import CliRunner, Result

from cmbot.cli import main
from cmbot.jira_schema.fields import FIELDS
from cmbot.jira_schema.statuses import CATEGORIES
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What a site has that was just installed: Jira Software's own, and a project from a template.
FRESH: dict[str, Any] = {
    "users": [
        {"name": "alice", "displayName": "Alice Example", "email": "alice@example.org", "admin": True},
        {"name": "cmbot", "displayName": "CM bot", "email": "cmbot@example.org"},
    ],
    "statuses": [
        {"name": "To Do", "category": "new"},
        {"name": "In Progress", "category": "indeterminate"},
        {"name": "Done", "category": "done"},
    ],
    "fields": [{"name": "Epic Link", "type": "epic-link"}, {"name": "Epic Name", "type": "epic-name"}],
    "issue_types": [{"name": "Epic", "level": 1}, {"name": "Task", "level": 0}],
    "link_types": [{"name": "Relates", "inward": "relates to", "outward": "relates to"}],
    "projects": [
        {
            "key": "CM",
            "name": "Campaigns",
            "lead": "alice",
            "issue_types": ["Epic", "Task"],
            "initial": "To Do",
            "transitions": [{"name": name, "to": name} for name in ("To Do", "In Progress", "Done")],
        }
    ],
}
CAMPAIGN = {
    "name": "small",
    "reason": "see where it begins",
    "butler": "repo",
    "inputs": ["raw"],
    "output": "u/small",
    "environment": "stack",
    "site": "laptop",
    "steps": [{"name": "step1", "pipeline": "DRP.yaml#step1", "query": "visit = 1"}],
}
TYPES = {"CM Step": 0, "CM Group": -1}


@dataclass
class Site:
    """A running sandbox Jira, in the hands of its administrator."""

    place: Path
    flavour: str
    address: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.address["url"])

    def ask(self, method: str, path: str, body: Any = None, *, user: str = "alice") -> Any:
        answer = requests.request(method, f"{self.url}{path}", json=body, **self._identity(user), timeout=30)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def rest(self, method: str, path: str, body: Any = None, *, user: str = "alice") -> Any:
        return self.ask(method, f"/rest/api/2/{path}", body, user=user)

    def _identity(self, user: str) -> dict[str, Any]:
        token = self.address["tokens"][user]
        if self.flavour == "cloud":
            return {"auth": (f"{user}@example.org", token)}
        return {"headers": {"Authorization": f"Bearer {token}"}}

    def begin(self, seed: dict[str, Any]) -> None:
        """Begin again with another site."""
        self.address["tokens"] = self.ask("POST", "/sandbox/reset", {"seed": seed})["tokens"]
        self.ask("DELETE", "/sandbox/disturb")
        self.ask("DELETE", "/sandbox/requests")

    def begin_with_another(self, key: str) -> None:
        """Begin again with a second project."""
        other = FRESH["projects"][0] | {"key": key, "name": f"Project {key}"}
        self.begin(FRESH | {"projects": [*FRESH["projects"], other]})

    def click(self, *, options: bool = True) -> None:
        """Do in the store what the printed steps tell an administrator to do by hand."""
        whole = self.ask("GET", "/sandbox/export")
        tables = whole["tables"]
        for made in _Table(tables["status_schemes"]).rows():
            if made["name"] == "cmbot CM":
                _Table(tables["projects"]).set("status_scheme", made["id"])
        statuses, types = _Table(tables["statuses"]), _Table(tables["issue_types"])
        for status, category in CATEGORIES.items():
            statuses.ensure(name=str(status), category=category)
        for name, level in TYPES.items():
            types.ensure(name=name, level=level)
        has, ways = _Table(tables["project_issue_types"]), _Table(tables["transitions"])
        place = _Table(tables["projects"]).rows()[0]
        project, scheme = place["id"], place["status_scheme"]
        for position, name in enumerate(TYPES, start=10):
            has.ensure(project_id=project, issue_type_id=types.find(name=name), position=position)
        for number, status in enumerate(Status, start=100):
            to = statuses.find(name=str(status))
            if not any(one["scheme_id"] == scheme and one["to_status"] == to for one in ways.rows()):
                ways.ensure(scheme_id=scheme, id=number, name=str(status), to_status=to)
        if options:
            _enter_options(tables)
        self.begin(whole)

    def writes(self) -> list[str]:
        """What was asked to change since the last look, whoever asked."""
        asked = self.ask("GET", "/sandbox/requests")["requests"]
        self.ask("DELETE", "/sandbox/requests")
        return [
            f"{one['method']} {one['path']}"
            for one in asked
            if one["method"] != "GET" and not one["path"].startswith("/sandbox/")
            # Two of Cloud's POSTs change nothing.
            if not one["path"].endswith(("/search/jql", "/workflows"))
        ]

    def settings(self, user: str = "alice", **changes: Any) -> Path:
        """Settings with which somebody looks at this site."""
        token = self.place / f"{user}.token"
        token.write_text(self.address["tokens"][user])
        jira = {"url": self.url, "token": {"file": str(token)}} | changes
        if self.flavour == "cloud":
            jira["user"] = f"{user}@example.org"
        content = {
            "jira": jira,
            "panda": {"relay": "http://127.0.0.1:1/server/panda"},
            "work": {"state": str(self.place / "state"), "submit": str(self.place / "submit")},
            "environments": {"stack": {}},
            "sites": {"laptop": {}},
        }
        file = self.place / f"{user}.yaml"
        file.write_text(yaml.safe_dump(content))
        return file

    def setup(self, *argv: str, user: str = "alice", answer: str = "", **changes: Any) -> Result:
        """Run ``cmbot jira setup``."""
        file = self.settings(user, **changes)
        return CliRunner().invoke(main, ("jira", "setup", "--settings", str(file), *argv), input=answer)

    def create(self, user: str = "cmbot") -> Result:
        """Run ``cmbot create`` with a small campaign."""
        campaign = self.place / "campaign.yaml"
        campaign.write_text(yaml.safe_dump(CAMPAIGN))
        argv = ("create", "--settings", str(self.settings(user)), str(campaign))
        return CliRunner().invoke(main, argv)

    def doctor(self, user: str = "cmbot", *, web: bool = False) -> dict[str, str]:
        """Run ``cmbot doctor``; health of what it says of Jira."""
        file = self.settings(user)
        if web:
            serves = {"port": 1, "webhook_secret": {"file": str(file)}}
            file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"web": serves}))
        result = CliRunner().invoke(main, ("doctor", "--json", "--settings", str(file)))
        checks = json.loads(result.stdout)["checks"]
        return {one["check"]: one["health"] for one in checks if one["check"].startswith("jira")}


def _enter_options(tables: dict[str, Any]) -> None:
    contexts, choices = _Table(tables["field_contexts"]), _Table(tables["options"])
    numbers = {row["name"]: row["id"] for row in _Table(tables["custom_fields"]).rows()}
    for field in FIELDS:
        for option in field.options:
            choices.ensure(context_id=contexts.find(field_id=numbers[field.name]), value=option)


class _Table:
    """A table of an export, with rows that can be added."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content
        self._columns = content["columns"]

    def rows(self) -> list[dict[str, Any]]:
        return [dict(zip(self._columns, row, strict=True)) for row in self._content["rows"]]

    def find(self, **values: Any) -> Any:
        return next(row["id"] for row in self.rows() if values.items() <= row.items())

    def set(self, column: str, value: Any) -> None:
        for row in self._content["rows"]:
            row[self._columns.index(column)] = value

    def ensure(self, **values: Any) -> None:
        if any(_same(values, row) for row in self.rows()):
            return
        defaults = {**dict.fromkeys(("from_statuses", "required", "roles"), "[]"), "disabled": 0}
        made = {column: values.get(column, defaults.get(column)) for column in self._columns}
        if "id" in self._columns and "id" not in values:
            made["id"] = 1 + max([row["id"] for row in self.rows()], default=0)
            self._content["last"] = max(made["id"], self._content.get("last") or 0)
        self._content["rows"].append([made[column] for column in self._columns])


def _same(values: dict[str, Any], row: dict[str, Any]) -> bool:
    identifying = {
        name: value for name, value in values.items() if name not in ("level", "category", "position")
    }
    return identifying.items() <= row.items()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    running: dict[str, Site] = {}
    children = []
    try:
        for flavour in ("data-center", "cloud"):
            state = tmp_path_factory.mktemp(flavour)
            seed, address = state / "seed.json", state / "address.json"
            seed.write_text(json.dumps(FRESH))
            argv = ("sandbox", "jira", "--state", str(state), "--seed", str(seed), "--flavour", flavour)
            with (state / "log").open("wb") as log:
                child = subprocess.Popen([sys.executable, "-m", "cmbot", *argv], stdout=log, stderr=log)
            children.append(child)
            deadline = time.monotonic() + 60
            while not address.exists():
                assert child.poll() is None, (state / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)
            running[flavour] = Site(state, flavour, json.loads(address.read_text()))
        yield running
    finally:
        for child in children:
            child.terminate()
            child.wait(30)


@pytest.fixture(params=["data-center", "cloud"])
def site(servers: dict[str, Site], request: pytest.FixtureRequest) -> Site:
    """A site of either kind that was just installed."""
    return _fresh(servers[request.param])


@pytest.fixture
def data_center(servers: dict[str, Site]) -> Site:
    return _fresh(servers["data-center"])


@pytest.fixture
def cloud(servers: dict[str, Site]) -> Site:
    return _fresh(servers["cloud"])


def _fresh(site: Site) -> Site:
    site.begin(FRESH)
    return site
