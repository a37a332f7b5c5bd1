"""cmbot diff on a terminal and for a script."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Terminal

BPS = "pipelineYaml: DRP.yaml\nrequestMemory: {}\npayload: {{dataQuery: visit = 1}}\n"


@pytest.mark.covers("B25")
def test_files_are_compared_without_a_mirror(terminal: Terminal) -> None:
    files = [terminal.place / f"{memory}.yaml" for memory in (1024, 2048, 4096)]
    for file in files:
        file.write_text(BPS.format(file.stem))
    shown = terminal.run("diff", *map(str, files)).stdout
    (row,) = [line.split() for line in shown.splitlines() if line.startswith(" requestMemory")]
    assert row == ["requestMemory", "1024", "2048", "4096"]
    found = json.loads(terminal.run("diff", str(files[0]), str(files[1]), "--json").stdout)
    assert found["sections"] == {"file": {"requestMemory": ["1024", "2048"]}}
    assert terminal.run("diff", str(files[0]), str(files[0])).stdout == "nothing differs\n"


def test_a_key_needs_a_pass(terminal: Terminal) -> None:
    assert "there is no mirror yet" in terminal.refused("diff", "CM-1")[0]
