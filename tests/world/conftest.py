"""A real small world for tests: sandbox Jira and PanDA as processes, a Butler, the bot in steps."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from cmbot.definition import file as campaign_file
from cmbot.demo import world as demo
from cmbot.demo.clicker import Clicker
from cmbot.operations.create import create
from cmbot.reconcile.opening import load_settings, open_edges
from cmbot.reconcile.passes import Passes
from cmbot.sandbox.butler import make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cmbot.reconcile.edges import Edges
    from cmbot.reconcile.passes import Report

PATIENCE = 120.0
"""Seconds after which something that has not happened is a failure; when all is well it takes a few."""

SMALL = """
name: small
reason: a test
butler: {repo}
inputs: [DemoCam/defaults]
output: DemoCam/runs/test
environment: sandbox
site: laptop
pause: after each step
steps:
  - name: step1
    pipeline: $DEMO_PIPELINES/DRP.yaml#isr
    query: instrument = 'DemoCam' AND skymap = 'demo' AND visit < 3 AND detector = 0
    options: {{requestMemory: 1024, numberOfRetries: 1, finalJob: {{requestMemory: 2048, requestCpus: 1}}}}
"""
"""One step, one group, two quanta: the least that is real."""


@dataclass
class Bot:
    """cmbot, one pass at a time, in this process."""

    world: demo.World
    edges: Edges = field(init=False)
    passes: Passes = field(init=False)
    ahead: timedelta = timedelta(0)
    """Added to the clock: how a test lets time go by."""

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.edges = open_edges(load_settings(self.world.settings))
        self.passes = Passes(self.edges)

    def turn(self) -> Report:
        return self.passes.run(datetime.now(UTC) + self.ahead)

    def until(self, true: Callable[[], Any], patience: float = PATIENCE) -> None:
        """Do passes until something is true."""
        end = monotonic() + patience
        while not true():
            assert monotonic() < end, "it did not become true in time"
            self.turn()
            sleep(0.1)

    def settle(self) -> Report:
        """Do passes until one has no news and tells nothing."""
        while True:
            report = self.turn()
            if not report.changed and not report.told:
                return report

    def create(self, text: str = SMALL, **values: str) -> tuple[str, ...]:
        definition = campaign_file.read(text.format(repo=self.world.repo, **values), "test.yaml")
        return create(self.edges.settings, self.edges.jira, definition, lambda _: None)

    def stop(self) -> None:
        self.edges.mirror.release_lease()
        self.edges.mirror.close()


@dataclass
class Panda:
    """The sandbox PanDA, asked from outside."""

    world: demo.World

    def requests(self) -> list[dict[str, Any]]:
        return list(self._call("GET", "requests"))

    def control(self, verb: str, **order: Any) -> Any:
        """Hold, release, outage, executor: see cmbot.sandbox.panda.controls."""
        return self._call("POST", verb, json=order)

    def _call(self, method: str, verb: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.world.panda['token']}"}
        address = f"{self.world.panda['url']}/sandbox/{verb}"
        answer = requests.request(method, address, headers=headers, timeout=30, **more)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="session")
def raw_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = tmp_path_factory.mktemp("butler") / "repo"
    make(repo, visits=6, detectors=2, tracts=1)
    return repo


@pytest.fixture
def world(tmp_path: Path, raw_repository: Path) -> Iterator[demo.World]:
    shutil.copytree(raw_repository, tmp_path / "world" / "repo")
    with demo.world(tmp_path / "world", lambda _: None) as running:
        yield running


@pytest.fixture
def change_settings(world: demo.World) -> Callable[..., None]:
    """Change the bot's settings file before the bot is started: change_settings("work", grace="PT0S")."""

    def change(part: str, **values: Any) -> None:
        settings = yaml.safe_load(world.settings.read_text())
        settings[part] |= values
        world.settings.write_text(yaml.safe_dump(settings))

    return change


@pytest.fixture
def bot(world: demo.World) -> Iterator[Bot]:
    bot = Bot(world)
    yield bot
    bot.stop()


@pytest.fixture
def alice(world: demo.World) -> Clicker:
    return Clicker(world)


@pytest.fixture
def panda(world: demo.World) -> Panda:
    return Panda(world)
