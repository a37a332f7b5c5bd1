"""Requests of an attempt are found under every key and name that its step ever had."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.models.attempts import Try, TryState
from cmbot.reconcile import submissions

if TYPE_CHECKING:
    from tests.reconcile.conftest import MemoryJira, Watcher


@dataclass
class MemoryWms:
    """Knows requests by name."""

    requests: dict[str, int]
    asked: list[str] = field(default_factory=list)

    def find(self, prefix: str) -> dict[str, int]:
        self.asked.append(prefix)
        return {name: number for name, number in self.requests.items() if name.startswith(prefix)}


@pytest.mark.covers("W1")
def test_a_renamed_step_finds_what_was_submitted_under_its_former_key(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    wms = MemoryWms({"CM-2_step1_g001_a1_0a1b2c3d": 17, "CM-2_step1_g001_a11_0a1b2c3d": 18})
    jira.rename(campaign["step"], "CMP-2")
    watcher.resync()
    (step,) = [step for step in watcher.campaign().steps if step.issue.key == "CMP-2"]
    found = submissions.look_up(watcher.edges, cast("Any", wms), step, "g001", 1)
    assert found.requests == {"CM-2_step1_g001_a1_0a1b2c3d": 17}
    assert sorted(wms.asked) == ["CM-2_step1_g001_a1_", "CMP-2_step1_g001_a1_"]


def test_a_step_with_another_name_finds_what_its_tries_were_called(
    jira: MemoryJira, watcher: Watcher, campaign: dict[str, str]
) -> None:
    wms = MemoryWms({"CM-2_old_g001_a1_0a1b2c3d": 17})
    name = "CM-2_old_g001_a1_0a1b2c3d"
    tried = Try(1, 1, "0a1b2c3d", name, TryState.RESERVED, "tries/x", "here", watcher.now)
    (step, *_) = watcher.campaign().steps
    found = submissions.look_up(watcher.edges, cast("Any", wms), step, "g001", 1, [tried])
    assert found.requests == {name: 17}
