"""Exports are ordinary files that say what they are."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from cmbot.archive.documents import Document
from cmbot.archive.export import export
from cmbot.archive.manifest import AsRun, Manifest, Stage, decode, sha256
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.archive.store import Archive

NAME = "CM-2_step1_g001_a1_0a1b2c3d"
YAML = Document("bps.yaml", b"pipelineYaml: DRP.yaml#step1\n")


@pytest.fixture
def manifest(archive: Archive, as_run: AsRun) -> Manifest:
    archive.record(NAME, Stage.PREPARED, as_run, [YAML])
    archive.record(NAME, Stage.ENDED, as_run, [Document("submit.err", b"")])
    found = archive.newest(NAME)
    assert found is not None
    return found[1]


def test_a_directory_holds_a_directory_for_each_try(
    archive: Archive, manifest: Manifest, tmp_path: Path
) -> None:
    to = tmp_path / "out"
    assert export(archive, [manifest], to) == 3
    assert (to / NAME / "bps.yaml").read_bytes() == YAML.data
    copy = (to / NAME / "manifest.json").read_bytes()
    assert decode(copy, "") == manifest
    assert (sha256(copy), manifest) == archive.newest(NAME)


@pytest.mark.parametrize("name", ["out.tar", "out.tar.gz", "out.tgz"])
def test_a_tar_holds_the_same_with_safe_names(
    archive: Archive, manifest: Manifest, tmp_path: Path, name: str
) -> None:
    assert export(archive, [manifest], tmp_path / name) == 3
    with tarfile.open(tmp_path / name) as tar:
        assert tar.getnames() == [f"{NAME}/{part}" for part in ("bps.yaml", "submit.err", "manifest.json")]
        tar.extractall(tmp_path / "unpacked", filter="data")
    assert (tmp_path / "unpacked" / NAME / "bps.yaml").read_bytes() == YAML.data
    assert [file.name for file in tmp_path.iterdir() if file.name.endswith(".new")] == []


@pytest.mark.parametrize("name", ["out", "out.tar"])
def test_what_is_there_is_never_overwritten(
    archive: Archive, manifest: Manifest, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(UserError, match="is there already"):
        export(archive, [manifest], tmp_path / name)
    assert (tmp_path / name).read_text() == "mine"
    with pytest.raises(UserError, match="is there already"):
        export(archive, [manifest], tmp_path)


@pytest.mark.parametrize("name", ["out", "out.tar"])
def test_damaged_contents_are_not_given_away(
    archive: Archive, manifest: Manifest, tmp_path: Path, name: str
) -> None:
    place = archive.place(sha256(YAML.data))
    place.chmod(0o644)
    place.write_bytes(b"other")
    with pytest.raises(UserError, match=r"bps\.yaml: is not what was kept"):
        export(archive, [manifest], tmp_path / name)
    assert not (tmp_path / "out.tar").exists()
