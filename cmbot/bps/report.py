"""What ``bps report --id`` prints, read as a report; pure (ctrl_bps 30, ``bps_reports``; bps.md section 4).

It prints two tables, one of the run and one of its jobs by label and state, and then its warnings. A row of
dashes under the headings says where the columns are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmbot.exceptions import NotFound, RemoteError
from cmbot.wms.judgement import counted
from cmbot.wms.port import TaskReport, WmsReport
from cmbot.wms.states import JobState, TaskState, bps_job_state, bps_run_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_RULE = re.compile(r"^-+(?: -+)+ *$")
_NONE = re.compile(r"^No records found", re.MULTILINE)
_RUN_ID = re.compile(r"([0-9]+)(?:\.0)?")
_EXPECTED = "EXPECTED"


def parse_report(text: str, subject: str) -> WmsReport:
    """Read the report of one run.

    Parameters
    ----------
    text : `str`
        What bps printed on stdout.
    subject : `str`
        The run, for messages.

    Returns
    -------
    report : `~cmbot.wms.port.WmsReport`
        Of whatever run it is about: whoever asked compares the name.

    Raises
    ------
    NotFound
        If bps found no such run.
    RemoteError
        If it printed something else, or a state that is not known.
    """
    if _NONE.search(text):
        raise NotFound(subject, "bps report knows no such run", "look at its submit directory")
    runs: list[dict[str, str]] = []
    jobs: list[dict[str, str]] = []
    for table in _tables(text.splitlines()):
        (runs if "STATE" in table[0] else jobs).extend(table)
    if len(runs) != 1:
        raise RemoteError(subject, f"bps report shows {len(runs)} runs, not one", "run it by hand")
    run = runs[0]
    number = _RUN_ID.fullmatch(run.get("ID", ""))
    if number is None:
        raise RemoteError(subject, f"bps report gives it the id {run.get('ID')!r}", "run it by hand")
    tasks = tuple(_task(order, row, subject) for order, row in enumerate(jobs) if row[""] != "TOTAL")
    state = counted(bps_run_state(run["STATE"]), tasks)
    return WmsReport(int(number[1]), run.get("RUN", ""), run["STATE"], state, tasks)


def _tables(lines: Sequence[str]) -> Iterator[list[dict[str, str]]]:
    """Read each table as rows by heading."""
    number = 1
    while number < len(lines):
        if not _RULE.match(lines[number]):
            number += 1
            continue
        spans = [match.span() for match in re.finditer(r"-+", lines[number])]
        headings = _cells(lines[number - 1], spans)
        rows = []
        number += 1
        while number < len(lines) and _is_row(lines[number], spans):
            if not _RULE.match(lines[number]):
                rows.append(dict(zip(headings, _cells(lines[number], spans), strict=True)))
            number += 1
        if rows:
            yield rows


def _is_row(line: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a line is still of the table: warnings follow it without an empty line between."""
    between = (line[end : end + 1] for _, end in spans)
    return bool(line.strip()) and not line.startswith("WARNING") and not "".join(between).strip()


def _cells(line: str, spans: Iterable[tuple[int, int]]) -> list[str]:
    return [line[start:end].strip() for start, end in spans]


def _task(order: int, row: Mapping[str, str], subject: str) -> TaskReport:
    counts: dict[JobState, int] = dict.fromkeys(JobState, 0)
    for name, text in row.items():
        if name not in {"", _EXPECTED}:
            # -1 stands for what is not known.
            counts[bps_job_state(name)] += max(0, _count(text, name, subject))
    expected = _count(row.get(_EXPECTED, "-1"), _EXPECTED, subject)
    deleted = counts[JobState.CANCELLED]
    return TaskReport(
        order=order,
        label=row[""],
        state=_state(counts, expected),
        expected=None if expected < 0 else expected,
        done=counts[JobState.DONE],
        failed=counts[JobState.FAILED],
        pruned=counts[JobState.PRUNED] + deleted,
        running=counts[JobState.RUNNING],
        pending=counts[JobState.WAITING] + counts[JobState.HELD] + counts[JobState.UNKNOWN],
    )


def _count(text: str, name: str, subject: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise RemoteError(subject, f"bps report counts {text!r} jobs as {name}", "run it by hand") from None


def _state(counts: Mapping[JobState, int], expected: int) -> TaskState:
    over = counts[JobState.FAILED] + counts[JobState.PRUNED] + counts[JobState.CANCELLED]
    done, total = counts[JobState.DONE], max(expected, sum(counts.values()))
    if total and done + over == total:
        if not over:
            return TaskState.DONE
        if done:
            return TaskState.PARTLY
        return TaskState.CANCELLED if over == counts[JobState.CANCELLED] else TaskState.FAILED
    if counts[JobState.HELD] and not counts[JobState.RUNNING]:
        return TaskState.HELD
    return TaskState.RUNNING if counts[JobState.RUNNING] or done or over else TaskState.WAITING
