"""Quanta that fail: told with their reasons, rescued by the next attempt, or tolerated."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Status
from cmbot.sandbox.butler import pipeline_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Bot, Human, Panda

    from cmbot.demo.world import World

pytestmark = pytest.mark.long


@pytest.fixture
def pipeline(world: World) -> Path:
    """The pipeline of the sandbox, in which visit 1 fails in first attempts."""
    content = yaml.safe_load(pipeline_path().read_text())
    trouble = {"failWhen": "exposure=1", "onlyInRuns": "*/a1_*"}
    content["tasks"]["isr"] = {"class": content["tasks"]["isr"]["class"], "config": trouble}
    file = world.state / "trouble.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file


AUTOMATIC = """
name: {name}
reason: a test
butler: {repo}
inputs: [DemoCam/defaults]
output: DemoCam/runs/{name}
environment: sandbox
site: laptop
pause: {pause}
retry: automatic
steps:
  - name: step1
    pipeline: $DEMO_PIPELINES/DRP.yaml#isr
    query: instrument = 'DemoCam' AND skymap = 'demo' AND visit < 3 AND detector = 0
    options: {{requestMemory: 1024, numberOfRetries: 1, finalJob: {{requestMemory: 2048, requestCpus: 1}}}}
"""
OUTPUT = "DemoCam/runs/test"
RULES = """
rules:
  - name: visit-1
    codes: [pilot:1305]
    message: made to fail
    tasks: [isr]
    flavour: payload
    action: accept
    tolerance: 0.5
    tickets: [DM-1]
    active: true
"""


@pytest.fixture
def catalogue(world: World, change_settings: Callable[..., None]) -> Path:
    """What this bot knows about failures: one rule, that a step can do without visit 1."""
    file = world.state / "errors.yaml"
    file.write_text(RULES)
    change_settings("failures", catalogue=str(file))
    return file


def count(world: World, dataset_type: str, collection: str) -> int:
    from lsst.daf.butler import Butler  # noqa: PLC0415 - slow, and needed by the processes first

    with Butler.from_config(str(world.repo)) as butler:
        return len(butler.query_datasets(dataset_type, collection, explain=False))


def cmbot(world: World, *arguments: str) -> str:
    """What a command prints."""
    argv = [sys.executable, "-m", "cmbot", *arguments, "--settings", str(world.settings)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


@pytest.mark.covers("F7", "F8", "F9", "F19", "F11", "F12", "V4", "A5", "D8", "D9", "E1", "G7", "W6")
def test_a_failed_group_pauses_and_the_next_launch_rescues_it(
    bot: Bot, alice: Human, panda: Panda, world: World, pipeline: Path
) -> None:
    epic, step = bot.create(name="failing")
    tolerant, easy = bot.create(name="tolerant")
    for one in (step, easy):
        alice.edit(one, {"Pipeline YAML": f"{pipeline}#isr"})
    alice.edit(easy, {"Tolerance": "isr: 0.5"})
    alice.launch(epic)
    alice.launch(tolerant)
    bot.until(lambda: (alice.status(epic), alice.status(tolerant)) == (Status.PAUSED, Status.COMPLETED))
    bot.settle()

    # Within the tolerance: completed, and what is missing is said.
    (group,) = alice.groups(easy)
    assert alice.status(group) == Status.COMPLETED
    assert alice.told(group) == []
    assert "1 of 2 quanta" in alice.told(tolerant, "Completed")[0]
    assert "isr: 1 of 2 quanta missing" in alice.status_comment(easy)
    assert "|1|2 (50.0 %)|isr|pilot:1305 " in alice.status_comment(easy)

    # Outside of it: failed, with the reason where a person looks for it.
    (group,) = alice.groups(step)
    assert alice.status(group) == Status.FAILED
    assert alice.status(step) == Status.PAUSED
    (reason,) = alice.told(group)
    assert "a1: partial" in reason
    assert "isr: 1 of 2 quanta missing (1 failed" in reason
    assert "exposure" in reason
    assert "made to fail because of failWhen" in reason
    (row,) = [line for line in reason.splitlines() if line.startswith("|1|2 (50.0 %)|isr|pilot:1305 ")]
    assert "|payload-failed, payload: the pipeline raised an error" in row
    assert "|review|" in row
    assert re.search(
        r"\[job (\d+)\|http://[^|\]]*/job/\1/\] \[log\|http://[^|\]]*/PandaJob_\1/payload.stderr\]", row
    )
    assert "RuntimeError: made to fail because of failWhen='exposure=1'|" in row
    assert "exposure=1" in row
    assert alice.field(group, "Quanta failed") == 1
    assert alice.field(group, "Error summary").startswith("isr: 1 of 2 quanta missing")
    # The same on the command line, with what matters of the log.
    table = cmbot(world, "report", group)
    assert re.search(r"^isr +0 .* 1 +1 +0 +2$", table, re.MULTILINE)
    assert "1 of 2 (50.0 %) isr: pilot:1305 RuntimeError: made to fail because of failWhen" in table
    (seen,) = json.loads(cmbot(world, "report", step, "--json"))
    assert seen["quanta"]["isr"]["failed"] == 1
    assert [each["rule"] for each in seen["failures"]] == ["payload-failed"]
    (job,) = json.loads(cmbot(world, "jobs", group, "--json"))
    assert (job["task"], job["error"], job["attempt"]) == ("isr", "pilot:1305", "step1 g000 a1")
    assert re.search(rf"/PandaJob_{job['job']}/payload.stderr$", job["log"])
    (data_id,) = job["data_ids"]
    assert "exposure=1" in data_id.split(", ")
    (workflow,) = json.loads(cmbot(world, "workflows", epic, "--json"))
    assert (workflow["status"], workflow["remaining"]) == ("SubFinished", 0)
    # isr; pipetaskInit and the final job.
    assert workflow["tasks"] == {"done": 2, "partly": 1}
    log = cmbot(world, "logs", group, "--failed")
    assert "first traceback, from line" in log
    assert "RuntimeError: made to fail because of failWhen" in log
    assert "bps submit" not in log
    assert cmbot(world, "logs", group, "--task", "isr") == log
    assert "nothing to show" in cmbot(world, "logs", group, "--task", "calibrate")
    assert "bps submit, submitted" in cmbot(world, "logs", group)
    assert "made to fail" in cmbot(world, "logs", group, "--quantum", "exposure=1")
    assert "nothing to show" in cmbot(world, "logs", group, "--quantum", "exposure=2")

    (name,) = [item["name"] for item in panda.requests() if step in item["name"]]
    run = f"DemoCam/runs/failing/step1/g000/a1_{name.rpartition('_')[2]}"
    assert count(world, "postISRCCD", run) == 1

    # The next launch rescues: the second attempt makes what is missing, and nothing else.
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    names = [item["name"] for item in panda.requests() if step in item["name"]]
    assert [name.split("_")[-2] for name in names] == ["a1", "a2"]
    as_run = yaml.safe_load((world.state / "bot" / "tries" / names[1] / "bps.yaml").read_text())
    assert "--skip-existing-in" in as_run["extraQgraphOptions"]
    assert "2 of 2 quanta" in alice.told(epic, "Completed")[0]
    assert alice.field(group, "Attempt") == 2
    assert alice.field(group, "Quanta failed") == 0
    assert alice.status(group) == Status.COMPLETED
    assert len(alice.told(group)) == 1
    assert count(world, "postISRCCD", "DemoCam/runs/failing") == 2


@pytest.mark.covers("G7", "W6")
def test_a_rule_of_one_s_own_accepts_what_a_step_can_do_without(
    catalogue: Path, bot: Bot, alice: Human, panda: Panda, world: World, pipeline: Path
) -> None:
    assert cmbot(world, "check", "--errors", str(catalogue)) == (
        f"{catalogue}: sound; 1 rules are active, 0 passive\n"
    )
    epic, step = bot.create(AUTOMATIC)
    alice.edit(step, {"Pipeline YAML": f"{pipeline}#isr"})
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()

    # One attempt, which was partial: PanDA and the Butler say so as before.
    (attempt,), (request,) = bot.attempts(step), panda.requests()
    assert request["status"] == "SubFinished"
    assert attempt.state is AttemptState.SUCCEEDED
    assert attempt.summary == "accepted by visit-1: quanta missing of isr: 1 of 2"
    (seen,) = json.loads(cmbot(world, "report", step, "--json"))
    assert (seen["quanta"]["isr"]["failed"], seen["quanta"]["isr"]["expected"]) == (1, 2)
    assert [each["rule"] for each in seen["failures"]] == ["visit-1"]
    lines = cmbot(world, "history", step).splitlines()
    (partly,) = [number for number, line in enumerate(lines) if "g000 a1 partial: 1 of 2 quanta" in line]
    (accepted,) = [number for number, line in enumerate(lines) if "g000 a1 is succeeded" in line]
    assert partly < accepted
    assert "accepted by visit-1" in lines[accepted]

    # It is said with the rule and its ticket, and nobody is called.
    comment = alice.status_comment(step)
    assert "accepted by visit-1: quanta missing of isr: 1 of 2" in comment
    assert "DM-1" in comment
    (group,) = alice.groups(step)
    assert alice.status(group) == Status.COMPLETED
    assert alice.told(group) == alice.told(epic, "Paused") == []
    assert "1 of 2 quanta; 1 missing, which was accepted" in alice.told(epic, "Completed")[0]
    # What was made is in the campaign's chain.
    assert count(world, "postISRCCD", OUTPUT) == 1


@pytest.mark.covers("G6", "E1", "E5")
def test_after_a_patch_what_failed_is_run_again_with_it_and_nothing_else(
    bot: Bot, alice: Human, panda: Panda, world: World
) -> None:
    content = yaml.safe_load(pipeline_path().read_text())
    fault = {"class": content["tasks"]["isr"]["class"], "config": {"failWhen": "exposure=1"}}
    broken = world.state / "broken.yaml"
    broken.write_text(yaml.safe_dump(content | {"tasks": content["tasks"] | {"isr": fault}}, sort_keys=False))
    epic, step = bot.create()
    alice.edit(step, {"Pipeline YAML": f"{broken}#isr", "LSST version": "w_2026_46"})
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.PAUSED)
    bot.settle()
    first = panda.requests()[0]["name"].rpartition("_")[2]
    runs = f"{OUTPUT}/step1/g000"
    assert count(world, "postISRCCD", f"{runs}/a1_{first}") == 1

    alice.edit(step, {"Pipeline YAML": "$DEMO_PIPELINES/DRP.yaml#isr", "LSST version": "w_2026_47"})
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    names = [item["name"] for item in panda.requests()]
    second = names[1].rpartition("_")[2]
    assert len(names) == 2
    # One quantum each: what the first attempt made stands.
    assert count(world, "postISRCCD", f"{runs}/a2_{second}") == 1
    assert count(world, "postISRCCD", f"{runs}/a1_{first}") == 1
    assert count(world, "postISRCCD", OUTPUT) == 2
    # Which was made with what is kept of each attempt.
    shown = json.loads(cmbot(world, "archive", "show", step, "--json"))
    kept = {each["name"]: each for each in shown}
    assert [kept[name]["as_run"]["lsst_version"] for name in names] == ["w_2026_46", "w_2026_47"]
    # With what PanDA itself said at the end.
    for each in kept.values():
        assert {"monitor.json", "wms.json", "data.json"} <= {file["name"] for file in each["files"]}
