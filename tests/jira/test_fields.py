"""cmbot's fields among those of a site."""

from __future__ import annotations

from typing import Any

from cmbot.jira.cloud import Cloud
from cmbot.jira.fields import resolve
from cmbot.settings import JiraSettings, Secret

SETTINGS = JiraSettings(url="https://jira.test", token=Secret())


def field(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"customfield_{number}", "name": name, "custom": True, **more}


def test_two_fields_of_one_name_are_ambiguous() -> None:
    found = resolve([field(1, "Reason"), field(2, "Reason")], SETTINGS, Cloud())
    assert "customfield_1, customfield_2" in found.problems["Reason"].problem


def test_what_a_team_managed_project_keeps_for_itself_is_not_meant() -> None:
    own = {"scope": {"type": "PROJECT", "project": {"id": "10001"}}}
    found = resolve([field(1, "Reason", **own), field(2, "Reason")], SETTINGS, Cloud())
    assert found.ids["Reason"] == "customfield_2"
