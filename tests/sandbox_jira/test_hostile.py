"""Whatever is sent, the answer is Jira's error or a safe one: never a crash."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmbot.sandbox.jira import issues
from cmbot.sandbox.jira.board import view
from cmbot.sandbox.jira.board.templates import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from conftest import Sandbox

CALM = settings(max_examples=150)
CUSTOM = [f"customfield_{number}" for number in range(10000, 10012)]
SYSTEM = ["summary", "project", "issuetype", "parent", "labels", "assignee", "priority", "description"]
SYSTEM += ["security", "fixVersions", "components", "timetracking", "statuscategorychangedate", "progress"]
FIELDS = st.sampled_from([*SYSTEM, *CUSTOM])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("CM-1"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "key", "name", "value", "add", "set", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "fields": st.dictionaries(FIELDS, JSON, max_size=4) | JSON,
        "update": st.dictionaries(FIELDS | st.sampled_from(["comment", "issuelinks"]), JSON, max_size=3)
        | JSON,
        "properties": JSON | st.lists(st.fixed_dictionaries({"key": JSON, "value": JSON}), max_size=2),
        "historyMetadata": JSON,
        "transition": JSON,
    },
)
TARGETS = st.sampled_from(
    [
        ("POST", "issue"),
        ("POST", "issue/bulk"),
        ("PUT", "issue/CM-1"),
        ("PUT", "issue/CM-1/assignee"),
        ("POST", "issue/CM-1/transitions"),
        ("POST", "issue/CM-1/comment"),
        ("PUT", "issue/CM-1/properties/p"),
        ("POST", "issue/CM-1/remotelink"),
        ("POST", "issue/CM-1/watchers"),
        ("POST", "issueLink"),
        ("POST", "search"),
        ("POST", "worklog/list"),
    ]
)


ADDRESSES = [
    *("issue/{}", "issue/{}/comment/{}", "issue/CM-1/comment/{}", "comment/{}/properties/{}"),
    *("user?username={}", "attachment/{}", "issueLink/{}", "project/{}", "search?jql={}", "status/{}"),
    *("worklog/updated?since={}", "user/viewissue/search?username={}&projectKey={}", "project/{}/restore"),
    *("issue/{}/restore", "version/{}/relatedIssueCounts", "priority/{}", "project?includeArchived={}"),
    *("search?startAt={}&maxResults={}", "issue/CM-1/remotelink/{}", "issue/CM-1/properties/{}"),
    *("issue/CM-1?fields={}&expand={}", "issue/createmeta/{}/issuetypes/{}", "issue/CM-1/comment?orderBy={}"),
]
WORDS = st.text(min_size=1, max_size=12) | st.integers().map(str)
KINDS = ["multipart/form-data", "multipart/form-data; boundary=x", "Basic Og==", "text/html", "a=b; c"]
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "Authorization", "Cookie", "Accept"]), st.sampled_from(KINDS)
)
PART = b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\n1\r\n--x--"
JQL_FIELDS = ["project", "key", "status", "assignee", "fixVersion", "component", "level", "labels", "created"]
JQL_FIELDS += [
    "text",
    "summary",
    "parent",
    "due",
    "cf[10003]",
    "cf[10006]",
    '"Epic Link"',
    "resolution",
    "watcher",
    "issuetype",
    "nonesuch",
]
OPERATORS = ["=", "!=", "<", ">=", "~", "!~", "is", "is not", "in", "not in", "was", "was not in", "changed"]
JQL_VALUES = [
    "1",
    "CM",
    "CM-1",
    "EMPTY",
    "(1, EMPTY)",
    "bob",
    '"-1d"',
    "now()",
    "currentUser()",
    "linkedIssues(CM-1)",
    "releasedVersions(CM)",
    "subTaskIssueTypes()",
    "endOfWeek(+1w)",
    "Unresolved",
    "-1d",
    "10000",
]
TAILS = ["", " AFTER -1d", " BY bob", " FROM 1 TO EMPTY", " DURING (-1d, now())", " ON EMPTY"]
CLAUSES = st.builds(
    "{} {} {}{}".format,
    st.sampled_from(JQL_FIELDS),
    st.sampled_from(OPERATORS),
    st.sampled_from([*JQL_VALUES, ""]),
    st.sampled_from(TAILS),
)
QUERIES = st.builds(
    "{}{} {} {}{}".format,
    st.sampled_from(["", "NOT "]),
    CLAUSES,
    st.sampled_from(["AND", "OR"]),
    CLAUSES,
    st.sampled_from(["", " ORDER BY created", " ORDER BY level DESC, fixVersion"]),
)


@pytest.fixture(scope="module")
def target(
    usual_seed: dict[str, Any], listen: Callable[..., AbstractContextManager[Sandbox]]
) -> Iterator[Sandbox]:
    """A site with a security level and a version."""
    seed = copy.deepcopy(usual_seed)
    place: Any = seed["projects"][0]
    place |= {"security": {"1": ["reporter", "user:bob"]}, "versions": [{"name": "1"}]}
    with listen(seed=seed) as sandbox:
        sandbox.create()
        yield sandbox


def answered(sandbox: Sandbox, method: str, path: str, **more: Any) -> None:
    answer = sandbox.rest(method, path, **more)
    deliberate = path.endswith("transitions") and "no transition with id" in answer.text
    assert answer.status_code < 500 or deliberate, answer.text


@CALM
@given(where=TARGETS, body=PARTS | JSON)
def test_no_json_breaks_it(target: Sandbox, where: tuple[str, str], body: Any) -> None:
    answered(target, *where, data=json.dumps(body))


@CALM
@given(body=PARTS)
def test_what_is_accepted_can_be_read_by_scripts_and_people(target: Sandbox, body: dict[str, Any]) -> None:
    site = target.app.site
    key = target.create()
    answered(target, "PUT", f"issue/{key}", data=json.dumps({"fields": {"description": "x"}, **body}))
    answered(
        target, "POST", f"issue/{key}/transitions", data=json.dumps({**body, "transition": {"id": "11"}})
    )
    answered(target, "GET", f"issue/{key}?expand=changelog,renderedFields,editmeta&properties=*all")
    alice = site.config.users["alice"]
    values = view.issue_page(site, alice, site.shapes("http://here", alice), issues.find(site, key))
    visit = SimpleNamespace(root="", site=site, session=SimpleNamespace(csrf=""), user=alice, projects=[])
    visit.request = SimpleNamespace(url=SimpleNamespace(path="/"))
    assert key in render("issue.html", visit=visit, title=key, hue=view.hue, **values)


@CALM
@given(where=TARGETS, raw=st.binary(max_size=60))
def test_no_bytes_break_it(target: Sandbox, where: tuple[str, str], raw: bytes) -> None:
    answered(target, *where, data=raw)


@CALM
@given(
    method=st.sampled_from(["GET", "PUT"]),
    path=st.sampled_from(ADDRESSES),
    word=WORDS | st.sampled_from(["..", "%00", "1e999", "²", "9" * 30]),
)
def test_no_address_breaks_it(target: Sandbox, method: str, path: str, word: str) -> None:
    answered(target, method, path.replace("{}", word))


@CALM
@given(headers=HEADERS, raw=st.binary(max_size=60) | st.just(PART))
def test_no_header_breaks_it(target: Sandbox, headers: dict[str, str], raw: bytes) -> None:
    sure = {"X-Atlassian-Token": "no-check", **headers}
    answered(target, "POST", "issue/CM-1/attachments", headers=sure, data=raw)


@CALM
@given(jql=QUERIES)
def test_no_query_breaks_it(target: Sandbox, jql: str) -> None:
    answered(target, "POST", "search", json={"jql": jql, "fields": ["summary"]})
