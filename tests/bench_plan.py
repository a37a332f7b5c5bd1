"""Figures of planning: everything but the Butler's own time, and the walk through a large campaign."""

from __future__ import annotations

import json
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from cmbot.children import Run
from cmbot.definition import check, connections
from cmbot.definition.connections import Connections, Ends
from cmbot.mirror import Mirror, plans
from cmbot.models.campaign import CampaignDefinition, SplitRule, StepDefinition
from cmbot.models.systems import System
from cmbot.operations.check import as_if_made
from cmbot.operations.plan import of_step
from cmbot.reconcile import opening
from cmbot.settings import parse
from cmbot.splitting.chosen import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS, GROUPS, SIZE = 20, 90, 1000
OPTIONS = {
    "fileDistributionEndPoint": "/box/{uniqProcName}/",
    "runnerCommand": "python3 -m lsst.ctrl.bps.panda.edgenode.cmd_line_decoder _cmd_line_",
}


class Ready:
    """A Butler that has answered before it was asked."""

    def __init__(self) -> None:
        visits = [2026111900000 + number * 3 // 2 for number in range(GROUPS * SIZE)]
        self.text = json.dumps(
            {
                "selected": {"visit": visits},
                "existing": {"visit": visits},
                "counts": [[visit, 189] for visit in visits],
                "tasks": 5,
                "labels": ["isr", "calibrate"],
                "dataset_type": "raw",
                "instrument": "LSSTCam",
                "skymap": None,
                "steps": {},
                "present": [],
            }
        )

    def start(self, directory: Path, *_: Any) -> None:
        (directory / "response.json").write_text(self.text)

    def look(self, _: Path) -> Run:
        return Run(alive=False, code=0, started=True)


def campaign(steps: int) -> CampaignDefinition:
    """Steps that each wait for the one before and for the one that is half as far."""
    made = []
    for number in range(steps):
        after = {number - 1, number // 2} if number else set[int]()
        made.append(
            StepDefinition(
                f"step{number:03}",
                f"DRP.yaml#part{number:03}",
                "instrument = 'LSSTCam' AND visit > 0",
                tuple(f"step{one:03}" for one in sorted(after)),
                SplitRule("visit", SIZE),
            )
        )
    return CampaignDefinition(
        name="bench", reason="figures", butler="/repo", inputs=("raw",), output="u/bench",
        environment="w", site="SLAC", steps=tuple(made),
    )  # fmt: skip


def planned() -> tuple[float, float]:
    """Seconds in which all steps are planned, and those in which the answers are read as JSON alone."""
    with tempfile.TemporaryDirectory() as place:
        settings = parse(
            {
                "jira": {"url": "https://jira.example.org", "token": {"variable": "TOKEN"}},
                "panda": {"relay": "https://panda.example.org/server/panda"},
                "work": {"state": place, "submit": place},
                "environments": {"w": {}},
                "sites": {"SLAC": {"wms_options": OPTIONS}},
            },
            "settings",
        )
        ready = Ready()
        workshop = replace(opening.open_workshop(settings), runner=cast("Any", ready))
        with closing(workshop.mirror), closing(Mirror(Path(place) / "cmbot.sqlite")) as mirror:
            begun = perf_counter()
            view = as_if_made(workshop, campaign(STEPS))
            for step in view.steps:
                found = of_step(workshop, view, step, lambda: NOTHING)
                if found.problems or len(found.groups) != GROUPS:
                    raise RuntimeError(f"{step.name}: {found.problems}")
                plans.freeze_groups(mirror, step.issue.id, found.groups)
            taken = perf_counter() - begun
        begun = perf_counter()
        for _ in range(STEPS):
            json.loads(ready.text)
        return perf_counter() - begun, taken


def walked(sizes: Sequence[int]) -> list[float]:
    """Seconds in which campaigns of so many steps are checked and seen to be connected."""
    figures = []
    for size in sizes:
        definition = campaign(size)
        ends = {
            step.name: Ends(
                tuple(f"of {name}" for name in step.after) or ("raw",), (f"of {step.name}",), None
            )
            for step in definition.steps
        }
        found, least = Connections(ends, frozenset({"raw"})), float("inf")
        for _ in range(5):
            begun = perf_counter()
            problems = (
                *check.check(definition, environments=("w",), sites={"SLAC": System.PANDA}),
                *connections.problems(definition, found),
            )
            least = min(least, perf_counter() - begun)
            if problems:
                raise RuntimeError(str(problems))
        figures.append(least)
    return figures
