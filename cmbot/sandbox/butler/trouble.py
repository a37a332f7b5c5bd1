"""Trouble on request: quanta that fail, crash, dawdle or need memory."""

# ruff: noqa: N815 - pex_config fields are written in camel case throughout the science pipelines
from __future__ import annotations

import logging
import os
import signal
import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lsst.pex.config import Config, Field, RangeField

from cmbot.sandbox.butler.quanta import Choice

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
PAGE = 4096


def _is_expression(text: str) -> bool:
    try:
        Choice.parse(text)
    except ValueError as error:
        log.error("%s", error)
        return False
    return True


def _is_signal(number: int) -> bool:
    return number in set(signal.Signals)


def _choice(doc: str) -> Field:
    return Field(doc=doc, dtype=str, default="", check=_is_expression)


class TroubleConfig(Config):
    """What is to go wrong, and for which quanta; every ``…When`` is an expression over the data id."""

    failWhen = _choice("Quanta that raise an exception, such as: visit=12 and detector=1")
    signalWhen = _choice("Quanta whose process ends by a signal.")
    signalNumber = Field(doc="The signal.", dtype=int, default=int(signal.SIGKILL), check=_is_signal)
    sleepWhen = _choice("Quanta that take longer.")
    sleepSeconds = RangeField(doc="How long they sleep.", dtype=float, default=1.0, min=0.0)
    memoryWhen = _choice("Quanta that need memory.")
    memoryMB = RangeField(doc="How much they keep resident.", dtype=int, default=512, min=0)
    memorySeconds = RangeField(doc="How long they keep it.", dtype=float, default=1.0, min=0.0)
    onlyInRuns = Field(
        doc="Glob of output RUN names where trouble happens, such as */a1_* for first attempts only.",
        dtype=str,
        default="*",
    )


def make_trouble(config: TroubleConfig, data_id: Mapping[str, int | str], run: str) -> None:
    """Do to a quantum what its configuration asks for.

    Parameters
    ----------
    config : `TroubleConfig`
        What is to go wrong.
    data_id : `~collections.abc.Mapping` [`str`, `int` or `str`]
        Data id of the quantum.
    run : `str`
        Name of its output RUN.

    Raises
    ------
    RuntimeError
        Raised if the quantum is to fail.
    """
    if not fnmatchcase(run, config.onlyInRuns):
        return
    if Choice.parse(config.sleepWhen).chooses(data_id):
        time.sleep(config.sleepSeconds)
    if Choice.parse(config.memoryWhen).chooses(data_id):
        hold_memory(config.memoryMB, config.memorySeconds)
    if Choice.parse(config.signalWhen).chooses(data_id):
        os.kill(os.getpid(), config.signalNumber)
    if Choice.parse(config.failWhen).chooses(data_id):
        raise RuntimeError(f"made to fail because of failWhen={config.failWhen!r}")


def hold_memory(megabytes: int, seconds: float) -> None:
    """Keep memory resident for a while.

    Parameters
    ----------
    megabytes : `int`
        How much, in MB of 2**20 bytes.
    seconds : `float`
        How long.
    """
    block = bytearray(megabytes * MEGABYTE)
    # only a page that was written to is resident
    for offset in range(0, len(block), PAGE):
        block[offset] = 1
    time.sleep(seconds)
