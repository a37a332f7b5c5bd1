"""The one runner for bps, butler and pipetask: children that outlive cmbot (design.md rule 9).

A run is a directory. The child's output goes to files in it, it holds a lock file for as long as
it lives, and its exit status is written there: so a restarted cmbot finds out how it went.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.exceptions import RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cmbot.settings import EnvironmentSettings

# The arguments are positional parameters of the shell, so nothing is quoted or interpreted.
_RECORD_EXIT = '"$@"; code=$?; echo "$code" >exit.new && mv exit.new exit; exit "$code"'
# A stack's script must not see them, change them, move elsewhere, or be left out unnoticed.
_AFTER_SETUP = (
    'cmbot_setup="$1" cmbot_here="$PWD"; shift; cmbot_argv=("$@"); set --; '
    'if [ -r "$cmbot_setup" ]; then . "$cmbot_setup" >/dev/null; '
    'else echo "$cmbot_setup cannot be read" >&2; cmbot_argv=(false); fi; '
    'cd "$cmbot_here"; "${cmbot_argv[@]}"'
)
_INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "TZ")


@dataclass(frozen=True)
class Run:
    """What is known of one child."""

    alive: bool
    """Whether it, or anything it started, still holds the lock."""
    code: int | None
    """Exit status; `None` while it runs or if it was killed before it could be written."""
    started: bool
    """Whether it was ever started in this directory."""


class Runner:
    """Starts children and finds out how they went."""

    def __init__(self) -> None:
        self._own: dict[Path, subprocess.Popen[bytes]] = {}

    def start(
        self,
        directory: Path,
        argv: Sequence[str],
        environment: EnvironmentSettings,
        variables: Mapping[str, str],
    ) -> None:
        """Start a child in a directory of its own.

        Parameters
        ----------
        directory : `pathlib.Path`
            Made if needed; a directory in which a child was started before is refused.
        argv : `~collections.abc.Sequence` [`str`]
            Program and arguments.
        environment : `cmbot.settings.EnvironmentSettings`
            What it runs in.
        variables : `~collections.abc.Mapping` [`str`, `str`]
            Further variables, secrets among them, handed over in memory only.

        Raises
        ------
        RemoteError
            If the child cannot be started.
        """
        setup = ["/bin/bash", "-c", _AFTER_SETUP, "cmbot", environment.setup] if environment.setup else []
        shell = ["/bin/sh", "-c", _RECORD_EXIT, "cmbot", *environment.prefix, *setup, *argv]
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with (directory / "lock").open("x") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._own[directory] = _spawn(
                    directory, shell, _variables(environment) | dict(variables), lock.fileno()
                )
        except FileExistsError as error:
            raise RemoteError(str(directory), "something was started here before", "look at it") from error
        except OSError as error:
            raise RemoteError(argv[0], f"cannot be started ({error.strerror})", "see the settings") from error

    def look(self, directory: Path) -> Run:
        """Find out how the child of a directory is.

        Parameters
        ----------
        directory : `pathlib.Path`
            The directory it was started in, by this or an earlier cmbot.

        Returns
        -------
        run : `Run`
            What is known.
        """
        if not (directory / "lock").exists():
            return Run(alive=False, code=None, started=False)
        if _locked(directory / "lock"):
            return Run(alive=True, code=None, started=True)
        if (child := self._own.pop(directory, None)) is not None:
            child.wait()  # it is ending: its lock went with its last descriptor
        return Run(alive=False, code=_exit_code(directory / "exit"), started=True)

    def busy(self) -> int:
        """Count the children of this process that still run.

        Returns
        -------
        count : `int`
            How many.
        """
        return sum(1 for child in self._own.values() if child.poll() is None)

    def stop(self, directory: Path) -> None:
        """End a child that only reads; never used on a submission.

        Parameters
        ----------
        directory : `pathlib.Path`
            Its directory.
        """
        if (child := self._own.get(directory)) is not None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            del self._own[directory]


def _spawn(
    directory: Path, argv: Sequence[str], variables: Mapping[str, str], lock: int
) -> subprocess.Popen[bytes]:
    try:
        with (directory / "stdout").open("wb") as out, (directory / "stderr").open("wb") as err:
            # Own session: a signal to cmbot's terminal must not end a submission half-way.
            return subprocess.Popen(
                argv,
                cwd=directory,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                pass_fds=(lock,),
                start_new_session=True,
            )
    except OSError:
        # Nothing runs: the lock file would say that something did.
        (directory / "lock").unlink()
        raise


def _variables(environment: EnvironmentSettings) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    path = os.pathsep.join([*environment.path, kept.get("PATH", os.defpath)])
    return kept | {"PATH": path} | dict(environment.variables)


def _locked(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _exit_code(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (FileNotFoundError, ValueError):
        return None
