"""cmbot production: campaigns that belong together, rolled up from what they are now."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from cmbot.jira_schema import parse
from cmbot.jira_schema.names import names
from cmbot.mirror import seen
from cmbot.models.issues import Status
from cmbot.models.views import Counts
from cmbot.operations.production import Campaign, Production
from cmbot.settings import JiraSettings, Secret

FIELDS = {
    "Step name": "customfield_1",
    "Production": "customfield_2",
    "Campaign kind": "customfield_3",
    "Campaign stage": "customfield_4",
}
NAMES = names(JiraSettings(url="https://jira.example.org", token=Secret()), FIELDS, "customfield_9")


def epic(number: int, status: str, production: str = "", **more: Any) -> dict[str, Any]:
    fields = {
        "issuetype": {"name": "Epic"},
        "status": {"name": status},
        "summary": f"campaign {number}",
        "updated": "2026-11-20T08:15:00.000+0000",
        "customfield_2": production or None,
        "customfield_3": {"value": "DataProc"},
        "customfield_4": {"value": "pilot"},
    }
    return {"id": str(10000 + number), "key": f"CM-{number}", "fields": fields | more}


@pytest.fixture
def produced(followed: Any) -> Any:
    """DP1 has three campaigns by its field; CM-30 has two below it, one of them with a label."""
    bodies = [
        epic(11, "Completed", "DP1"),
        epic(12, "Launch", " DP1 "),
        epic(13, "Abandoned", "DP1"),
        epic(14, "Completed", parent={"key": "CM-30"}),
        epic(15, "Completed", parent={"key": "CM-30"}, labels=["nightly"]),
    ]
    with closing(followed.mirror()) as mirror:
        mirror.remember("jira names", json.dumps(["cmbot", "cmbot", "customfield_9", FIELDS]))
        with mirror.writing() as connection:
            for body in bodies:
                seen.save_issue(connection, parse.issue(body, NAMES), body)
    return followed


@pytest.mark.covers("A2")
def test_a_production_shows_its_campaigns_with_kind_stage_status_and_counts(produced: Any) -> None:
    lines = produced.run("production").output.splitlines()
    assert lines[0] == "CM-30: Completed; 2 of 2 campaigns completed"
    assert "DP1: Running; 1 of 3 campaigns completed" in lines
    assert any(
        line.split()[:6] == ["CM-12", "campaign", "12", "DataProc", "pilot", "Launch"] for line in lines
    )
    # A campaign that names none is in none.
    assert not any("CM-1 " in line for line in lines)


@pytest.mark.covers("A2")
def test_a_production_is_named_by_its_field_its_parent_issue_or_a_label(produced: Any) -> None:
    found = {
        name: [
            each["key"]
            for each in json.loads(produced.run("production", name, "--json").output)[0]["campaigns"]
        ]
        for name in ("DP1", "CM-30", "nightly")
    }
    assert found == {"DP1": ["CM-11", "CM-12", "CM-13"], "CM-30": ["CM-14", "CM-15"], "nightly": ["CM-15"]}
    (line,) = produced.refused("production", "DP9")
    assert line.endswith("known are CM-30, DP1")


@pytest.mark.covers("A2")
def test_the_roll_up_follows_its_campaigns_and_is_in_the_status(produced: Any) -> None:
    def becomes(number: int, status: str) -> str:
        with closing(produced.mirror()) as mirror, mirror.writing() as connection:
            body = epic(number, status, "DP1")
            seen.save_issue(connection, parse.issue(body, NAMES), body)
        output: str = produced.run("status").output
        return next(line for line in output.splitlines() if line.startswith("production DP1: "))

    assert becomes(12, "Failed") == "production DP1: Paused; 1 of 3 campaigns completed"
    assert becomes(12, "Completed") == "production DP1: Completed; 2 of 3 campaigns completed"
    assert becomes(12, "Draft") == "production DP1: Paused; 1 of 3 campaigns completed"
    for number in (11, 12):
        text = becomes(number, "Abandoned")
    assert text == "production DP1: Abandoned; 0 of 3 campaigns completed"


def test_where_no_campaign_names_a_production_it_says_so(followed: Any) -> None:
    assert followed.run("production").output == "no campaign names a production\n"


@pytest.mark.covers("A2")
def test_the_roll_up_adds_counts_up_and_says_what_fails() -> None:
    one = Campaign("CM-1", "a", "", "", "", Status.RUNNING, True, 1, 2, Counts(9, 4), Counts(90, 40, 2))
    other = replace(one, status=Status.COMPLETED, failing=False, quanta=Counts(10, 10))
    both = Production("DP1", (one, other))
    assert both.line == "Running, failing; 1 of 2 campaigns completed; 50 of 100 quanta, 2 failed"
    assert both.to_json()["jobs"]["total"] == 18
