"""Last-minute edits: what is prepared and edited is what runs, and the record says so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from cmbot.models.issues import Status

if TYPE_CHECKING:
    from conftest import Bot, Human, Panda

    from cmbot.demo.world import World

pytestmark = pytest.mark.long


def cmbot(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "cmbot", *arguments, "--settings", str(world.settings)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


@pytest.mark.calm("runs commands, which ask once")
@pytest.mark.covers("B22", "B23", "B16", "V20")
def test_an_edited_file_is_what_runs_and_what_is_recorded(
    bot: Bot, alice: Human, panda: Panda, world: World
) -> None:
    epic, step, _ = bot.create_two_steps()
    bot.settle()
    first = json.loads(cmbot(world, "prepare", step, "--dry-run", "--json").stdout)
    assert [each["group"] for each in first["files"]] == ["g001", "g002"]
    assert not any(Path(each["file"]).exists() for each in first["files"])
    said = cmbot(world, "prepare", step)
    assert f"{step} step1 g001 a1: {first['files'][0]['file']} (written)" in said.stdout

    file = Path(first["files"][0]["file"])
    text = file.read_text()
    file.write_text(text.replace("payloadName: step1_g001", "payloadName: mine"))
    refused = cmbot(world, "prepare", step)
    assert refused.returncode == 1
    assert "payload.payloadName: is computed by cmbot; write 'step1_g001' again" in refused.stderr
    alice.launch(epic)
    bot.until(lambda: "payload.payloadName" in "".join(alice.comments(step)))
    assert [each.group for each in bot.attempts(step)] == ["g002"]

    file.write_text(text.replace("requestMemory: 1024", "requestMemory: 1536  # after a look at the queue"))
    said = cmbot(world, "prepare", step)
    assert "requestMemory: 1536 instead of 1024" in said.stdout
    bot.until(lambda: alice.status(step) == Status.COMPLETED)
    bot.settle()
    assert "requestMemory: 1536 instead of 1024 in g001 a1" in alice.status_comment(step)
    kept = cmbot(world, "archive", "show", step, "g001", "a1", "--file", "bps.yaml").stdout
    assert "requestMemory: 1536  # after a look at the queue" in kept
    assert yaml.safe_load(kept)["uniqProcName"] in {each["name"] for each in panda.requests()}
    difference = cmbot(world, "archive", "show", step, "g001", "--file", "edits.diff").stdout
    assert "+requestMemory: 1536" in difference
