"""What a submission left on disk says how far it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.bps.evidence import gather
from cmbot.bps.output import FailureKind

if TYPE_CHECKING:
    from pathlib import Path

NAME = "CM-7_step1_g001_a1_0a1b2c3d"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The directory of a child that was started."""
    directory = tmp_path / "run"
    directory.mkdir()
    for name in ("stdout", "stderr"):
        (directory / name).touch()
    return directory


@pytest.fixture
def submit(tmp_path: Path) -> Path:
    """A submit directory as bps leaves it after a submission."""
    directory = tmp_path / "submit" / NAME
    directory.mkdir(parents=True)
    for name in (
        f"{NAME}.qg",
        f"{NAME}_config.yaml",
        f"{NAME}.env.info.yaml",
        f"{NAME}.pkg.info.yaml",
        "panda_workflow.pickle",
        "bps.yaml",
    ):
        (directory / name).touch()
    (directory / "quantumGraphGeneration.out").write_text(
        "INFO x - QuantumGraph contains 12 quanta for 2 tasks"
    )
    return directory


def test_nothing_at_all_shows_that_nothing_was_sent(tmp_path: Path) -> None:
    evidence = gather(tmp_path / "run", tmp_path / "submit", tmp_path / "ids")
    assert (evidence.request_ids, evidence.request_id, evidence.prepared) == ((), None, False)
    assert (evidence.submit_directory, evidence.graph, evidence.quanta) == (None, None, None)


def test_a_graph_without_a_workflow_shows_that_nothing_was_sent(
    run: Path, submit: Path, tmp_path: Path
) -> None:
    (submit / "panda_workflow.pickle").unlink()
    evidence = gather(run, submit, tmp_path / "ids")
    assert not evidence.prepared
    assert evidence.graph == submit / f"{NAME}.qg"


def test_a_workflow_without_an_answer_is_unknown(run: Path, submit: Path, tmp_path: Path) -> None:
    evidence = gather(run, submit, tmp_path / "ids")
    assert (evidence.prepared, evidence.request_id) == (True, None)


@pytest.mark.covers("V20", "W18")
def test_a_submission_is_told_with_its_files(run: Path, submit: Path, tmp_path: Path) -> None:
    (run / "stdout").write_text(f"Submit dir: {submit}\nRun Id: 5\nRun Name: {NAME}\n")
    evidence = gather(run, submit, tmp_path / "ids")
    assert (evidence.request_id, evidence.quanta) == (5, 12)
    assert evidence.config == submit / f"{NAME}_config.yaml"
    assert evidence.environment == submit / f"{NAME}.env.info.yaml"
    assert evidence.packages == submit / f"{NAME}.pkg.info.yaml"


def test_the_id_link_tells_the_id_when_the_output_does_not(run: Path, submit: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    ids.mkdir()
    (ids / "5").symlink_to(submit)
    (ids / "6").symlink_to(tmp_path / "submit" / "another")
    (ids / "latest").symlink_to(submit)
    (ids / "7").mkdir()
    assert gather(run, submit, ids).request_ids == (5,)


def test_a_link_made_through_another_path_of_the_same_directory_counts(
    run: Path, submit: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").symlink_to(tmp_path / "submit")
    ids = tmp_path / "ids"
    ids.mkdir()
    (ids / "5").symlink_to(tmp_path / "other" / NAME)
    assert gather(run, submit, ids).request_id == 5


def test_two_ids_are_both_told_and_none_is_chosen(run: Path, submit: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    ids.mkdir()
    (ids / "5").symlink_to(submit)
    (run / "stdout").write_text("Run Id: 6\n")
    evidence = gather(run, submit, ids)
    assert (evidence.request_ids, evidence.request_id) == ((5, 6), None)


def test_a_failure_comes_with_its_reason_and_the_end_of_the_log(
    run: Path, submit: Path, tmp_path: Path
) -> None:
    (run / "stderr").write_bytes(
        b"\xff\nlsst ERROR: x\nTraceback (most recent call last):\nKeyError: 'Bearer abc'\n"
    )
    evidence = gather(run, submit, tmp_path / "ids")
    assert (evidence.failure.kind, evidence.failure.reason) == (FailureKind.PERSON, "KeyError: 'Bearer ***'")
    assert evidence.log.endswith("KeyError: 'Bearer ***'")


def test_a_huge_log_is_read_from_its_end(run: Path, submit: Path, tmp_path: Path) -> None:
    with (run / "stderr").open("w") as file:
        file.write("ValueError: early\n" + "x" * 3_000_000 + "\nValueError: late\n")
    assert gather(run, submit, tmp_path / "ids").failure.reason == "ValueError: late"
