"""What differs between campaigns, attempts and files, side by side (requirements B25, B26)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cmbot.archive.documents import Document
from cmbot.archive.manifest import Stage
from cmbot.exceptions import UserError
from cmbot.jira_schema.fields import FIELDS
from cmbot.mirror import journal, reports
from cmbot.models.attempts import AttemptState
from cmbot.operations.diff import Compared, compare, iterations, side
from cmbot.operations.prepare import prepare
from cmbot.reconcile import archiving

if TYPE_CHECKING:
    from tests.reconcile.conftest import Submitting

IDS = {one.name: f"customfield_{10100 + number}" for number, one in enumerate(FIELDS)}
TASK = {"expected": 10, "blocked": 0, "unknown": 0, "wonky": 0}


def compared(submitting: Submitting, *what: str) -> Compared:
    return compare([side(lambda: submitting.watcher.edges, each) for each in what])


def ended(submitting: Submitting, group: str, made: int, packages: str) -> None:
    """Let the newest attempt end, with so many of ten quanta."""
    edges, attempt = submitting.watcher.edges, submitting.attempt(group)
    item = attempt.last_try
    assert item is not None
    task = TASK | {"label": "isr", "successful": made, "failed": 10 - made}
    counts = {"total": 10, "done": made, "failed": 10 - made, "running": 0}
    data = {"counts": counts, "details": [], "report": {"tasks": [task], "failed_quanta": []}}
    state = AttemptState.SUCCEEDED if made == 10 else AttemptState.PARTIAL
    with edges.mirror.writing() as connection:
        reports.save(connection, item.id, "data", data, submitting.watcher.now)
        journal.move_attempt(
            connection, attempt.id, state, submitting.watcher.now, ended_at=submitting.watcher.now
        )
    archive = archiving.open_archive(edges.settings)
    newest = archive.newest(item.name)
    assert newest is not None
    archive.record(item.name, Stage.ENDED, newest[1].as_run, [Document("packages.yaml", packages.encode())])


@pytest.mark.covers("B25", "B26", "G6")
def test_two_attempts_differ_in_what_was_edited_in_packages_and_in_results(submitting: Submitting) -> None:
    submitting.launch()
    ended(submitting, "g002", 7, "pipe_tasks: '1.0'\npython: 3.11.7\n")
    submitting.edit(LSST_version="w_2026_48")
    (file,) = prepare(submitting.watcher.edges, "CM-2", "g002", lambda _: None).files
    text = Path(file.file).read_text()
    Path(file.file).write_text(text.replace("queue: SLAC_Rubin", "queue: other"))
    submitting.launch()
    ended(submitting, "g002", 10, "pipe_tasks: '1.1'\npython: 3.11.7\n")

    found = compared(submitting, "CM-2:g002:a1", "CM-2:g002:a2")
    assert found.sides == ("CM-2:g002:a1", "CM-2:g002:a2")
    assert "definition" not in found.sections
    assert found.sections["software"] == {
        "package pipe_tasks": ("1.0", "1.1"),
        "step1: lsst_version": ("", "w_2026_48"),
    }
    assert found.sections["file"]["queue"] == ("SLAC_Rubin", "other")
    assert found.sections["file"]["LSST_VERSION"] == ("", "w_2026_48")
    (inputs,) = found.sections["inputs"].items()
    assert inputs[0] == "inCollection"
    assert inputs[1][1].endswith(",raw")
    results = found.sections["results"]
    assert results["state"] == ("partial", "succeeded")
    assert results["quanta"] == ("7 of 10", "10 of 10")
    assert results["isr without result"] == ("3 of 10", "0 of 10")


@pytest.mark.covers("B26")
def test_a_campaign_and_a_step_show_what_came_of_them(submitting: Submitting) -> None:
    submitting.launch()
    ended(submitting, "g002", 7, "python: 3.11.7\n")
    for key in ("CM-1", "CM-2"):
        results = compared(submitting, key).sections["results"]
        assert results["status"] == ("Launch" if key == "CM-1" else "Draft",)
        assert results["step1 groups"] == ("0 of 2",)
        assert results["step1 attempts"] == ("3",)
        assert results["step1 quanta"] == ("7 of 10",)
        assert results["step1 isr without result"] == ("3 of 10",)
        assert "step1 ended" not in results
    group = compared(submitting, "CM-2:g002").sections["results"]
    assert group["step1 attempts"] == ("1",)
    assert float(group["step1 hours"][0]) >= 0


@pytest.mark.covers("B25")
def test_a_campaign_is_compared_with_the_file_that_it_came_from(
    submitting: Submitting, tmp_path: Path
) -> None:
    text = """
        name: mini
        reason: a better reason
        stage: development
        butler: /repo
        inputs: [raw, calib]
        output: u/anna/mini
        environment: w
        wms: PanDA
        site: SLAC
        mode: test
        pause: only on errors and checkpoints
        steps:
          - name: step1
            pipeline: $DRP_DIR/DRP.yaml#step1
            query: visit > 0
            split: {dimension: visit, size: 1}
    """
    submitting.watcher.look()
    file = tmp_path / "campaign.yaml"
    file.write_text(text)
    found = compared(submitting, str(file), "CM-1").sections
    assert found["inputs"] == {"inputs": ("raw, calib", "raw")}
    assert found["definition"]["reason"] == ("a better reason", "a test")
    assert "site" not in found["definition"]


def test_a_step_is_compared_with_what_the_whole_campaign_says_of_it(submitting: Submitting) -> None:
    submitting.watcher.look()
    found = compared(submitting, "CM-1", "CM-2:g001").sections
    assert set(found) == {"results"}
    assert found["results"]["step1 groups"] == ("0 of 2", "0 of 1")


@pytest.mark.covers("B26")
def test_iterations_are_the_campaigns_that_were_cloned_from_each_other(submitting: Submitting) -> None:
    for number, ancestor in ((7, "CM-1"), (8, "CM-7"), (9, "CM-1"), (11, "CM-10"), (12, "gone"), (13, "")):
        submitting.jira.add(number, "Epic", **{IDS["Cloned from"]: ancestor})
    submitting.watcher.look()
    for key in ("CM-1", "CM-2", "CM-7", "CM-8"):
        assert iterations(submitting.watcher.edges, key) == ("CM-1", "CM-7", "CM-8", "CM-9")
    assert iterations(submitting.watcher.edges, "CM-12") == ("CM-12",)
    assert iterations(submitting.watcher.edges, "CM-13") == ("CM-13",)
    with pytest.raises(UserError, match="is not known here"):
        iterations(submitting.watcher.edges, "CM-99")


def test_bps_files_are_compared_without_their_names(submitting: Submitting, tmp_path: Path) -> None:
    submitting.launch()
    files = [tmp_path / f"{group}.yaml" for group in ("g001", "g002")]
    for file in files:
        file.write_text(submitting.submitted(file.stem))
    found = compared(submitting, *map(str, files)).sections
    assert found == {"inputs": {"dataQuery": ("(visit > 0) AND visit = 1", "(visit > 0) AND visit = 2")}}


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("CM-77", "is not known here"),
        ("CM-2:g009", "is no group of CM-2"),
        ("CM-2:g001:a9", "has no attempt a9"),
        ("CM-2::a1", "stands for 2 attempts"),
        ("missing.yaml", "cannot be read"),
    ],
)
def test_what_is_not_there_is_told(submitting: Submitting, what: str, said: str) -> None:
    submitting.launch()
    with pytest.raises(UserError, match=said):
        compared(submitting, what)
