"""Links for people into the monitor."""

from __future__ import annotations

import pytest

from cmbot.exceptions import UserError
from cmbot.panda.links import MonitorLinks


@pytest.mark.covers("F21")
def test_links_lead_to_the_request_its_tasks_and_its_graph() -> None:
    links = MonitorLinks("https://monitor.example.org:8443/")
    assert links.workflow(5) == "https://monitor.example.org:8443/idds/wfprogress/?requestid=5&days=180"
    assert links.graph(5) == "https://monitor.example.org:8443/idds/daggraph/?idds_request_id=5"
    assert links.tasks(5) == "https://monitor.example.org:8443/tasks/?reqid=5&days=180"
    assert links.errors(5) == "https://monitor.example.org:8443/errors/?reqid=5&days=180"
    assert links.task(9) == "https://monitor.example.org:8443/task/9/"
    assert links.failed_jobs(9) == "https://monitor.example.org:8443/jobs/?jeditaskid=9&jobstatus=failed"
    assert links.job(11) == "https://monitor.example.org:8443/job/11/"


def test_there_are_no_links_without_a_monitor() -> None:
    assert MonitorLinks("").workflow(5) == ""


def test_only_web_addresses_become_links() -> None:
    with pytest.raises(UserError, match=r"panda\.monitor"):
        MonitorLinks("javascript:alert(1)")
