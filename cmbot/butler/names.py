"""Names of a campaign's collections, without I/O (requirements A11, B1; DMTN-167).

::

    <root>                              CHAINED  steps, the last one first, then the original inputs
    <root>/<step>                       CHAINED  groups
    <root>/<step>/<group>               CHAINED  good attempts, the newest first
    <root>/<step>/<group>/a1_<nonce>    RUN      one try
    <root>/inputs/<hash>                TAGGED   the datasets of a set of DataIds
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from cmbot.exceptions import UserError

LONGEST = 200
"""Characters of the longest name; RUN names become directories and parts of other names."""

_ROOT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)*", re.ASCII)
_STEP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)
_GROUP = re.compile(r"g\d{3,}", re.ASCII)
_NONCE = re.compile(r"[0-9a-f]{8}", re.ASCII)


@dataclass(frozen=True)
class Layout:
    """Names below one root: valid for the Butler and unique even without regard to case.

    Parameters
    ----------
    root : `str`
        The campaign's own collection.
    steps : `tuple` [`str`, ...]
        Names of its steps.

    Raises
    ------
    UserError
        Raised if the root or a step cannot be part of a name, or two steps differ in case only.
    """

    root: str
    """The campaign's own collection."""
    steps: tuple[str, ...]
    """Names of its steps."""

    def __post_init__(self) -> None:
        _require(_ROOT, self.root, "Output root")
        for step in self.steps:
            _require(_STEP, step, "Step name")
        twice = [name for name, times in Counter(step.lower() for step in self.steps).items() if times > 1]
        if twice:
            raise UserError(
                "Step name", f"{', '.join(twice)}: names differ in case only", "rename one of them"
            )

    def step(self, step: str) -> str:
        """Chain of a step.

        Parameters
        ----------
        step : `str`
            Name of the step.

        Returns
        -------
        name : `str`
            ``<root>/<step>``.

        Raises
        ------
        UserError
            Raised if the campaign has no such step, or the name becomes too long.
        """
        if step not in self.steps:
            raise UserError(
                "step", f"{step!r} is not a step of the campaign", f"steps: {', '.join(self.steps)}"
            )
        return _short(f"{self.root}/{step}")

    def group(self, step: str, group: str) -> str:
        """Chain of a group.

        Parameters
        ----------
        step, group : `str`
            Names of the step and of the group.

        Returns
        -------
        name : `str`
            ``<root>/<step>/<group>``.

        Raises
        ------
        UserError
            Raised if a part is not possible, or the name becomes too long.
        """
        _require(_GROUP, group, "group")
        return _short(f"{self.step(step)}/{group}")

    def run(self, step: str, group: str, attempt: int, nonce: str) -> str:
        """RUN of one try.

        Parameters
        ----------
        step, group : `str`
            Names of the step and of the group.
        attempt : `int`
            Number of the attempt, from 1.
        nonce : `str`
            Eight hexadecimal digits in lower case.

        Returns
        -------
        name : `str`
            ``<root>/<step>/<group>/a1_<nonce>``.

        Raises
        ------
        UserError
            Raised if a part is not possible, or the name becomes too long.
        """
        _require(_NONCE, nonce, "nonce")
        if attempt < 1:
            raise UserError("attempt", f"{attempt} is not possible", "count from 1")
        return _short(f"{self.group(step, group)}/a{attempt}_{nonce}")

    def inputs(self, sha256: str) -> str:
        """TAGGED collection of a set of DataIds (requirements A10, C6).

        Parameters
        ----------
        sha256 : `str`
            Hash of the set: another set never comes into the same collection.

        Returns
        -------
        name : `str`
            ``<root>/inputs/<hash>``, which is the name of no step, group or run.

        Raises
        ------
        UserError
            Raised if it is no hash, or the name becomes too long.
        """
        return _short(f"{self.root}/inputs/{_require(_NONCE, sha256[:8], 'sha256')}")


def _require(pattern: re.Pattern[str], text: str, subject: str) -> str:
    if not pattern.fullmatch(text) or len(text) > LONGEST:
        raise UserError(
            subject,
            f"{text!r:.80} cannot be part of a collection name",
            f"use letters, digits and _ - . only, at most {LONGEST} characters",
        )
    return text


def _short(name: str) -> str:
    if len(name) > LONGEST:
        raise UserError("Output root", f"{name} is longer than {LONGEST} characters", "choose a shorter root")
    return name
