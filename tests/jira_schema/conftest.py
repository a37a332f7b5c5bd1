"""A site with one field of each of cmbot's, and issues as Data Center sends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from cmbot.jira_schema.fields import FIELDS
from cmbot.jira_schema.names import Names, names
from cmbot.settings import JiraSettings, Secret

WHEN = "2026-11-20T08:15:00.000+0000"


@dataclass(frozen=True)
class Site:
    """Names of a site, and JSON in its form."""

    names: Names

    def id_of(self, field: str) -> str:
        return next(site_id for site_id, name in self.names.fields.items() if name == field)

    def issue(self, level: str = "CM Step", status: str = "Draft", **more: Any) -> dict[str, Any]:
        fields = {"issuetype": {"name": level}, "status": {"name": status}, "summary": "s", "updated": WHEN}
        return {"id": "10002", "key": "CM-2", "fields": fields | more}

    def history(self, entry: int, before: str, after: str, by: str = "anna") -> dict[str, Any]:
        return {
            "id": str(entry),
            "created": WHEN,
            "author": {"name": by, "key": f"JIRAUSER{entry}", "displayName": by.title()},
            "items": [
                {"field": "assignee", "fromString": None, "toString": "x"},
                {"field": "status", "from": "1", "fromString": before, "to": "2", "toString": after},
            ],
        }


@pytest.fixture(scope="session")
def settings() -> JiraSettings:
    return JiraSettings(url="https://jira.example.org", token=Secret(variable="TOKEN"))


@pytest.fixture(scope="session")
def site(settings: JiraSettings) -> Site:
    ids = {field.name: f"customfield_{10100 + n}" for n, field in enumerate(FIELDS)}
    return Site(names(settings, ids, "customfield_10001"))
