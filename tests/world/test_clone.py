"""A campaign is cloned with its steps, links and sets of DataIds, and compared with its ancestor."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bot, Human

    from cmbot.demo.world import World

pytestmark = pytest.mark.long

CAMPAIGN = """
name: first
reason: a test
butler: {repo}
inputs: [DemoCam/defaults]
output: DemoCam/runs/first
exclude: {{file: clouds.json, reason: clouds}}
environment: sandbox
site: laptop
steps:
  - name: step1
    pipeline: $DEMO_PIPELINES/DRP.yaml#isr
    query: instrument = 'DemoCam' AND skymap = 'demo' AND visit < 3 AND detector = 0
    options: {{requestMemory: 1024}}
  - name: step2
    pipeline: $DEMO_PIPELINES/DRP.yaml#calibrate
    query: instrument = 'DemoCam' AND skymap = 'demo' AND visit < 3 AND detector = 0
    after: [step1]
"""


def cmbot(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "cmbot", *arguments, "--settings", str(world.settings)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def done(world: World, *arguments: str) -> Any:
    result = cmbot(world, *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.calm("runs commands, which ask once")
@pytest.mark.covers("B25", "C2", "A9")
def test_a_clone_has_steps_links_and_dataids_and_knows_its_ancestor(
    bot: Bot, alice: Human, world: World, tmp_path: Path
) -> None:
    (tmp_path / "clouds.json").write_text('[{"instrument": "DemoCam", "visit": 1}]')
    (tmp_path / "first.yaml").write_text(CAMPAIGN.format(repo=world.repo))
    first = done(world, "create", str(tmp_path / "first.yaml"))["campaign"]

    wanted = ("--set", "output=DemoCam/runs/second", "--set", "step1.options.requestMemory=2048")
    shown = done(world, "clone", first, *wanted, "--dry-run")
    changed = {each["field"]: (each["usual"], each["value"]) for each in shown["changes"]}
    assert changed == {
        "name": ("first", f"first (clone of {first})"),
        "ancestor": ("", first),
        "output": ("DemoCam/runs/first", "DemoCam/runs/second"),
        "step1: options.requestMemory": ("1024", "2048"),
    }
    made = done(world, "clone", first, *wanted)
    assert done(world, "clone", first, *wanted)["campaign"] == made["campaign"] != first
    epic, steps = made["campaign"], made["steps"]
    assert alice.field(epic, "Cloned from") == first
    assert alice.field(epic, "DataIds excluded") == alice.field(first, "DataIds excluded")
    attached = [each["filename"] for each in alice.get(f"issue/{epic}")["fields"]["attachment"]]
    assert attached == [each["filename"] for each in alice.get(f"issue/{first}")["fields"]["attachment"]]
    assert alice.field(steps[0], "BPS options").startswith("requestMemory: 2048")

    bot.settle()
    found = done(world, "diff", first, epic)["sections"]
    assert found["definition"]["step1: options.requestMemory"] == ["1024", "2048"]
    assert found["definition"]["ancestor"] == ["", first]
    assert "step2: after" not in found["definition"]
    plain = cmbot(world, "clone", first, *wanted, "--dry-run").stdout
    assert f"ancestor: {first}\n" in plain

    refused = cmbot(world, "clone", steps[0], *wanted)
    assert refused.stderr == f"{steps[0]}: is not a campaign; clone {epic}\n"
    refused = cmbot(world, "clone", first, "--set", "lsst_version=w_2026_48")
    assert refused.stderr == f"clone of {first}: output: is that of {first}; say --set output=COLLECTION\n"
    other = "exclude={file: new.json, reason: more clouds}"
    refused = cmbot(world, "clone", first, *wanted, "--set", other)
    assert "new.json: cannot be read" in refused.stderr
