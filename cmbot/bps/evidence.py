"""What a submission left on disk, looked at after its child ended (reference/predecessors.md section 8.3)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.bps.output import explain, graph_size, graph_tasks, parse_output, tail

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cmbot.bps.output import Failure

_MOST_READ = 1024 * 1024
_WORKFLOWS = ("panda_workflow.pickle", "parsl_workflow.pickle", "*.dag")
GRAPH_LOG = "quantumGraphGeneration.out"
"""File of the submit directory that holds what was said while the quantum graph was made."""


@dataclass(frozen=True)
class Evidence:
    """What is known of one try without asking the WMS."""

    request_ids: tuple[int, ...]
    """Request ids that the captured output and the id links tell, in ascending order; normally one."""
    prepared: bool
    """Whether anything can have been sent to the WMS.

    ``bps submit`` makes the submit directory first, builds the graph, and its prepare stage writes the
    workflow (PanDA, Parsl: a pickle; HTCondor: the DAG) as the last thing before the submit stage sends it
    (ctrl_bps 30 ``drivers.submit_driver``: ``prepare_driver``, then ``submit``; the plugins' ``prepare``:
    ``workflow.write``). Only pings go out before. So a bps that has *ended* without this file has submitted
    nothing, unless its host lost what it had written, or ``remoteBuild`` was used, which the linter
    refuses."""
    submit_directory: Path | None
    """The submit directory, if bps made it."""
    graph: Path | None
    """The quantum graph, if it was written; an empty one is written too."""
    quanta: int | None
    """Quanta in the graph."""
    tasks: Mapping[str, int]
    """Quanta by task label, in pipeline order."""
    config: Path | None
    """The configuration as BPS expanded it."""
    environment: Path | None
    """BPS's dump of the environment."""
    packages: Path | None
    """BPS's dump of the software versions."""
    failure: Failure
    """Why bps failed, if it did: meaningful only when its exit status is not 0."""
    log: str
    """The last lines that bps said, without secrets."""

    @property
    def request_id(self) -> int | None:
        """The request id, if exactly one is told."""
        return self.request_ids[0] if len(self.request_ids) == 1 else None


def gather(run_directory: Path, submit_path: Path, id_link_path: Path) -> Evidence:
    """Look at what a submission left.

    Parameters
    ----------
    run_directory : `pathlib.Path`
        Where the child ran: captured ``stdout`` and ``stderr``.
    submit_path : `pathlib.Path`
        BPS's submitPath of this try.
    id_link_path : `pathlib.Path`
        Directory of links from request ids to submit directories.

    Returns
    -------
    evidence : `Evidence`
        What was found; files that are not there are no error.
    """
    stdout, stderr = (_text(run_directory / name) for name in ("stdout", "stderr"))
    graph_log = _text(submit_path / GRAPH_LOG)
    told = parse_output(stdout, stderr).request_id
    ids = set(_linked(id_link_path, submit_path)) | ({told} if told is not None else set())
    return Evidence(
        request_ids=tuple(sorted(ids)),
        prepared=any(any(submit_path.glob(name)) for name in _WORKFLOWS),
        submit_directory=submit_path if submit_path.is_dir() else None,
        graph=_only(submit_path, "*.qg") or _only(submit_path, "*.qgraph"),
        quanta=graph_size(graph_log),
        tasks=graph_tasks(graph_log),
        config=_only(submit_path, "*_config.yaml"),
        environment=_only(submit_path, "*.env.info.yaml"),
        packages=_only(submit_path, "*.pkg.info.yaml"),
        failure=explain(stderr, graph_log),
        log=tail(stderr),
    )


def _linked(id_link_path: Path, submit_path: Path) -> list[int]:
    try:
        entries = [
            entry
            for entry in os.scandir(id_link_path)
            if entry.is_symlink() and entry.name.removesuffix(".0").isdecimal()
        ]
    except FileNotFoundError:
        return []
    # bps writes the path as it stands in the configuration; the directory behind it may be a link itself.
    wanted = {str(submit_path), os.path.realpath(submit_path)}
    return [
        int(entry.name.removesuffix(".0"))
        for entry in entries
        if os.readlink(entry.path) in wanted or os.path.realpath(entry.path) in wanted  # noqa: PTH115 - bps's own text
    ]


def _only(directory: Path, pattern: str) -> Path | None:
    found = sorted(directory.glob(pattern))
    return found[0] if len(found) == 1 else None


def _text(file: Path) -> str:
    """Read the end of a file that may be large, absent, or not text."""
    try:
        with file.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _MOST_READ))
            return stream.read(_MOST_READ).decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""
