"""A real small world for tests: sandbox Jira and PanDA as processes, a Butler, the bot in steps.

Towards the bot, and the bot alone, Jira misbehaves as a busy one does (strange mode): answers get lost,
requests are refused or limited, searches lag and miss issues. So tests drive passes until the world is right,
not a number of them. A test that needs calm says why: ``@pytest.mark.calm("counts requests")``.
"""

from __future__ import annotations

import shutil
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import requests
import yaml

from cmbot.definition import file as campaign_file
from cmbot.demo import world as demo
from cmbot.demo.clicker import Clicker
from cmbot.demo.seed import BOT, PERSON, PROJECT
from cmbot.exceptions import RemoteError
from cmbot.jira.pace import Pace
from cmbot.mirror import journal
from cmbot.operations import shift
from cmbot.operations.commands import obey
from cmbot.operations.create import create
from cmbot.reconcile.opening import load_settings, open_edges
from cmbot.reconcile.passes import Passes
from cmbot.sandbox.butler import make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cmbot.models.attempts import Attempt
    from cmbot.reconcile.edges import Edges
    from cmbot.reconcile.passes import Report

Found = TypeVar("Found")
PATIENCE = 600.0
"""Seconds after which something that has not happened is a failure; on a quiet machine it takes a few."""
PASSES = 300
"""Passes after which a bot that is left alone must have come to rest."""
QUIET = 3
"""Passes without news, one after the other, that make rest: what a search misses once, the next one finds."""
LAG = timedelta(seconds=5)
"""Longer than strange mode lets the index lag; a person who asks again takes so long."""

HEAD = """
name: {name}
reason: a test
butler: {repo}
inputs: [DemoCam/defaults]
output: DemoCam/runs/{name}
environment: sandbox
site: laptop
pause: {pause}
steps:
"""

SMALL = (
    HEAD.rstrip()
    + """
  - name: step1
    pipeline: $DEMO_PIPELINES/DRP.yaml#isr
    query: instrument = 'DemoCam' AND skymap = 'demo' AND visit < 3 AND detector = 0
    options: {{requestMemory: 1024, numberOfRetries: 1, finalJob: {{requestMemory: 2048, requestCpus: 1}}}}
"""
)
"""One step, one group, two quanta: the least that is real."""

TWO_STEPS = (
    HEAD.rstrip()
    + """
  - name: step1
    pipeline: $DEMO_PIPELINES/DRP.yaml#isr
    query: instrument = 'DemoCam' AND skymap = 'demo' AND visit < 3 AND detector = 0
    split: {{dimension: visit, size: 1}}
    options: {{requestMemory: 1024, finalJob: {{requestMemory: 2048, requestCpus: 1}}}}
  - name: step2
    pipeline: $DEMO_PIPELINES/DRP.yaml#calibrate
    query: instrument = 'DemoCam' AND skymap = 'demo' AND visit < 3 AND detector = 0
    after: [step1]
    options: {{requestMemory: 1024, finalJob: {{requestMemory: 2048, requestCpus: 1}}}}
"""
)
"""Two steps: two groups of one quantum each, then one group of two quanta."""


def steer(world: demo.World, path: str, **order: Any) -> None:
    """Change how the sandbox Jira behaves: see cmbot.sandbox.jira.sandboxpaths."""
    url = f"{world.jira['url']}/sandbox/{path}"
    requests.put(url, json=order, auth=world.login(PERSON), timeout=30).raise_for_status()


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
        self.edges = self._insist(lambda: open_edges(load_settings(self.world.settings)))
        # Where the gateway waits for Jira's limits, time goes by as everywhere here.
        self.edges.jira._wire._pace = Pace(
            self.edges.settings.jira.patience,
            lambda: monotonic() + self.ahead.total_seconds(),
            lambda seconds: self.go_by(timedelta(seconds=seconds)),
        )
        self.passes = Passes(self.edges, obey, shift.keep)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def turn(self) -> Report:
        """Do one pass, as long after the one before as passes are apart in life."""
        self.go_by(self.edges.settings.work.poll)
        return self.passes.run(self.now())

    def attempts(self, step: str) -> list[Attempt]:
        """What was tried of a step, as the mirror knows it."""
        (row,) = self.edges.mirror.connection.execute("SELECT id FROM issues WHERE key = ?", (step,))
        found = journal.attempts(self.edges.mirror, row["id"])
        return [attempt for group in found.values() for attempt in group]

    def go_by(self, time: timedelta) -> None:
        """Let time go by, for the bot and for Jira."""
        self.ahead += time
        steer(self.world, "clock", advance=time.total_seconds())

    def _insist(self, ask: Callable[[], Found]) -> Found:
        """Ask again, as a person does or the service, until Jira has done it."""
        for _ in range(PASSES):
            try:
                return ask()
            except RemoteError:
                self.go_by(LAG)
        return ask()

    def until(self, true: Callable[[], Any], patience: float = PATIENCE) -> None:
        """Do passes until something is true."""
        end = monotonic() + patience
        while not true():
            assert monotonic() < end, "it did not become true in time"
            self.turn()
            sleep(0.3)

    def settle(self) -> Report:
        """Do passes until they have no news, tell nothing, and nothing waits to be told."""
        quiet = 0
        for _ in range(PASSES):
            report = self.turn()
            # What has ended is told when the Butler has said what there is.
            self.wait("contents")
            quiet = 0 if report.changed or report.told or report.errors or self._waiting() else quiet + 1
            if quiet == QUIET:
                return report
        raise AssertionError(f"it did not come to rest: {report}; waiting: {self._waiting()}")

    def _waiting(self) -> list[str]:
        """What waits to be told or read; what Jira refuses, and what is frozen, waits for a person."""
        held = "SELECT id FROM unread WHERE silent"
        rows = self.edges.mirror.db["outbox"].rows_where(f"state = 'pending' AND issue_id NOT IN ({held})")
        told = [f"{row['issue_key']} {row['kind']}: {row['error']}" for row in rows]
        return told + [row["key"] for row in self.edges.mirror.db["unread"].rows_where("not_before <> ''")]

    def create(
        self, text: str = SMALL, name: str = "test", pause: str = "after each step", **values: str
    ) -> tuple[str, ...]:
        """Create a campaign; give another name to have another one."""
        text = text.format(repo=self.world.repo, name=name, pause=pause, **values)
        definition = campaign_file.read(text, "test.yaml")
        return self._insist(lambda: create(self.edges.settings, self.edges.jira, definition, lambda _: None))

    def create_two_steps(self, name: str = "test", pause: str = "after each step") -> tuple[str, ...]:
        return self.create(TWO_STEPS, name, pause)

    def wait(self, kind: str = "") -> None:
        """Wait for the children that it started: bps, butler, pipetask; or for some of them."""
        for directory, child in list(self.edges.runner._own.items()):
            if kind in {"", directory.parent.name}:
                child.wait(PATIENCE)

    def stop(self) -> None:
        self.wait()
        self.edges.mirror.release_lease()
        self.edges.mirror.close()


class Human(Clicker):
    """Somebody at Jira, with every verb that the tests need."""

    def __init__(self, world: demo.World, name: str = PERSON) -> None:
        super().__init__(world)
        self._session.auth = world.login(name)
        self._ids = {str(item["name"]): str(item["id"]) for item in self.get("field")}

    def get(self, path: str, **parameters: str | int) -> Any:
        return self._ask("GET", path, params=parameters)

    def move(self, key: str, status: str) -> None:
        offered = self.get(f"issue/{key}/transitions")["transitions"]
        transition = next(item["id"] for item in offered if item["to"]["name"] == status)
        self._ask("POST", f"issue/{key}/transitions", json={"transition": {"id": transition}})

    def edit(self, key: str, fields: dict[str, Any]) -> None:
        """Set fields by their names; None empties one."""
        body = {self._ids.get(name, name): value for name, value in fields.items()}
        self._ask("PUT", f"issue/{key}", json={"fields": body})

    def make(self, fields: dict[str, Any]) -> str:
        body = {self._ids.get(name, name): value for name, value in fields.items()}
        return str(self._ask("POST", "issue", json={"fields": {"project": {"key": PROJECT}, **body}})["key"])

    def attach(self, key: str, name: str, content: bytes) -> None:
        headers = {"X-Atlassian-Token": "no-check"}
        self._ask("POST", f"issue/{key}/attachments", files={"file": (name, content)}, headers=headers)

    def delete(self, key: str) -> None:
        self._ask("DELETE", f"issue/{key}")

    def archive(self, key: str) -> None:
        self._ask("PUT", f"issue/{key}/archive")

    def restore(self, key: str) -> None:
        self._ask("PUT", f"issue/{key}/restore")

    def say(self, key: str, text: str) -> None:
        self._ask("POST", f"issue/{key}/comment", json={"body": text})

    def field(self, key: str, name: str) -> Any:
        return self.get(f"issue/{key}")["fields"][self._ids.get(name, name)]

    def groups(self, step: str) -> list[str]:
        """Keys of the sub-tasks of a step, in their order."""
        return sorted((item["key"] for item in self.get(f"issue/{step}")["fields"]["subtasks"]), key=_number)

    def told(self, key: str, kind: str = "") -> list[str]:
        """Comments of cmbot's that begin with a word; without one, all but the status comment."""
        return [text for text in self.comments(key) if text.startswith(f"*{kind}")]

    def status_comment(self, key: str) -> str:
        (text,) = [text for text in self.comments(key) if text.startswith("h4.")]
        return text

    def moves(self, key: str) -> list[tuple[str, str]]:
        """Who moved it where, oldest first."""
        histories = self.get(f"issue/{key}", expand="changelog")["changelog"]["histories"]
        return [
            (str(entry["author"]["name"]), str(item["toString"]))
            for entry in histories
            for item in entry["items"]
            if item["field"] == "status"
        ]

    def disturb(self, kind: str, *, method: str | None = None, path: str = "", count: int = 1) -> None:
        """Let Jira misbehave: see cmbot.sandbox.jira.disturbances."""
        order = {"kind": kind, "match": {"method": method, "path": path}, "count": count}
        self._sandbox("POST", "disturb", json=order)

    def calm(self) -> None:
        """Take single faults back; a test's strange mode goes on."""
        self._sandbox("DELETE", "disturb")

    def strange(self, **order: Any) -> None:
        """Let Jira misbehave towards the bot like this, and no more: see cmbot.sandbox.jira.strange."""
        self._sandbox("PUT", "strange", json={"users": [BOT], **order})

    def asked(self, user: str = BOT) -> list[tuple[str, str]]:
        """Methods and paths of what somebody asked Jira since the last `forget`."""
        listed = self._sandbox("GET", "requests").json()["requests"]
        return [(item["method"], item["path"]) for item in listed if item["user"] == user]

    def forget(self) -> None:
        self._sandbox("DELETE", "requests")

    def _sandbox(self, method: str, path: str, **content: Any) -> requests.Response:
        url = f"{self._api.removesuffix('/rest/api/2')}/sandbox/{path}"
        answer = self._session.request(method, url, timeout=30, **content)
        answer.raise_for_status()
        return answer

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        answer = self._session.request(method, f"{self._api}/{path}", timeout=30, **content)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None


def _number(key: str) -> int:
    return int(key.rpartition("-")[2])


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
def flavour() -> str:
    """As which deployment Jira answers; a test may be parametrized on it."""
    return "data-center"


@pytest.fixture
def world(
    tmp_path: Path, raw_repository: Path, flavour: str, request: pytest.FixtureRequest
) -> Iterator[demo.World]:
    shutil.copytree(raw_repository, tmp_path / "world" / "repo")
    with demo.world(tmp_path / "world", lambda _: None, flavour=flavour) as running:
        if request.node.get_closest_marker("calm") is None:
            seed = zlib.crc32(request.node.name.encode())
            steer(running, "strange", profile=flavour, seed=seed, users=[BOT])
        yield running


@pytest.fixture
def change_settings(world: demo.World) -> Callable[..., None]:
    """Change the bot's settings file before the bot is started: change_settings("work", grace="PT0S")."""

    def change(part: str, **values: Any) -> None:
        settings = yaml.safe_load(world.settings.read_text())
        settings[part] = settings.get(part, {}) | values
        world.settings.write_text(yaml.safe_dump(settings))

    return change


@pytest.fixture
def bot(world: demo.World) -> Iterator[Bot]:
    bot = Bot(world)
    yield bot
    bot.stop()


@pytest.fixture
def alice(world: demo.World) -> Human:
    return Human(world)


@pytest.fixture
def bob(world: demo.World) -> Human:
    return Human(world, "bob")


@pytest.fixture
def panda(world: demo.World) -> Panda:
    return Panda(world)
