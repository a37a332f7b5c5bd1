"""A file is replaced without being lost, and attached once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
import requests

from cmbot.exceptions import OutcomeUnknown, RemoteError, UserError

if TYPE_CHECKING:
    from cmbot.jira.gateway import Jira
    from tests.jira.conftest import Site

OLD, NEW = b"state: running\n" * 100, b"state: completed\n" * 100
pytestmark = pytest.mark.covers("W2", "W20")


@pytest.fixture
def key(site: Site) -> str:
    return site.make()


def hashed(content: bytes) -> str:
    return f"as-run-{hashlib.sha256(content).hexdigest()[:12]}.yaml"


def files(site: Site, key: str) -> dict[str, bytes]:
    """Names and contents; two of a name would be one too few."""
    listed = site.rest("GET", f"issue/{key}?fields=attachment")["fields"]["attachment"]
    signed = (site.login("alice"), site.tokens["alice"])
    found = {one["filename"]: requests.get(one["content"], auth=signed, timeout=30).content for one in listed}
    assert len(found) == len(listed)
    return found


def test_a_file_is_attached_once_and_replaced_by_a_new_one(jira: Jira, site: Site, key: str) -> None:
    made = jira.ensure_attachment(key, "as-run.yaml", OLD)
    site.writes()
    assert jira.ensure_attachment(key, "as-run.yaml", OLD) == made
    assert site.writes() == []
    assert files(site, key) == {hashed(OLD): OLD}
    assert jira.ensure_attachment(key, "as-run.yaml", NEW) != made
    assert files(site, key) == {hashed(NEW): NEW}


@pytest.mark.parametrize("before", [False, True])
def test_an_answer_lost_after_it_was_attached_leaves_one(
    jira: Jira, site: Site, key: str, before: bool
) -> None:
    if before:
        jira.ensure_attachment(key, "as-run.yaml", OLD)
    site.disturb("lost_answer", "POST", "/attachments$")
    jira.ensure_attachment(key, "as-run.yaml", NEW)
    assert files(site, key) == {hashed(NEW): NEW}


def test_a_request_lost_before_it_is_unknown_keeps_the_old_one_and_the_next_call_attaches_one(
    jira: Jira, site: Site, key: str
) -> None:
    jira.ensure_attachment(key, "as-run.yaml", OLD)
    site.disturb("refused", "POST", "/attachments$")
    with pytest.raises(OutcomeUnknown, match=f"{key}: attaching as-run.yaml"):
        jira.ensure_attachment(key, "as-run.yaml", NEW)
    assert files(site, key) == {hashed(OLD): OLD}
    jira.ensure_attachment(key, "as-run.yaml", NEW)
    assert files(site, key) == {hashed(NEW): NEW}


@pytest.mark.parametrize("kind", ["lost_answer", "refused"])
def test_a_crash_between_the_new_one_and_the_removal_is_made_good(
    jira: Jira, site: Site, key: str, kind: str
) -> None:
    jira.ensure_attachment(key, "as-run.yaml", OLD)
    site.disturb(kind, "DELETE", "/attachment/")
    with pytest.raises(OutcomeUnknown):
        jira.ensure_attachment(key, "as-run.yaml", NEW)
    assert files(site, key)[hashed(NEW)] == NEW
    jira.ensure_attachment(key, "as-run.yaml", NEW)
    assert files(site, key) == {hashed(NEW): NEW}


def test_the_old_one_stays_if_the_new_one_cannot_be_read_back(jira: Jira, site: Site, key: str) -> None:
    jira.ensure_attachment(key, "as-run.yaml", OLD)

    def not_there(*_: object) -> None:
        """An upload that Jira took and did not keep."""

    jira._wire.upload = not_there  # type: ignore[method-assign] # a Jira that loses files is not emulated
    with pytest.raises(RemoteError, match="is not there after it was attached"):
        jira.ensure_attachment(key, "as-run.yaml", NEW)
    assert files(site, key) == {hashed(OLD): OLD}


def test_files_of_people_and_of_other_names_stay(jira: Jira, site: Site, key: str) -> None:
    signed = (site.login("alice"), site.tokens["alice"])
    for name in (hashed(OLD), "as-run.yaml", "other-as-run-0123456789ab.yaml"):
        address = f"{site.url}/rest/api/2/issue/{key}/attachments"
        headers = {"X-Atlassian-Token": "no-check"}
        requests.post(address, files={"file": (name, b"hers")}, auth=signed, headers=headers, timeout=30)
    jira.ensure_attachment(key, "log.txt", OLD)
    jira.ensure_attachment(key, "as-run.yaml", NEW)
    assert len(files(site, key)) == 5


@pytest.mark.covers("A9")
def test_a_file_is_read_by_its_name_whoever_attached_it(jira: Jira, site: Site, key: str) -> None:
    jira.ensure_attachment(key, "as-run.yaml", OLD)
    assert jira.attachment(key, hashed(OLD)) == OLD
    assert jira.attachment(key, "as-run.yaml", hashlib.sha256(OLD).hexdigest()) == OLD
    with pytest.raises(UserError, match=r"has no attachment as-run.yaml; attach it"):
        jira.attachment(key, "as-run.yaml")
    signed = (site.login("alice"), site.tokens["alice"])
    for content in (b"one", b"two"):
        requests.post(
            f"{site.url}/rest/api/2/issue/{key}/attachments",
            files={"file": ("bad.csv", content)},
            headers={"X-Atlassian-Token": "no-check"},
            auth=signed,
            timeout=30,
        ).raise_for_status()
    assert jira.attachment(key, "bad.csv") == b"two"
