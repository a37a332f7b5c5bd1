"""cmbot shift: who is on, and what they should know."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest


@pytest.fixture
def rostered(followed: Any) -> Any:
    """Anna's shift ended a moment ago and Ben's has begun; Carl is next."""
    now = datetime.now(UTC)
    times = [now + timedelta(hours=hours) for hours in (-9, -1, 7, 15)]
    people = (("anna", "PanDA was away"), ("ben", "call Dora"), ("carl", ""))
    shifts = [
        {"start": start.isoformat(), "end": end.isoformat(), "operators": [name], "notes": notes}
        for start, end, (name, notes) in zip(times, times[1:], people, strict=False)
    ]
    (followed.place / "roster.yaml").write_text(json.dumps({"shifts": shifts}))
    followed.write_settings(roster={"file": str(followed.place / "roster.yaml")})
    return followed


@pytest.mark.covers("D7", "V21")
def test_who_is_on_shift_and_who_is_next_is_shown(rostered: Any) -> None:
    lines = rostered.run("shift").output.splitlines()
    assert lines[0].startswith("on shift: ben (ben), ")
    assert lines[1] == "    call Dora"
    assert lines[2].startswith("next: carl (carl), ")
    shown = json.loads(rostered.run("shift", "--json").output)
    assert [each["people"][0]["account"] for each in (*shown["on_shift"], *shown["next"])] == ["ben", "carl"]
    earlier = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    assert rostered.run("shift", "--at", earlier).output.startswith("on shift: anna")
    assert rostered.run("shift", "--at", "2001-01-01").output.startswith("nobody is on shift\n")
    wrong = rostered.run("shift", "--at", "noon")
    assert (wrong.exit_code, "is no instant" in wrong.output) == (2, True)


@pytest.mark.covers("V21")
def test_the_hand_over_says_what_waits_for_a_person_and_what_was_noted(rostered: Any) -> None:
    text = rostered.run("shift", "handover").output
    assert text.startswith("CM-1: on shift ben, from anna\n")
    assert "    note: PanDA was away\n    note: call Dora\n" in text
    assert "waits for a person: CM-3 step1 g001 a1: failed; isr failed. To do: retry it" in text
    assert "waits: step1 (CM-2): 1 groups have not begun" in text
    (one,) = json.loads(rostered.run("shift", "handover", "CM-3", "--json").output)
    assert (one["key"], one["to"][0]["account"], one["running"]) == ("CM-1", "ben", [])
    assert rostered.refused("shift", "handover", "CM-99")[0].startswith("CM-99: is not known here")


def test_without_a_roster_or_with_a_bad_one_it_says_what_to_do(followed: Any) -> None:
    assert followed.refused("shift")[0].startswith("roster: is not set; name a YAML or iCalendar file")
    (followed.place / "roster.ics").write_text("not a calendar")
    followed.write_settings(roster={"file": str(followed.place / "roster.ics")})
    (line,) = followed.refused("shift")
    assert "is no calendar that can be read" in line
    (line,) = followed.refused("sync", "--once")
    assert "is no calendar that can be read" in line
    followed.write_settings(roster={"file": "x", "time_zone": "Mars"})
    assert "time zone 'Mars' is not known" in followed.refused("shift")[0]
