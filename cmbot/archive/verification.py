"""Is everything in the archive what was put there? Everything is read and hashed again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmbot.archive.manifest import Manifest, decode, sha256
from cmbot.archive.store import READ_ONLY
from cmbot.exceptions import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cmbot.archive.manifest import Entry
    from cmbot.archive.store import Archive

_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Damage:
    """Something that is not as it was kept."""

    name: str
    """Run name of the try."""
    file: str
    """A file of the try, or one of its manifests."""
    problem: str
    """What is wrong with it."""

    def __str__(self) -> str:
        return f"{self.name} {self.file}: {self.problem}"


@dataclass
class Verified:
    """What was found."""

    tries: int = 0
    """Tries that were looked at."""
    files: int = 0
    """Files that their manifests name."""
    objects: int = 0
    """Contents that were read; the same content is kept once."""
    size: int = 0
    """Bytes that were read."""
    unused: int = 0
    """Contents that no manifest names: left by a crash, harmless."""
    damages: list[Damage] = field(default_factory=list)
    """What is damaged or missing."""


def verify(archive: Archive, told: Mapping[str, str], progress: Callable[[str], None]) -> Verified:
    """Hash everything again.

    Parameters
    ----------
    archive : `~cmbot.archive.store.Archive`
        The archive.
    told : `~collections.abc.Mapping` [`str`, `str`]
        Hash of a manifest by run name, as somebody else remembers it: the mirror, or Jira.
    progress : `~collections.abc.Callable`
        Is given the name of each try.

    Returns
    -------
    verified : `Verified`
        With everything that is wrong.
    """
    found = Verified()
    checked: dict[str, str] = {}
    for name in sorted({*archive.names(), *told}):
        progress(name)
        found.tries += 1
        found.damages += _try(archive, name, told.get(name, ""), checked, found)
    used = {archive.place(digest) for digest in checked}
    found.objects = len(checked)
    found.unused = sum(file not in used for file in archive.objects())
    return found


def _try(
    archive: Archive, name: str, told: str, checked: dict[str, str], found: Verified
) -> Iterator[Damage]:
    hashes: set[str] = set()
    entries: dict[tuple[str, str], Entry] = {}
    number, before = 0, ""
    for file in archive.manifests(name):
        number += 1
        if file.stem != str(number):
            yield Damage(name, f"{number}.json", "is missing")
            number, before = int(file.stem), "?"
        try:
            data = file.read_bytes()
            manifest = decode(data, name)
        except (OSError, UserError) as error:
            yield Damage(name, file.name, error.problem if isinstance(error, UserError) else str(error))
            before = "?"
            continue
        yield from _manifest(file, manifest, before)
        before = sha256(data)
        hashes.add(before)
        entries |= {(entry.name, entry.sha256): entry for entry in manifest.files}
    if told and told not in hashes:
        yield Damage(name, "manifest", f"none has the hash {told} that cmbot remembers")
    for entry in entries.values():
        found.files += 1
        if entry.sha256 not in checked:
            checked[entry.sha256] = _content(archive.place(entry.sha256), entry, found)
        if problem := checked[entry.sha256]:
            yield Damage(name, entry.name, problem)


def _manifest(file: Path, manifest: Manifest, before: str) -> Iterator[Damage]:
    name = file.parent.name
    if manifest.name != name:
        yield Damage(name, file.name, f"is of {manifest.name}")
    if before not in {"?", manifest.previous}:
        yield Damage(name, file.name, "does not follow the one before: one of them was changed")
    if problem := _writable(file):
        yield Damage(name, file.name, problem)


def _content(file: Path, entry: Entry, found: Verified) -> str:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                found.size += len(chunk)
        if digest.hexdigest() != entry.sha256:
            return f"is damaged: its content is {digest.hexdigest()}, not {entry.sha256}"
        return _writable(file)
    except FileNotFoundError:
        return f"is missing: {entry.sha256}"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _writable(file: Path) -> str:
    mode = file.stat().st_mode & 0o777
    return "" if mode == READ_ONLY else f"is not read-only: its mode is {mode:04o}, not {READ_ONLY:04o}"
