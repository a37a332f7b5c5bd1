"""The gateway on Jira's bad days: limits that count, refusals of every form, lost requests and answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from cmbot.exceptions import Limited, RemoteError
from cmbot.jira.gateway import Jira
from cmbot.jira.pace import PER_ISSUE, Pace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.jira.conftest import Site


@pytest.fixture
def patient(site: Site) -> Iterator[Jira]:
    """The gateway as it is in use; where it would wait, the site's clock and its own are put forward."""
    jira = Jira.connect(site.settings(), lambda: site.tokens["cmbot"])
    ahead = 0.0

    def wait(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds
        site.ask("PUT", "/sandbox/clock", {"advance": seconds})

    jira._wire._pace = Pace(10.0, lambda: monotonic() + ahead, wait)
    yield jira
    site.ask("DELETE", "/sandbox/clock")


FORMS = ["429-burst", "429-silent", "429-data-center", "503-retry-after", "bad-gateway", "refused"]


@pytest.mark.parametrize("form", FORMS)
def test_what_is_read_comes_after_a_short_refusal(patient: Jira, site: Site, form: str) -> None:
    key = site.make()
    site.disturb(form, "GET", f"/issue/{key}")
    assert patient.issue(key)["key"] == key


def test_a_date_to_wait_for_is_one_of_the_servers_clock(jira: Jira, site: Site) -> None:
    site.ask("PUT", "/sandbox/clock", {"advance": 86_400})
    site.disturb("429-date", "GET", "/issue/CM-1$")
    with pytest.raises(Limited) as caught:
        jira.issue("CM-1")
    assert caught.value.retry_at is not None
    assert caught.value.retry_at <= datetime.now(UTC) + timedelta(seconds=31)


def test_a_long_refusal_is_left_to_a_later_pass_and_nothing_is_sent_before(jira: Jira, site: Site) -> None:
    key = site.make()
    site.disturb("429-hour", "GET", f"/issue/{key}")
    site.ask("DELETE", "/sandbox/requests")
    for _ in range(3):
        with pytest.raises(Limited) as caught:
            jira.issue(key)
        assert caught.value.retry_at is not None
    with pytest.raises(Limited):
        jira.ensure_label(key, "x")
    assert [one["user"] for one in site.ask("GET", "/sandbox/requests")["requests"]].count("cmbot") <= 1


@pytest.mark.covers("W15")
@pytest.mark.parametrize("running", ["cloud"], indirect=True)
def test_clouds_limit_of_writes_to_one_issue_is_never_met(patient: Jira, site: Site) -> None:
    key = site.make()
    site.ask("PUT", "/sandbox/strange", {"limits": {"per_issue": True}})
    for number in range(PER_ISSUE[0][1] + 4):
        patient.ensure_property(key, "cmbot.count", number)
    assert patient.properties(key, "cmbot.count") == {"cmbot.count": PER_ISSUE[0][1] + 3}
    answered = site.ask("GET", "/sandbox/requests")["requests"]
    assert 429 not in {one["status"] for one in answered if one["user"] == "cmbot"}


@pytest.mark.parametrize("running", ["data-center"], indirect=True)
def test_data_centers_bucket_is_not_emptied(patient: Jira, site: Site) -> None:
    key = site.make()
    site.ask("PUT", "/sandbox/strange", {"limits": {"bucket": {"size": 20, "fill": 10, "interval": 1}}})
    for _ in range(35):
        patient.issue(key)
    answered = site.ask("GET", "/sandbox/requests")["requests"]
    assert 429 not in {one["status"] for one in answered if one["user"] == "cmbot"}


@pytest.mark.covers("W2")
@pytest.mark.parametrize("seed", range(3))
def test_on_a_strange_site_everything_is_there_once_in_the_end(patient: Jira, site: Site, seed: int) -> None:
    key, other = site.make(), site.make()
    site.ask("PUT", "/sandbox/strange", {"profile": site.flavour, "seed": seed})
    issue_id = ""

    def all_of_it() -> None:
        nonlocal issue_id
        issue_id = issue_id or patient.issue(key)["id"]
        patient.ensure_fields(issue_id, {"Quanta done": 3.0})
        patient.ensure_comment(issue_id, "status:1", "h4. Running\nstatus:1")
        patient.post_comment_once(issue_id, "launched:1", "*Launched.*\nlaunched:1")
        patient.ensure_transition(issue_id, "Draft", "Running", cause="10:20")
        patient.ensure_property(issue_id, "cmbot.attempts", {"attempts": [1]})
        patient.ensure_link(other, key)
        patient.ensure_remote_link(issue_id, "cmbot:1", "https://panda.test/1", "request 1")
        patient.ensure_label(issue_id, "cmbot")

    for _ in range(8):
        while not done(all_of_it):
            patient._wire._pace._sleep(5.0)
    site.ask("DELETE", "/sandbox/strange")
    assert len(site.comments(key)) == 2
    moved = [entry for entry in site.histories(key) if entry["items"][0]["field"] == "status"]
    assert len(moved) == 1
    fields = site.rest("GET", f"issue/{key}")["fields"]
    assert len(fields["issuelinks"]) == len(site.rest("GET", f"issue/{key}/remotelink")) == 1
    assert fields["status"]["name"] == "Running"


def done(everything: object) -> bool:
    assert callable(everything)
    try:
        everything()
    except RemoteError:
        return False
    return True
