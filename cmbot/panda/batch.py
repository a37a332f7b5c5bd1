"""All workflows at once, by two lists of the monitor's (reference/panda.md section 11)."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import CmbotError, RemoteError
from cmbot.panda import monitor_workflows
from cmbot.panda.monitor_rows import integer, rows
from cmbot.panda.rows import in_order
from cmbot.wms.masking import masked_data
from cmbot.wms.port import WmsReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.panda.monitor import Monitor
    from cmbot.panda.monitor_rows import Row
    from cmbot.panda.monitor_workflows import MonitorTask, Progress

_LOG = logging.getLogger(__name__)
CHUNK = 600
"""Workflows in one question for tasks: the address stays below 8 kB, which web servers take."""
_TASKS = 20_000
"""Tasks in one answer; as many as this may have been cut."""
_KEPT = 5000
"""Workflows whose last row is remembered."""


@dataclass
class Told:
    """What the monitor could tell."""

    reports: dict[int, WmsReport | CmbotError] = field(default_factory=dict)
    """What it knows; of what is not in it, nothing."""
    listed: dict[int, Progress] = field(default_factory=dict)
    """Rows of those that were asked about."""
    others: dict[int, str] = field(default_factory=dict)
    """Run names, by request id, of those that it listed beside them."""
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Its own rows of those that it says have ended, and of their tasks."""


class Batch:
    """Looks at many workflows; remembers their rows, so that tasks are asked for only where one has changed.

    Parameters
    ----------
    monitor : `~cmbot.panda.monitor.Monitor`
        The monitor.
    """

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._known: dict[int, tuple[tuple[str, ...], WmsReport]] = {}
        self._said = ""

    def look(self, asked: Mapping[int, str], days: int) -> Told:
        """Look once.

        Parameters
        ----------
        asked : `~collections.abc.Mapping` [`int`, `str`]
            Run names by request id.
        days : `int`
            How far back.

        Returns
        -------
        told : `Told`
            Workflows that go on. One that is missing, that has ended or whose tasks cannot be told is not in
            its reports: an empty list is also an error of the monitor's, and an end is confirmed at iDDS.
        """
        told = Told()
        try:
            data = self._monitor.ask("idds/wfprogress/", days=days)
            told.others = {
                number: name for number, name in monitor_workflows.names(data).items() if number not in asked
            }
            wanted = self._changed(_by(data, "request_id", "workflows"), asked, told)
            for begin in range(0, len(wanted), CHUNK):
                self._ask_tasks(wanted[begin : begin + CHUNK], asked, days, told)
        except CmbotError as error:
            self._say(str(error))
        else:
            self._say("")
        return told

    def confirmed(self, row: Progress, report: WmsReport) -> None:
        """Remember what iDDS said of a workflow, as long as its row stays as it is.

        Parameters
        ----------
        row : `~cmbot.panda.monitor_workflows.Progress`
            As the monitor listed it.
        report : `~cmbot.wms.port.WmsReport`
            What iDDS said.
        """
        if report.state.ended and report.raw_status.lower() == row.raw_status.lower():
            self._remember(row, report)

    def _changed(
        self, data: Mapping[int | None, Sequence[Row]], asked: Mapping[int, str], told: Told
    ) -> list[int]:
        """Find the workflows whose tasks are to be asked for; the others that go on are told."""
        changed = []
        for number, name in asked.items():
            try:
                # Rows that contradict each other prove nothing.
                found = {row for each in data.get(number, ()) for row in _read(each, number, name)}
            except RemoteError as error:
                # A status that is not known; the others are not less true for it.
                told.reports[number] = error
                continue
            if len(found) != 1:
                continue
            (row,) = found
            told.listed[number] = row
            known = self._known.get(number)
            if known is not None and known[0] == row.marks:
                told.reports[number] = known[1]
            elif row.has_jobs or row.state.ended:
                changed.append(number)
            else:
                told.reports[number] = _report(row, ())
        return changed

    def _ask_tasks(self, numbers: Sequence[int], asked: Mapping[int, str], days: int, told: Told) -> None:
        reqid = "|".join(map(str, numbers))
        data = self._monitor.ask("tasks/", days=days, reqid=reqid, limit=_TASKS)
        found = _by(data, "reqid", "tasks")
        if len(data) >= _TASKS and len(numbers) > 1:
            half = len(numbers) // 2
            self._ask_tasks(numbers[:half], asked, days, told)
            self._ask_tasks(numbers[half:], asked, days, told)
            return
        for number in numbers:
            if told.listed[number].state.ended:
                theirs = monitor_workflows.task_rows(list(found.get(number, ())), asked)
                told.rows[number] = masked_data({"workflow": told.listed[number].row, "tasks": list(theirs)})
                continue
            try:
                tasks = monitor_workflows.tasks(list(found.get(number, ())), {number: asked[number]})
            except RemoteError as error:
                told.reports[number] = error
                continue
            if number in tasks:
                report = _report(told.listed[number], tasks[number])
                told.reports[number] = report
                self._remember(told.listed[number], report)

    def _remember(self, row: Progress, report: WmsReport) -> None:
        self._known.pop(row.request_id, None)
        self._known[row.request_id] = (row.marks, report)
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]

    def _say(self, trouble: str) -> None:
        # Said when it begins, changes or ends: not at every look.
        if trouble and trouble != self._said:
            _LOG.warning("%s; requests are asked about one by one", trouble)
        elif self._said and not trouble:
            _LOG.info("PanDA's monitor answers again")
        self._said = trouble


def _by(data: Any, key: str, what: str) -> Mapping[int | None, Sequence[Row]]:
    found: dict[int | None, list[Row]] = defaultdict(list)
    for row in rows(data, what):
        found[integer(row, key)].append(row)
    return found


def _read(row: Row, number: int, name: str) -> Sequence[Progress]:
    return tuple(monitor_workflows.progress([row], {number: name}).values())


def _report(row: Progress, tasks: Sequence[MonitorTask]) -> WmsReport:
    """Make a report of a workflow that goes on."""
    labels = defaultdict(list)
    for task in tasks:
        labels[task.name.label].append((task.name, task.report))
    return WmsReport(
        request_id=row.request_id,
        name=row.name,
        raw_status=row.raw_status,
        state=row.state,
        tasks=in_order(labels),
    )
