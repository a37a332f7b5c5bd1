"""Writes that Jira itself makes repeatable: fields, labels, properties, remote links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import OutcomeUnknown, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.jira.gateway import Jira
    from tests.jira.conftest import Site

PAGE = "https://panda.test/tasks/42"


def set_fields(jira: Jira, key: str) -> None:
    jira.ensure_fields(key, {"Quanta done": 3.0, "Pause policy": {"value": "after each step"}})


def set_property(jira: Jira, key: str) -> None:
    jira.ensure_property(key, "cmbot.attempts", {"attempts": [1]})


def set_label(jira: Jira, key: str) -> None:
    jira.ensure_label(key, "cmbot-attention")


def set_remote_link(jira: Jira, key: str) -> None:
    jira.ensure_remote_link(key, "cmbot:run=a&b:1", PAGE, "PanDA request 42")


def fields(jira: Jira, site: Site, key: str) -> Any:
    found = jira.issue(key)["fields"]
    return found[jira.field_id("Quanta done")], found[jira.field_id("Pause policy")]["value"]


def property_(jira: Jira, site: Site, key: str) -> Any:
    return jira.properties(key)


def labels(jira: Jira, site: Site, key: str) -> Any:
    return sorted(jira.issue(key)["fields"]["labels"])


def remote_links(jira: Jira, site: Site, key: str) -> Any:
    links = site.rest("GET", f"issue/{key}/remotelink")
    return [(link["globalId"], link["object"]["url"], link["object"]["title"]) for link in links]


CASES = [
    (set_fields, fields, (3.0, "after each step")),
    (set_property, property_, {"cmbot.attempts": {"attempts": [1]}}),
    (set_label, labels, ["cmbot-attention", "mine"]),
    (set_remote_link, remote_links, [("cmbot:run=a&b:1", PAGE, "PanDA request 42")]),
]


@pytest.fixture
def key(site: Site) -> str:
    return site.make({"labels": ["mine"]})


@pytest.mark.parametrize(("write", "read", "expected"), CASES)
def test_it_is_written_in_one_request_and_may_be_repeated(
    jira: Jira,
    site: Site,
    key: str,
    write: Callable[[Jira, str], None],
    read: Callable[[Jira, Site, str], Any],
    expected: Any,
) -> None:
    write(jira, key)
    assert len(site.writes()) == 1
    entries = len(site.histories(key))
    write(jira, key)
    assert read(jira, site, key) == expected
    assert len(site.histories(key)) == entries


@pytest.mark.covers("W2")
@pytest.mark.parametrize("kind", ["lost_answer", "refused"])
@pytest.mark.parametrize(("write", "read", "expected"), CASES)
def test_a_lost_answer_or_request_is_unknown_and_the_next_call_leaves_one(
    jira: Jira,
    site: Site,
    key: str,
    write: Callable[[Jira, str], None],
    read: Callable[[Jira, Site, str], Any],
    expected: Any,
    kind: str,
) -> None:
    site.disturb(kind, "PUT", f"/issue/{key}")
    site.disturb(kind, "POST", f"/issue/{key}/remotelink")
    with pytest.raises(OutcomeUnknown, match=f"^{key}: "):
        write(jira, key)
    write(jira, key)
    assert read(jira, site, key) == expected


def test_nothing_to_set_sends_nothing(jira: Jira, site: Site, key: str) -> None:
    assert not jira.ensure_fields(key, {})
    assert site.writes() == []


def test_a_field_is_emptied_with_none(jira: Jira, key: str) -> None:
    assert jira.ensure_fields(key, {"Quanta done": 3.0})
    assert jira.ensure_fields(key, {"Quanta done": None})
    assert jira.issue(key)["fields"][jira.field_id("Quanta done")] is None


def test_a_property_that_is_too_long_is_refused(jira: Jira, key: str) -> None:
    with pytest.raises(Refused, match=r"setting the property cmbot\.attempts"):
        jira.ensure_property(key, "cmbot.attempts", "x" * 40_000)


def test_an_id_is_spoken_of_by_its_key(jira: Jira, site: Site, key: str) -> None:
    issue_id = jira.issue(key)["id"]
    site.disturb("403", "PUT", "/issue/")
    with pytest.raises(Refused, match=f"^{key}: adding the label x"):
        jira.ensure_label(issue_id, "x")
