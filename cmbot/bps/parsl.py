"""Parsl as a WMS: the workflow is ``bps submit`` itself, which ends with it (reference/bps.md section 3).

Nothing answers for it: that it runs shows in the lock its process holds, how it ended in the exit status.
BPS gives a Parsl run no id, so the nonce of its name is its number: it is known before anything starts, and
the same for whoever looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmbot.exceptions import NotFound, Refused
from cmbot.wms.port import FINAL_JOB, Look, TaskReport, WmsReport
from cmbot.wms.states import TaskState, WorkflowState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from cmbot.children import Runner
    from cmbot.models.failures import Failure
    from cmbot.wms.port import Failing

_WORKFLOW = "parsl_workflow.pickle"
_NO = "Parsl cannot do that"


def run_number(name: str) -> int:
    """Number a run.

    Parameters
    ----------
    name : `str`
        Its run name, which ends with the nonce.

    Returns
    -------
    number : `int`
        Below 2**32.
    """
    return int(name.rpartition("_")[2], 16)


class ParslWms:
    """Looks at runs on this host; implements `~cmbot.wms.port.Wms`.

    Parameters
    ----------
    runner : `~cmbot.children.Runner`
        Knows how children are.
    tries : `pathlib.Path`
        Directory of the children's directories, which are named by the runs.
    submit : `pathlib.Path`
        Directory of BPS's submit directories, named likewise.
    """

    def __init__(self, runner: Runner, tries: Path, submit: Path) -> None:
        self._runner = runner
        self._tries = tries
        self._submit = submit

    def statuses(self, names: Mapping[int, str], since: datetime) -> Look:  # noqa: ARG002 - the port's
        """Look at runs; see `~cmbot.wms.port.Wms.statuses`."""
        reports: dict[int, WmsReport | NotFound] = {}
        for number, name in names.items():
            try:
                reports[number] = self._report(number, name)
            except NotFound as error:
                reports[number] = error
        return Look(reports, {})

    def status(self, request_id: int) -> WmsReport:
        """Look at a run; see `~cmbot.wms.port.Wms.status`."""
        names = [path.name for path in self._tries.glob(f"*_{request_id:08x}")]
        if len(names) != 1:
            raise _lost(request_id, self._tries)
        return self._report(request_id, names[0])

    def find(self, prefix: str) -> Mapping[str, int]:
        """Find runs whose workflow was written; see `~cmbot.wms.port.Wms.find`."""
        found = [path.parent.name for path in self._submit.glob(f"*/{_WORKFLOW}")]
        return {name: run_number(name) for name in found if name.startswith(prefix)}

    def failures(self, asked: Sequence[Failing]) -> Mapping[int, tuple[Failure, ...]]:  # noqa: ARG002 - the port's
        """Know nothing of jobs; see `~cmbot.wms.port.FailedJobs.failures`."""
        return {}

    def cancel(self, request_id: int) -> None:
        """Refuse; see `~cmbot.wms.port.Wms.cancel`."""
        raise Refused(f"Parsl run {request_id}", _NO, "leave it to its end, or end its bps submit yourself")

    def restart(self, request_id: int) -> None:
        """Refuse; see `~cmbot.wms.port.Wms.restart`."""
        raise Refused(f"Parsl run {request_id}", _NO, "retry it: what was made is not made again")

    def _report(self, number: int, name: str) -> WmsReport:
        run = self._runner.look(self._tries / name)
        if not run.started:
            raise _lost(number, self._tries / name)
        if run.alive:
            return WmsReport(number, name, "running", WorkflowState.RUNNING)
        if run.code == 0:
            return WmsReport(number, name, "ended", WorkflowState.ENDED_OK, (_final(TaskState.DONE),))
        raw = "killed" if run.code is None else f"ended with status {run.code}"
        return WmsReport(number, name, raw, WorkflowState.ENDED_FAILED, (_final(TaskState.FAILED),))


def _final(state: TaskState) -> TaskReport:
    """Say how the final job ended: bps submit fails with it, and not with jobs before it."""
    done = state is TaskState.DONE
    return TaskReport(order=0, label=FINAL_JOB, state=state, expected=1, done=int(done), failed=int(not done))


def _lost(number: int, directory: Path) -> NotFound:
    return NotFound(f"Parsl run {number}", f"{directory} does not know it", "look at its submit directory")
