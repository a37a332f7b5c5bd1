"""The archive from the command line."""

from __future__ import annotations

import json
import tarfile
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cmbot.archive.documents import Document
from cmbot.archive.manifest import AsRun, Stage, sha256
from cmbot.archive.store import Archive
from cmbot.mirror import reports

if TYPE_CHECKING:
    from conftest import Terminal

NAME = "CM-2_step1_g001_a1_0a1b2c3d"
YAML = Document("bps.yaml", b"pipelineYaml: DRP.yaml#step1\n")


@pytest.fixture
def archive(followed: Terminal) -> Archive:
    """What a pass kept of the one try of g001."""
    archive = Archive(followed.place / "state" / "archive")
    as_run = AsRun(
        campaign="CM-1",
        step="CM-2",
        step_name="step1",
        group="g001",
        attempt=1,
        cause="moved CM-1 to Launch",
        by="Anna",
        definition="d" * 64,
        query="visit IN (1..20)",
        request_id=4711,
        state="failed",
    )
    log = Document("submit.err", b"\x1b[31mINFO\xff\n", "cut: it has 5 bytes")
    digest = archive.record(NAME, Stage.ENDED, as_run, [YAML, log])
    with closing(followed.mirror()) as mirror, mirror.writing() as connection:
        (row,) = connection.execute("SELECT id, reserved_at FROM tries").fetchall()
        connection.execute(
            "INSERT INTO reports VALUES (?, ?, ?, ?)",
            (
                row["id"],
                reports.ARCHIVED,
                row["reserved_at"],
                json.dumps({"stage": "ended", "manifest": digest}),
            ),
        )
    return archive


@pytest.mark.parametrize("key", ["CM-1", "CM-2", "CM-3"])
def test_a_campaign_step_or_group_is_listed(followed: Terminal, archive: Archive, key: str) -> None:
    lines = followed.run("archive", "show", key).stdout.splitlines()
    newest = archive.newest(NAME)
    assert newest is not None
    assert lines == [
        f"{NAME}: request 4711, failed; manifest {newest[0]}",
        f"          29  {sha256(YAML.data)}  bps.yaml",
        f"          11  {newest[1].files[1].sha256}  submit.err  (cut: it has 5 bytes)",
    ]


@pytest.mark.covers("E1", "E4")
def test_a_script_reads_how_it_was_run(followed: Terminal, archive: Archive) -> None:
    (kept,) = json.loads(followed.run("archive", "show", "CM-2", "g001", "a1", "--json").stdout)
    assert (kept["as_run"]["query"], kept["as_run"]["request_id"]) == ("visit IN (1..20)", 4711)
    assert kept["files"][0]["sha256"] == sha256(YAML.data)


@pytest.mark.covers("E1", "E10")
def test_every_submission_is_listed_as_it_was_run(followed: Terminal, archive: Archive) -> None:
    newest = archive.newest(NAME)
    assert newest is not None
    ran = {"pipeline": "DRP.yaml#step1", "site": "SLAC", "environment": "stack", "lsst_version": "w_2026_47"}
    as_run = newest[1].as_run.model_copy(update=ran | {"reserved_at": "2026-11-20T08:15:00+00:00"})
    archive.record(NAME, Stage.ENDED, as_run, [Document("edits.diff", b"+queue: other\n")])
    assert followed.run("archive", "runs", "CM-1").stdout.splitlines() == [
        f"2026-11-20T08:15:00 {NAME}: request 4711, failed, edited",
        "    DRP.yaml#step1 at SLAC with stack w_2026_47",
        "    visit IN (1..20)",
    ]
    (row,) = json.loads(followed.run("archive", "runs", "CM-3", "--json").stdout)
    assert row == {"name": NAME} | as_run.model_dump(mode="json")
    assert followed.refused("archive", "runs", "CM-2", "g002")[0].startswith("CM-2 g002: nothing is archived")


def test_a_file_is_printed_byte_by_byte(followed: Terminal, archive: Archive) -> None:
    shown = followed.run("archive", "show", "CM-3", "--file", "submit.err")
    assert shown.stdout_bytes == b"\x1b[31mINFO\xff\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("CM-77",), "CM-77: is not known here; check the key, or run `cmbot sync --once`"),
        (("CM-2", "g002"), "CM-2 g002: nothing is archived of it; see `cmbot status`"),
        (("CM-2", "g001", "a2"), "CM-2 g001 a2: nothing is archived of it; see `cmbot status`"),
        (("CM-2", "../g001"), "../g001: is no group of CM-2; see `cmbot status`"),
        (
            ("CM-2", "--file", "../../../cmbot.sqlite"),
            f"../../../cmbot.sqlite: is no file of {NAME}; use one of bps.yaml, submit.err",
        ),
    ],
)
def test_what_is_not_there_is_told(
    followed: Terminal, archive: Archive, argv: tuple[str, ...], said: str
) -> None:
    assert followed.refused("archive", "show", *argv) == [said]


def test_a_group_must_be_named_where_several_have_the_file(followed: Terminal, archive: Archive) -> None:
    with closing(followed.mirror()) as mirror, mirror.writing() as connection:
        (row,) = connection.execute("SELECT * FROM attempts").fetchall()
        other = connection.execute(
            """INSERT INTO attempts (step_id, grp, number, state, cause_id, hash, created_at)
            VALUES (?, 'g002', 1, 'failed', ?, '', ?)""",
            (row["step_id"], row["cause_id"], row["created_at"]),
        ).lastrowid
        name = NAME.replace("g001", "g002")
        connection.execute(
            """INSERT INTO tries (attempt_id, nonce, name, state, directory, host, reserved_at)
            VALUES (?, 'ffffffff', ?, 'submitted', '', '', ?)""",
            (other, name, row["created_at"]),
        )
    newest = archive.newest(NAME)
    assert newest is not None
    archive.record(name, Stage.ENDED, newest[1].as_run.model_copy(update={"group": "g002"}), [YAML])
    (said,) = followed.refused("archive", "show", "CM-2", "--file", "bps.yaml")
    assert said == "CM-2: stands for several groups (CM-2 g001, CM-2 g002); name the step and the group"
    assert followed.run("archive", "show", "CM-2", "g002", "--file", "bps.yaml").stdout_bytes == YAML.data


def test_an_export_holds_the_files_and_the_manifest(followed: Terminal, archive: Archive) -> None:
    out, tar = followed.place / "out", followed.place / "out.tar.gz"
    assert (
        followed.run("archive", "export", "CM-1", "--to", str(out)).stdout
        == f"{out}: 3 files of 1 submissions\n"
    )
    assert (out / NAME / "bps.yaml").read_bytes() == YAML.data
    assert followed.run("archive", "export", "CM-3", "--to", str(tar)).exit_code == 0
    with tarfile.open(tar) as opened:
        assert len(opened.getnames()) == 3
    assert followed.refused("archive", "export", "CM-1", "--to", str(out)) == [
        f"{out}: is there already; name something new"
    ]


@pytest.mark.covers("E4", "E5")
def test_verify_is_content_with_a_whole_archive_and_names_what_was_tampered_with(
    followed: Terminal, archive: Archive
) -> None:
    whole = followed.run("archive", "verify")
    assert whole.exit_code == 0
    assert whole.stdout == "1 submissions, 2 files, 2 contents, 40 bytes: all is whole\n"

    place = archive.place(sha256(YAML.data))
    place.chmod(0o644)
    place.write_bytes(b"pipelineYaml: DRP.yaml#step2\n")
    found = followed.run("archive", "verify")
    assert found.exit_code == 1
    first, last = found.stdout.splitlines()
    assert first.startswith(f"{NAME} bps.yaml: is damaged: its content is ")
    assert last.endswith(": 1 damaged")
    (damage,) = json.loads(followed.run("archive", "verify", "--json").stdout)["damages"]
    assert (damage["name"], damage["file"]) == (NAME, "bps.yaml")

    archive.manifests(NAME)[0].unlink()
    (said,) = followed.run("archive", "verify").stdout.splitlines()[:-1]
    assert said.startswith(f"{NAME} manifest: none has the hash ")


def test_an_archive_can_be_verified_without_a_mirror(terminal: Terminal) -> None:
    empty = terminal.run("archive", "verify")
    assert (empty.exit_code, empty.stdout) == (
        0,
        "0 submissions, 0 files, 0 contents, 0 bytes: all is whole\n",
    )
    assert not (terminal.place / "state").exists()
