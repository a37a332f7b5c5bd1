"""A comment is written once, whatever is lost (requirement W2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import OutcomeUnknown

if TYPE_CHECKING:
    from cmbot.jira.gateway import Jira
    from tests.jira.conftest import Site

MARKER = "cmbot status 4f1c9"
BODY = f"h3. Running\n||Group||State||\n|g001|running|\n{MARKER}"
pytestmark = pytest.mark.covers("W2")


@pytest.fixture
def key(site: Site) -> str:
    return site.make()


def bodies(site: Site, key: str) -> list[str]:
    return [comment["body"] for comment in site.comments(key)]


def test_a_comment_is_made_then_edited_then_left_alone(jira: Jira, site: Site, key: str) -> None:
    made = jira.ensure_comment(key, MARKER, BODY)
    assert bodies(site, key) == [BODY]
    assert jira.ensure_comment(key, MARKER, BODY) == made
    assert jira.ensure_comment(key, MARKER, BODY.replace("\n", "\r\n"), known_id=made) == made
    assert site.writes() == [f"POST issue/{key}/comment"]
    assert jira.ensure_comment(key, MARKER, f"Done\n{MARKER}", known_id=made) == made
    assert bodies(site, key) == [f"Done\n{MARKER}"]
    assert site.writes() == [f"PUT issue/{key}/comment/{made}"]


def test_an_answer_lost_after_a_comment_was_made_leaves_one(jira: Jira, site: Site, key: str) -> None:
    site.disturb("lost_answer", "POST", "/comment$")
    made = jira.ensure_comment(key, MARKER, BODY)
    assert [comment["id"] for comment in site.comments(key)] == [made]
    assert jira.ensure_comment(key, MARKER, BODY) == made
    assert bodies(site, key) == [BODY]


def test_a_request_lost_before_it_is_unknown_and_the_next_call_makes_one(
    jira: Jira, site: Site, key: str
) -> None:
    site.disturb("refused", "POST", "/comment$")
    with pytest.raises(OutcomeUnknown, match=f"{key}: adding a comment"):
        jira.ensure_comment(key, MARKER, BODY)
    assert bodies(site, key) == []
    jira.ensure_comment(key, MARKER, BODY)
    jira.ensure_comment(key, MARKER, BODY)
    assert bodies(site, key) == [BODY]


def test_an_answer_lost_while_jira_cannot_be_read_is_found_by_the_next_call(
    jira: Jira, site: Site, key: str
) -> None:
    site.disturb("lost_answer", "POST", "/comment$")
    site.disturb("503", "GET", "/comment$")
    with pytest.raises(Exception, match="HTTP 503"):
        jira.ensure_comment(key, MARKER, BODY)
    jira.ensure_comment(key, MARKER, BODY)
    assert bodies(site, key) == [BODY]


def test_an_answer_lost_after_an_edit_is_no_failure(jira: Jira, site: Site, key: str) -> None:
    made = jira.ensure_comment(key, MARKER, BODY)
    site.disturb("lost_answer", "PUT", "/comment/")
    jira.ensure_comment(key, MARKER, f"Done\n{MARKER}", known_id=made)
    assert bodies(site, key) == [f"Done\n{MARKER}"]


def test_an_edit_lost_before_it_is_repeated_by_the_next_call(jira: Jira, site: Site, key: str) -> None:
    made = jira.ensure_comment(key, MARKER, BODY)
    site.disturb("refused", "PUT", "/comment/")
    with pytest.raises(OutcomeUnknown, match="editing a comment"):
        jira.ensure_comment(key, MARKER, f"Done\n{MARKER}", known_id=made)
    jira.ensure_comment(key, MARKER, f"Done\n{MARKER}", known_id=made)
    assert bodies(site, key) == [f"Done\n{MARKER}"]


def test_a_milestone_is_posted_once_and_not_edited(jira: Jira, site: Site, key: str) -> None:
    made = jira.post_comment_once(key, MARKER, BODY)
    assert jira.post_comment_once(key, MARKER, f"otherwise\n{MARKER}") == made
    assert bodies(site, key) == [BODY]


@pytest.mark.parametrize("kind", ["lost_answer", "refused"])
def test_a_milestone_survives_a_lost_answer_and_a_lost_request(
    jira: Jira, site: Site, key: str, kind: str
) -> None:
    site.disturb(kind, "POST", "/comment$")
    if kind == "refused":
        with pytest.raises(OutcomeUnknown):
            jira.post_comment_once(key, MARKER, BODY)
    made = jira.post_comment_once(key, MARKER, BODY)
    assert [comment["id"] for comment in site.comments(key)] == [made]


def test_two_milestones_are_two_comments(jira: Jira, site: Site, key: str) -> None:
    first = jira.post_comment_once(key, "cmbot launched 1", "Launched\ncmbot launched 1")
    second = jira.post_comment_once(key, "cmbot launched 12", "Launched\ncmbot launched 12")
    # The first marker is part of the second one's text; the property tells them apart.
    assert jira.post_comment_once(key, "cmbot launched 1", "Launched\ncmbot launched 1") == first
    assert [comment["id"] for comment in site.comments(key)] == [first, second]


def test_a_comment_that_another_bot_rewrote_is_found_and_set_right(jira: Jira, site: Site, key: str) -> None:
    made = jira.ensure_comment(key, MARKER, BODY)
    site.rest("PUT", f"issue/{key}/comment/{made}", {"body": "links everywhere"})
    assert jira.ensure_comment(key, MARKER, BODY) == made
    assert bodies(site, key) == [BODY]


def test_a_person_who_quotes_the_marker_is_left_alone(jira: Jira, site: Site, key: str) -> None:
    quote = site.rest("POST", f"issue/{key}/comment", {"body": f"bq. {MARKER}"})["id"]
    made = jira.ensure_comment(key, MARKER, BODY)
    assert made != quote
    assert jira.ensure_comment(key, MARKER, f"Done\n{MARKER}", known_id=quote) == made
    assert bodies(site, key) == [f"bq. {MARKER}", f"Done\n{MARKER}"]


def test_a_comment_that_a_person_deleted_is_made_again(jira: Jira, site: Site, key: str) -> None:
    made = jira.ensure_comment(key, MARKER, BODY)
    site.rest("DELETE", f"issue/{key}/comment/{made}")
    assert jira.ensure_comment(key, MARKER, BODY, known_id=made) != made
    assert bodies(site, key) == [BODY]


def test_on_a_site_that_drops_properties_the_text_finds_it(jira: Jira, site: Site, key: str) -> None:
    made = site.rest("POST", f"issue/{key}/comment", {"body": BODY}, user="cmbot")["id"]
    assert jira.ensure_comment(key, MARKER, f"Done\n{MARKER}") == made
    assert bodies(site, key) == [f"Done\n{MARKER}"]


def test_on_a_site_that_drops_properties_a_longer_marker_is_another(jira: Jira, site: Site, key: str) -> None:
    other = site.rest("POST", f"issue/{key}/comment", {"body": f"Launched\n{MARKER}2"}, user="cmbot")["id"]
    assert jira.ensure_comment(key, MARKER, BODY) != other
    assert bodies(site, key) == [f"Launched\n{MARKER}2", BODY]


def test_an_edit_keeps_who_may_see_it(jira: Jira, site: Site, key: str) -> None:
    visible: dict[str, Any] = {"type": "role", "value": "Developers"}
    content = {"body": BODY, "visibility": visible}
    made = site.rest("POST", f"issue/{key}/comment", content, user="cmbot")["id"]
    jira.ensure_comment(key, MARKER, f"Done\n{MARKER}", known_id=made)
    (comment,) = site.comments(key)
    assert visible.items() <= comment["visibility"].items()


def test_a_known_comment_costs_one_read_and_no_write(jira: Jira, site: Site, key: str) -> None:
    made = jira.ensure_comment(key, MARKER, BODY)
    site.ask("DELETE", "/sandbox/requests")
    jira.ensure_comment(key, MARKER, BODY, known_id=made)
    asked = site.ask("GET", "/sandbox/requests")["requests"]
    assert [one["method"] for one in asked if one["user"] == "cmbot"] == ["GET"]
