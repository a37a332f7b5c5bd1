"""Histories of both deployments become the same entries and moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import RemoteError
from cmbot.jira_schema import changelog
from cmbot.models.issues import Person, Status

ALICE = {"name": "alice", "key": "JIRAUSER10100", "displayName": "Alice"}


def entry(number: int, before: str | None, after: str, **more: Any) -> dict[str, Any]:
    item = {"field": "status", "fieldtype": "jira", "from": "1", "to": "2"}
    item |= {"fromString": before, "toString": after} | more.pop("item", {})
    created = f"2026-11-20T08:00:{number % 60:02}.000+0000"
    return {"id": str(number), "created": created, "author": ALICE, "items": [item], **more}


def moves(site: Any, histories: list[dict[str, Any]]) -> list[tuple[int, Status | None, Status | None]]:
    found, _ = changelog.acts("10002", "CM-2", histories, site.names)
    return [(move.history_id, move.source, move.target) for move in found]


def test_launch_paused_launch_are_three_moves(site: Any) -> None:
    histories = [entry(1, "Draft", "Launch"), entry(2, "Launch", "Paused"), entry(3, "Paused", "Launch")]
    assert moves(site, histories) == [
        (1, Status.DRAFT, Status.LAUNCH),
        (2, Status.LAUNCH, Status.PAUSED),
        (3, Status.PAUSED, Status.LAUNCH),
    ]


@given(st.permutations(list(range(8, 14))), st.lists(st.integers(0, 5), max_size=6))
def test_pages_may_overlap_and_come_in_any_order(order: list[int], again: list[int]) -> None:
    histories = [entry(number, "Draft", "Launch") for number in order]
    found = changelog.entries("CM-2", [*histories, *(histories[index] for index in again)])
    assert [one.id for one in found] == list(range(8, 14))


def test_a_creation_on_cloud_and_a_bulk_answer_are_read_like_the_rest(site: Any) -> None:
    cloud = {"field": "Status", "fieldId": "status"}
    author = {"accountId": "5b10", "displayName": "Alice"}
    histories = [entry(1, None, "Draft", item=cloud, author=author)]
    for created in (1795161600, 1795161600000):
        (found,) = changelog.entries("CM-2", [histories[0] | {"created": created}])
        assert found.at == datetime(2026, 11, 20, 8, tzinfo=UTC)
        assert found.by == Person("5b10")
    assert moves(site, histories) == [(1, None, Status.DRAFT)]


def test_a_custom_field_called_status_is_no_status(site: Any) -> None:
    own = {"field": "Status", "fieldtype": "custom"}
    assert moves(site, [entry(1, "Draft", "Launch", item=own)]) == []
    assert moves(site, [entry(1, "Draft", "Launch", item=own | {"fieldId": "customfield_10400"})]) == []


def test_an_entry_may_change_nothing_and_a_zone_may_be_any() -> None:
    histories = [
        {"id": "5", "created": "2026-11-20T03:00:00.000-0500", "author": None, "items": []},
        {"id": "4", "created": "2026-11-20T15:59:59+0800"},
    ]
    found = changelog.entries("CM-2", histories)
    assert [(one.id, one.changes) for one in found] == [(4, ()), (5, ())]
    assert found[1].at - found[0].at == timedelta(seconds=1)


@pytest.mark.parametrize(
    "broken",
    [{}, {"id": "x", "created": 1}, {"id": "1"}, {"id": "1", "created": "yesterday"}, "text", None, 7],
)
def test_an_unknown_form_is_an_error_that_names_the_issue(broken: Any) -> None:
    with pytest.raises(RemoteError, match="CM-2: Jira gave its history in an unknown form"):
        changelog.entries("CM-2", [broken])


def test_edits_of_fields_that_people_fill_in_are_read_in_both_forms(site: Any) -> None:
    by_name = {
        "field": "Data query",
        "fieldtype": "custom",
        "fromString": "visit > 1",
        "toString": "visit > 2",
    }
    by_id = by_name | {"fieldId": site.id_of("Tolerance"), "fromString": None, "toString": "isr: 0.5"}
    others = [
        {"field": "Percent done", "fieldtype": "custom", "fromString": "1", "toString": "2"},  # cmbot's own
        {"field": "summary", "fieldtype": "jira", "fromString": "a", "toString": "b"},
        {"field": "data query", "fieldtype": "jira", "fromString": "a", "toString": "b"},
    ]
    items = [by_name, by_id, *others]
    _, edits = changelog.acts("10002", "CM-2", [entry(7, "x", "y") | {"items": items}], site.names)
    assert [(one.history_id, one.field, one.before, one.after) for one in edits] == [
        (7, "Data query", "visit > 1", "visit > 2"),
        (7, "Tolerance", "", "isr: 0.5"),
    ]
    assert edits[0].by.account == "alice"


@pytest.mark.covers("W3")
def test_what_cmbot_did_under_another_account_is_its_own(site: Any) -> None:
    old, me = {"name": "campaign-bot", "displayName": "Old"}, Person("cmbot")
    histories = [entry(1, "Draft", "Launch"), entry(2, "Launch", "Running", author=old)]
    known = replace(site.names, former={"campaign-bot": me})
    moves, _ = changelog.acts("10002", "CM-2", histories, known)
    assert [move.by for move in moves] == [Person("alice"), me]
