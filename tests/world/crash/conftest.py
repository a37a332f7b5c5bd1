"""A launched campaign, ways to die, and what the world must look like afterwards."""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from cmbot.mirror import journal
from cmbot.models.attempts import AttemptState, TryState
from cmbot.sandbox.panda.store import database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Bot, Human, Panda

    from cmbot.demo.world import World
    from cmbot.models.attempts import Attempt

PATIENCE = 600.0
"""Seconds after which something that has not happened is a failure; on a quiet machine it takes a few."""
DRIVER = Path(__file__).parent / "driver.py"
MARK = re.compile(r"\{color:#7a869a\}cmbot \S+ \| (?P<marker>.+)\{color\}\s*$")


@dataclass
class Story:
    """One launched campaign of one step and one group, whose jobs PanDA does not start by itself."""

    world: World
    bot: Bot
    alice: Human
    panda: Panda
    epic: str = field(init=False)
    step: str = field(init=False)

    def __post_init__(self) -> None:
        self.panda.control("executor", paused=True)
        self.epic, self.step = self.bot.create()
        self.bot.stop()
        self.alice.launch(self.epic)

    # ---------------------------------------------------------------- what happens

    def die(self, when: str, target: str, text: str = "") -> None:
        """Run cmbot until it kills itself before or after a call."""
        with self.run("KILL", when, target, text) as child:
            try:
                code: int | None = child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                code = None
        assert code == -signal.SIGKILL, f"{when} {target} {text} did not come:\n{self.log.read_text()}"

    @contextmanager
    def asleep(self, when: str, target: str, text: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """Run cmbot until it stops before or after a call; what it does when it is continued is fenced."""
        with self.run("STOP", when, target, text) as child:
            process = psutil.Process(child.pid)
            self.until(lambda: process.status() == psutil.STATUS_STOPPED)
            yield child

    @contextmanager
    def run(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run the driver, and end it with the block."""
        argv = [sys.executable, str(DRIVER), str(self.world.settings), *arguments]
        with self.log.open("ab") as log:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield child
        finally:
            child.kill()
            child.wait()

    def lose(self, *names: str) -> None:
        """Delete from the bot's directory what begins with these names."""
        for name in names:
            for path in (self.world.state / "bot").glob(f"{name}*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def kill_bps(self) -> None:
        """Kill everything that runs in the directory of a try."""
        tries = str(self.world.state / "bot" / "tries")
        killed = []
        for process in psutil.process_iter():
            try:
                if process.cwd().startswith(tries):
                    process.kill()
                    killed.append(process)
            except psutil.Error:
                continue
        assert killed
        psutil.wait_procs(killed, timeout=PATIENCE)

    def insert_request(self, name: str) -> None:
        """Make somebody else's request, that PanDA would accept as it accepts any name."""
        with closing(sqlite3.connect(database(self.world.state / "panda"), timeout=30)) as db, db:
            db.execute(
                "INSERT INTO requests (name, username, status, substatus, site, cloud, queue, created,"
                " updated, body) VALUES (?, 'Somebody', 'New', 'New', '', '', '', '', '', '')",
                (name,),
            )

    def go_on(self) -> Attempt:
        """Start cmbot again and let it work until the attempt has its request and Jira knows it."""
        self.bot.start()
        attempt = self.turn_until(lambda item: item.state is AttemptState.SUBMITTED)
        self.calm_down()
        return attempt

    def turn_until(self, true: Callable[[Attempt], bool]) -> Attempt:
        """Do passes until something is true of the attempt.

        Where cmbot waits for the grace to pass, it passes.
        """
        end = monotonic() + PATIENCE
        while (attempt := self.attempt()) is None or not true(attempt):
            assert monotonic() < end, f"the attempt is {attempt}"
            self.bot.turn()
            if attempt is not None and attempt.state is AttemptState.UNKNOWN:
                self.bot.ahead += self.bot.edges.settings.work.grace
            sleep(0.1)
        return attempt

    def until_unknown(self) -> None:
        """Do passes until cmbot says of the attempt, in Jira too, that it does not know; no grace passes."""
        self.bot.until(lambda: (item := self.attempt()) and item.state is AttemptState.UNKNOWN)
        self.bot.until(lambda: "unknown" in self.alice.status_comment(self.step))

    def calm_down(self) -> None:
        """Let everything be told that waits for its interval."""
        for _ in range(2):
            self.bot.ahead += timedelta(minutes=2)
            self.bot.settle()

    def until(self, true: Callable[[], Any]) -> Any:
        """Wait until something is true, without doing passes."""
        end = monotonic() + PATIENCE
        while not (value := true()):
            assert monotonic() < end, "it did not become true in time"
            sleep(0.05)
        return value

    # ---------------------------------------------------------------- what is so

    @property
    def log(self) -> Path:
        """What cmbot logged in a process of its own."""
        return self.world.state / "driver.log"

    def held(self) -> bool:
        """Whether PanDA holds a request."""
        return bool(self.panda._call("GET", "controls")["held"])

    def attempt(self) -> Attempt | None:
        """The newest attempt in the journal."""
        step_id = self.alice.get(f"issue/{self.step}", fields="summary")["id"]
        attempts = journal.attempts(self.bot.edges.mirror, step_id).get("g000")
        return attempts[-1] if attempts else None

    def properties(self) -> set[str]:
        """Names of what Jira keeps of the step."""
        return {item["key"] for item in self.alice.get(f"issue/{self.step}/properties")["keys"]}

    def kept(self) -> dict[str, Any]:
        """What Jira keeps of the only attempt."""
        (entry,) = self.alice.get(f"issue/{self.step}/properties/cmbot.attempts")["value"]["attempts"]
        return dict(entry)

    def said(self, key: str) -> dict[str, int]:
        """Beginnings of cmbot's comments on an issue, counted; no marker may appear twice."""
        texts = self.alice.comments(key)
        markers = [match["marker"] for text in texts if (match := MARK.search(text))]
        assert len(set(markers)) == len(texts), f"{key} was told twice: {markers}"
        return dict(Counter(re.split(r"[. :]", text)[0] for text in texts))

    def is_submitted_once(self, attempt: Attempt) -> None:
        """Compare PanDA's store, the journal, what Jira keeps and what people read."""
        ours = re.compile(rf"{self.step}_step1_g000_a1_[0-9a-f]{{8}}")
        (request,) = [item for item in self.panda.requests() if ours.fullmatch(item["name"])]
        (item,) = [item for item in attempt.tries if item.state is not TryState.NOT_SUBMITTED]
        assert (attempt.number, item.name, item.request_id) == (1, request["name"], request["id"])
        assert (self.kept()["name"], self.kept()["request"]) == (request["name"], request["id"])
        assert len(self.alice.groups(self.step)) == 1
        assert len(self.alice.statuses()) == 3
        assert self.said(self.epic) == {"h4": 1, "*Launched": 1}
        assert self.said(self.step) == {"h4": 1}
        assert str(request["id"]) in self.alice.status_comment(self.step)


@pytest.fixture
def story(world: World, bot: Bot, alice: Human, panda: Panda, change_settings: Callable[..., None]) -> Story:
    # The world's is so short that it passes while bps, which knows only real time, is still at work.
    change_settings("work", grace="PT10M")
    return Story(world, bot, alice, panda)
