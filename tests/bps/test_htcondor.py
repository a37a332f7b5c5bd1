"""HTCondor through bps: a program of that name answers as the real one prints."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cmbot.bps.asking import Asking
from cmbot.bps.htcondor import HTCondorWms
from cmbot.children import Runner
from cmbot.exceptions import NotFound, OutcomeUnknown, Refused, RemoteError
from cmbot.settings import EnvironmentSettings
from cmbot.wms.port import WmsReport
from cmbot.wms.states import WorkflowState

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, tzinfo=UTC)
RUN = "CM-2_step1_g001_a1_0a1b2c3d"
REPORT = """\
 X   STATE   %S   ID   OPERATOR PROJECT CAMPAIGN PAYLOAD              RUN
--- ------- --- ------ -------- ------- -------- ------- ---------------------------
    RUNNING  50   18.0     anna      CM     CM-1   step1 {run}


Path: {path}
Global job id: here#18.0#1


         UNKNOWN MISFIT UNREADY READY PENDING RUNNING DELETED HELD SUCCEEDED FAILED PRUNED EXPECTED
-------- ------- ------ ------- ----- ------- ------- ------- ---- --------- ------ ------ --------
TOTAL          0      0       1     0       0       0       0    0         1      0      0        2
-------- ------- ------ ------- ----- ------- ------- ------- ---- --------- ------ ------ --------
isr            0      0       0     0       0       0       0    0         1      0      0        1
finalJob       0      0       1     0       0       0       0    0         0      0      0        1
"""


class Pool:
    """A site whose bps is a shell script."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.submit = where / "submit"
        self.asked = where / "asked"
        (where / "bin").mkdir()
        self.says(REPORT.format(run=RUN, path=self.submit / RUN))

    def says(self, text: str, then: str = "exit 0") -> None:
        (self.where / "answer").write_text(text)
        program = self.where / "bin" / "bps"
        script = f'echo "$BPS_WMS_SERVICE_CLASS $@" >>{self.asked}\ncat {self.where}/answer\n{then}\n'
        program.write_text(f"#!/bin/sh\n{script}")
        program.chmod(0o755)

    def submitted(self, name: str, note: int | None = None, link: int | None = None) -> Path:
        path = self.submit / name
        path.mkdir(parents=True)
        (path / f"{name}.dag").touch()
        if note is not None:
            (path / f"{name}.info.json").write_text(json.dumps({"schedd": {f"{note}.0": {"ProcId": 0}}}))
        if link is not None:
            (self.submit / "ids").mkdir(exist_ok=True)
            (self.submit / "ids" / f"{link}.0").symlink_to(path)
        return path

    def wms(self, timeout: float = 30.0) -> HTCondorWms:
        environment = EnvironmentSettings(path=(str(self.where / "bin"),))
        service = "lsst.ctrl.bps.htcondor.HTCondorService"
        return HTCondorWms(Asking(Runner(), self.where / "state", environment, service, timeout), self.submit)

    def questions(self) -> list[str]:
        return self.asked.read_text().splitlines()


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return Pool(tmp_path)


@pytest.mark.covers("D17")
def test_runs_are_followed_by_their_submit_directories(pool: Pool) -> None:
    path = pool.submitted(RUN)
    look = pool.wms().statuses({17: RUN, 99: "CM-2_step1_g002_a1_00000002"}, NOW)
    report = look.reports[17]
    assert isinstance(report, WmsReport)
    # It was restarted: bps shows another id, and it is still the one that was asked about.
    assert (report.request_id, report.name, report.state) == (17, RUN, WorkflowState.RUNNING)
    assert isinstance(look.reports[99], NotFound)
    assert pool.questions() == [f"lsst.ctrl.bps.htcondor.HTCondorService report --id {path}"]


def test_a_run_known_by_its_number_only_is_found_through_the_link_of_bps(pool: Pool) -> None:
    pool.submitted(RUN, link=17)
    assert pool.wms().status(17).name == RUN
    with pytest.raises(NotFound):
        pool.wms().status(18)


@pytest.mark.covers("W1")
def test_a_submission_whose_answer_was_lost_is_found_by_its_name(pool: Pool) -> None:
    pool.submitted(RUN, note=17)
    pool.submitted("CM-2_step1_g001_a1_00000002")
    (pool.submit / "CM-2_step1_g001_a1_00000003").mkdir()
    pool.says("No records found for job id 'x'. Hints: Double check id\n")
    assert pool.wms().find("CM-2_step1_g001_a1_") == {RUN: 17}
    pool.says(REPORT.format(run=RUN, path="/"))
    assert pool.wms().find("CM-2_step1_g001_a1_") == {RUN: 17, "CM-2_step1_g001_a1_00000002": 18}


@pytest.mark.covers("W1")
def test_a_bps_that_fails_leaves_unknown_what_was_submitted(pool: Pool) -> None:
    pool.submitted(RUN)
    pool.says("", then="echo 'RuntimeError: no schedd' >&2; exit 1")
    with pytest.raises(RemoteError, match="no schedd"):
        pool.wms().find(RUN)
    report = pool.wms().statuses({17: RUN}, NOW).reports[17]
    assert isinstance(report, RemoteError)
    assert not isinstance(report, NotFound)


def test_a_bps_that_does_not_end_is_ended(pool: Pool) -> None:
    pool.submitted(RUN, link=17)
    pool.says("", then="exec sleep 600")
    report = pool.wms(timeout=0.5).statuses({17: RUN}, NOW).reports[17]
    assert "took longer" in str(report)
    with pytest.raises(OutcomeUnknown):
        pool.wms(timeout=0.5).cancel(17)


def test_orders_are_believed_by_what_bps_prints(pool: Pool) -> None:
    path = pool.submitted(RUN, link=17)
    pool.says("Successfully canceled job with id 'here#17.0#1'\n")
    pool.wms().cancel(17)
    pool.says(f"Run Id: 18.0\nRun Name: {RUN}\n")
    pool.wms().restart(17)
    assert [line.split(maxsplit=1)[1] for line in pool.questions()] == [
        f"cancel --id {path}",
        f"restart --id {path}",
    ]
    pool.says("Restart failed: HTCondor rescue DAG(s) not found in '/submit'\n")
    with pytest.raises(Refused, match="rescue DAG"):
        pool.wms().restart(17)
    pool.says("No job matches the search criteria. Hints: Double check id, and/or use --global\n")
    with pytest.raises(Refused, match="No job matches"):
        pool.wms().cancel(17)
