"""Completed means the data exist: nothing is Completed before the data report says so (design.md rule 10)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from cmbot.models.issues import Status

if TYPE_CHECKING:
    from conftest import Bot, Human

    from cmbot.demo.world import World

pytestmark = pytest.mark.long

WRAPPER = """#!/bin/sh
# Stands before the real pipetask; what it does with a data report is read from a file.
case "$1 $(cat {mode})" in
  "report hang") for i in $(seq 600); do [ "$(cat {mode})" = hang ] && sleep 0.1; done; exit 1 ;;
  "report fail") echo "RuntimeError: the registry is being moved" >&2; exit 1 ;;
  "report odd") for file in "$@"; do :; done; echo '{{"tasks": "none"}}' >"$file"; exit 0 ;;
  "report short") for file in "$@"; do :; done; echo '{short}' >"$file"; exit 0 ;;
  "report empty") for file in "$@"; do :; done; echo '{{"tasks": {{}}}}' >"$file"; exit 0 ;;
esac
exec {real} "$@"
"""


SHORT = json.dumps(
    {
        "tasks": {
            "isr": {
                "n_expected": 1,
                "n_successful": 1,
                "failed_quanta": [],
                "recovered_quanta": [],
                "caveats": {},
            }
            | dict.fromkeys(("n_failed", "n_blocked", "n_unknown", "n_wonky"), 0)
        }
    }
)
"""One quantum, and all is well: but the graph holds two."""


@pytest.fixture
def report_mode(world: World) -> Path:
    """A file that says what becomes of data reports: hang, fail, odd, short, empty or good."""
    directory, mode = world.state / "wrapped", world.state / "mode"
    directory.mkdir()
    mode.write_text("hang")
    wrapper = directory / "pipetask"
    wrapper.write_text(WRAPPER.format(mode=mode, short=SHORT, real=Path(sys.executable).parent / "pipetask"))
    wrapper.chmod(0o755)
    settings = yaml.safe_load(world.settings.read_text())
    settings["environments"]["sandbox"]["path"].insert(0, str(directory))
    world.settings.write_text(yaml.safe_dump(settings))
    return mode


@pytest.mark.covers("W6")
def test_a_workflow_is_not_completed_before_its_data_are_counted(
    report_mode: Path, bot: Bot, alice: Human
) -> None:
    epic, step = bot.create()
    alice.launch(epic)
    bot.until(lambda: "merge pending" in "".join(alice.comments(step)))
    bot.settle()
    (group,) = alice.groups(step)

    def nothing_completed() -> bool:
        statuses = {alice.status(key) for key in (epic, step, group)}
        return statuses == {Status.RUNNING} and not alice.told(epic, "Completed")

    def waits_because(said: str) -> bool:
        return said in alice.status_comment(step)

    assert nothing_completed()
    report_mode.write_text("fail")
    bot.until(lambda: waits_because("the registry is being moved"))
    assert nothing_completed()
    report_mode.write_text("odd")
    bot.until(lambda: waits_because("tasks is str, not dict"))
    assert nothing_completed()
    report_mode.write_text("empty")
    bot.until(lambda: waits_because("it lists no task"))
    assert nothing_completed()
    report_mode.write_text("short")
    bot.until(lambda: waits_because("counts 1 quanta, the graph holds 2"))
    assert nothing_completed()
    assert alice.told(step) == []
    report_mode.write_text("good")
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert "2 of 2 quanta" in alice.told(epic, "Completed")[0]
    assert "being moved" not in alice.status_comment(step)
