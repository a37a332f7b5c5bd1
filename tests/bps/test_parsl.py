"""Parsl as a WMS: what a lock, an exit status and a submit directory tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cmbot.bps.parsl import ParslWms, run_number
from cmbot.children import Run
from cmbot.exceptions import NotFound, Refused
from cmbot.models.systems import MISSING, System
from cmbot.wms.states import WorkflowState

if TYPE_CHECKING:
    from pathlib import Path

NAME = "CM-2_step1_g001_a1_ff00a1b2"
NUMBER = 0xFF00A1B2
NOW = datetime(2026, 11, 20, tzinfo=UTC)


class Children:
    """A runner that knows how one child is."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def look(self, directory: Path) -> Run:
        return self.run if directory.name == NAME else Run(alive=False, code=None, started=False)


def wms(where: Path, *, alive: bool = False, code: int | None = None) -> ParslWms:
    (where / "tries" / NAME).mkdir(parents=True, exist_ok=True)
    runner = Children(Run(alive=alive, code=code, started=True))
    return ParslWms(runner, where / "tries", where / "submit")  # type: ignore[arg-type] - a stand-in


def test_a_run_is_numbered_by_its_nonce() -> None:
    assert run_number(NAME) == NUMBER


@pytest.mark.covers("D17")
@pytest.mark.parametrize(
    ("alive", "code", "state", "merged"),
    [
        (True, None, WorkflowState.RUNNING, False),
        (False, 0, WorkflowState.ENDED_OK, True),
        (False, 1, WorkflowState.ENDED_FAILED, False),
        (False, None, WorkflowState.ENDED_FAILED, False),
    ],
)
def test_a_run_is_what_its_process_is(
    tmp_path: Path, *, alive: bool, code: int | None, state: WorkflowState, merged: bool
) -> None:
    parsl = wms(tmp_path, alive=alive, code=code)
    report = parsl.statuses({NUMBER: NAME}, NOW).reports[NUMBER]
    assert not isinstance(report, Exception)
    assert (report.name, report.state, report.merged) == (NAME, state, merged)
    assert parsl.status(NUMBER) == report


def test_a_run_whose_directory_is_gone_is_not_failed_but_lost(tmp_path: Path) -> None:
    parsl = wms(tmp_path)
    other = "CM-2_step1_g002_a1_00000001"
    assert isinstance(parsl.statuses({1: other}, NOW).reports[1], NotFound)
    with pytest.raises(NotFound):
        parsl.status(1)


def test_only_a_run_whose_workflow_was_written_may_have_begun(tmp_path: Path) -> None:
    parsl = wms(tmp_path)
    for name in (NAME, "CM-2_step1_g001_a2_00000001"):
        (tmp_path / "submit" / name).mkdir(parents=True)
    (tmp_path / "submit" / NAME / "parsl_workflow.pickle").touch()
    assert parsl.find("CM-2_step1_g001_a") == {NAME: NUMBER}
    assert parsl.find("CM-2_step1_g002_a") == {}


def test_what_parsl_cannot_do_is_refused_with_a_way_out(tmp_path: Path) -> None:
    parsl = wms(tmp_path)
    for verb in (parsl.cancel, parsl.restart):
        with pytest.raises(Refused, match=r"cannot do that; \w+"):
            verb(NUMBER)
    assert MISSING[System.PARSL]
