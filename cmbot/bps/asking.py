"""Ask through ``bps``: short children in a named environment, ended when their time is over (rule 9)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from cmbot.bps.output import explain
from cmbot.exceptions import RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.children import Runner
    from cmbot.settings import EnvironmentSettings

_AT_ONCE = 4
"""Children at the same time: each imports the whole of BPS."""
_STEP = 0.05
"""Seconds between two looks at them."""


class Asking:
    """Runs ``bps`` commands that only ask, or order something and say at once that they did.

    Parameters
    ----------
    runner : `~cmbot.children.Runner`
        Starts them.
    state : `pathlib.Path`
        Directory below which they run, and which an environment's prefix can see.
    environment : `~cmbot.settings.EnvironmentSettings`
        What they run in.
    service : `str`
        BPS's service class.
    timeout : `float`
        Seconds that all children of one question may take together.
    """

    def __init__(
        self, runner: Runner, state: Path, environment: EnvironmentSettings, service: str, timeout: float
    ) -> None:
        self._runner = runner
        self._state = state
        self._environment = environment
        self._variables = {"BPS_WMS_SERVICE_CLASS": service}
        self._timeout = timeout

    def one(self, *argv: str) -> str:
        """Run one command.

        Parameters
        ----------
        *argv : `str`
            Arguments of ``bps``.

        Returns
        -------
        stdout : `str`
            What it printed.

        Raises
        ------
        RemoteError
            If it failed, or took too long and was ended.
        """
        answer = self.all({0: argv}).get(0)
        if isinstance(answer, str):
            return answer
        raise answer or RemoteError(" ".join(argv[:2]), "was not asked in time", "cmbot tries again")

    def all(self, questions: Mapping[int, Sequence[str]]) -> dict[int, str | RemoteError]:
        """Run commands side by side, in order, as many as there is time for.

        Parameters
        ----------
        questions : `~collections.abc.Mapping` [`int`, `~collections.abc.Sequence` [`str`]]
            Arguments of ``bps`` by number.

        Returns
        -------
        answers : `dict` [`int`, `str` or `~cmbot.exceptions.RemoteError`]
            What was printed, or why not. What was not begun in time is not in it.
        """
        end, answers = monotonic() + self._timeout, dict[int, str | RemoteError]()
        self._state.mkdir(parents=True, exist_ok=True)
        waiting, running = list(questions), dict[int, Path]()
        with tempfile.TemporaryDirectory(prefix="bps-", dir=self._state) as scratch:
            while (waiting and monotonic() < end) or running:
                while waiting and len(running) < _AT_ONCE and monotonic() < end:
                    number = waiting.pop(0)
                    directory = Path(scratch) / str(number)
                    self._runner.start(
                        directory, ("bps", *questions[number]), self._environment, self._variables
                    )
                    running[number] = directory
                for number, directory in list(running.items()):
                    alive = self._runner.look(directory).alive
                    if alive and monotonic() < end:
                        continue
                    if alive:
                        self._runner.stop(directory)
                    del running[number]
                    answers[number] = self._answer(questions[number], directory, in_time=not alive)
                if running:
                    sleep(_STEP)
        return answers

    def _answer(self, argv: Sequence[str], directory: Path, *, in_time: bool) -> str | RemoteError:
        subject = f"bps {' '.join(argv)}"
        if not in_time:
            return RemoteError(subject, f"took longer than {self._timeout:g} s", "cmbot tries again")
        code = self._runner.look(directory).code
        if code == 0:
            return (directory / "stdout").read_text(errors="replace")
        reason = explain((directory / "stderr").read_text(errors="replace")).reason
        return RemoteError(subject, f"ended with status {code}: {reason}", "cmbot tries again")
