"""A Jira project in memory in which campaigns are made, settings with schedules, and a template."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import RemoteError
from cmbot.jira_schema import values
from cmbot.jira_schema.fields import FIELDS
from cmbot.mirror import Mirror
from cmbot.models.issues import Person
from cmbot.settings import Settings, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEMPLATE = """
variables:
  night: {type: night}
name: night $(night)
reason: validation of last night
butler: /repo
inputs: [LSSTCam/defaults]
output: LSSTCam/runs/nightly/$(night)
environment: w
site: SLAC
steps:
  - name: step1
    pipeline: $DRP_DIR/DRP.yaml#step1
    query: instrument = 'LSSTCam' AND day_obs = $(night)
"""


@dataclass
class Project:
    """What `create` asks of the gateway; it may fail before or after it has made something."""

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Fields by marker."""
    failing: str = ""
    """``before`` or ``after`` the next issue is made."""
    url: str = "https://jira.example.org"
    me: Person = field(default_factory=lambda: Person("cmbot"))
    epic_link: str = ""
    mention_prefix: str = ""
    field_ids: dict[str, str] = field(default_factory=lambda: {one.name: one.name for one in FIELDS})

    @property
    def campaigns(self) -> list[str]:
        return [one["summary"] for one in self.made.values() if one["issuetype"]["name"] == "Epic"]

    def field_id(self, name: str) -> str:
        return self.field_ids[name]

    def raw(self, name: str, value: Any) -> Any:
        return values.to_jira(name, value, "name")

    def epic_fields(self, **_: str) -> dict[str, Any]:
        return {}

    def ensure_issue(self, marker: str, fields: dict[str, Any]) -> tuple[str, str]:
        failing, self.failing = self.failing, ""
        if failing == "before":
            raise RemoteError("Jira", "does not answer", "cmbot tries again")
        self.made.setdefault(marker, fields)
        if failing == "after":
            raise RemoteError("Jira", "the answer was lost", "cmbot tries again")
        number = list(self.made).index(marker) + 1
        return str(number), f"CM-{number}"

    def ensure_link(self, *_: str) -> None:
        pass

    def issue(self, key: str) -> dict[str, Any]:
        fields = list(self.made.values())[int(key.removeprefix("CM-")) - 1]
        now = {"status": {"name": "Draft"}, "updated": "2026-11-20T08:00:00.000+0000"}
        return {"id": key.removeprefix("CM-"), "key": key, "fields": fields | now}


@pytest.fixture
def jira() -> Project:
    return Project()


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "nightly.yaml"
    file.write_text(TEMPLATE)
    return file


@pytest.fixture
def settings(tmp_path: Path, template: Path) -> Settings:
    return with_schedules(tmp_path, nightly=nightly(template))


def nightly(template: Path, **changes: Any) -> dict[str, Any]:
    return {"template": str(template), "cron": "30 8 * * *", "variables": {"night": "{night}"}} | changes


def with_schedules(place: Path, **schedules: Any) -> Settings:
    return parse(
        {
            "jira": {"url": "https://jira.example.org", "token": {"variable": "TOKEN"}},
            "panda": {"relay": "https://panda.example.org/server/panda"},
            "work": {"state": str(place / "state"), "submit": str(place / "submit")},
            "environments": {"w": {}},
            "sites": {"SLAC": {}},
            "schedules": schedules,
        },
        "settings",
    )


@pytest.fixture
def mirror(settings: Settings, tmp_path: Path) -> Iterator[Mirror]:
    with closing(Mirror(tmp_path / "state" / "cmbot.sqlite")) as made:
        yield made


@pytest.fixture
def again() -> Any:
    """Settings with other schedules, and the parts that they are made of."""
    return SimpleNamespace(nightly=nightly, with_schedules=with_schedules)
