"""Whatever is changed in the archive, verification names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.archive.documents import Document
from cmbot.archive.manifest import AsRun, Stage, decode, encode, sha256
from cmbot.archive.verification import verify

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.archive.store import Archive

NAME = "CM-2_step1_g001_a1_0a1b2c3d"
YAML = Document("bps.yaml", b"pipelineYaml: DRP.yaml#step1\n")
LOG = Document("submit.err", b"INFO: done\n")


@pytest.fixture
def told(archive: Archive, as_run: AsRun) -> dict[str, str]:
    archive.record(NAME, Stage.PREPARED, as_run, [YAML])
    return {NAME: archive.record(NAME, Stage.ENDED, as_run, [LOG])}


def overwrite(file: Path, data: bytes) -> None:
    file.chmod(0o644)
    file.write_bytes(data)
    file.chmod(0o444)


def damages(archive: Archive, told: dict[str, str]) -> list[str]:
    return [f"{item.file}: {item.problem}" for item in verify(archive, told, lambda _: None).damages]


@pytest.mark.covers("E4", "E5")
def test_an_archive_that_nobody_touched_is_whole(archive: Archive, told: dict[str, str]) -> None:
    seen: list[str] = []
    found = verify(archive, told, seen.append)
    assert (found.tries, found.files, found.objects, found.unused, found.damages) == (1, 2, 2, 0, [])
    assert found.size == len(YAML.data) + len(LOG.data)
    assert seen == [NAME]


def test_a_changed_content_is_named(archive: Archive, told: dict[str, str]) -> None:
    overwrite(archive.place(sha256(YAML.data)), b"pipelineYaml: DRP.yaml#step2\n")
    (said,) = damages(archive, told)
    assert said.startswith("bps.yaml: is damaged: its content is ")


def test_a_missing_content_is_named(archive: Archive, told: dict[str, str]) -> None:
    archive.place(sha256(LOG.data)).unlink()
    assert damages(archive, told) == [f"submit.err: is missing: {sha256(LOG.data)}"]


def test_a_content_or_manifest_that_can_be_written_to_is_named(
    archive: Archive, told: dict[str, str]
) -> None:
    archive.place(sha256(LOG.data)).chmod(0o644)
    archive.manifests(NAME)[0].chmod(0o600)
    assert damages(archive, told) == [
        "1.json: is not read-only: its mode is 0600, not 0444",
        "submit.err: is not read-only: its mode is 0644, not 0444",
    ]


def test_a_manifest_changed_together_with_its_content_is_named_by_the_next(
    archive: Archive, told: dict[str, str]
) -> None:
    first = archive.manifests(NAME)[0]
    manifest = decode(first.read_bytes(), "")
    other = manifest.as_run.model_copy(update={"by": "Bob"})
    overwrite(first, encode(manifest.model_copy(update={"as_run": other})))
    assert damages(archive, told) == ["2.json: does not follow the one before: one of them was changed"]


def test_a_newest_manifest_changed_together_with_its_content_is_named_by_what_was_told(
    archive: Archive, told: dict[str, str]
) -> None:
    last = archive.manifests(NAME)[-1]
    manifest = decode(last.read_bytes(), "")
    overwrite(last, encode(manifest.model_copy(update={"files": manifest.files[:1]})))
    assert damages(archive, told) == [f"manifest: none has the hash {told[NAME]} that cmbot remembers"]
    assert damages(archive, {}) == []


def test_missing_and_unreadable_manifests_are_named(archive: Archive, told: dict[str, str]) -> None:
    first, second = archive.manifests(NAME)
    kept = first.read_bytes()
    first.unlink()
    assert damages(archive, told) == ["1.json: is missing"]
    first.write_bytes(kept)
    first.chmod(0o444)
    overwrite(second, b"{}")
    assert [said.partition(" (")[0] for said in damages(archive, told)] == [
        "2.json: is no manifest",
        f"manifest: none has the hash {told[NAME]} that cmbot remembers",
    ]


def test_a_try_that_is_gone_is_named(archive: Archive, told: dict[str, str]) -> None:
    for file in archive.manifests(NAME):
        file.unlink()
    assert damages(archive, told) == [f"manifest: none has the hash {told[NAME]} that cmbot remembers"]


def test_what_a_crash_left_is_counted_and_harmless(archive: Archive, told: dict[str, str]) -> None:
    place = archive.place(sha256(b"never named"))
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"never named")
    found = verify(archive, told, lambda _: None)
    assert (found.unused, found.damages) == (1, [])
