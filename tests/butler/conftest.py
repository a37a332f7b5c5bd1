"""A repository with one processed visit pair, and the Butler scripts run as cmbot runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cmbot.sandbox.butler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Script = Callable[[Path, str], str]

PIPELINE = str(cmbot.sandbox.butler.pipeline_path())


@dataclass(frozen=True)
class World:
    """Where the repository is and what was processed in it."""

    repo: str
    graph: str
    processed: str = "demo/processed"
    visits: tuple[int, ...] = (1, 2)


def run(*command: object, cwd: Path) -> None:
    """Run a command to its end; it must succeed."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, "USER": "demo"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Twelve visits of two detectors; step1 was run on two of them."""
    pytest.importorskip("lsst.daf.butler", reason="the sandbox extra is not installed")
    directory = tmp_path_factory.mktemp("world")
    made = World(str(directory / "repo"), str(directory / "step1.qg"))
    cmbot.sandbox.butler.make(Path(made.repo), visits=12, detectors=2)
    run(
        *(Path(sys.executable).with_name("pipetask"), "run", "-b", made.repo, "-i", "DemoCam/defaults"),
        *("--output-run", made.processed, "-p", f"{PIPELINE}#step1", "--register-dataset-types"),
        *("--save-qgraph", made.graph),
        *("-d", "instrument='DemoCam' AND visit IN (1..2)"),
        cwd=directory,
    )
    return made


@pytest.fixture
def pipetask(tmp_path: Path) -> Callable[[Sequence[str]], None]:
    """Run a pipetask command of this environment."""

    def execute(command: Sequence[str]) -> None:
        run(Path(sys.executable).with_name(command[0]), *command[1:], cwd=tmp_path)

    return execute


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Run a script's main function on a request; gives its response. Far faster than a child each time."""
    pytest.importorskip("lsst.daf.butler", reason="the sandbox extra is not installed")

    def answer(path: Path, request: str) -> str:
        main = import_module(f"cmbot.butler.scripts.{path.stem}").main
        asked, answered = tmp_path / "request.json", tmp_path / "response.json"
        answered.unlink(missing_ok=True)
        asked.write_text(request)
        main(asked, answered)
        return answered.read_text()

    return answer


@pytest.fixture
def child(tmp_path: Path) -> Script:
    """Run a script as cmbot does: a child that knows nothing of cmbot."""
    pytest.importorskip("lsst.daf.butler", reason="the sandbox extra is not installed")

    def answer(path: Path, request: str) -> str:
        asked, answered = tmp_path / "request.json", tmp_path / "response.json"
        asked.write_text(request)
        run(sys.executable, path, asked, answered, cwd=tmp_path)
        return answered.read_text()

    return answer
