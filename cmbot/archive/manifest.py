"""What the archive holds of one try, as a document with a hash of its own."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cmbot.exceptions import UserError

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
RunName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$")]
FileName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,60}\.[a-z]{1,8}$")]


class Stage(StrEnum):
    """How far a try was when a manifest was written."""

    PREPARED = "prepared"
    """Before bps was started."""
    SUBMITTED = "submitted"
    """The WMS has it; BPS has written down what it made of it."""
    ENDED = "ended"
    """Nothing more comes, unless the WMS reopens it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AsRun(_Part):
    """What was run, in a row (requirement E1); empty where it was never known."""

    campaign: str
    """Key of the epic."""
    step: str
    """Key of the step."""
    step_name: str
    """Its name."""
    group: str
    """Name of the group."""
    group_issue: str = ""
    """Key of its sub-task, if it has one."""
    attempt: int
    """Number of the attempt."""
    cause: str
    """The human act behind it."""
    by: str
    """Who that was."""
    operators: tuple[str, ...] = ()
    """Who was on shift when it was submitted, else whose the step was (requirement D7)."""
    definition: str
    """Hash of the definition that it uses."""
    environment: str = ""
    """Named environment: the software."""
    lsst_version: str = ""
    """Science Pipelines tag."""
    image: str = ""
    """Software image of the jobs; empty for the site's own."""
    pipeline: str = ""
    """Pipeline file and subset."""
    wms: str = ""
    """BPS's service class."""
    site: str = ""
    """Compute site."""
    butler: str = ""
    """Butler repository."""
    inputs: str = ""
    """Input collections, in search order."""
    query: str = ""
    """Data query."""
    output_run: str = ""
    """RUN collection."""
    yaml_sha256: str = ""
    """Hash of the BPS YAML as it was handed to bps."""
    reserved_at: str = ""
    """When it was written down, just before it was submitted."""
    request_id: int | None = None
    """Request id in the WMS."""
    quanta: int | None = None
    """Quanta in the graph."""
    state: str = ""
    """How the attempt was; of a submission that did not happen ``not submitted``."""
    summary: str = ""
    """The reason, in a sentence."""
    ended_at: str = ""
    """When the attempt ended."""


class Entry(_Part):
    """One file of a try."""

    name: FileName
    """What it is called."""
    sha256: Sha256
    """Hash of its content, and its place in the archive."""
    size: Annotated[int, Field(ge=0)]
    """Bytes."""
    note: str = ""
    """What was cut or masked; empty if it is whole."""


class Manifest(_Part):
    """What the archive holds of one try."""

    version: Literal[1] = 1
    """Of this form."""
    name: RunName
    """Run name of the try."""
    stage: Stage
    """How far it was."""
    previous: Sha256 | Literal[""]
    """Hash of the manifest before; empty for the first."""
    as_run: AsRun
    """What was run."""
    files: tuple[Entry, ...]
    """Its files, by name."""

    def entry(self, name: str) -> Entry | None:
        """Find a file by its name.

        Parameters
        ----------
        name : `str`
            What it is called.

        Returns
        -------
        entry : `Entry` or `None`
            `None` if there is none.
        """
        return next((entry for entry in self.files if entry.name == name), None)


def encode(manifest: Manifest) -> bytes:
    """Write a manifest, always the same bytes for the same manifest.

    Parameters
    ----------
    manifest : `Manifest`
        The manifest.

    Returns
    -------
    data : `bytes`
        JSON.
    """
    return manifest.model_dump_json(indent=1).encode() + b"\n"


def decode(data: bytes, subject: str) -> Manifest:
    """Read a manifest.

    Parameters
    ----------
    data : `bytes`
        What `encode` wrote.
    subject : `str`
        Where it comes from, for messages.

    Returns
    -------
    manifest : `Manifest`
        Its names checked: none of them can lead out of a directory.

    Raises
    ------
    UserError
        If it is something else.
    """
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        said = " ".join([*map(str, first["loc"]), first["msg"]])
        raise UserError(subject, f"is no manifest ({said})", "restore it from a copy") from error


def sha256(data: bytes) -> str:
    """Hash a content.

    Parameters
    ----------
    data : `bytes`
        The content.

    Returns
    -------
    digest : `str`
        64 hexadecimal digits.
    """
    return hashlib.sha256(data).hexdigest()
