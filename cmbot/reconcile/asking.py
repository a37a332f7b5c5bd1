"""Ask a Butler something: start a script as a child, read its answer in a later pass (design.md rule 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.exceptions import RemoteError
from cmbot.reconcile import submissions

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cmbot.reconcile.edges import Workshop

_ENDS = ("}", "]")
"""How whole JSON ends; who reads an answer, which may be large, parses it."""


@dataclass(frozen=True)
class Question:
    """What is asked, and in which environment."""

    script: Path
    """One of ``cmbot/butler/scripts``."""
    request: str
    """JSON."""
    environment: str
    """Name of the environment."""


def start(edges: Workshop, question: Question, directory: Path) -> None:
    """Start the child.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Workshop`
        Where it is asked.
    question : `Question`
        What is asked.
    directory : `pathlib.Path`
        A new directory for it.

    Raises
    ------
    UserError
        If the environment is not known.
    RemoteError
        If the child cannot be started.
    """
    environment = submissions.named(edges.settings, question.environment)
    directory.mkdir(parents=True)
    (directory / "request.json").write_text(question.request)
    argv = [environment.python, str(question.script), "request.json", "response.json"]
    edges.runner.start(directory, argv, environment, {})


def finished(edges: Workshop, directory: Path, started: datetime, now: datetime) -> bool:
    """Tell whether a child that only reads or arranges has ended, ending it if it takes too long.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Workshop`
        Where it is asked.
    directory : `pathlib.Path`
        Where it runs.
    started, now : `datetime.datetime`
        When it was started, and the time.

    Returns
    -------
    ended : `bool`
        Whether the answer, or the lack of it, can be read.
    """
    if not edges.runner.look(directory).alive:
        return True
    if now - started < edges.settings.work.child_timeout:
        return False
    edges.runner.stop(directory)
    return True


def answer(directory: Path, subject: str, file: str = "response.json") -> str:
    """Read what a child wrote.

    Parameters
    ----------
    directory : `pathlib.Path`
        Where it ran.
    subject : `str`
        What an error is about: the key of the issue.
    file : `str`, optional
        Which file it should have written.

    Returns
    -------
    text : `str`
        Its content.

    Raises
    ------
    RemoteError
        If it wrote none: with the last line of what it said.
    """
    try:
        text = (directory / file).read_text()
        if not text.rstrip().endswith(_ENDS):
            raise ValueError("it is not whole")
    except (FileNotFoundError, ValueError):
        stderr = directory / "stderr"
        said = stderr.read_text(errors="replace").strip().splitlines() if stderr.exists() else []
        problem = f"the Butler did not answer: {said[-1][:300] if said else 'the child was stopped'}"
        raise RemoteError(subject, problem, f"cmbot tries again; see {stderr}") from None
    return text
