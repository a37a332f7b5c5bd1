"""Links into the BigPanDA monitor, for people (reference/panda.md section 12)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from cmbot.exceptions import UserError


@dataclass(frozen=True)
class MonitorLinks:
    """Makes links; every link is empty where there is no monitor."""

    monitor: str
    """Base URL of the monitor, from the settings; empty for none."""
    days: int = 180
    """How far back pages must look: a request id does not lift the monitor's time window."""

    def __post_init__(self) -> None:
        if self.monitor and urlsplit(self.monitor).scheme not in {"http", "https"}:
            raise UserError("panda.monitor", f"{self.monitor!r} is no web address", "write https://HOST")

    def workflow(self, request_id: int) -> str:
        """Progress of one request."""
        return self._page("idds/wfprogress/", requestid=request_id, days=self.days)

    def graph(self, request_id: int) -> str:
        """Graph of one request."""
        return self._page("idds/daggraph/", idds_request_id=request_id)

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

    def _page(self, path: str, **query: str | int) -> str:
        if not self.monitor:
            return ""
        return f"{self.monitor.rstrip('/')}/{path}" + (f"?{urlencode(query)}" if query else "")
