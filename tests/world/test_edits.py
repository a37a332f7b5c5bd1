"""Edits after the launch: recorded, shown with their difference, used when they may be (requirement V16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cmbot.mirror import events
from cmbot.models.issues import Status
from cmbot.sandbox.butler import pipeline_path

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bot, Human, Panda

    from cmbot.demo.world import World

pytestmark = pytest.mark.long

OPTIONS = {"requestMemory": 1024, "numberOfRetries": 1, "finalJob": {"requestMemory": 2048, "requestCpus": 1}}
OTHER = "instrument = 'DemoCam' AND skymap = 'demo' AND visit = 2 AND detector = 0"


@pytest.fixture
def failing(world: World) -> Path:
    """A pipeline in which visit 1 fails in first attempts."""
    content = yaml.safe_load(pipeline_path().read_text())
    trouble = {"failWhen": "exposure=1", "onlyInRuns": "*/a1_*"}
    content["tasks"]["isr"] = {"class": content["tasks"]["isr"]["class"], "config": trouble}
    file = world.state / "trouble.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file


def as_run(world: World, panda: Panda, number: int) -> dict[str, Any]:
    name = panda.requests()[number - 1]["name"]
    found: dict[str, Any] = yaml.safe_load((world.state / "bot" / "tries" / name / "bps.yaml").read_text())
    return found


@pytest.mark.covers("V16", "B19", "W13", "E8")
def test_an_edit_counts_at_the_next_attempt_or_is_answered(
    bot: Bot, world: World, alice: Human, bob: Human, panda: Panda, failing: Path
) -> None:
    epic, step = bot.create()
    query = alice.field(step, "Data query")
    alice.edit(step, {"Pipeline YAML": f"{failing}#isr"})
    panda.control("executor", paused=True)
    alice.launch(epic)
    bot.until(panda.requests)
    bot.settle()

    bob.edit(epic, {"Output root": "DemoCam/runs/elsewhere", "Reason": "a better reason"})
    bob.edit(step, {"Data query": OTHER, "BPS options": "requestMemory: [broken {quote}"})
    bot.settle()
    bot.turn()
    for key, field in ((epic, "Output root"), (step, "Data query")):
        (text,) = alice.told(key, "Not done")
        assert f"Because Bob Example changed {field} of {key}" in text
        assert "set it back, or make a clone" in text
    text = alice.status_comment(step)
    assert "BPS options, used at the next attempt (Bob Example, " in text
    assert r"\+requestMemory: \[broken \{quote\}" in text
    assert "Data query, *not used*" in text
    said = {(event.who, event.what) for event in events.of(bot.edges.mirror, (epic, step))}
    assert ("Bob Example", f"changed Data query of {step} from {query!r} to {OTHER!r}") in said
    assert ("Bob Example", f"changed Reason of {epic} from 'a test' to 'a better reason'") in said

    # What runs is followed to its end as it was submitted, also while the edit cannot even be read.
    panda.control("executor", paused=False)
    bot.until(lambda: alice.status(epic) == Status.PAUSED)
    bot.settle()
    (group,) = alice.groups(step)
    assert alice.field(group, "Quanta failed") == 1

    # The next attempt rescues with the new options, in the old place, on the old data.
    bob.edit(step, {"BPS options": yaml.safe_dump(OPTIONS | {"requestMemory": 1536})})
    bot.settle()
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    first, second = (as_run(world, panda, number) for number in (1, 2))
    assert (first["requestMemory"], second["requestMemory"]) == (1024, 1536)
    assert first["payload"]["dataQuery"] == second["payload"]["dataQuery"]
    assert "DemoCam/runs/test/" in str(second["payload"])
    assert "2 of 2 quanta" in alice.told(epic, "Completed")[0]
    text = alice.status_comment(step)
    assert "BPS options" not in text
    assert "Data query, *not used*" in text

    # Set back, nothing differs any more; nothing was said twice.
    bob.edit(step, {"Data query": query})
    bot.settle()
    assert "Edited since" not in alice.status_comment(step)
    assert len(alice.told(step, "Not done")) == len(alice.told(epic, "Not done")) == 1
