"""What matters of the logs of a campaign, step or group."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cmbot.exceptions import RemoteError, UserError
from cmbot.mirror import reports
from cmbot.operations.report import chosen
from cmbot.panda.links import payload_log
from cmbot.reconcile import job_logs
from cmbot.wms.excerpts import excerpt, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.models.data_report import FailedQuantum
    from cmbot.models.failures import Explained
    from cmbot.models.views import GroupView, StepView
    from cmbot.reconcile.edges import Local

_LARGEST_FILE = 32 * 1024 * 1024
MOST = 5
"""Logs of jobs that are fetched unless more are asked for."""


class Reader(Protocol):
    """Reads the log of a job."""

    def read(self, url: str) -> str:
        """Read a log by its address.

        Raises
        ------
        RemoteError
            If it cannot be had.
        """
        ...


@dataclass(frozen=True)
class Log:
    """One log."""

    title: str
    """What it is of."""
    address: str
    """Where the whole of it is; empty if this is all."""
    text: str
    """What matters of it, or why it cannot be had."""

    def to_json(self) -> dict[str, Any]:
        """Give it to a script."""
        return asdict(self)


def submissions(local: Local, key: str, group: str = "") -> Iterator[Log]:
    """Show what ``bps submit`` said.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key, group : `str`
        As in `~cmbot.operations.report.chosen`.

    Yields
    ------
    log : `Log`
        Of the newest submission of each group.
    """
    for step, groups in chosen(local, key, group):
        for each in groups:
            yield from submission(step, each)


def submission(step: StepView, group: GroupView) -> Iterator[Log]:
    """Show what ``bps submit`` said of one group.

    Parameters
    ----------
    step, group
        The step, and one of its groups.

    Yields
    ------
    log : `Log`
        Of its newest submission, if there is one.
    """
    item = group.last.last_try if group.last else None
    file = Path(item.directory) / "stderr" if item and item.directory else None
    if item is not None and file is not None and file.is_file():
        title = f"{_name(step, group)}: bps submit, {item.state}"
        yield Log(title, str(file), shown(excerpt(_end(file))))


def jobs(
    local: Local, key: str, reader: Reader, group: str = "", task: str = "", most: int = MOST
) -> Iterator[Log]:
    """Show the log of an example job for each reason why jobs failed.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key, group : `str`
        As in `~cmbot.operations.report.chosen`.
    reader : `Reader`
        Reads the logs, one when it is wanted.
    task : `str`, optional
        Only jobs of this label.
    most : `int`, optional
        How many logs to read.

    Yields
    ------
    log : `Log`
        The most frequent reason first. Of a log that cannot be had what cmbot kept of it, or why not.
    """
    for step, groups in chosen(local, key, group):
        for each in groups:
            texts = kept(local, each)
            for failure in each.failures:
                if most > 0 and task in {"", failure.label}:
                    most -= 1
                    yield _job(_name(step, each), failure, reader, texts)


def quanta(local: Local, key: str, group: str = "", task: str = "", wanted: str = "") -> Iterator[Log]:
    """Show what failed quanta said, from the data reports.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key, group : `str`
        As in `~cmbot.operations.report.chosen`.
    task : `str`, optional
        Only quanta of this label.
    wanted : `str`, optional
        Only quanta of this DataId: ``visit=1,detector=2``; what is not named may be anything.

    Yields
    ------
    log : `Log`
        In the order of the report.
    """
    asked = _data_id(wanted)
    for step, groups in chosen(local, key, group):
        for each in groups:
            for quantum in failed_quanta(local, each):
                found = quantum.data_id
                same = all(str(found.get(name)) == value for name, value in asked.items())
                if same and task in {"", quantum.label}:
                    title = f"{_name(step, each)}: {quantum.label} {json.dumps(found)} in {quantum.run}"
                    yield Log(title, "", quantum.message)


def failed_quanta(local: Local, group: GroupView) -> Iterator[FailedQuantum]:
    """List the quanta that failed in the newest attempt of a group.

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    group : `~cmbot.models.views.GroupView`
        The group.

    Yields
    ------
    quantum : `~cmbot.models.data_report.FailedQuantum`
        With what matters of what it said.
    """
    item = group.last.last_try if group.last else None
    for quantum in reports.failed_quanta(local.mirror, item.id) if item else ():
        yield replace(quantum, message=shown(excerpt(quantum.message)))


def kept(local: Local, group: GroupView) -> Mapping[str, str]:
    """Give what was kept of the logs of a group: the WMS deletes them (see `cmbot.reconcile.job_logs`).

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    group : `~cmbot.models.views.GroupView`
        The group.

    Returns
    -------
    texts : `dict` [`str`, `str`]
        What matters of them, by address.
    """
    item = group.last.last_try if group.last else None
    body = (reports.read(local.mirror, item.id, job_logs.KIND) or {}) if item else {}
    return {log["address"]: log["text"] for log in body.get("logs", ())}


def _data_id(text: str) -> Mapping[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not middle for _, middle, _ in pairs):
        raise UserError("--quantum", f"{text!r} is no DataId", "write visit=1,detector=2")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _job(name: str, failure: Explained, reader: Reader, texts: Mapping[str, str]) -> Log:
    job = failure.example
    what = f"{failure.count} x {failure.label} {failure.error.name} {failure.error.diag}"
    if job.job is None:
        return Log(f"{name}: {what}", "", "no job is known; see --quantum")
    title = (
        f"{name}: {what}; for example job {job.job}, attempt {job.attempt} at {job.site or 'an unknown site'}"
    )
    if not job.log:
        return Log(title, "", "the job names no log: it never started, or its pilot said nothing")
    address = payload_log(job.log)
    try:
        text = shown(excerpt(reader.read(address)))
    except RemoteError as error:
        text = str(error)
        if texts.get(address, text) != text:
            text = f"{text}\n[what cmbot kept of it]\n{texts[address]}"
    return Log(title, address, text)


def _name(step: StepView, group: GroupView) -> str:
    return f"{step.name} {group.name} {group.last.label if group.last else ''}".rstrip()


def _end(file: Path) -> str:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - _LARGEST_FILE))
        return stream.read(_LARGEST_FILE).decode(errors="replace")
