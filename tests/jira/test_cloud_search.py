"""Cloud's search: short pages, tokens, an index that lags."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import RemoteError
from cmbot.jira import searching
from cmbot.jira.cloud import Cloud

if TYPE_CHECKING:
    import responses

    from cmbot.jira.gateway import Jira
    from cmbot.jira.wire import Wire
    from tests.jira.conftest import Site

SEARCH = "https://jira.test/jira/rest/api/2/search/jql"
cloud_only = pytest.mark.parametrize("running", ["cloud"], indirect=True)


def row(number: int) -> dict[str, Any]:
    fields = {"updated": f"2026-11-20T10:00:0{number}.000+0100", "status": {"name": "Draft"}}
    return {"id": str(number), "key": f"CM-{number}", "fields": {**fields, "issuetype": {"name": "Epic"}}}


def sent(server: responses.RequestsMock, number: int) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(server.calls[number].request.body or b"")
    return body


@pytest.mark.covers("W14")
def test_short_and_empty_pages_are_not_the_end(wire: Wire, server: responses.RequestsMock) -> None:
    server.post(SEARCH, json={"issues": [row(1)], "nextPageToken": "a", "isLast": False})
    server.post(SEARCH, json={"issues": [], "nextPageToken": "b", "isLast": False})
    server.post(SEARCH, json={"issues": [row(2)], "isLast": True})
    wire.written.add("77")
    found = searching.changed(wire, Cloud(), "CM", 5)
    assert [item["key"] for item in found] == ["CM-1", "CM-2"]
    assert sent(server, 0) == {
        "jql": 'project = "CM" AND updated >= 5 ORDER BY updated ASC, key ASC',
        "fields": ["updated", "status", "issuetype"],
        "maxResults": searching.PAGE,
        "reconcileIssues": [77],
    }
    assert [sent(server, 1 + n) for n in range(2)] == [
        sent(server, 0) | {"nextPageToken": token} for token in "ab"
    ]


def test_a_token_that_repeats_is_an_error(wire: Wire, server: responses.RequestsMock) -> None:
    server.post(SEARCH, json={"issues": [row(1)], "nextPageToken": "a"})
    with pytest.raises(RemoteError, match="the same page again"):
        searching.changed(wire, Cloud(), "CM", None)
    assert len(server.calls) == 2


def test_pages_without_end_are_an_error(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = iter(range(10**6))

    def query(*_: Any) -> dict[str, Any]:
        return {"issues": [], "nextPageToken": str(next(tokens))}

    monkeypatch.setattr(wire, "query", query)
    with pytest.raises(RemoteError, match="does not come to an end"):
        searching.changed(wire, Cloud(), "CM", None)


@pytest.mark.parametrize("answer", [{}, {"issues": None}, {"issues": [{"id": "1"}]}])
def test_an_answer_in_an_unknown_form_is_an_error(
    wire: Wire, server: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    server.post(SEARCH, json=answer)
    with pytest.raises(RemoteError, match="unknown form"):
        searching.changed(wire, Cloud(), "CM", None)


def test_at_most_as_many_issues_are_reconciled_as_a_search_takes(wire: Wire) -> None:
    for number in (*range(80), 3):
        wire.written.add(str(number))
    assert wire.written.newest() == [*range(31, 80), 3]


@cloud_only
def test_what_cmbot_wrote_and_what_it_was_told_of_is_found_while_the_index_lags(
    jira: Jira, site: Site
) -> None:
    written, told, other = (site.make() for _ in range(3))
    site.ask("PUT", "/sandbox/strange", {"search": {"lag": 3600}})
    before = int(jira.server_time().timestamp() * 1000)
    for key in (told, other):
        site.move(key, "Launch")
    jira.ensure_label(jira.issue(written)["id"], "mine")
    jira.expect(jira.issue(told)["id"])
    assert {item["key"] for item in jira.changed(before)} == {written, told}


@cloud_only
@pytest.mark.covers("W14")
def test_a_long_history_comes_whole_and_oldest_first(jira: Jira, site: Site) -> None:
    key = site.make()
    for number in range(45):
        site.rest("PUT", f"issue/{key}", {"fields": {"summary": f"name {number}"}})
    names = [entry["items"][0]["toString"] for entry in jira.issue(key)["histories"]]
    assert names[-45:] == [f"name {number}" for number in range(45)]
