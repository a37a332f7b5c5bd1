"""Schedules as a person sees and tries them; the service itself is in tests/schedules and tests/world."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from cmbot.resources import resource

TEMPLATE = resource("config/campaigns/nightly-validation.yaml")


@pytest.fixture
def nightly(terminal: Any) -> Any:
    """The example for last night, every morning."""
    schedule = {"template": str(TEMPLATE), "cron": "30 8 * * *", "variables": {"night": "{night}"}}
    terminal.write_settings(
        schedules={"nightly": schedule}, environments={"w_2026_47": {}}, sites={"SLAC": {}}
    )
    return terminal


@pytest.mark.covers("B27")
def test_a_dry_run_prints_the_campaign_of_an_instant(nightly: Any) -> None:
    result = nightly.run("schedule", "run", "nightly", "--at", "2026-11-20T12:00", "--dry-run")
    assert result.exit_code == 0, result.output
    head, _, text = result.output.partition("\n")
    assert head == "# schedule nightly 2026-11-20T11:30:00Z"
    assert yaml.safe_load(text)["name"] == "nightly validation 20261119"
    # Before that instant it is the night before.
    result = nightly.run("schedule", "run", "nightly", "--at", "2026-11-20", "--dry-run")
    assert "nightly validation 20261118" in result.output
    assert not (nightly.place / "state").exists()


@pytest.mark.covers("V24")
def test_schedules_are_listed(nightly: Any) -> None:
    line = json.loads(nightly.run("schedule", "list", "--json").output)
    assert (line["name"], line["cron"], line["timezone"]) == ("nightly", "30 8 * * *", "America/Santiago")
    assert line["campaign"] == line["problem"] == ""
    assert nightly.run("schedule", "list").output.startswith(
        "nightly: 30 8 * * * (America/Santiago), next 20"
    )


def test_what_is_wrong_is_one_line(nightly: Any) -> None:
    assert nightly.refused("schedule", "run", "weekly") == [
        "weekly: is no schedule; the settings (schedules) have nightly"
    ]
    nightly.write_settings(schedules={"nightly": {"template": "x", "cron": "often"}})
    [line] = nightly.refused("schedule", "list")
    assert line.startswith("schedules.nightly.cron: 'often' has 1 fields")
    [line] = nightly.refused("sync")
    assert line.startswith("schedules.nightly.cron: 'often' has 1 fields")
