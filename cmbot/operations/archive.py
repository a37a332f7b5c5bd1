"""Look after the as-run archive: check it, show what it holds, copy it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.archive import verification
from cmbot.archive.export import export as copy_out
from cmbot.exceptions import UserError
from cmbot.mirror import Mirror, reports
from cmbot.operations.report import chosen
from cmbot.reconcile.archiving import open_archive
from cmbot.reconcile.opening import mirror_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cmbot.archive.manifest import Manifest
    from cmbot.archive.verification import Verified
    from cmbot.reconcile.edges import Local
    from cmbot.settings import Settings


@dataclass(frozen=True)
class Kept:
    """What the archive holds of one try."""

    sha256: str
    """Hash of the manifest: the issue's field "Archive hash"."""
    manifest: Manifest
    """What was run, and its files."""


def verify(settings: Settings, progress: Callable[[str], None]) -> Verified:
    """Hash everything in the archive again, and compare with what the mirror remembers.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        All settings.
    progress : `~collections.abc.Callable`
        Is given the name of each try.

    Returns
    -------
    verified : `~cmbot.archive.verification.Verified`
        With everything that is damaged or missing.
    """
    remembered: dict[str, str] = {}
    if mirror_file(settings).exists():
        remembered = reports.manifests(Mirror(mirror_file(settings)))
    return verification.verify(open_archive(settings), remembered, progress)


def show(local: Local, key: str, group: str = "", attempt: str = "") -> tuple[Kept, ...]:
    """Find what the archive holds of a campaign, step or group.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Its key.
    group : `str`, optional
        Name of a group, ``g001``; empty for all.
    attempt : `str`, optional
        An attempt, ``a1``; empty for all.

    Returns
    -------
    kept : `tuple` [`Kept`, ...]
        A try each, in order.

    Raises
    ------
    UserError
        If the key or the group is not known here, or nothing is archived of it.
    """
    archive = open_archive(local.settings)
    found = [
        archive.newest(item.name)
        for _, groups in chosen(local, key, group)
        for each in groups
        for made in each.attempts
        if attempt in {"", made.label}
        for item in made.tries
    ]
    kept = tuple(Kept(*newest) for newest in found if newest)
    if not kept:
        subject = " ".join(filter(None, (key, group, attempt)))
        raise UserError(subject, "nothing is archived of it", "see `cmbot status`")
    return kept


def file(local: Local, key: str, group: str, attempt: str, name: str) -> bytes:
    """Read one file of one try.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key, group, attempt : `str`
        As in `show`; where they stand for several tries, the newest counts.
    name : `str`
        What the file is called.

    Returns
    -------
    data : `bytes`
        Exactly what was kept: its hash is checked.

    Raises
    ------
    UserError
        If there is no such file, it is damaged, or several groups are meant.
    """
    kept = show(local, key, group, attempt)
    places = {(each.manifest.as_run.step, each.manifest.as_run.group) for each in kept}
    if len(places) > 1:
        listed = ", ".join(" ".join(place) for place in sorted(places))
        raise UserError(key, f"stands for several groups ({listed})", "name the step and the group")
    manifest = kept[-1].manifest
    entry = manifest.entry(name)
    if entry is None:
        known = ", ".join(each.name for each in manifest.files)
        raise UserError(name, f"is no file of {manifest.name}", f"use one of {known}")
    return open_archive(local.settings).read(entry)


def export(local: Local, key: str, group: str, attempt: str, to: Path) -> tuple[int, int]:
    """Copy what the archive holds into ordinary files.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key, group, attempt : `str`
        As in `show`.
    to : `pathlib.Path`
        A new directory or tar file.

    Returns
    -------
    tries, files : `int`
        How many.

    Raises
    ------
    UserError
        If there is nothing to copy, it is damaged, or the place is not free.
    """
    kept = show(local, key, group, attempt)
    return len(kept), copy_out(open_archive(local.settings), (each.manifest for each in kept), to)
