"""What was run is kept as it was: read-only, once, whole at any moment."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.archive.documents import Document
from cmbot.archive.manifest import AsRun, Manifest, Stage, decode, encode, sha256
from cmbot.archive.store import Archive
from cmbot.archive.verification import verify
from cmbot.exceptions import RemoteError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "CM-2_step1_g001_a1_0a1b2c3d"
YAML = Document("bps.yaml", b"pipelineYaml: DRP.yaml#step1\n")
LOG = Document("submit.err", b"INFO: done\n")


def tree(directory: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(file.relative_to(directory)): (file.read_bytes(), file.stat().st_mode & 0o777)
        for file in directory.rglob("*")
        if file.is_file()
    }


@pytest.mark.covers("E4", "V20")
def test_what_was_used_is_kept_read_only_under_its_hash(
    archive: Archive, as_run: AsRun, tmp_path: Path
) -> None:
    digest = archive.record(NAME, Stage.PREPARED, as_run, [YAML])
    found = archive.newest(NAME)
    assert found is not None
    assert found[0] == digest
    (entry,) = found[1].files
    assert (entry.name, entry.sha256, entry.size) == ("bps.yaml", sha256(YAML.data), len(YAML.data))
    assert archive.read(entry) == YAML.data
    assert {mode for _, mode in tree(tmp_path).values()} == {0o444}
    with suppress(PermissionError):  # root may write to anything
        (tmp_path / "archive" / "tries" / NAME / "1.json").open("r+b").close()


def test_the_same_again_writes_nothing(archive: Archive, as_run: AsRun, tmp_path: Path) -> None:
    first = archive.record(NAME, Stage.SUBMITTED, as_run, [YAML, LOG])
    before = tree(tmp_path)
    assert archive.record(NAME, Stage.SUBMITTED, as_run, [LOG, YAML]) == first
    assert archive.record(NAME, Stage.SUBMITTED, as_run, []) == first
    assert tree(tmp_path) == before


def test_the_same_content_of_two_tries_is_kept_once(archive: Archive, as_run: AsRun) -> None:
    other = NAME.replace("0a1b2c3d", "4e5f6a7b")
    archive.record(NAME, Stage.PREPARED, as_run, [YAML])
    archive.record(other, Stage.PREPARED, as_run, [YAML])
    assert archive.names() == (NAME, other)
    assert len(archive.objects()) == 1


def test_what_is_learnt_later_stands_beside_what_was_known(archive: Archive, as_run: AsRun) -> None:
    first = archive.record(NAME, Stage.PREPARED, as_run, [YAML])
    second = archive.record(NAME, Stage.ENDED, as_run.model_copy(update={"request_id": 7}), [LOG])
    found = archive.newest(NAME)
    assert found is not None
    assert found[0] == second
    assert found[1].previous == first
    assert [entry.name for entry in found[1].files] == ["bps.yaml", "submit.err"]
    old, _ = archive.manifests(NAME)
    assert sha256(old.read_bytes()) == first
    assert decode(old.read_bytes(), "").as_run.request_id is None


class Killed(BaseException):
    """The end of the process, as far as the disk can tell."""


def dying(call: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def instead(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == -1:
            raise Killed
        return call(*arguments, **named)

    return instead


def test_a_crash_at_any_write_leaves_nothing_half_and_the_next_run_goes_on(
    as_run: AsRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(archive: Archive) -> str:
        if archive.newest(NAME) is None:
            archive.record(NAME, Stage.PREPARED, as_run, [YAML])
        return archive.record(NAME, Stage.ENDED, as_run, [YAML, LOG])

    undisturbed = keep(Archive(tmp_path / "undisturbed"))
    died, point = True, 0
    while died:
        archive, left = Archive(tmp_path / str(point)), [point]
        with monkeypatch.context() as patched, suppress(Killed):
            for owner, name in (
                (Path, "mkdir"),
                (Path, "unlink"),
                (Path, "rename"),
                (os, "fchmod"),
                (os, "fsync"),
            ):
                patched.setattr(owner, name, dying(getattr(owner, name), left))
            keep(archive)
        died, point = left[0] < 0, point + 1
        assert verify(archive, {}, lambda _: None).damages == []
        assert keep(archive) == undisturbed
        assert verify(archive, {NAME: undisturbed}, lambda _: None).damages == []
        assert tree(tmp_path / "undisturbed") == tree(tmp_path / str(point - 1))
    assert point > 20


def test_a_disk_that_takes_nothing_is_tried_again_later(
    archive: Archive, as_run: AsRun, tmp_path: Path
) -> None:
    (tmp_path / "archive").write_text("in the way")
    with pytest.raises(RemoteError, match="cannot be written"):
        archive.record(NAME, Stage.PREPARED, as_run, [YAML])


@given(
    st.text(max_size=40)
    | st.sampled_from(["..", ".", "a/b", "/etc", "a\0b", "a\n", ".hidden", "", "x" * 201])
)
def test_no_name_leads_out_of_the_archive(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    archive = Archive(tmp_path_factory.mktemp("archive"))
    as_run = AsRun.model_construct(step="CM-2")
    if (
        all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in name)
        and name[:1] not in "_-"
    ):
        return
    with pytest.raises(UserError, match="not the name of a run"):
        archive.record(name, Stage.PREPARED, as_run, [])
    with pytest.raises(UserError):
        archive.manifests(name)
    assert archive.names() == ()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../../x"},
        {"name": NAME + "\n"},
        {"version": 2},
        {"stage": "gone"},
        {"files": [{"name": "../x.yaml", "sha256": "a" * 64, "size": 1}]},
        {"files": [{"name": "/x.yaml", "sha256": "a" * 64, "size": 1}]},
        {"files": [{"name": "x.yaml\n", "sha256": "a" * 64, "size": 1}]},
        {"files": [{"name": "x.yaml", "sha256": "../" + "a" * 61, "size": 1}]},
        {"files": [{"name": "x.yaml", "sha256": "a" * 64, "size": -1}]},
        {"more": 1},
    ],
    ids=str,
)
def test_a_manifest_that_somebody_made_up_is_refused(as_run: AsRun, change: dict[str, Any]) -> None:
    good = Manifest(name=NAME, stage=Stage.PREPARED, previous="", as_run=as_run, files=())
    assert decode(encode(good), "x") == good
    bad = json.dumps(good.model_dump() | change).encode()
    with pytest.raises(UserError, match="is no manifest"):
        decode(bad, "x")
    with pytest.raises(UserError, match="is no manifest"):
        decode(b"\xff\0{", "x")
