"""One repository for all tests that only read, and the real pipetask."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cmbot.sandbox.butler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest.importorskip("lsst.daf.butler", reason="the sandbox extra is not installed")


@pytest.fixture(scope="session")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the usual size."""
    directory = tmp_path_factory.mktemp("butler") / "repo"
    cmbot.sandbox.butler.make(directory)
    return directory


@pytest.fixture
def butler(repo: Path) -> Iterator[Any]:
    """Reader of the shared repository."""
    from lsst.daf.butler import Butler  # noqa: PLC0415 - only after importorskip

    with Butler.from_config(repo) as reader:
        yield reader


@pytest.fixture
def pipetask(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the real pipetask of this environment; its output is in the result."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("pipetask")), *map(str, arguments)]
        environment = {**os.environ, "USER": "demo"}
        return subprocess.run(
            command,
            env=environment,
            cwd=tmp_path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=300,
        )

    return run
