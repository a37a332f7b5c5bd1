"""Copies of what is archived, as ordinary files for people and other tools."""

from __future__ import annotations

import tarfile
from io import BytesIO
from typing import TYPE_CHECKING

from cmbot.archive.manifest import encode
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cmbot.archive.manifest import Manifest
    from cmbot.archive.store import Archive

_KINDS = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz"}


def export(archive: Archive, manifests: Iterable[Manifest], to: Path) -> int:
    """Copy tries: a directory each, with their files and ``manifest.json``.

    Parameters
    ----------
    archive : `~cmbot.archive.store.Archive`
        The archive.
    manifests : `~collections.abc.Iterable` [`~cmbot.archive.manifest.Manifest`]
        Of the tries.
    to : `pathlib.Path`
        A directory that is empty or does not exist; or a file ending in ``.tar``, ``.tar.gz`` or ``.tgz``
        that does not exist.

    Returns
    -------
    count : `int`
        Files.

    Raises
    ------
    UserError
        If something is there already, cannot be written, or is damaged in the archive.
    """
    kind = next((mode for suffix, mode in _KINDS.items() if to.name.endswith(suffix)), "")
    try:
        if to.exists() and (kind or not to.is_dir() or any(to.iterdir())):
            raise UserError(str(to), "is there already", "name something new")
        return _to_tar(archive, manifests, to, kind) if kind else _to_directory(archive, manifests, to)
    except OSError as error:
        raise UserError(str(to), f"cannot be written ({error.strerror})", "name another place") from error


def _files(archive: Archive, manifests: Iterable[Manifest]) -> Iterator[tuple[str, str, bytes]]:
    """Give run name, file name and content; manifests are read with their names checked."""
    for manifest in manifests:
        for entry in manifest.files:
            yield manifest.name, entry.name, archive.read(entry)
        yield manifest.name, "manifest.json", encode(manifest)


def _to_directory(archive: Archive, manifests: Iterable[Manifest], to: Path) -> int:
    count = 0
    for run, name, data in _files(archive, manifests):
        (to / run).mkdir(parents=True, exist_ok=True)
        (to / run / name).write_bytes(data)
        count += 1
    return count


def _to_tar(archive: Archive, manifests: Iterable[Manifest], to: Path, kind: str) -> int:
    count, partial = 0, to.with_name(f".{to.name}.new")
    try:
        with tarfile.open(partial, kind) as tar:  # type: ignore[call-overload]  # one of three literals
            for run, name, data in _files(archive, manifests):
                # No owner and no time: the same archive gives the same content.
                member = tarfile.TarInfo(f"{run}/{name}")
                member.size, member.mode = len(data), 0o644
                tar.addfile(member, BytesIO(data))
                count += 1
        partial.rename(to)
    finally:
        partial.unlink(missing_ok=True)
    return count
