"""The commands, as a person or a script calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from time import monotonic
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Human, Panda

    from cmbot.demo.world import World

pytestmark = pytest.mark.long

MOST_CALLS = 20
CAMPAIGN = """
name: two steps
reason: a test
butler: {repo}
inputs: [DemoCam/defaults]
output: DemoCam/runs/commands
environment: sandbox
site: laptop
steps:
  - name: step1
    pipeline: $DEMO_PIPELINES/DRP.yaml#isr
    query: instrument = 'DemoCam' AND skymap = 'demo' AND detector = 0
    split: {{dimension: visit, size: 4}}
    options: {{finalJob: {{requestCpus: 1}}}}
  - name: step2
    pipeline: $DEMO_PIPELINES/DRP.yaml#calibrate
    query: instrument = 'DemoCam' AND skymap = 'demo' AND detector = 0
    after: [step1]
"""


@pytest.fixture
def cmbot(world: World) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call the command as a process of its own, again if Jira did not do its part, as a person does."""

    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "cmbot", arguments[0], "--settings", world.settings, *arguments[1:]]
        for _ in range(MOST_CALLS):
            done = subprocess.run([str(part) for part in argv], capture_output=True, text=True, check=False)
            if "tries again" not in done.stderr:
                break
        return done

    return call


def tree(state: Path) -> dict[str, int]:
    """All files that the bot or the Butler may write, with their times."""
    servers = (state / "jira", state / "panda")
    return {
        str(path): path.stat().st_mtime_ns
        for part in state.iterdir()
        if part not in servers and part.suffix != ".log"
        for path in (part, *part.rglob("*"))
    }


@pytest.mark.covers("B12", "V19", "V23")
def test_create_plan_sync_status_and_history(
    cmbot: Callable[..., subprocess.CompletedProcess[str]], world: World, alice: Human, panda: Panda
) -> None:
    file = world.state / "campaign.yaml"
    file.write_text(CAMPAIGN.format(repo=world.repo))

    made = json.loads(cmbot("create", file, "--json").stdout)
    again = json.loads(cmbot("create", file, "--json").stdout)
    assert made == again == {"campaign": "CM-1", "steps": ["CM-2", "CM-3"]}
    assert set(alice.statuses()) == {"CM-1", "CM-2", "CM-3"}

    # A plan shows the groups and writes nothing anywhere.
    before = tree(world.state)
    alice.forget()
    planned = cmbot("plan", "CM-1", "--json")
    step1, step2 = json.loads(planned.stdout)
    assert [(group["name"], group["size"]) for group in step1["groups"]] == [("g001", 3), ("g002", 3)]
    assert "visit IN (1..3)" in step1["groups"][0]["predicate"]["where"]
    assert "visit IN (1..3)" in step1["yaml"]
    assert step1["problems"] == []
    assert step2["groups"] == []
    assert "step1" in json.dumps(step2["problems"])
    shown = cmbot("plan", "CM-2")
    assert "g002" in shown.stdout
    assert "visit IN (4..6)" in shown.stdout
    checked = cmbot("check", "CM-1")
    assert (checked.returncode, checked.stdout.splitlines()) == (
        0,
        [
            "CM-1: step1: 2 groups, selected: datasets 6; visit 6",
            "CM-1: step2: not checked against the Butler before step1",
            "CM-1: sound",
        ],
    )
    assert {method for method, _ in alice.asked("cmbot")} == {"GET"}
    assert tree(world.state) == before
    assert panda.requests() == []

    # One pass at a time, each by a process of its own.
    panda.control("executor", paused=True)
    passes = [json.loads(cmbot("sync", "--once", "--json").stdout)]
    alice.launch("CM-1")
    end = monotonic() + 600
    while True:
        passes.append(json.loads(cmbot("sync", "--once", "--json").stdout))
        lines = json.loads(cmbot("status", "CM-1", "--json").stdout)
        if {line["request"] for line in lines if line["level"] == "group"} == {1, 2}:
            break
        assert monotonic() < end
    # What is selected now stands beside what was selected then.
    step1 = json.loads(cmbot("plan", "CM-2", "--json").stdout)[0]
    assert step1["selected"].startswith("datasets 6, was 6; visit 6, was 6 (CM-2, 20")
    # Nothing but Jira's strangeness was in the way.
    assert [error for report in passes for error in report["errors"] if "again" not in error] == []
    assert [item["id"] for item in panda.requests()] == [1, 2]
    assert [(line["level"], line["name"]) for line in lines] == [
        ("campaign", "two steps"),
        ("step", "step1"),
        ("group", "g001"),
        ("group", "g002"),
        ("step", "step2"),
    ]
    (campaign,) = json.loads(cmbot("status", "--json").stdout)
    assert (campaign["key"], campaign["status"]) == ("CM-1", "Running")
    assert "two steps" in cmbot("status").stdout
    events = [json.loads(line) for line in cmbot("history", "CM-1", "--json").stdout.splitlines()]
    assert [event["who"] for event in events if event["what"].startswith("moved CM-1 from Draft")] == [
        "Alice Example"
    ]
    reserved = [event for event in events if event["what"].startswith("reserved")]
    assert len(reserved) == 2
    assert all(event["why"] == "Alice Example moved CM-1 to Launch" for event in reserved)


def test_mistakes_are_told_in_a_line_each(
    cmbot: Callable[..., subprocess.CompletedProcess[str]], world: World, alice: Human
) -> None:
    file = world.state / "campaign.yaml"
    text = CAMPAIGN.format(repo=world.repo)

    def told(*arguments: str | Path) -> list[str]:
        done = cmbot(*arguments)
        assert done.returncode == 1
        assert done.stdout == ""
        return done.stderr.splitlines()

    file.write_text(
        text.replace("reason: a test", "raison: a test").replace("name: two steps", "pause: never")
    )
    assert [line.split(": ")[1] for line in told("create", file)] == ["name", "pause", "raison"]
    file.write_text(text.replace("reason: a test", "reason: ''").replace("site: laptop", "site: Mars"))
    assert [line.split(": ")[1:] for line in told("create", file)] == [
        ["Reason", "is empty; write why the campaign is run; it cannot start without (B3)"],
        ["Compute site", "'Mars' is not known; use laptop"],
    ]
    assert told("plan", "CM-77") == ["CM-77: is not there, or cmbot may not see it; check the key"]
    (line,) = told("status")
    assert "run `cmbot sync` first" in line
    world.settings.write_text(world.settings.read_text().replace("poll:", "pole:"))
    (line,) = told("sync", "--once")
    assert "work.pole" in line
    assert alice.statuses() == {}
