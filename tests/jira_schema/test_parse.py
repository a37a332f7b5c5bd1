"""Jira's JSON becomes models, or an error that names the issue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import UserError
from cmbot.jira_schema import parse
from cmbot.jira_schema.names import names
from cmbot.models.issues import Level, Person, Status

if TYPE_CHECKING:
    from pathlib import Path


def test_an_issue_is_read_with_everything_cmbot_needs(site: Any) -> None:
    data = site.issue(
        status="running",
        summary="step1 of mini DRP",
        labels=["nightly"],
        assignee={"name": "ben", "displayName": "Ben"},
        customfield_10001="CM-1",
        issuelinks=[
            {"type": {"name": "Blocks"}, "inwardIssue": {"key": "CM-8"}},
            {"type": {"name": "Blocks"}, "outwardIssue": {"key": "CM-9"}},
            {"type": {"name": "Relates"}, "inwardIssue": {"key": "CM-7"}},
        ],
    )
    data["fields"][site.id_of("Pipeline YAML")] = " DRP.yaml#step1 "
    data["fields"][site.id_of("Max concurrent groups")] = 5.0
    data["fields"][site.id_of("Operators")] = [{"name": "anna", "displayName": "Anna"}]
    data["fields"][site.id_of("Data query")] = None
    data["fields"]["customfield_99999"] = {"somebody": "else's"}
    data["histories"] = [site.history(12, "Launch", "Running", "cmbot"), site.history(11, "Draft", "Launch")]

    issue = parse.issue(data, site.names)

    assert (issue.id, issue.key, issue.level, issue.status) == ("10002", "CM-2", Level.STEP, Status.RUNNING)
    assert (issue.parent, issue.blocked_by, issue.labels) == ("CM-1", ("CM-8",), ("nightly",))
    assert issue.assignee == Person("ben", "Ben")
    assert issue.fields == {
        "Pipeline YAML": "DRP.yaml#step1",
        "Max concurrent groups": 5.0,
        "Operators": (Person("anna", "Anna"),),
    }
    assert [(move.history_id, move.by.account, move.target) for move in issue.moves] == [
        (11, "anna", Status.LAUNCH),
        (12, "cmbot", Status.RUNNING),
    ]
    assert issue.last_move is issue.moves[-1]


@given(st.permutations(list(range(8, 14))))
def test_moves_are_in_the_order_of_their_ids_however_they_arrive(site: Any, order: list[int]) -> None:
    # Ids are numbers: 9 comes before 10.
    data = site.issue() | {"histories": [site.history(entry, "Draft", "Launch") for entry in order]}
    assert [move.history_id for move in parse.issue(data, site.names).moves] == list(range(8, 14))


def test_a_sub_task_belongs_to_its_parent_and_not_to_an_epic(site: Any) -> None:
    data = site.issue("CM Group", parent={"key": "CM-2"}, customfield_10001="CM-1")
    assert parse.issue(data, site.names).parent == "CM-2"


def test_a_status_of_somebody_else_in_the_history_is_no_status_of_ours(site: Any) -> None:
    data = site.issue() | {
        "histories": [site.history(1, "Backlog", "Draft"), site.history(2, "Draft", "Bin")]
    }
    first, second = parse.issue(data, site.names).moves
    assert (first.source, first.target) == (None, Status.DRAFT)
    assert (second.source, second.target) == (Status.DRAFT, None)


def test_a_move_by_somebody_who_is_gone_is_still_a_move(site: Any) -> None:
    entry = site.history(1, "Draft", "Launch") | {"author": None}
    [move] = parse.issue(site.issue() | {"histories": [entry]}, site.names).moves
    assert move.by == Person("")


@pytest.mark.covers("W21", "V26")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"level": "Bug"}, "CM-2: is of type Bug, which cmbot does not manage"),
        ({"status": "Doing"}, "CM-2: has status Doing, which is none of cmbot's"),
    ],
)
def test_an_unknown_type_or_status_names_the_issue(site: Any, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        parse.issue(site.issue(**wrong), site.names)
    assert caught.value.remedy


@pytest.mark.covers("W21")
@pytest.mark.parametrize(
    ("field", "value"),
    [("Data query", {"a": 1}), ("Max concurrent groups", "many"), ("Operators", "anna"), ("WMS", "PanDA")],
)
def test_a_field_of_a_wrong_shape_names_the_issue_and_the_field(site: Any, field: str, value: object) -> None:
    data = site.issue(**{site.id_of(field): value})
    with pytest.raises(UserError, match=rf"^CM-2: field {field} is not a \w+ field in Jira; "):
        parse.issue(data, site.names)


def test_remembered_attempts_are_collected_from_all_properties(site: Any) -> None:
    data = site.issue() | {
        "properties": {
            "cmbot.attempts.1": {"version": 1, "attempts": [{"number": 2}]},
            "cmbot.attempts": {"version": 1, "attempts": [{"number": 1}]},
            "other": {"attempts": [{"number": 3}]},
        }
    }
    assert parse.issue(data, site.names).attempts == ({"number": 1}, {"number": 2})


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=4))
def test_a_property_that_somebody_broke_holds_no_attempts(site: Any, broken: object) -> None:
    for value in (broken, {"attempts": broken}, {"attempts": [broken]}):
        data = site.issue() | {"properties": {"cmbot.attempts": value}}
        assert parse.issue(data, site.names).attempts == ()


def test_a_comment_is_read(site: Any) -> None:
    data = {"id": 10082, "author": {"name": "anna"}, "created": "2026-11-20T08:15:00.000+0000", "body": None}
    comment = parse.comment(data)
    assert (comment.id, comment.author, comment.body) == ("10082", Person("anna"), "")
    assert (comment.edited_by, comment.restricted) == (comment.author, False)
    comment = parse.comment(data | {"updateAuthor": {"name": "bob"}, "visibility": {"type": "role"}})
    assert (comment.edited_by, comment.restricted) == (Person("bob"), True)


# ------------------------------------------------------------------------- what a real site sent


def recorded(samples: Path, name: str) -> Any:
    return json.loads((samples / "jira" / f"{name}.json").read_text())


def test_a_recorded_data_center_issue_and_its_history_are_read(samples: Path, settings: Any) -> None:
    bodies = [
        recorded(samples, f"webhook-dc-status-{what}")
        for what in ("closed", "resolved", "in-progress", "reopened")
    ]
    own = settings.model_copy(
        update={
            "issue_types": {"campaign": "Epic", "step": "Bug", "group": "Sub-task"},
            "statuses": {
                "Running": "In Progress",
                "Completed": "Resolved",
                "Paused": "Reopened",
                "Abandoned": "Closed",
            },
        }
    )
    histories = [
        body["changelog"] | {"created": body["issue"]["fields"]["updated"], "author": body["user"]}
        for body in bodies
    ]
    issue = parse.issue(bodies[0]["issue"] | {"histories": histories}, names(own, {}))
    assert (issue.key, issue.level, issue.status) == ("TES-4", Level.STEP, Status.ABANDONED)
    assert [(move.history_id, move.source, move.target) for move in issue.moves] == [
        (10414, Status.RUNNING, Status.COMPLETED),
        (10507, Status.COMPLETED, Status.PAUSED),
        (10508, Status.PAUSED, Status.RUNNING),
        (10511, Status.COMPLETED, Status.ABANDONED),
    ]
    assert [move.at for move in issue.moves] == sorted(move.at for move in issue.moves)
    assert all(move.by.account for move in issue.moves)


@pytest.mark.parametrize("name", ["webhook-dc-comment-created", "webhook-cloud-comment-created"])
def test_recorded_comments_are_read(samples: Path, name: str) -> None:
    data = recorded(samples, name)["comment"]
    comment = parse.comment(data)
    assert (comment.id, comment.body) == (data["id"], data["body"])
    assert comment.author.account == (data["author"].get("accountId") or data["author"]["name"])
    assert comment.at.tzinfo is not None
