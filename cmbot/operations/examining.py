"""Run checks at the same time, each for a limited time, and none that depends on what is broken."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from cmbot.exceptions import CmbotError
from cmbot.operations import diagnosis
from cmbot.operations.diagnosis import Health, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True)
class Check:
    """Something to look at."""

    name: str
    """Its name in the report."""
    look: Callable[[], Sequence[Line]]
    """Gathers the facts and has them judged; may raise `~cmbot.exceptions.CmbotError`."""
    needs: str = ""
    """Name of the check without which it cannot be done."""
    health: Health = Health.BROKEN
    """How bad it is if it cannot be done."""


def examine(checks: Sequence[Check], limit: float) -> Iterator[Line]:
    """Do all checks; those that need no other begin at once.

    Parameters
    ----------
    checks : `~collections.abc.Sequence` [`Check`]
        In the order of the report; what one needs comes before it.
    limit : `float`
        Seconds after which a check that has not ended is given up.

    Yields
    ------
    line : `~cmbot.operations.diagnosis.Line`
        In the order of the checks.
    """
    running = {check.name: _Running(check, limit) for check in checks if not check.needs}
    bad: set[str] = set()
    for check in checks:
        if check.needs in bad:
            lines: Sequence[Line] = (
                Line(check.name, Health.UNCHECKED, f"needs {check.needs}", f"see {check.needs} first"),
            )
        else:
            lines = (running.get(check.name) or _Running(check, limit)).lines()
        # What else a check found says nothing of what others need of it.
        if check.needs in bad or any(
            line.health is Health.BROKEN for line in lines if line.check == check.name
        ):
            bad.add(check.name)
        yield from lines


class _Running:
    """A check in a thread of its own."""

    def __init__(self, check: Check, limit: float) -> None:
        self._check = check
        self._until = monotonic() + limit
        self._found: Sequence[Line] | None = None
        # A daemon: what hangs in the kernel (a dead file server) must not keep the command from ending.
        self._thread = threading.Thread(target=self._run, daemon=True, name=check.name)
        self._thread.start()

    def lines(self) -> Sequence[Line]:
        """Wait for the findings, as long as there is time."""
        self._thread.join(max(0.0, self._until - monotonic()))
        hung = Line(self._check.name, self._check.health, "no answer in time", "see what it waits for")
        return (hung,) if self._found is None else self._found

    def _run(self) -> None:
        try:
            self._found = tuple(self._check.look())
        except CmbotError as error:
            self._found = (diagnosis.failed(self._check.name, error, self._check.health),)
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, and hides no other
            told = f"the check itself failed ({type(error).__name__}: {error})"
            self._found = (Line(self._check.name, Health.BROKEN, told, "report this"),)
