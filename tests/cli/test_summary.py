"""What came of campaigns, from the command line, and finding it again."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.models.summary import CampaignSummary, OutputType, StepSummary, Totals, to_json

if TYPE_CHECKING:
    from conftest import Terminal

END = datetime(2026, 11, 20, 9, tzinfo=UTC)


def ended(terminal: Terminal, number: int, **more: Any) -> None:
    """A campaign that has ended, as a pass left it; the later, the higher its number."""
    at = END + timedelta(hours=number)
    step = StepSummary(
        key=f"CM-{number}1",
        name="step1",
        status="Completed",
        verdict="good",
        pipeline="DRP.yaml#step1",
        query="visit > 0",
        software=("LSST version w_2026_47",),
        collection=f"u/anna/{number}/step1",
        totals=Totals(),
        datasets=(OutputType("visitSummary", "consolidateVisitSummary", 12),),
    )
    known: dict[str, Any] = {
        "key": f"CM-{number}",
        "name": f"campaign {number}",
        "production": "DP9",
        "kind": "DataProc",
        "stage": "production",
        "status": "Completed",
        "verdict": "good",
        "verdict_by": "Anna",
        "reason": "a test",
        "butler": "/repo/main",
        "inputs": ("raw",),
        "collection": f"u/anna/{number}",
        "totals": Totals(20, 19, 1, 12, END, at),
        "steps": (step,),
    }
    with closing(terminal.mirror()) as mirror:
        mirror.remember(f"summary {10000 + number}", to_json(CampaignSummary(**known | more)))


@pytest.mark.covers("A12", "E12")
def test_finished_campaigns_are_found_with_their_collections(followed: Terminal) -> None:
    ended(followed, 1)
    ended(followed, 7, kind="CalibProc", production="", verdict="none", verdict_by="")
    assert followed.run("products").stdout.splitlines() == [
        "CM-7 campaign 7 (CalibProc): Completed, verdict none, 19 of 20 quanta, 2026-11-20 16:00 UTC",
        "    u/anna/7 in /repo/main",
        "    12 visitSummary",
        "    LSST version w_2026_47",
        "    summary: http://127.0.0.1:1/browse/CM-7",
        (
            "CM-1 campaign 1 (DP9, DataProc): Completed, verdict good by Anna, 19 of 20 quanta, "
            "2026-11-20 10:00 UTC"
        ),
        "    u/anna/1 in /repo/main",
        "    12 visitSummary",
        "    LSST version w_2026_47",
        "    summary: http://127.0.0.1:1/browse/CM-1",
    ]


@pytest.mark.covers("A1", "A12")
@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("VISITSUMMARY w_2026",), ["CM-7", "CM-1"]),
        (("u/anna/7/step1",), ["CM-7"]),
        (("calexp",), []),
        (("--production", "DP9"), ["CM-1"]),
        (("--type", "CalibProc"), ["CM-7"]),
        (("--type", "CalibProc", "--production", "DP9"), []),
    ],
)
def test_words_production_and_type_choose_among_them(
    followed: Terminal, options: tuple[str, ...], found: list[str]
) -> None:
    ended(followed, 1)
    ended(followed, 7, kind="CalibProc", production="")
    listed = json.loads(followed.run("products", "--json", *options).stdout)
    assert [each["campaign"] for each in listed] == found
    if not found:
        assert followed.run("products", *options).stdout == "no finished campaign fits\n"


def test_a_name_cannot_steer_the_terminal(followed: Terminal) -> None:
    ended(followed, 1, name="mini \x1b[2J\x07")
    assert followed.run("products").stdout.startswith("CM-1 mini [2J (DP9")


def test_what_made_nothing_and_what_goes_on_is_no_product(followed: Terminal) -> None:
    ended(followed, 1, collection="")
    assert json.loads(followed.run("products", "--json").stdout) == []


def test_a_summary_of_an_earlier_cmbot_waits_for_the_next_pass(followed: Terminal) -> None:
    with closing(followed.mirror()) as mirror:
        mirror.remember("summary 10001", '{"key": "CM-1", "former": true}')
    assert json.loads(followed.run("products", "--json").stdout) == []


def test_suspicious_counts_are_said_of_a_product(followed: Terminal) -> None:
    step = StepSummary(
        "CM-2", "step1", "Completed", "none", "p", "q", (), "u/x/step1", Totals(), suspicious=("no calexp",)
    )
    ended(followed, 1, steps=(step,))
    assert "    suspicious: step1: no calexp" in followed.run("products").stdout.splitlines()


@pytest.mark.covers("E13")
@pytest.mark.parametrize(("key", "heading"), [("CM-1", "# mini"), ("CM-2", "## step1"), ("CM-3", "## step1")])
def test_a_summary_is_printed_also_before_the_end(followed: Terminal, key: str, heading: str) -> None:
    lines = followed.run("summary", key).stdout.splitlines()
    assert lines[0].startswith(heading)
    assert "| g002 | visit IN (1..20) | 20 | 0 | waiting | 0 | 0 |" in lines
    assert "* g002: it was never submitted" in lines


def test_a_summary_is_given_to_a_script(followed: Terminal) -> None:
    found = json.loads(followed.run("summary", "CM-1", "--json").stdout)
    assert (found["key"], found["status"], found["steps"][0]["coverage"][0]["state"]) == (
        "CM-1",
        "Running",
        "failed",
    )


def test_a_production_that_nobody_names_is_refused(followed: Terminal) -> None:
    assert followed.refused("summary", "--production", "DP9") == [
        "DP9: is no production of a campaign; use one of: none yet"
    ]


@pytest.mark.parametrize("options", [(), ("CM-1", "--production", "DP9")])
def test_a_summary_is_of_one_thing(followed: Terminal, options: tuple[str, ...]) -> None:
    assert followed.refused("summary", *options) == [
        "summary: needs a KEY or --production, not both; give one of them"
    ]
