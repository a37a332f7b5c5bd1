"""Cloud's resources about queries, and its lists of labels and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Cloud


def parsed(cloud: Cloud, jql: str, validation: str = "strict") -> Any:
    (found,) = cloud.post(f"jql/parse?validation={validation}", {"queries": [jql]})["queries"]
    assert found.pop("query") == jql
    return found


def test_a_query_is_taken_apart(calm_cloud: Cloud) -> None:
    jql = (
        "project = CM AND NOT (labels in (a, EMPTY) OR assignee = currentUser()) "
        'AND status was Draft AFTER "-1d" BY currentUser() AND cf[10003] ~ "two words" ORDER BY key DESC'
    )
    project, negation, was, custom = parsed(calm_cloud, jql)["structure"]["where"]["clauses"]
    assert project == {
        "field": {"name": "project", "encodedName": "project"},
        "operator": "=",
        "operand": {"value": "CM", "encodedValue": "CM"},
    }
    assert (negation["operator"], negation["clauses"][0]["operator"]) == ("not", "or")
    labels, assignee = negation["clauses"][0]["clauses"]
    assert labels["operand"]["encodedOperand"] == "(a, empty)"
    assert labels["operand"]["values"][1] == {"keyword": "empty", "encodedOperand": "empty"}
    function = {"function": "currentUser", "arguments": [], "encodedOperand": "currentUser()"}
    assert assignee["operand"] == function
    assert (was["operator"], was["predicates"][0]["operator"]) == ("was", "after")
    assert was["predicates"][1]["operand"] == function
    assert custom["field"]["encodedName"] == "cf[10003]"
    assert custom["operand"] == {"value": "two words", "encodedValue": '"two words"'}
    order = parsed(calm_cloud, jql)["structure"]["orderBy"]
    assert order == {"fields": [{"field": {"name": "key", "encodedName": "key"}, "direction": "desc"}]}


def test_what_is_unknown_is_an_error_or_a_warning_as_asked(calm_cloud: Cloud) -> None:
    assert "nonesuch" in parsed(calm_cloud, "nonesuch = 1")["errors"][0]
    warned = parsed(calm_cloud, "nonesuch = 1", "warn")
    assert ("structure" in warned, len(warned["warnings"])) == (True, 1)
    assert set(parsed(calm_cloud, "nonesuch = 1", "none")) == {"structure"}
    assert "Error in the JQL Query" in parsed(calm_cloud, "project = ", "none")["errors"][0]
    assert parsed(calm_cloud, "")["structure"] == {}


def test_each_query_says_which_of_the_issues_it_finds(cloud: Cloud) -> None:
    ids = [int(cloud.get(f"issue/{cloud.create(labels=[label])}")["id"]) for label in ("a", "b")]
    asked = {"jqls": ["labels = a", "project = CM", "labels ="], "issueIds": [*ids, 99]}
    one, both, wrong = cloud.post("jql/match", asked)["matches"]
    assert one == {"matchedIssues": ids[:1], "errors": []}
    assert both["matchedIssues"] == ids
    assert (wrong["matchedIssues"], len(wrong["errors"])) == ([], 1)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("jql/parse", {}),
        ("jql/parse", {"queries": []}),
        ("jql/parse?validation=loose", {"queries": ["project = CM"]}),
        ("jql/match", {"jqls": ["project = CM"]}),
        ("jql/match", {"jqls": ["project = CM"], "issueIds": ["CM-1"]}),
        ("comment/list", {}),
        ("comment/list", {"ids": list(range(1001))}),
    ],
)
def test_what_cannot_be_asked_is_refused(calm_cloud: Cloud, path: str, body: Any) -> None:
    calm_cloud.post(path, body, 400)


def test_comments_of_several_issues_are_listed_by_their_ids(cloud: Cloud) -> None:
    made = [
        cloud.post(f"issue/{cloud.create()}/comment", {"body": text, **more}, 201, version=2)["id"]
        for text, more in (
            ("one", {}),
            ("two", {}),
            ("hidden", {"visibility": {"type": "role", "value": "Administrators"}}),
        )
    ]
    page = cloud.post("comment/list", {"ids": [*map(int, made), 99]}, version=2)
    assert ([one["body"] for one in page["values"]], page["isLast"]) == (["one", "two", "hidden"], True)
    page = cloud.post("comment/list", {"ids": made}, user="bob")
    assert [one["id"] for one in page["values"]] == made[:2]


def test_labels_come_in_pages(cloud: Cloud) -> None:
    for labels in (["b", "a"], ["b", "c"]):
        cloud.create(labels=labels)
    page = cloud.get("label?maxResults=2")
    assert (page["values"], page["total"], page["isLast"]) == (["a", "b"], 3, False)
    assert cloud.get("label?startAt=2")["values"] == ["c"]


def test_the_site_says_what_is_switched_on(calm_cloud: Cloud) -> None:
    found = calm_cloud.get("configuration")
    assert found["timeTrackingConfiguration"]["workingHoursPerDay"] == 8.0
    assert all(found[f"{name}Enabled"] for name in ("voting", "watching", "issueLinking", "attachments"))
