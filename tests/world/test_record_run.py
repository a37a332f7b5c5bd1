"""A workflow that somebody else ran is counted, and never submitted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cmbot.cli import main
from cmbot.models.attempts import AttemptState, Recorded
from cmbot.models.issues import Person
from cmbot.operations import record_run
from cmbot.sandbox.butler import pipeline_path

if TYPE_CHECKING:
    from conftest import Bot, Human, Panda

    from cmbot.demo.world import World

pytestmark = pytest.mark.long

RUN = "DemoCam/prompt/output-2026-11-20"


@pytest.fixture
def _others_ran(world: World) -> None:
    """Two quanta, by pipetask alone."""
    query = "instrument = 'DemoCam' AND skymap = 'demo' AND visit < 3 AND detector = 0"
    where = ("-b", str(world.repo), "-i", "DemoCam/defaults", "--output-run", RUN, "--register-dataset-types")
    pipetask = str(Path(sys.executable).parent / "pipetask")
    subprocess.run([pipetask, "run", *where, "-p", f"{pipeline_path()}#isr", "-d", query], check=True)


@pytest.mark.covers("A6", "B28", "D17")
@pytest.mark.usefixtures("_others_ran")
def test_what_others_ran_is_counted_by_its_data_and_no_launch_submits_it(
    bot: Bot, alice: Human, panda: Panda
) -> None:
    epic, step = bot.create()
    bot.settle()
    anna = Person("anna", "Anna")

    def record(run: str, expected: int) -> None:
        found = record_run.find(bot.edges, step, Recorded(run, expected={"isr": expected}))
        record_run.keep(bot.edges, found, anna, "ran cmbot record-run")
        bot.until(lambda: all(not item.state.live for item in bot.attempts(step)))

    options = ("--run", RUN, "--expect", "isr=2", "--settings", str(bot.world.settings))
    would = json.loads(CliRunner().invoke(main, ("record-run", step, *options, "--dry-run", "--json")).output)
    assert would["recorded"]["group"] == "g001"
    assert bot.attempts(step) == []
    said = (
        CliRunner().invoke(main, ("record-run", step, *options, "--reason", "the night of the 20th")).output
    )
    assert "a new group, of which nothing is ever submitted" in said
    assert (
        "was recorded or submitted before" in CliRunner().invoke(main, ("record-run", step, *options)).output
    )
    bot.until(lambda: alice.statuses()[step] == "Completed")
    record("DemoCam/prompt/nothing", 2)
    bot.until(lambda: alice.statuses()[step] == "Paused")
    bot.settle()
    first, second = bot.attempts(step)
    assert (first.group, first.state) == ("g001", AttemptState.SUCCEEDED)
    assert (second.group, second.state) == ("g002", AttemptState.FAILED)
    assert "there is no collection" in second.summary
    assert RUN in alice.status_comment(step)
    assert alice.field(step, "Quanta done") == 2
    assert len(alice.groups(step)) == 2
    alice.launch(epic)
    bot.settle()
    assert panda.requests() == []
    assert len(bot.attempts(step)) == 2
