"""A mirror in an empty directory, and attempts to put into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cmbot.mirror import Mirror, journal
from cmbot.models.attempts import Cause
from cmbot.models.issues import Person

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2026, 11, 20, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Doing:
    """Writes attempts and tries in a line each."""

    mirror: Mirror

    def at(self, minutes: float) -> datetime:
        return START + timedelta(minutes=minutes)

    def cause(self, history: int = 1) -> Cause:
        return Cause(f"move:1:{history}", Person("anna", "Anna"), self.at(history), "moved CM-1 to Launch")

    def attempt(self, number: int = 1, history: int = 1, group: str = "g001", step: str = "2") -> int:
        with self.mirror.writing() as connection:
            return journal.add_attempt(
                connection, step, group, number, self.cause(history), "hash", self.at(5)
            )

    def submission(self, attempt: int, nonce: str = "0a1b2c3d", number: int = 1, group: str = "g001") -> int:
        name = f"CM-2_step1_{group}_a{number}_{nonce}"
        with self.mirror.writing() as connection:
            return journal.add_try(connection, attempt, nonce, name, f"tries/{name}", self.at(6))


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    opened = Mirror(tmp_path / "state" / "cmbot.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def doing(mirror: Mirror) -> Doing:
    return Doing(mirror)
