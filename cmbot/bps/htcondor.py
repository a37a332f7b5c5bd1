"""HTCondor as a WMS: followed and steered by ``bps``, which finds a run by its submit directory.

Untried on a real pool; written against ctrl_bps_htcondor 30 (``report_utils``, ``htcondor_service``). The
submit directory outlives the queue and a restart, which gives the run another id.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from cmbot.bps.report import parse_report
from cmbot.exceptions import NotFound, OutcomeUnknown, Refused, RemoteError
from cmbot.wms.masking import masked
from cmbot.wms.port import Look, WmsReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from cmbot.bps.asking import Asking
    from cmbot.exceptions import CmbotError
    from cmbot.models.failures import Failure
    from cmbot.wms.port import Failing

_LOG = logging.getLogger(__name__)
_CANCELLED, _RESTARTED = "Successfully canceled job", "Run Id: "


class HTCondorWms:
    """Follows and steers runs through ``bps``; implements `~cmbot.wms.port.Wms`.

    Parameters
    ----------
    asking : `~cmbot.bps.asking.Asking`
        Runs ``bps`` in the site's environment.
    submit : `pathlib.Path`
        Directory of BPS's submit directories, which are named by the runs; ``ids`` in it holds BPS's links
        from ids to them.
    """

    def __init__(self, asking: Asking, submit: Path) -> None:
        self._asking = asking
        self._submit = submit
        self._names: dict[int, str] = {}

    def statuses(self, names: Mapping[int, str], since: datetime) -> Look:  # noqa: ARG002 - the port's
        """Ask about runs, several at a time; see `~cmbot.wms.port.Wms.statuses`."""
        self._names |= names
        there = {number: self._submit / name for number, name in names.items()}
        questions = {number: ("report", "--id", str(path)) for number, path in there.items() if path.is_dir()}
        reports: dict[int, WmsReport | CmbotError] = {
            number: _gone(path) for number, path in there.items() if number not in questions
        }
        for number, answer in self._asking.all(questions).items():
            reports[number] = answer if isinstance(answer, RemoteError) else _read(answer, number)
        return Look(reports, {})

    def status(self, request_id: int) -> WmsReport:
        """Ask about a run; see `~cmbot.wms.port.Wms.status`."""
        report = _read(self._asking.one("report", "--id", self._path(request_id)), request_id)
        if isinstance(report, RemoteError):
            raise report
        return report

    def find(self, prefix: str) -> Mapping[str, int]:
        """Find runs by their submit directories; see `~cmbot.wms.port.Wms.find`.

        The plugin notes the id there as soon as it has it; where the note is missing, bps is asked.
        """
        found = {}
        for path in sorted({dag.parent for dag in self._submit.glob(f"{prefix}*/*.dag")}):
            number = _noted(path)
            if number is None:
                try:
                    number = parse_report(self._asking.one("report", "--id", str(path)), path.name).request_id
                except NotFound:
                    continue
            found[path.name] = number
            self._names[number] = path.name
        return found

    def failures(self, asked: Sequence[Failing]) -> Mapping[int, tuple[Failure, ...]]:  # noqa: ARG002 - the port's
        """Know nothing of single jobs; see `~cmbot.wms.port.FailedJobs.failures`."""
        return {}

    def cancel(self, request_id: int) -> None:
        """Cancel; see `~cmbot.wms.port.Wms.cancel`."""
        self._order("cancel", request_id, _CANCELLED)

    def restart(self, request_id: int) -> None:
        """Restart from the rescue DAG; see `~cmbot.wms.port.Wms.restart`."""
        self._order("restart", request_id, _RESTARTED)

    def _order(self, verb: str, request_id: int, done: str) -> None:
        # bps says on stdout whether it was done; its exit status is 0 either way.
        subject = f"HTCondor run {request_id}"
        path = self._path(request_id)
        try:
            said = self._asking.one(verb, "--id", path)
        except RemoteError as error:
            raise OutcomeUnknown(subject, f"{verb}: {error.problem}", "cmbot looks at it again") from error
        lines = [line for line in said.splitlines() if line.strip()]
        if not any(line.startswith(done) for line in lines):
            told = masked(" ".join(lines))[:200] or "bps said nothing"
            raise Refused(subject, f"{verb} was refused ({told})", "look at bps report")
        _LOG.info("%s: %s registered", subject, verb)

    def _path(self, request_id: int) -> str:
        if name := self._names.get(request_id):
            return str(self._submit / name)
        link = self._submit / "ids" / f"{request_id}.0"
        if not link.is_symlink():
            problem = f"{link} is not there"
            raise NotFound(f"HTCondor run {request_id}", problem, "look at its submit directory")
        return str(link.readlink())


def _read(text: str, number: int) -> WmsReport | RemoteError:
    try:
        # A restarted run has another id, which bps shows; it is known by its first.
        return replace(parse_report(text, f"HTCondor run {number}"), request_id=number)
    except RemoteError as error:
        return error


def _gone(path: Path) -> NotFound:
    return NotFound(path.name, f"its submit directory {path} is not there", "bring it back")


def _noted(path: Path) -> int | None:
    """Read the id that the plugin noted: ``{schedd: {"1234.0": …}}``."""
    try:
        noted = json.loads((path / f"{path.name}.info.json").read_text())
        (cluster,) = {int(job.partition(".")[0]) for jobs in noted.values() for job in jobs}
    except (OSError, ValueError, AttributeError):
        return None
    return cluster
