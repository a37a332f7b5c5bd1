"""``cmbot report`` prints what ``bps report`` prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cmbot.cli.report import jobs
from cmbot.operations.report import Report, added, task_row
from cmbot.panda.rows import report
from cmbot.wms.port import TaskReport
from cmbot.wms.states import TaskState

if TYPE_CHECKING:
    from pathlib import Path


def table(*tasks: TaskReport) -> list[str]:
    return list(jobs(Report("step1", (1,), tuple(map(task_row, tasks)), {}, ())))


@pytest.mark.covers("F7", "F10", "H6", "F19")
@pytest.mark.parametrize(
    ("rows", "name", "request_id"), [("subfinished", "subfinished", 1), ("finished", "finished", 2)]
)
def test_the_table_is_that_of_bps(samples: Path, rows: str, name: str, request_id: int) -> None:
    answer = json.loads((samples / f"panda/idds/get_requests_detail_{rows}.json").read_text())
    recorded = (samples / f"panda/bps/report_{name}.txt").read_text().splitlines()
    header = next(number for number, line in enumerate(recorded) if "EXPECTED" in line)
    assert table(*report(request_id, answer[1][1]).tasks) == recorded[header:]


def test_a_total_is_known_only_if_every_task_is() -> None:
    one = TaskReport(1, "isr", TaskState.RUNNING, 10, done=3, running=2, pending=5)
    other = TaskReport(2, "calibrate", TaskState.WAITING, None)
    lines = table(one, other)
    assert lines[2].split() == ["TOTAL", *["0", "0", "0", "0", "5", "2", "0", "0", "3", "0", "0"], "UNK"]
    assert added("x", map(task_row, (one, one))).expected == 20
