"""Links for people into the monitor."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cmbot.exceptions import UserError
from cmbot.models.failures import Failure, JobError
from cmbot.panda.links import MonitorLinks
from cmbot.settings import LinkSettings


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


JOB = Failure(
    "isr",
    (JobError("pilot", 1305, "no"),),
    site="SLAC & Co/Rubin",
    job=11,
    task=9,
    log="https://logs.example.org/SLAC/PandaJob_11/pilotlog.txt",
    run="u_x",
)


@pytest.mark.covers("F11", "F21")
def test_a_failed_job_is_linked_with_its_page_its_log_and_what_the_settings_say() -> None:
    own = LinkSettings(
        job={"Kibana": "https://k.example.org/?q={pandaid}&task={jeditaskid}&s={site}&r={run}"}
    )
    assert dict(MonitorLinks("https://monitor.example.org", own).of_failure(JOB)) == {
        "job 11": "https://monitor.example.org/job/11/",
        "log": "https://logs.example.org/SLAC/PandaJob_11/payload.stderr",
        "Kibana": "https://k.example.org/?q=11&task=9&s=SLAC%20%26%20Co%2FRubin&r=u_x",
    }


def test_nothing_is_linked_that_is_not_known() -> None:
    own = LinkSettings(job={"Kibana": "https://k.example.org/{pandaid}", "help": "https://h.example.org/"})
    unknown = Failure("isr", (JobError("quantum", 1, "no"),))
    assert dict(MonitorLinks("https://monitor.example.org", own).of_failure(unknown)) == {
        "help": "https://h.example.org/"
    }


def test_the_settings_come_before_the_monitor() -> None:
    own = LinkSettings(
        request="https://p.example.org/{request_id}", logs="https://l.example.org/{request_id}/"
    )
    links = MonitorLinks("https://monitor.example.org", own)
    assert (links.workflow(5), links.logs(5)) == ("https://p.example.org/5", "https://l.example.org/5/")
    assert MonitorLinks("https://monitor.example.org").logs(5).endswith("/tasks/?reqid=5&days=180")


@pytest.mark.parametrize(
    "links",
    [
        {"request": "https://p.example.org/{pandaid}"},
        {"job": {"x": "https://p.example.org/{colour}"}},
        {"job": {"x": "javascript:alert(1)"}},
        {"logs": "p.example.org/{request_id}"},
    ],
)
def test_links_that_cannot_work_are_refused(links: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LinkSettings(**links)
