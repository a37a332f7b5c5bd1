"""The as-run archive: exactly what was submitted, read-only (requirement E4)."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path


def keep(file: Path, directory: Path) -> str:
    """Copy a file into the archive.

    Parameters
    ----------
    file : `pathlib.Path`
        What was used.
    directory : `pathlib.Path`
        Directory of the try in the archive; made if needed.

    Returns
    -------
    sha256 : `str`
        Hash of the content, also part of the copy's name, so that one file never replaces another.
    """
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    copy = directory / f"{file.stem}-{digest[:12]}{file.suffix}"
    if not copy.exists():
        directory.mkdir(parents=True, exist_ok=True)
        partial = Path(f"{copy}.new")
        # One that a crash left is read-only already.
        partial.unlink(missing_ok=True)
        shutil.copyfile(file, partial)
        partial.chmod(0o444)
        partial.rename(copy)
    return digest
