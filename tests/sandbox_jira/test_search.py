"""JQL: what it finds, and what it refuses rather than finding nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.jql.syntax import parse
from cmbot.sandbox.jira.jql.tree import pushed

if TYPE_CHECKING:
    from conftest import Sandbox


@pytest.fixture(scope="module")
def world(calm: Sandbox) -> Sandbox:
    """CM-1 epic; CM-2, CM-3 its steps (CM-2 launched, bob's); CM-4 group of CM-2; CM-5 an hour later."""
    sandbox = calm
    epic = sandbox.create("Epic", "DRP of HSC", description="mini campaign")
    wms, sites, quanta = (sandbox.field(name) for name in ("WMS", "Sites", "Quanta"))
    link = sandbox.field("Epic Link")
    sandbox.create(
        summary="step one of w_2026_47",
        labels=["cmbot", "cmbot-4f1c9"],
        assignee={"name": "bob"},
        **{link: epic, wms: {"value": "PanDA"}, sites: [{"value": "SLAC"}, {"value": "UK"}], quanta: 10},
    )
    sandbox.create(summary="step two", labels=["cmbot"], **{link: epic, wms: {"value": "Parsl"}, quanta: 20})
    sandbox.create("Group", "g001", parent={"key": "CM-2"})
    sandbox.move("CM-2", "Launch")
    sandbox.rest("POST", "issue/CM-2/comment", json={"body": "that *looks good*"})
    hidden = {"type": "group", "value": "jira-administrators"}
    sandbox.rest("POST", "issue/CM-3/comment", json={"body": "secret", "visibility": hidden})
    sandbox.clock.advance(hours=1)
    sandbox.create(summary="alone")
    return sandbox


@pytest.mark.parametrize(
    ("jql", "numbers"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("project = CM ORDER BY key ASC", [1, 2, 3, 4, 5]),
        ("project in (CM, 10000) order by KEY", [1, 2, 3, 4, 5]),
        ("issuetype = Epic", [1]),
        ('type not in (Epic, "Group") ORDER BY key', [2, 3, 5]),
        ("status = launch", [2]),
        ("status != Launch ORDER BY key", [1, 3, 4, 5]),
        ("statusCategory = 'In Progress'", [2]),
        ("statusCategory = new ORDER BY key", [1, 3, 4, 5]),
        ('"Epic Link" = CM-1 ORDER BY key', [2, 3]),
        ("cf[10000] = CM-1 AND status = Launch", [2]),
        ('"Epic Link" is EMPTY ORDER BY key', [1, 4, 5]),
        ("parent = CM-2", [4]),
        ("parent is not empty", [4]),
        ("key in (CM-2, cm-5) ORDER BY key DESC", [5, 2]),
        ("key > CM-3 ORDER BY key", [4, 5]),
        ("id = 10001", [2]),
        ("labels = cmbot ORDER BY key", [2, 3]),
        ("labels != cmbot-4f1c9", [3]),
        ("labels in (cmbot-4f1c9, nothing)", [2]),
        ("labels is EMPTY ORDER BY key", [1, 4, 5]),
        ("assignee = bob", [2]),
        ("assignee = currentUser()", []),
        ('assignee in membersOf("jira-software-users")', [2]),
        ("assignee not in membersOf(jira-administrators) ORDER BY key", [2]),
        ("reporter in (bob, membersOf(jira-administrators)) AND assignee = bob", [2]),
        ("reporter = currentUser() AND assignee is not EMPTY", [2]),
        ("assignee in (EMPTY, bob) AND key < CM-3 ORDER BY key", [1, 2]),
        ("assignee != bob", []),  # whoever has no assignee is not "not bob"
        ('WMS = "PanDA"', [2]),
        ("WMS in (panda, parsl) ORDER BY WMS DESC, key", [3, 2]),
        ("Sites = UK", [2]),
        ("Sites not in (UK)", []),
        ("Quanta >= 10 AND Quanta < 20", [2]),
        ("resolution is EMPTY AND Quanta = 20", [3]),
        ("resolution = Unresolved AND Quanta = 20", [3]),
        ("resolution != unresolved", []),
        ("issuetype in subTaskIssueTypes()", [4]),
        ("issuetype not in standardIssueTypes()", [4]),
        ("watcher = currentUser() ORDER BY key", [1, 2, 3, 4, 5]),
        ("watcher in (bob) OR watcher is EMPTY OR watcher != alice", []),
        ("voter is not EMPTY", []),
        ("due < endOfWeek()", []),
        ("summary ~ step ORDER BY key", [2, 3]),
        ('summary ~ "w_2026*"', [2]),
        ('summary ~ "step one"', [2]),
        ('summary ~ "\\"one of\\""', [2]),
        ('summary ~ "\\"of one\\""', []),
        ('summary ~ "st*p*"', [3, 2]),
        ('summary ~ "st?p - two"', [3]),
        ("description ~ campaign", [1]),
        ("text ~ campaign", [1]),
        ("text ~ step ORDER BY key", [2, 3]),
        ('comment ~ "looks good"', [2]),
        ('text ~ "looks" AND text ~ one', [2]),
        ("comment !~ good", []),  # whoever has no comment is not found
        ("text ~ secret", []),
        ("summary !~ step ORDER BY key", [1, 4, 5]),
        ("NOT (status = Launch OR issuetype = Epic) ORDER BY key", [3, 4, 5]),
        ("NOT labels = cmbot-4f1c9", [3]),
        ("! status = Draft", [2]),
        ("status = Draft && issuetype = Epic || key = CM-5 ORDER BY key", [1, 5]),
        ("(status = Draft OR status = Launch) AND (issuetype = Epic OR parent = CM-2) ORDER BY key", [1, 4]),
        ("created >= -10m", [5]),
        ('created < "-10m" AND issuetype = Epic', [1]),
        ("updated >= 1795179600000", [5]),  # 2026-11-20 13:00 UTC
        ("updated > 1795179600000", []),
        ('created >= "2026-11-20 13:00"', [5]),
        ('created >= "2026/11/20 13:01"', []),
        ("created >= 2026-11-20 AND created <= now() ORDER BY created DESC, key ASC", [5, 1, 2, 3, 4]),
        ("updated = now()", [5]),
        ("ORDER BY assignee, key", [2, 1, 3, 4, 5]),
        ("ORDER BY status ASC, summary DESC", [3, 4, 1, 5, 2]),
    ],
)
def test_a_query_finds(world: Sandbox, jql: str, numbers: list[int]) -> None:
    assert world.search(jql) == [f"CM-{number}" for number in numbers]


@pytest.mark.parametrize(
    ("jql", "text"),
    [
        ("nonsense = 1", "Field 'nonsense' does not exist"),
        ("ORDER BY nonsense", "Field 'nonsense' does not exist"),
        ("status = Nonsense", "The value 'Nonsense' does not exist for the field 'status'"),
        ("project = NO", "The value 'NO' does not exist for the field 'project'"),
        ("key = CM-99", "An issue with key 'CM-99' does not exist"),
        ("assignee = nobody", "The value 'nobody' does not exist"),
        ("WMS = Slurm", "The option 'Slurm' for field 'WMS' does not exist"),
        ("status ~ Draft", "The operator '~' is not supported by the 'status' field"),
        ("summary = x", "The operator '=' is not supported by the 'summary' field"),
        ("text = x", "The operator '=' is not supported by the 'text' field"),
        ("ORDER BY text", "Not able to sort using field 'text'"),
        ("ORDER BY comment", "Not able to sort using field 'comment'"),
        ("labels > a", "The operator '>' is not supported"),
        ("status is Draft", "supports only EMPTY"),
        ("updated >= EMPTY", "does not support EMPTY"),
        ("updated >= yesterday", "Date value 'yesterday' for field 'updated' is invalid"),
        ('updated >= "1795179600000"', "Date value '1795179600000'"),
        ("assignee = whoever()", "Unable to find JQL function 'whoever()'"),
        ("assignee = membersOf(jira-software-users)", "does not support lists"),
        ("assignee in membersOf(nobody)", "the group does not exist"),
        ("assignee in membersOf()", "expected '1' arguments but received '0'"),
        ("assignee = currentUser(x)", "expected '0' arguments but received '1'"),
        ("issue in linkedIssues(CM-99)", "An issue with key 'CM-99' does not exist"),
        ("issue in linkedIssues(CM-1, eats)", "knows no issue link type 'eats'"),
        ("issuetype = standardIssueTypes()", "does not support lists"),
        ("fixVersion in releasedVersions(NO)", "The value 'NO' does not exist"),
        ("Quanta = many", "is not a number"),
        ('summary ~ ""', "without words"),
        ('summary ~ "!?"', "without words"),
        ("Quanta > nan", "is not a number"),
        ("created > -99999999w", "Date value"),
        ("NOT " * 3000 + "status = Draft", "nested too deeply"),
        (" OR ".join(["status = Draft"] * 3000), "too complex"),
        ('summary ~ "*x"', "not allowed to start with '*'"),
        ("status was", "the query ends"),
        ("status was Nonsense", "The value 'Nonsense' does not exist"),
        ("status was Draft FROM Launch", "The predicate 'from' is not supported"),
        ("status changed BY nobody", "The value 'nobody' does not exist"),
        ("status changed BY EMPTY", "does not support EMPTY"),
        ("status changed AFTER yesterday", "Date value 'yesterday'"),
        ("status changed AFTER EMPTY", "A date is expected"),
        ("status changed DURING (-1d)", "takes 2 date(s), 1 given"),
        ("status changed AFTER (-1d, now())", "takes 1 date(s), 2 given"),
        ("labels was x", "History searches do not support the field 'labels'"),
        ("nonsense changed", "Field 'nonsense' does not exist"),
        ("created > startOfDay(tomorrow)", "should have the format (+/-)n(yMwdhm)"),
        ("created > startOfYear(-99999)", "leads too far"),
        ("created > startOfDay(-1, -2)", "expected '0' or '1' arguments but received '2'"),
        ("summary ~ first", "'first' is a reserved JQL word"),
        ("project = order", "'order' is a reserved JQL word"),
        ("status = ", "the query ends"),
        ("status = Draft status = Launch", "line 1"),
        ("key in ()", "unexpected ')'"),
        ("project = 'CM", "line 1, character 11"),
        ("@", "reserved JQL character"),
    ],
)
def test_what_it_does_not_know_is_refused(world: Sandbox, jql: str, text: str) -> None:
    answer = world.rest("GET", "search", params={"jql": jql})
    assert answer.status_code == 400
    assert text in " ".join(answer.json()["errorMessages"])


def test_quoted_dates_are_read_in_the_callers_zone(world: Sandbox) -> None:
    jql = 'created >= "2026-11-20 08:00"'  # New York: 13:00 UTC
    assert world.search(jql, user="bob") == ["CM-5"]
    assert len(world.search(jql, user="alice")) == 5


def test_a_page_says_where_it_is(world: Sandbox) -> None:
    page = world.get("search", params={"jql": "ORDER BY key ASC", "startAt": 3, "maxResults": 1})
    assert {name: page[name] for name in ("startAt", "maxResults", "total")} == {
        "startAt": 3,
        "maxResults": 1,
        "total": 5,
    }
    assert [issue["key"] for issue in page["issues"]] == ["CM-4"]
    assert world.get("search", params={"maxResults": 0})["issues"] == []
    assert world.get("search", params={"maxResults": 5000})["maxResults"] == 1000  # silently lowered


def test_a_search_can_carry_history_and_properties(world: Sandbox) -> None:
    world.rest("PUT", "issue/CM-2/properties/cmbot.state", json=7)
    asked = {
        "jql": "key = CM-2",
        "fields": ["status"],
        "expand": ["changelog"],
        "properties": ["cmbot.state"],
    }
    (issue,) = world.rest("POST", "search", json=asked).json()["issues"]
    assert issue["changelog"]["histories"][0]["items"][0]["toString"] == "Launch"
    assert issue["properties"] == {"cmbot.state": 7}
    assert set(issue["fields"]) == {"status"}


WORDS = st.sampled_from(["status", "labels", '"Epic Link"', "cf[10000]", "'a b'"])
CLAUSES = st.builds(
    lambda field, rest: f"{field} {rest}",
    WORDS,
    st.sampled_from(["= x", "!= x", "in (a, 'b')", "not in (a)", "is empty", "is not null", "<= -3d", "~ w"]),
)
CONDITIONS = st.recursive(
    CLAUSES,
    lambda inner: (
        st.builds(lambda a, word, b: f"({a} {word} {b})", inner, st.sampled_from(["and", "OR"]), inner)
        | inner.map(lambda one: f"NOT {one}")
    ),
    max_leaves=8,
)


@given(CONDITIONS)
def test_what_follows_the_grammar_is_parsed_and_twice_not_is_the_same(jql: str) -> None:
    condition = parse(jql).condition
    assert condition is not None
    assert pushed(pushed(condition, opposite=True), opposite=True) == pushed(condition)


@given(st.text(max_size=40) | st.text(alphabet="ab()=!<>~'\" ,-1[]", max_size=30))
def test_any_text_is_parsed_or_refused(jql: str) -> None:
    with suppress(JiraError):
        parse(jql)


def test_lists_of_links_versions_and_days_are_functions(sandbox: Sandbox) -> None:
    for name, released in (("old", True), ("new", False)):
        sandbox.rest("POST", "version", json={"project": "CM", "name": name, "released": released})
    assert [str(one["released"]) for one in sandbox.get("project/CM/versions")] == ["True", "False"]
    first = sandbox.create(duedate="2026-11-20", fixVersions=[{"name": "old"}])
    second = sandbox.create(duedate="2026-11-21", fixVersions=[{"name": "new"}])
    third = sandbox.create()
    for other in (second, third):
        ends = {"inwardIssue": {"key": first}, "outwardIssue": {"key": other}}
        sandbox.rest("POST", "issueLink", json={"type": {"name": "Blocks"}, **ends})
    queries = {
        f"issue in linkedIssues({first}) ORDER BY key": [second, third],
        f'issue in linkedIssues({first}, "is blocked by")': [],
        f'issue in linkedIssues({second}, "is blocked by", Blocks)': [first],
        f"key not in linkedIssues({first})": [first],
        "due = now()": [first],
        "due > endOfDay()": [second],
        "due >= startOfDay() ORDER BY key": [first, second],
        "fixVersion in releasedVersions()": [first],
        "fixVersion in unreleasedVersions(CM)": [second],
    }
    assert {jql: sandbox.search(jql) for jql in queries} == queries
