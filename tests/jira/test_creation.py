"""Issues and links are made once, and links point the right way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import OutcomeUnknown, Refused, UserError
from cmbot.jira import creation
from cmbot.jira.gateway import Jira

if TYPE_CHECKING:
    from tests.jira.conftest import Site


@pytest.fixture
def marker(request: pytest.FixtureRequest) -> str:
    return f"campaign of {request.node.name}"


def step(summary: str = "step1") -> dict[str, Any]:
    return {"issuetype": {"name": "CM Step"}, "summary": summary, "labels": ["mine"]}


def labelled(site: Site, marker: str) -> list[str]:
    return site.search(f"labels={creation.label(marker)}")


@pytest.mark.covers("W2")
def test_an_issue_is_made_once_with_its_fields_and_marks(jira: Jira, site: Site, marker: str) -> None:
    issue_id, key = jira.ensure_issue(marker, {**step(), "Data query": "visit > 3"})
    assert jira.ensure_issue(marker, step("otherwise")) == (issue_id, key)
    assert labelled(site, marker) == [key]
    fields = jira.issue(key)["fields"]
    assert (fields["summary"], fields[jira.field_id("Data query")]) == ("step1", "visit > 3")
    assert set(fields["labels"]) == {"mine", creation.label(marker)}
    assert jira.properties(key, "cmbot.origin") == {"cmbot.origin": {"marker": marker}}


@pytest.mark.covers("W2")
def test_an_answer_lost_after_an_issue_was_made_leaves_one(jira: Jira, site: Site, marker: str) -> None:
    site.disturb("lost_answer", "POST", "/issue$")
    made = jira.ensure_issue(marker, step())
    assert jira.ensure_issue(marker, step()) == made
    assert labelled(site, marker) == [made[1]]


@pytest.mark.covers("W2")
def test_a_request_lost_before_it_is_unknown_and_the_next_call_makes_one(
    jira: Jira, site: Site, marker: str
) -> None:
    site.disturb("refused", "POST", "/issue$")
    with pytest.raises(OutcomeUnknown, match="CM: making the issue 'step1'") as caught:
        jira.ensure_issue(marker, step())
    assert caught.value.retry_at is not None
    assert caught.value.retry_at <= datetime.now(UTC) + jira.settling
    # Only when any index would know it, by Jira's own clock, it counts as not made.
    with pytest.raises(OutcomeUnknown, match="not found yet"):
        jira.ensure_issue(marker, step())
    assert labelled(site, marker) == []
    site.ask("PUT", "/sandbox/clock", {"advance": jira.settling.total_seconds()})
    made = jira.ensure_issue(marker, step())
    assert labelled(site, marker) == [made[1]]


@pytest.mark.covers("W2")
def test_an_issue_whose_answer_was_lost_is_found_when_the_index_knows_it(
    jira: Jira, site: Site, marker: str
) -> None:
    site.ask("PUT", "/sandbox/strange", {"search": {"lag": 8}, "users": ["cmbot"]})
    site.disturb("lost_answer", "POST", "/issue$")
    for _ in range(3):
        with pytest.raises(OutcomeUnknown):
            jira.ensure_issue(marker, step())
    site.ask("PUT", "/sandbox/clock", {"advance": 8.5})
    made = jira.ensure_issue(marker, step())
    assert site.writes() == ["POST issue"]
    assert labelled(site, marker) == [made[1]]


@pytest.mark.covers("W2")
def test_a_sub_task_whose_answer_was_lost_is_found_at_once(jira: Jira, site: Site, marker: str) -> None:
    parent = site.make()
    group = {"issuetype": {"name": "CM Group"}, "summary": "g001", "parent": {"key": parent}}
    site.ask("PUT", "/sandbox/strange", {"search": {"lag": 3600}, "users": ["cmbot"]})
    site.disturb("lost_answer", "POST", "/issue$")
    _, key = jira.ensure_issue(marker, group)
    children = site.rest("GET", f"issue/{parent}?fields=subtasks")["fields"]["subtasks"]
    assert [child["key"] for child in children] == [key]


def another(site: Site) -> Jira:
    """The gateway of another process."""
    return Jira.connect(site.settings(), lambda: site.tokens["cmbot"])


@pytest.mark.covers("W2", "V23")
def test_an_issue_that_the_index_does_not_know_yet_is_not_made_twice(
    jira: Jira, site: Site, marker: str
) -> None:
    site.ask("PUT", "/sandbox/strange", {"search": {"lag": 60}, "users": ["cmbot"]})
    made = jira.ensure_issue(marker, step())
    others = [jira.ensure_issue(f"{marker} {number}", step()) for number in range(3)]
    assert another(site).ensure_issue(marker, step()) == made
    # The index may still list what is gone, and then knows only that which stayed.
    for seconds in (0, 61):
        site.ask("PUT", "/sandbox/clock", {"advance": seconds})
        assert another(site).ensure_issue(marker, step()) == made
    assert labelled(site, marker) == [made[1]]
    assert {labelled(site, f"{marker} {number}")[0] for number in range(3)} == {key for _, key in others}


@pytest.mark.covers("W2", "V23")
@pytest.mark.parametrize("later", [0, 61])
def test_an_issue_whose_answer_was_lost_is_taken_back_if_there_was_one_before(
    jira: Jira, site: Site, marker: str, later: int
) -> None:
    site.ask("PUT", "/sandbox/strange", {"search": {"lag": 60}, "users": ["cmbot"]})
    made = jira.ensure_issue(marker, step())
    site.disturb("lost_answer", "POST", "/issue$")
    with pytest.raises(OutcomeUnknown):
        another(site).ensure_issue(marker, step())
    assert len(labelled(site, marker)) == 2
    site.ask("PUT", "/sandbox/clock", {"advance": later})
    assert another(site).ensure_issue(marker, step()) == made
    assert labelled(site, marker) == [made[1]]


def test_a_twin_that_somebody_uses_stays(
    jira: Jira, site: Site, marker: str, caplog: pytest.LogCaptureFixture
) -> None:
    site.ask("PUT", "/sandbox/strange", {"search": {"lag": 60}, "users": ["cmbot"]})
    made = jira.ensure_issue(marker, step())
    site.disturb("lost_answer", "POST", "/issue$")
    with pytest.raises(OutcomeUnknown):
        another(site).ensure_issue(marker, step())
    (twin,) = set(labelled(site, marker)) - {made[1]}
    site.move(twin, "Launch")
    assert another(site).ensure_issue(marker, step()) == made
    assert set(labelled(site, marker)) == {twin, made[1]}
    assert f"{twin} was made for the same as {made[1]}, and people use it" in caplog.text


def test_of_two_that_cannot_be_told_apart_by_deleting_the_older_counts(
    jira: Jira, site: Site, marker: str, caplog: pytest.LogCaptureFixture
) -> None:
    site.ask("PUT", "/sandbox/strange", {"search": {"lag": 60}, "users": ["cmbot"]})
    made = jira.ensure_issue(marker, step())
    site.disturb("403", "DELETE", "/issue/")
    assert another(site).ensure_issue(marker, step()) == made
    assert f"delete it by hand: cmbot goes on with {made[1]}" in caplog.text
    site.ask("PUT", "/sandbox/clock", {"advance": 61})
    assert another(site).ensure_issue(marker, step()) == made


def test_an_issue_that_somebody_deleted_is_made_again(jira: Jira, site: Site, marker: str) -> None:
    first = jira.ensure_issue(marker, step())
    jira.ensure_issue(f"{marker} next", step())
    site.rest("DELETE", f"issue/{first[1]}")
    second = jira.ensure_issue(marker, step())
    assert second != first
    assert labelled(site, marker) == [second[1]]


def test_a_clone_that_a_person_made_is_not_taken_for_it(jira: Jira, site: Site, marker: str) -> None:
    clone = site.make({"labels": [creation.label(marker)]})
    made = jira.ensure_issue(marker, step())
    assert made[1] != clone
    assert jira.ensure_issue(marker, step()) == made


def test_an_issue_with_another_origin_is_not_taken_for_it(jira: Jira, site: Site, marker: str) -> None:
    other_id, other = jira.ensure_issue(f"another {marker}", step())
    jira.ensure_label(other_id, creation.label(marker))
    made = jira.ensure_issue(marker, step())
    assert made[1] != other
    assert set(labelled(site, marker)) == {other, made[1]}


def test_on_a_site_that_drops_properties_our_own_labelled_issue_is_it(
    jira: Jira, site: Site, marker: str
) -> None:
    issue_id, key = jira.ensure_issue(marker, step())
    site.rest("DELETE", f"issue/{key}/properties/cmbot.origin")
    assert jira.ensure_issue(marker, step()) == (issue_id, key)


def test_a_campaign_has_steps_and_groups(jira: Jira, marker: str) -> None:
    epic = {"issuetype": {"name": "Epic"}, "summary": "w47", **jira.epic_fields(name="w47")}
    _, epic_key = jira.ensure_issue(f"{marker} epic", epic)
    _, step_key = jira.ensure_issue(f"{marker} step", {**step(), **jira.epic_fields(epic_key=epic_key)})
    group = {"issuetype": {"name": "CM Group"}, "summary": "g001", "parent": {"key": step_key}}
    _, group_key = jira.ensure_issue(f"{marker} group", group)
    parent = jira.issue(step_key)["fields"]
    assert (parent[jira.epic_link] if jira.epic_link else parent["parent"]["key"]) == epic_key
    assert jira.issue(group_key)["fields"]["parent"]["key"] == step_key


def test_a_field_that_jira_refuses_is_named_as_people_know_it(jira: Jira, site: Site, marker: str) -> None:
    with pytest.raises(Refused, match="Max concurrent groups: "):
        jira.ensure_issue(marker, {**step(), "Max concurrent groups": "many"})
    assert labelled(site, marker) == []


def test_an_unknown_field_is_refused_before_anything_is_sent(jira: Jira, site: Site, marker: str) -> None:
    with pytest.raises(UserError, match="field Colour"):
        jira.ensure_issue(marker, {**step(), "Colour": "red"})
    assert site.writes() == []


@pytest.fixture
def pair(site: Site) -> tuple[str, str]:
    return site.make(), site.make()


def sentences(site: Site, key: str) -> list[str]:
    """The links of an issue as its page shows them."""
    shown = []
    for link in site.rest("GET", f"issue/{key}?fields=issuelinks")["fields"]["issuelinks"]:
        side = "inward" if "inwardIssue" in link else "outward"
        shown.append(f"{key} {link['type'][side]} {link[f'{side}Issue']['key']}")
    return shown


def test_a_link_reads_as_it_was_meant(jira: Jira, site: Site, pair: tuple[str, str]) -> None:
    first, second = pair
    jira.ensure_link(blocker_key=first, blocked_key=second)
    assert sentences(site, second) == [f"{second} is blocked by {first}"]
    assert sentences(site, first) == [f"{first} blocks {second}"]


def test_the_same_link_is_not_sent_twice_and_the_opposite_is_another(
    jira: Jira, site: Site, pair: tuple[str, str]
) -> None:
    first, second = pair
    jira.ensure_link(first, second)
    site.writes()
    jira.ensure_link(first, second)
    assert site.writes() == []
    jira.ensure_link(second, first)
    assert sorted(sentences(site, second)) == [f"{second} blocks {first}", f"{second} is blocked by {first}"]


@pytest.mark.covers("W2")
def test_an_answer_lost_after_a_link_was_made_leaves_one(
    jira: Jira, site: Site, pair: tuple[str, str]
) -> None:
    first, second = pair
    site.disturb("lost_answer", "POST", "/issueLink$")
    jira.ensure_link(first, second)
    assert sentences(site, second) == [f"{second} is blocked by {first}"]


@pytest.mark.covers("W2")
def test_a_link_lost_before_it_is_made_by_the_next_call(
    jira: Jira, site: Site, pair: tuple[str, str]
) -> None:
    first, second = pair
    site.disturb("refused", "POST", "/issueLink$")
    with pytest.raises(OutcomeUnknown, match=f"{second}: the link to {first}"):
        jira.ensure_link(first, second)
    assert sentences(site, second) == []
    jira.ensure_link(first, second)
    assert sentences(site, second) == [f"{second} is blocked by {first}"]
