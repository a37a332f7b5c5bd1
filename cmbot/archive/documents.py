"""What goes into the archive: without secrets, and not larger than it may be."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

import yaml

from cmbot.definition import yaml_text
from cmbot.exceptions import UserError
from cmbot.wms.masking import is_secret, masked

if TYPE_CHECKING:
    from pathlib import Path

MOST = 4 * 1024 * 1024
"""Bytes of one file; of a larger one the beginning and the end are kept."""
_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO})


@dataclass(frozen=True)
class Document:
    """A file for the archive."""

    name: str
    """What it is called."""
    data: bytes
    """Its content."""
    note: str = ""
    """What was cut or masked; empty if it is whole."""


def from_file(name: str, file: Path | None, most: int = MOST) -> Document | None:
    """Take a text file.

    Parameters
    ----------
    name : `str`
        What it is called in the archive.
    file : `pathlib.Path` or `None`
        Where it is; what is not there, or is no plain file, is left out.
    most : `int`, optional
        Bytes that are kept.

    Returns
    -------
    document : `Document` or `None`
        Without secrets; `None` if there is no such file.

    Raises
    ------
    OSError
        If it is there and cannot be read now.
    """
    if file is None:
        return None
    try:
        with open(file, "rb", opener=_plainly) as stream:
            if not S_ISREG(os.fstat(stream.fileno()).st_mode):
                return None
            size = stream.seek(0, os.SEEK_END)
            head = most // 4 if size > most else most
            stream.seek(0)
            data = stream.read(head)
            if size > most:
                stream.seek(head - most, os.SEEK_END)
                data = _joined(data, stream.read(most - head), size)
    except OSError as error:
        # Anything else may pass by: a file server that is away must not leave a hole.
        if error.errno in _NO_FILE:
            return None
        raise
    return from_text(name, data, f"cut: it has {size} bytes" if size > most else "")


def from_text(name: str, data: bytes, note: str = "") -> Document:
    """Take a text.

    Parameters
    ----------
    name : `str`
        What it is called in the archive.
    data : `bytes`
        Text in any encoding that holds ASCII.
    note : `str`, optional
        What was done to it before.

    Returns
    -------
    document : `Document`
        Without secrets.
    """
    # What is not UTF-8 stays as it is.
    text = data.decode(errors="surrogateescape")
    clean = masked(text)
    notes = filter(None, (note, "secrets are masked" if clean != text else ""))
    return Document(name, clean.encode(errors="surrogateescape"), "; ".join(notes))


def from_data(name: str, data: Any) -> Document:
    """Take what JSON can hold.

    Parameters
    ----------
    name : `str`
        What it is called in the archive.
    data : `Any`
        Mappings, lists and scalars.

    Returns
    -------
    document : `Document`
        Without secrets; too large a one is cut like a text.
    """
    encoded = json.dumps(data, indent=1, ensure_ascii=False).encode(errors="surrogateescape") + b"\n"
    if len(encoded) <= MOST:
        return from_text(name, encoded)
    cut = _joined(encoded[: MOST // 4], encoded[-(MOST - MOST // 4) :], len(encoded))
    return from_text(name, cut, f"cut: it has {len(encoded)} bytes")


def from_environment(name: str, file: Path | None) -> Document | None:
    """Take BPS's dump of the environment variables.

    Parameters
    ----------
    name : `str`
        What it is called in the archive.
    file : `pathlib.Path` or `None`
        YAML, name: value.

    Returns
    -------
    document : `Document` or `None`
        Without the values of secret variables; only a note if it is no mapping: what cannot be read cannot
        be cleaned. `None` if there is no such file.
    """
    taken = from_file(name, file, yaml_text.MAX_BYTES)
    if taken is None:
        return None
    try:
        variables = yaml_text.load(taken.data.decode(errors="replace"), name)
    except UserError:
        variables = None
    if not isinstance(variables, dict) or taken.note.startswith("cut"):
        return Document(name, b"", "left out: it cannot be read, so secrets could not be told")
    hidden = [key for key in variables if is_secret(key)]
    shown = {key: "***" if key in hidden else value for key, value in variables.items()}
    note = "secrets are masked" if hidden else taken.note
    return Document(name, yaml.safe_dump(shown, allow_unicode=True).encode(), note)


def _plainly(file: str, flags: int) -> int:
    # A link in the place of a file must not lead to the bot's own files; a pipe would make it wait for ever.
    return os.open(file, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _joined(head: bytes, tail: bytes, size: int) -> bytes:
    """Put a beginning and an end together, in whole lines: half a secret is not recognised as one."""
    head, tail = head[: head.rfind(b"\n") + 1], tail[tail.find(b"\n") + 1 :]
    left_out = size - len(head) - len(tail)
    return head + f"[... {left_out} bytes are left out ...]\n".encode() + tail
