"""The part of a log that matters: the first traceback and the last lines (requirement F12)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cmbot.wms.masking import masked

TRACEBACK = "Traceback (most recent call last):"
_LAST = 15
_TRACEBACK_LINES = 40
_LONGEST_LINE = 300
_JOINTS = (
    "During handling of the above exception",
    "The above exception was the direct cause",
)
"""What Python writes between the parts of a chained traceback."""
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


@dataclass(frozen=True)
class Excerpt:
    """What a person reads first."""

    first: int
    """Number of the line where the traceback begins; 0 if there is none."""
    traceback: tuple[str, ...]
    """The first traceback with the error it ends with; long ones without their middle."""
    last: tuple[str, ...]
    """The last lines that say anything."""
    lines: int
    """Lines in all."""


def excerpt(text: str, last: int = _LAST) -> Excerpt:
    """Find what matters in a log.

    Parameters
    ----------
    text : `str`
        The log; anything can stand in it.
    last : `int`, optional
        How many of the last lines to take.

    Returns
    -------
    excerpt : `Excerpt`
        Without what terminals obey, and without secrets.
    """
    lines = text.splitlines()
    begin = next((number for number, line in enumerate(lines) if TRACEBACK in line), None)
    found = [] if begin is None else _until_error(lines[begin:])
    ending = [line for line in map(_plain, lines[-10 * last :]) if line.strip()][-last:]
    return Excerpt(
        0 if begin is None else begin + 1, tuple(map(_plain, _shortened(found))), tuple(ending), len(lines)
    )


def shown(found: Excerpt) -> str:
    """Write an excerpt for people.

    Parameters
    ----------
    found : `Excerpt`
        The excerpt.

    Returns
    -------
    text : `str`
        The traceback, and the last lines unless they are part of it.
    """
    parts = []
    if found.traceback:
        parts += [f"first traceback, from line {found.first} of {found.lines}:", *found.traceback]
    if found.last and not set(found.last) <= set(found.traceback):
        parts += [f"last {len(found.last)} of {found.lines} lines:", *found.last]
    return "\n".join(parts or ["the log is empty"])


def _until_error(lines: list[str]) -> list[str]:
    """Take a traceback up to the line that names the error, and on where another one is chained to it."""
    found = lines[:1]
    for number, line in enumerate(lines[1:], 1):
        found.append(line)
        if not line.strip() or line[0].isspace() or line.startswith(_JOINTS) or TRACEBACK in line:
            continue
        if not _goes_on(lines[number + 1 : number + 3]):
            break
    while found and not found[-1].strip():
        found.pop()
    return found


def _goes_on(following: list[str]) -> bool:
    return any(line.startswith(_JOINTS) for line in following)


def _shortened(lines: list[str]) -> list[str]:
    if len(lines) <= _TRACEBACK_LINES:
        return lines
    half = _TRACEBACK_LINES // 2
    return [*lines[:half], f"... {len(lines) - 2 * half} lines ...", *lines[-half:]]


def _plain(line: str) -> str:
    line = _COLOURS.sub("", line[: 10 * _LONGEST_LINE].expandtabs(4)).rstrip()
    line = masked("".join(character for character in line if character.isprintable()))
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"
