"""Who holds the lease: a process that can be told from a later one with the same number."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path


@cache
def this_process() -> str:
    """Name this process.

    Returns
    -------
    holder : `str`
        Host, boot, process number and its start time: unique for ever.
    """
    return _holder(os.getpid())


def is_gone(holder: str) -> bool:
    """Whether a holder is certainly not running any more.

    Parameters
    ----------
    holder : `str`
        As `this_process` gave it, then.

    Returns
    -------
    gone : `bool`
        `False` if it is on another host, where it cannot be seen.
    """
    host, boot, number, _ = (*holder.split(":"), "", "", "")[:4]
    here = this_process().split(":")
    if host != here[0] or not number.isdigit():
        return False
    return boot != here[1] or _holder(int(number)) != holder


def _holder(number: int) -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # Field 22 is the start time; the name in field 2 may hold spaces, so count from its end.
        started = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        boot = started = ""
    return f"{socket.gethostname()}:{boot}:{number}:{started}"
