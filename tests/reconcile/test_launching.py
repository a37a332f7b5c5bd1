"""Launch submits prepared files as they stand; what cannot be is told; what was edited is recorded."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from cmbot.cli import main
from cmbot.exceptions import DefinitionError, UserError
from cmbot.mirror import plans
from cmbot.models.views import Unlike
from cmbot.operations import retry
from cmbot.operations.prepare import Done, prepare
from cmbot.reconcile import archiving, launch_area, opening, submit

if TYPE_CHECKING:
    from click.testing import Result

    from cmbot.operations.prepare import Area, Prepared
    from tests.reconcile.conftest import Submitting


def prepared(submitting: Submitting, key: str = "CM-1", **how: Any) -> Area:
    return prepare(submitting.watcher.edges, key, how.pop("group", ""), lambda _: None, **how)


def edit(file: Prepared, old: str, new: str) -> None:
    text = Path(file.file).read_text()
    assert old in text
    Path(file.file).write_text(text.replace(old, new))


def archived(submitting: Submitting, group: str, name: str) -> str | None:
    item = submitting.attempt(group).last_try
    assert item is not None
    archive = archiving.open_archive(submitting.watcher.edges.settings)
    newest = archive.newest(item.name)
    assert newest is not None
    entry = newest[1].entry(name)
    return archive.read(entry).decode() if entry else None


def lose_reports(submitting: Submitting) -> None:
    with submitting.watcher.edges.mirror.writing() as connection:
        connection.execute("DELETE FROM reports")


@pytest.mark.covers("B22", "B23")
def test_what_is_prepared_and_edited_is_submitted_to_the_letter_and_recorded(submitting: Submitting) -> None:
    area = prepared(submitting)
    first, second = area.files
    assert [(each.group, each.attempt, each.done) for each in area.files] == [
        ("g001", "a2", Done.NEW),
        ("g002", "a1", Done.NEW),
    ]
    edit(first, "queue: SLAC_Rubin", "queue: SLAC_Rubin_Himem  # for the night\nrequestMemory: 9000")
    again = prepared(submitting)
    assert [each.done for each in again.files] == [Done.THERE, Done.THERE]
    edits = ["queue: SLAC_Rubin_Himem instead of SLAC_Rubin", "requestMemory: 9000 instead of nothing"]
    assert [str(each) for each in again.files[0].edits] == edits
    assert again.files[1].edits == ()
    assert "requestMemory: nothing instead of 9000 in g002 a1" in [str(each) for each in again.unlike["CM-2"]]

    submitting.launch()
    item = submitting.attempt("g001").last_try
    assert item is not None
    text = submitting.submitted("g001")
    expected = Path(first.file).read_text().replace("a2_00000000", f"a2_{item.nonce}")
    assert text == expected.replace("operator: whoever-launches", "operator: anna")
    assert "# for the night" in text
    config = yaml.safe_load(text)
    assert (config["uniqProcName"], config["requestMemory"]) == (item.name, 9000)

    assert archived(submitting, "g001", "bps.yaml") == text
    difference = archived(submitting, "g001", "edits.diff")
    assert difference is not None
    assert "+requestMemory: 9000" in difference
    assert "-queue: SLAC_Rubin" in difference
    assert archived(submitting, "g002", "edits.diff") is None
    happened = dict(submitting.happened())
    why = happened[f"g001 a2 is submitted from {first.file}"]
    assert why.startswith("; ".join(edits))
    assert f"; file of {Path(first.file).owner()}, changed 20" in why
    assert happened[f"g002 a1 is submitted from {second.file}"] == "as it was rendered"
    (step,) = submitting.watcher.campaign().steps
    assert [str(each) for each in step.edits] == [f"{each} in g001 a2" for each in edits]


@pytest.mark.covers("B22")
def test_a_file_that_says_other_names_is_not_launched_until_it_is_mended(submitting: Submitting) -> None:
    file = prepared(submitting, group="g002").files[0]
    edit(file, "outputRun: u/anna/mini", "outputRun: u/bert/mini")
    (problem,) = prepared(submitting, group="g002").files[0].problems
    assert "payload.outputRun: is computed by cmbot" in str(problem)
    with pytest.raises(DefinitionError, match=r"payload.outputRun: is computed by cmbot; write 'u/anna/mini"):
        submitting.launch()
    assert submitting.attempts("g002") == []
    edit(file, "outputRun: u/bert/mini", "outputRun: u/anna/mini")
    submitting.go_on()
    assert submitting.attempt("g002").number == 1


@pytest.mark.covers("B22")
def test_the_linter_looks_at_what_was_edited(submitting: Submitting) -> None:
    file = prepared(submitting, group="g002").files[0]
    edit(file, "queue:", "requestMemmory: 9\nqueue:")
    with pytest.raises(
        DefinitionError, match=r"requestMemmory: is no key of BPS.*write requestMemory"
    ) as said:
        submitting.launch()
    assert str(said.value).startswith(f"CM-2: {file.file} requestMemmory: ")


@pytest.mark.covers("B22")
def test_a_file_from_an_older_definition_is_not_launched_and_not_lost(submitting: Submitting) -> None:
    first, second = prepared(submitting).files
    edit(first, "queue: SLAC_Rubin", "queue: other")
    submitting.edit(LSST_version="w_2026_48")
    with pytest.raises(DefinitionError, match="now LSST_VERSION: w_2026_48 instead of nothing"):
        submitting.launch()
    area = prepared(submitting)
    assert [each.done for each in area.files] == [Done.STALE, Done.AGAIN]
    assert area.files[0].edits == (Unlike("queue", "other", "SLAC_Rubin"),)
    assert "say --anew" in area.files[0].problems[0].remedy
    assert "queue: other" in Path(first.file).read_text()
    assert "LSST_VERSION: w_2026_48" in Path(second.file).read_text()

    area = prepared(submitting, anew=True)
    assert [each.done for each in area.files] == [Done.AGAIN, Done.AGAIN]
    assert not any(each.problems for each in area.files)
    submitting.go_on()
    assert yaml.safe_load(submitting.submitted("g001"))["LSST_VERSION"] == "w_2026_48"


def test_without_its_directory_what_is_defined_is_launched(submitting: Submitting) -> None:
    file = Path(prepared(submitting, group="g002").files[0].file)
    (file.parent / "rendered.yaml").unlink()
    with pytest.raises(UserError, match=r"rendered.yaml: is not there; prepare it again, or remove"):
        submitting.launch()
    file.unlink()
    file.parent.rmdir()
    submitting.go_on()
    assert submitting.attempt("g002").number == 1
    assert not any("is submitted from" in what for what, _ in submitting.happened())


def test_a_file_is_for_one_attempt(submitting: Submitting) -> None:
    edit(prepared(submitting, group="g002").files[0], "queue: SLAC_Rubin", "queue: other")
    submitting.launch()
    submitting.again("g002")
    submitting.launch()
    assert submitting.attempt("g002").number == 2
    assert yaml.safe_load(submitting.submitted("g002"))["queue"] == "SLAC_Rubin"
    assert submitting.watcher.campaign().steps[0].edits == ()


def test_a_dry_run_writes_nothing(submitting: Submitting) -> None:
    area = prepared(submitting, dry_run=True)
    assert [each.done for each in area.files] == [Done.NEW, Done.NEW]
    assert not submitting.watcher.edges.launch.exists()


def test_what_runs_is_not_prepared(submitting: Submitting) -> None:
    submitting.launch()
    with pytest.raises(UserError, match="of it: its groups run or are completed; see `cmbot status"):
        prepared(submitting)
    submitting.jira.move("10002", "Abandoned")
    submitting.watcher.look()
    with pytest.raises(UserError, match="CM-2 step1 would not be launched: it is closed or not followed"):
        prepared(submitting)


def test_what_was_reserved_is_submitted_from_the_file_as_it_is_then(submitting: Submitting) -> None:
    file = prepared(submitting, group="g002").files[0]
    submitting.launch()
    edges, step = submitting.watcher.edges, submitting.watcher.campaign().steps[0]
    attempt = submitting.attempt("g002")
    again = partial(submit.start, edges, submitting.watcher.campaign(), step, attempt, submitting.watcher.now)
    edit(file, "payloadName: step1_g002", "payloadName: mine")
    with pytest.raises(DefinitionError, match=r"payload.payloadName: is computed by cmbot"):
        again()
    edit(file, "payloadName: mine", "payloadName: step1_g002")
    edit(file, "queue: SLAC_Rubin", "requestMemory: 5000")
    submitting.edit(LSST_version="w_2026_48")
    again()
    config = yaml.safe_load(submitting.submitted("g002"))
    assert config["requestMemory"] == 5000
    assert "LSST_VERSION" not in config


@pytest.mark.covers("B23")
def test_the_command_says_what_it_did_and_what_cannot_be_launched(
    submitting: Submitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "load_settings", lambda _: submitting.watcher.edges.settings)
    monkeypatch.setattr(opening, "open_edges", lambda _: submitting.watcher.edges)

    def run(*options: str) -> Result:
        return CliRunner().invoke(main, ["prepare", "CM-1", *options])

    first, second = (
        f"{submitting.watcher.edges.launch}/CM-2/{each}/bps.yaml" for each in ("g001_a2", "g002_a1")
    )
    assert run("--dry-run").stdout.splitlines() == [
        f"CM-2 step1 g001 a2: {first} (would be written)",
        f"CM-2 step1 g002 a1: {second} (would be written)",
    ]
    assert run().exit_code == 0
    assert run().stdout.splitlines()[0] == f"CM-2 step1 g001 a2: {first} (there, as rendered)"
    text = Path(first).read_text()
    Path(first).write_text(text.replace("queue: SLAC_Rubin", "queue: other"))
    shown = run()
    assert (shown.exit_code, shown.stdout.splitlines()) == (
        0,
        [
            f"CM-2 step1 g001 a2: {first} (edited)",
            "    queue: other instead of SLAC_Rubin",
            f"CM-2 step1 g002 a1: {second} (there, as rendered)",
            "CM-2 files of one step differ: queue: SLAC_Rubin instead of other in g002 a1",
        ],
    )
    submitting.edit(LSST_version="w_2026_48")
    shown = run()
    assert shown.exit_code == 1
    assert shown.stdout.splitlines() == [
        f"CM-2 step1 g001 a2: {first} (edited, and older than the definition)",
        "    queue: other instead of SLAC_Rubin",
        f"CM-2 step1 g002 a1: {second} (rendered again)",
    ]
    assert "look at your edits, then say --anew" in shown.stderr
    found = json.loads(run("--json", "--anew").stdout)
    assert [each["done"] for each in found["files"]] == ["again", "again"]
    assert (found["problems"], found["notes"], found["unlike"]) == ([], [], {})


def test_a_file_that_is_no_yaml_says_where(submitting: Submitting) -> None:
    file = prepared(submitting, "CM-2", group="g002").files[0]
    Path(file.file).write_text("queue: [")
    (problem,) = prepared(submitting, "CM-2", group="g002").files[0].problems
    assert "is not valid YAML at line 1" in str(problem)
    Path(file.file).write_text("- a list")
    (problem,) = prepared(submitting, "CM-2", group="g002").files[0].problems
    assert "is no mapping; prepare it again" in str(problem)


@pytest.mark.covers("B23")
def test_a_group_is_prepared_by_the_key_of_its_sub_task(submitting: Submitting) -> None:
    submitting.jira.add(5, "CM Group", parent={"key": "CM-2"})
    plans.name_group_issue(submitting.watcher.edges.mirror, "10002", "g002", "10005", "CM-5")
    submitting.watcher.look()
    (file,) = prepared(submitting, "CM-5").files
    assert (file.key, file.group, file.attempt) == ("CM-2", "g002", "a1")
    assert launch_area.listed(submitting.watcher.edges, "CM-2") == (file.file,)
    assert launch_area.listed(submitting.watcher.edges, "CM-7") == ()


def test_a_retry_says_that_it_takes_a_prepared_file(submitting: Submitting) -> None:
    file = prepared(submitting, group="g001").files[0].file
    (target,) = retry.targets(submitting.watcher.edges, "CM-2", "g001")
    assert target.details["prepared file"] == file


@pytest.mark.covers("B22", "B16")
def test_a_lost_mirror_finds_what_was_edited_in_the_archive(submitting: Submitting) -> None:
    edit(prepared(submitting, group="g002").files[0], "queue: SLAC_Rubin", "queue: other")
    submitting.launch()
    for group in ("g001", "g002"):
        submitting.again(group)
    edges = submitting.watcher.edges
    submitting.watcher.look()
    assert archiving.keep(edges, submitting.watcher.campaign(), submitting.watcher.now)
    before = submitting.watcher.campaign().steps[0]
    assert [str(each) for each in before.edits] == ["queue: other instead of SLAC_Rubin in g002 a1"]
    lose_reports(submitting)
    assert submitting.watcher.campaign().steps[0].edits == ()
    archiving.recall(edges, "10002", submitting.watcher.now)
    after = submitting.watcher.campaign().steps[0]
    assert (after.edits, after.unlike) == (before.edits, before.unlike)


@pytest.mark.covers("B16", "W8")
def test_a_lost_mirror_knows_what_is_unlike_of_what_runs_as_well(submitting: Submitting) -> None:
    edit(prepared(submitting, group="g002").files[0], "queue: SLAC_Rubin", "queue: other")
    submitting.launch()
    before = submitting.watcher.campaign().steps[0].unlike
    assert [str(each) for each in before] == ["queue: other instead of SLAC_Rubin in g002 a1"]
    lose_reports(submitting)
    archiving.recall(submitting.watcher.edges, "10002", submitting.watcher.now)
    assert submitting.watcher.campaign().steps[0].unlike == before
