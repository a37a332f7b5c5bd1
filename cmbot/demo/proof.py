"""Is it true? Asked of the Butler, of Jira and of PanDA's own store, not of the bot."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from cmbot.butler.questions import QUERY_SCRIPT, CountRequest, parse_counts
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.demo.clicker import Clicker
    from cmbot.demo.world import World

OUTPUT = "DemoCam/runs/mini/demo"
"""Output root of config/campaigns/mini-drp.yaml."""

#: 40 visits of 4 detectors over 2 tracts: what must be there when all is done.
EXPECTED = {
    "postISRCCD": 160,
    "calexp": 160,
    "sourceTable": 160,
    "sourceTable_visit": 40,
    "visitSummary": 40,
    "objectTable_tract": 2,
}
WORKFLOWS = 5


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    what: str
    """In a sentence."""
    good: bool
    """Whether it is as it should be."""


def findings(world: World, clicker: Clicker) -> Iterator[Finding]:
    """Check the outcome of the demonstration.

    Parameters
    ----------
    world : `~cmbot.demo.world.World`
        The running parts.
    clicker : `~cmbot.demo.clicker.Clicker`
        A person's view of Jira.

    Yields
    ------
    finding : `Finding`
        One after the other.
    """
    yield from _data_reports(world)
    yield from _datasets(world)
    statuses = clicker.statuses()
    done = sum(status == Status.COMPLETED for status in statuses.values())
    yield Finding(f"Jira: {done} of {len(statuses)} issues are Completed", done == len(statuses))
    yield _requests(world)


def _data_reports(world: World) -> Iterator[Finding]:
    for directory in sorted(path for path in world.submit.iterdir() if path.name != "ids"):
        graph = next(directory.glob("*.qg"), None)
        if graph is None:
            yield Finding(f"{directory.name} has a quantum graph", good=False)
            continue
        file = directory / "proof.json"
        pipetask = Path(sys.executable).parent / "pipetask"
        argv = [pipetask, "report", world.repo, graph, "--force-v2", "--full-output-filename", file]
        subprocess.run([str(part) for part in argv], check=True, capture_output=True)
        tasks = json.loads(file.read_text())["tasks"].values()
        expected, made = (sum(task[key] for task in tasks) for key in ("n_expected", "n_successful"))
        name = re.sub(r"_[0-9a-f]{8}$", "", directory.name)
        yield Finding(f"pipetask report {name}: {made} of {expected} quanta", 0 < expected == made)


def _datasets(world: World) -> Iterator[Finding]:
    directory = world.state / "proof"
    directory.mkdir(exist_ok=True)
    question, answer = directory / "request.json", directory / "response.json"
    question.write_text(CountRequest(str(world.repo), (OUTPUT,), tuple(EXPECTED)).to_json())
    subprocess.run([sys.executable, QUERY_SCRIPT, question, answer], check=True, capture_output=True)
    counts = parse_counts(answer.read_text(), OUTPUT)
    for name, expected in EXPECTED.items():
        yield Finding(f"Butler: {counts[name]} of {expected} {name} in {OUTPUT}", counts[name] == expected)


def _requests(world: World) -> Finding:
    headers = {"Authorization": f"Bearer {world.panda['token']}"}
    listed = requests.get(f"{world.panda['url']}/sandbox/requests", headers=headers, timeout=30).json()
    names = [re.sub(r"_[0-9a-f]{8}$", "", str(item["name"])) for item in listed]
    once = len(names) == len(set(names)) == WORKFLOWS
    return Finding(f"PanDA: {len(names)} requests for {len(set(names))} workflows", once)
