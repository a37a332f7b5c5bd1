"""The search: whatever changes while pages are read, nothing that was there is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import Refused, RemoteError
from cmbot.jira import searching
from cmbot.jira.datacenter import DataCenter

if TYPE_CHECKING:
    import responses

    from cmbot.jira.wire import Wire

REST = "https://jira.test/jira/rest/api/2"


class Restless:
    """Answers searches over issues that change, come and go between pages."""

    def __init__(self, count: int, changes: list[list[int]], *, most: int, gone: frozenset[int]) -> None:
        self.order = list(range(count))
        self.updated = {number: str(number) for number in self.order}
        self.changes = changes
        self.most = most
        self.gone = gone
        self.clock = count
        self.requests = 0

    def read(self, subject: str, doing: str, path: str, **params: Any) -> dict[str, Any]:
        if self.requests:
            self._change()
        self.requests += 1
        assert params["jql"].endswith("ORDER BY updated ASC, key ASC")
        start, size = params["startAt"], min(params["maxResults"], self.most)
        rows = [
            {"id": str(number), "key": f"CM-{number}", "fields": {"updated": self.updated[number]}}
            for number in self.order[start : start + size]
        ]
        return {"issues": rows, "total": len(self.order)}

    def _change(self) -> None:
        for number in self.changes.pop(0) if self.changes else ():
            if number not in self.order:
                continue
            self.order.remove(number)
            if number not in self.gone:
                self.clock += 1
                self.updated[number] = str(self.clock)
                self.order.append(number)


numbers = st.integers(0, 59)


@given(
    count=st.integers(20, 60),
    size=st.integers(2, 20),
    most=st.integers(2, 20),
    changes=st.lists(st.lists(numbers, min_size=1, max_size=30), min_size=1, max_size=12),
    gone=st.frozensets(numbers, max_size=20),
)
@pytest.mark.covers("W14")
def test_no_issue_is_lost_while_others_change_or_vanish(
    count: int, size: int, most: int, changes: list[list[int]], gone: frozenset[int]
) -> None:
    site = Restless(count, changes, most=most, gone=gone)
    pages = DataCenter().pages(site, "project = CM", "updated", size)  # type: ignore[arg-type] # reads are enough
    found = {int(row["id"]): row["fields"]["updated"] for page in pages for row in page}
    assert set(site.order) <= set(found)


def test_a_quiet_project_costs_one_request() -> None:
    site = Restless(20, [], most=1000, gone=frozenset())
    pages = DataCenter().pages(site, "project = CM", "updated", 100)  # type: ignore[arg-type] # reads are enough
    assert len([row for page in pages for row in page]) == 20
    assert site.requests == 1


def test_a_search_without_end_is_an_error() -> None:
    class Endless:
        def read(self, subject: str, doing: str, path: str, **params: Any) -> dict[str, Any]:
            start = params["startAt"]
            rows = [
                {"id": str(number), "key": "CM-1", "fields": {"updated": "x"}}
                for number in range(start, start + 20)
            ]
            return {"issues": rows, "total": start + 21}

    with pytest.raises(RemoteError, match="does not come to an end"):
        for _ in DataCenter().pages(Endless(), "project = CM", "updated", 20):  # type: ignore[arg-type] # as above
            pass


def row(number: int, updated: str) -> dict[str, Any]:
    names = {"status": {"name": "Draft"}, "issuetype": {"name": "Epic"}}
    return {"id": str(number), "key": f"CM-{number}", "fields": {"updated": updated, **names}}


def test_changed_issues_come_once_with_times_that_can_be_compared(
    wire: Wire, server: responses.RequestsMock
) -> None:
    rows = [
        row(2, "2026-11-20T10:00:00.000+0100"),
        row(1, "2026-11-20T09:30:00.500+0000"),
        row(2, "2026-11-20T09:45:00.000+0000"),
    ]
    server.get(f"{REST}/search", json={"issues": rows, "total": 3})
    found = searching.changed(wire, DataCenter(), "CM", 1_732_877_091_000)
    assert [(item["key"], item["updated"].isoformat()) for item in found] == [
        ("CM-1", "2026-11-20T09:30:00.500000+00:00"),
        ("CM-2", "2026-11-20T09:45:00+00:00"),
    ]
    params = server.calls[0].request.params  # type: ignore[attr-defined] # responses adds it
    assert params["jql"] == 'project = "CM" AND updated >= 1732877091000 ORDER BY updated ASC, key ASC'
    assert params["fields"] == "updated,status,issuetype"


def test_a_full_listing_has_no_bound(wire: Wire, server: responses.RequestsMock) -> None:
    server.get(f"{REST}/search", json={"issues": [], "total": 0})
    assert searching.changed(wire, DataCenter(), 'C"M', None) == []
    params = server.calls[0].request.params  # type: ignore[attr-defined] # responses adds it
    assert params["jql"] == 'project = "C\\"M" ORDER BY updated ASC, key ASC'


@pytest.mark.parametrize(
    "answer",
    [
        {"issues": None, "total": 0},
        {"total": 0},
        {"issues": [{"id": "1"}], "total": 1},
        {"issues": [row(1, "yesterday")], "total": 1},
        {"issues": [], "total": "many"},
    ],
)
def test_a_search_in_an_unknown_form_is_an_error(
    wire: Wire, server: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    server.get(f"{REST}/search", json=answer)
    with pytest.raises(RemoteError, match="unknown form"):
        searching.changed(wire, DataCenter(), "CM", None)


def test_a_project_that_jira_does_not_know_is_told_with_its_setting(
    wire: Wire, server: responses.RequestsMock
) -> None:
    server.get(f"{REST}/search", status=400, json={"errorMessages": ["No such project."], "errors": {}})
    with pytest.raises(Refused, match=r"No such project\.; check jira\.project.* browse CM$"):
        searching.changed(wire, DataCenter(), "CM", None)
