"""The archive on disk: written so that a crash leaves nothing half."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cmbot.archive.manifest import Entry, Manifest, decode, encode, sha256
from cmbot.exceptions import RemoteError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cmbot.archive.documents import Document
    from cmbot.archive.manifest import AsRun, Stage

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")
_NUMBERED = re.compile(r"([1-9][0-9]{0,5})\.json")
READ_ONLY = 0o444
"""Permissions of everything in the archive."""


class Archive:
    """The archive of all tries.

    Parameters
    ----------
    directory : `pathlib.Path`
        Made by the first write.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def record(self, name: str, stage: Stage, as_run: AsRun, documents: Iterable[Document]) -> str:
        """Keep what is known of a try; what was kept before stays.

        Parameters
        ----------
        name : `str`
            Run name of the try.
        stage : `~cmbot.archive.manifest.Stage`
            How far it is.
        as_run : `~cmbot.archive.manifest.AsRun`
            What is run.
        documents : `~collections.abc.Iterable` [`~cmbot.archive.documents.Document`]
            Its files; one that is not given is taken over from the manifest before.

        Returns
        -------
        sha256 : `str`
            Hash of the newest manifest; nothing is written if it would say the same.

        Raises
        ------
        RemoteError
            If the disk does not take it.
        UserError
            If the newest manifest cannot be read.
        """
        try:
            return self._record(name, stage, as_run, documents)
        except OSError as error:
            raise RemoteError(
                "archive", f"{name} cannot be written ({error.strerror})", "see work.state; cmbot tries again"
            ) from error

    def newest(self, name: str) -> tuple[str, Manifest] | None:
        """Read the newest manifest of a try.

        Parameters
        ----------
        name : `str`
            Run name of the try.

        Returns
        -------
        sha256, manifest : `str`, `~cmbot.archive.manifest.Manifest`
            Its hash and what it says; `None` instead if there is none.

        Raises
        ------
        UserError
            If it cannot be read.
        """
        if not (files := self.manifests(name)):
            return None
        data = _read(files[-1], f"{name}/{files[-1].name}")
        return sha256(data), decode(data, f"{name}/{files[-1].name}")

    def names(self) -> tuple[str, ...]:
        """List the tries.

        Returns
        -------
        names : `tuple` [`str`, ...]
            Run names, in order.
        """
        tries = self._directory / "tries"
        found = (entry.name for entry in tries.iterdir()) if tries.is_dir() else ()
        return tuple(sorted(name for name in found if _RUN.fullmatch(name)))

    def manifests(self, name: str) -> tuple[Path, ...]:
        """List the manifests of a try.

        Parameters
        ----------
        name : `str`
            Run name of the try.

        Returns
        -------
        files : `tuple` [`pathlib.Path`, ...]
            Oldest first.
        """
        directory = self._of(name)
        found = (
            (_NUMBERED.fullmatch(entry.name) for entry in directory.iterdir()) if directory.is_dir() else ()
        )
        numbers = sorted(int(match[1]) for match in found if match)
        return tuple(directory / f"{number}.json" for number in numbers)

    def objects(self) -> tuple[Path, ...]:
        """List the contents, with what a crash may have left of some.

        Returns
        -------
        files : `tuple` [`pathlib.Path`, ...]
            In order.
        """
        return tuple(sorted(self._objects.glob("??/*")))

    def place(self, digest: str) -> Path:
        """Name the file of a content by its hash.

        Parameters
        ----------
        digest : `str`
            Its SHA-256.

        Returns
        -------
        file : `pathlib.Path`
            Where it is.
        """
        return self._objects / digest[:2] / digest[2:]

    def read(self, entry: Entry) -> bytes:
        """Read a content, and check it.

        Parameters
        ----------
        entry : `~cmbot.archive.manifest.Entry`
            A file of a try.

        Returns
        -------
        data : `bytes`
            Exactly what was kept.

        Raises
        ------
        UserError
            If it is missing or not what it was.
        """
        data = _read(self.place(entry.sha256), entry.name)
        if sha256(data) != entry.sha256:
            raise UserError(
                entry.name, "is not what was kept: its hash differs", "see `cmbot archive verify`; use a copy"
            )
        return data

    @property
    def _objects(self) -> Path:
        return self._directory / "objects"

    def _of(self, name: str) -> Path:
        if not _RUN.fullmatch(name):
            raise UserError("archive", f"{name!r:.80} is not the name of a run", "check it")
        return self._directory / "tries" / name

    def _record(self, name: str, stage: Stage, as_run: AsRun, documents: Iterable[Document]) -> str:
        directory, newest = self._of(name), self.newest(name)
        files = {entry.name: entry for entry in newest[1].files} if newest else {}
        files |= {document.name: self._keep(document) for document in documents}
        made = Manifest(
            name=name,
            stage=stage,
            previous=newest[1].previous if newest else "",
            as_run=as_run,
            files=tuple(files[each] for each in sorted(files)),
        )
        if newest and newest[1] == made:
            return newest[0]
        data = encode(made.model_copy(update={"previous": newest[0]}) if newest else made)
        last = self.manifests(name)[-1:]
        _write(directory / f"{int(last[0].stem) + 1 if last else 1}.json", data)
        return sha256(data)

    def _keep(self, document: Document) -> Entry:
        data = document.data
        entry = Entry(name=document.name, sha256=sha256(data), size=len(data), note=document.note)
        file = self.place(entry.sha256)
        if not file.exists():
            _write(file, data)
        return entry


def _read(file: Path, subject: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(
            subject, f"cannot be read ({error.strerror})", "see `cmbot archive verify`"
        ) from error


def _write(file: Path, data: bytes) -> None:
    """Write a file that is there wholly or not at all, whenever the machine stops."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.new")
    # One that a crash left is read-only already.
    partial.unlink(missing_ok=True)
    with partial.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fchmod(stream.fileno(), READ_ONLY)
        os.fsync(stream.fileno())
    partial.rename(file)
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
