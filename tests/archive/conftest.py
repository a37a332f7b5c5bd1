"""An archive on disk, and a try to keep in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.archive.manifest import AsRun
from cmbot.archive.store import Archive

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


@pytest.fixture
def as_run() -> AsRun:
    return AsRun(
        campaign="CM-1",
        step="CM-2",
        step_name="step1",
        group="g001",
        attempt=1,
        cause="moved CM-1 to Launch",
        by="Anna",
        definition="d" * 64,
    )
