"""Links into the BigPanDA monitor, for people (reference/panda.md section 12)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from cmbot.exceptions import UserError
from cmbot.settings import LinkSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.models.failures import Failure

_PLACES = re.compile(r"\{([^{}]*)\}")
_PILOT_LOG = "pilotlog.txt"
PAYLOAD_LOG = "payload.stderr"
"""Where pipetask writes: the file beside the pilot's log that people want to see first."""


@dataclass(frozen=True)
class MonitorLinks:
    """Makes links; every link is empty where there is no monitor."""

    monitor: str
    """Base URL of the monitor, from the settings; empty for none."""
    own: LinkSettings = field(default_factory=LinkSettings)
    """Addresses from the settings, which come before the monitor's."""
    days: int = 180
    """How far back pages must look: a request id does not lift the monitor's time window."""

    def __post_init__(self) -> None:
        if self.monitor and urlsplit(self.monitor).scheme not in {"http", "https"}:
            raise UserError("panda.monitor", f"{self.monitor!r} is no web address", "write https://HOST")

    def workflow(self, request_id: int) -> str:
        """Progress of one request."""
        if self.own.request:
            return filled(self.own.request, {"request_id": request_id})
        return self._page("idds/wfprogress/", requestid=request_id, days=self.days)

    def graph(self, request_id: int) -> str:
        """Graph of one request."""
        return self._page("idds/daggraph/", idds_request_id=request_id)

    def logs(self, request_id: int) -> str:
        """Logs of one request; the list of its tasks leads to them."""
        return filled(self.own.logs, {"request_id": request_id}) if self.own.logs else self.tasks(request_id)

    def tasks(self, request_id: int) -> str:
        """Tasks of one request."""
        return self._page("tasks/", reqid=request_id, days=self.days)

    def errors(self, request_id: int) -> str:
        """Error summary of one request."""
        return self._page("errors/", reqid=request_id, days=self.days)

    def task(self, task_id: int) -> str:
        """One task."""
        return self._page(f"task/{task_id}/")

    def failed_jobs(self, task_id: int) -> str:
        """Failed jobs of one task."""
        return self._page("jobs/", jeditaskid=task_id, jobstatus="failed")

    def job(self, job_id: int) -> str:
        """One job; its page leads to the logs."""
        return self._page(f"job/{job_id}/")

    def of_failure(self, failure: Failure) -> Iterator[tuple[str, str]]:
        """Link what shows a failed job: its page, its log, and what the settings say.

        Parameters
        ----------
        failure : `~cmbot.models.failures.Failure`
            The failure.

        Yields
        ------
        text, url : `str`
            What is shown, and where it leads; nothing that is not known is linked.
        """
        if failure.job is not None:
            yield f"job {failure.job}", self.job(failure.job)
        if failure.log:
            yield "log", payload_log(failure.log)
        known = {
            "request_id": failure.request_id,
            "run": failure.run,
            "pandaid": failure.job,
            "jeditaskid": failure.task,
            "site": failure.site,
        }
        for text, address in self.own.job.items():
            if url := filled(address, known):
                yield text, url

    def _page(self, path: str, **query: str | int) -> str:
        if not self.monitor:
            return ""
        return f"{self.monitor.rstrip('/')}/{path}" + (f"?{urlencode(query)}" if query else "")


def payload_log(pilot_log: str) -> str:
    """Find the payload's log, which stands beside the pilot's.

    Parameters
    ----------
    pilot_log : `str`
        As the job names it.

    Returns
    -------
    url : `str`
        The same if it is not named as pilots name it.
    """
    front, found, back = pilot_log.rpartition(_PILOT_LOG)
    return f"{front}{PAYLOAD_LOG}{back}" if found else pilot_log


def filled(address: str, known: Mapping[str, object]) -> str:
    """Fill in an address.

    Parameters
    ----------
    address : `str`
        With names in braces.
    known : `~collections.abc.Mapping`
        Values by name.

    Returns
    -------
    url : `str`
        With the values quoted; empty if it needs one that is empty or not known.
    """
    url = address
    for name in _PLACES.findall(address):
        if not known.get(name):
            return ""
        url = url.replace(f"{{{name}}}", quote(str(known[name]), safe=""))
    return url
