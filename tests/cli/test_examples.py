"""The campaigns that ship can be created as their first lines say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cmbot.resources import resource

EXAMPLES = sorted(resource("config/campaigns").glob("*.yaml"), key=lambda file: file.name)


@pytest.mark.covers("B29", "B33", "A2")
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_is_sound(terminal: Any, file: Any) -> None:
    terminal.settings.unlink()
    [said] = re.findall(
        r"^# cmbot create config/campaigns/(\S+)((?: --set \S+)*)$", file.read_text(), re.MULTILINE
    )
    assert said[0] == file.name
    result = terminal.run("check", str(file), "--offline", *said[1].split())
    assert result.output.splitlines()[-1] == f"{file}: sound"
    assert result.exit_code == 0


def test_there_is_an_example_for_each_kind_of_campaign() -> None:
    assert {file.stem for file in EXAMPLES} >= {
        *("dp02", "hsc-rc2-weekly", "nightly-validation", "calibration", "fgcm", "coadds"),
        *("difference-imaging", "dr1"),
    }
