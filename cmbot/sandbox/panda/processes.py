"""Processes of jobs: started in their own group, measured, ended.

The environment of a job is built from nothing: what the server inherited, secrets included, does not reach
it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psutil

from cmbot.sandbox.panda.components import memory_errors, payload_errors
from cmbot.sandbox.panda.jobs import MEMORY, Attempt, Outcome

if TYPE_CHECKING:
    import threading
    from pathlib import Path

_MARK = "CMBOT_SANDBOX_PANDA"
"""Environment variable that tells the jobs of one state directory from all other processes."""

_NOWHERE = "http://127.0.0.1:1"
_SAMPLE = 0.1  # seconds between two looks at the memory of a job
_MEGABYTE = 2**20


@dataclass(frozen=True)
class Site:
    """Where jobs run and what they find there."""

    state: Path
    """State directory of the sandbox."""
    bin_dir: Path
    """Directory of ``python3``, ``pipetask`` and ``butler``, first on PATH."""

    def directory(self, request_id: int, attempt_id: int) -> Path:
        """Directory of one attempt, with its ``stdout`` and ``stderr``."""
        return self.state / "jobs" / str(request_id) / str(attempt_id)

    def environment(self, attempt_id: int) -> dict[str, str]:
        """Environment of one attempt.

        Parameters
        ----------
        attempt_id : `int`
            PandaID of the attempt.

        Returns
        -------
        environment : `dict` [`str`, `str`]
            All of it: nothing is inherited.
        """
        home = self.state / "home"
        home.mkdir(exist_ok=True)
        prefix = str(self.bin_dir.parent)
        return {
            "PATH": f"{self.bin_dir}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "USER": "sandbox",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            # ctrl_bps's default commands name the programs by these two (reference/bps.md P4)
            "CTRL_MPEXEC_DIR": prefix,
            "DAF_BUTLER_DIR": prefix,
            # the decoder imports panda-client, which asks the name server for CERN's hosts unless told not to
            # (reference/bps.md P1); a job has nothing to tell a server, so these lead nowhere
            "PANDA_BEHIND_REAL_LB": "1",
            "PANDA_URL": _NOWHERE,
            "PANDA_URL_SSL": _NOWHERE,
            "PANDACACHE_URL": _NOWHERE,
            # every worker is one core
            "OMP_NUM_THREADS": "1",
            "PANDAID": str(attempt_id),
            _MARK: str(self.state),
        }


def run(site: Site, attempt: Attempt, stop: threading.Event) -> Outcome:
    """Run one attempt to its end.

    Parameters
    ----------
    site : `Site`
        Where it runs.
    attempt : `Attempt`
        What runs.
    stop : `threading.Event`
        Set from elsewhere to end it early.

    Returns
    -------
    outcome : `Outcome`
        Exit code and memory; 137 with reason `MEMORY` when the resident size of the group exceeded the
        request.
    """
    directory = site.directory(attempt.request_id, attempt.id)
    work = directory / "work"
    try:
        work.mkdir(parents=True)
        with (directory / "stdout").open("wb") as out, (directory / "stderr").open("wb") as err:
            process = subprocess.Popen(
                ["/bin/bash", "-c", attempt.command],
                cwd=work,
                env=site.environment(attempt.id),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
    except OSError as error:
        text = f"could not be started: {error}"
        return Outcome(exit_code=126, max_rss=0, reason=text, errors=payload_errors(126, text))
    outcome = _watch(process, attempt.memory, stop)
    shutil.rmtree(work, ignore_errors=True)
    if outcome.exit_code and not outcome.errors:
        return replace(outcome, errors=payload_errors(outcome.exit_code, last_words(directory / "stderr")))
    return outcome


def _watch(process: subprocess.Popen[bytes], limit: int, stop: threading.Event) -> Outcome:
    """Wait for the end of a process, looking at its group's memory."""
    peak, reason = 0.0, None
    while True:
        try:
            code = process.wait(timeout=_SAMPLE)
            break
        except subprocess.TimeoutExpired:
            peak = max(peak, _resident(process.pid))
        if reason is None and peak > limit:
            reason = MEMORY
        if reason is not None or stop.is_set():
            _kill_group(process.pid)
    _kill_group(process.pid)  # what it left behind
    if code == 0 or reason is None:  # it may have ended well in the instant before it was killed
        return Outcome(code if code >= 0 else 128 - code, max_rss=peak)
    return over_memory(peak, limit)


def over_memory(used: float, limit: float) -> Outcome:
    """Outcome of an attempt that was killed because it used more than it asked for, both in MB."""
    return Outcome(128 + signal.SIGKILL, max_rss=used, reason=MEMORY, errors=memory_errors(used, limit))


def last_words(log: Path) -> str:
    """Last line of a log that is not empty, as far as its end holds one."""
    with log.open("rb") as stream:
        stream.seek(max(stream.seek(0, os.SEEK_END) - 4096, 0))
        lines = stream.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _resident(group: int) -> float:
    """Resident size of a process group in MB."""
    total = 0
    for pid in psutil.pids():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(pid) == group:
                total += psutil.Process(pid).memory_info().rss
    return total / _MEGABYTE


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def end_leftovers(site: Site, patience: float = 10.0) -> int:
    """Kill jobs that a killed server left running, so that nothing runs twice at the same time.

    Parameters
    ----------
    site : `Site`
        Whose jobs; they are known by their environment, not by numbers that may belong to others by now.
    patience : `float`, optional
        Seconds to wait until they are gone.

    Returns
    -------
    killed : `int`
        Number of processes.

    Raises
    ------
    RuntimeError
        If some do not go away.
    """
    deadline, killed = time.monotonic() + patience, 0
    while found := _leftovers(site):
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"{site.state}: jobs of an earlier server do not end: {[p.pid for p in found]}"
            )
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
                killed += 1
        psutil.wait_procs(found, timeout=1)
    return killed


def _leftovers(site: Site) -> list[psutil.Process]:
    """Processes that carry the mark of a site."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(_MARK) == str(site.state):
                found.append(process)
    return found
