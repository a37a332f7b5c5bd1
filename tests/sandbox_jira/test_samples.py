"""Answers have the keys, nesting and types of what a real Data Center sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Sandbox

IN_PROGRESS = "webhook-dc-status-in-progress.json"
TRANSITIONS = "rest-transitions-with-fields.json"
COMMENT = "webhook-dc-comment-created.json"
# What the sandbox leaves out of captured bodies, each with its reason.
LEFT_OUT = {
    "avatarId": "there are no pictures to choose",
    "projectCategory": "projects have no categories",
    "timespent": "no time is tracked",
    "timeoriginalestimate": "no time is tracked",
    "timeestimate": "no time is tracked",
    "timetracking": "no time is tracked",
    "aggregatetimespent": "no time is tracked",
    "aggregatetimeestimate": "no time is tracked",
    "aggregatetimeoriginalestimate": "no time is tracked",
    "aggregateprogress": "no time is tracked",
    "progress": "no time is tracked",
    "workratio": "no time is tracked",
    "worklog": "no time is tracked",
    "fixVersions": "there are no versions",
    "versions": "there are no versions",
    "components": "there are no components",
    "votes": "nobody votes",
    "environment": "not emulated yet",
    "duedate": "not emulated yet",
    "lastViewed": "not emulated yet",
    "security": "there are no issue security schemes",
    "archiveddate": "nothing is archived",
    "epic": "comes from the agile resource, which is not emulated",
    "archivedby": "nothing is archived",
}


def differences(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Keys that are missing and types that differ; null fits everything, lists are judged by their first."""
    if ours is None or theirs is None:
        return
    if type(ours) is not type(theirs):
        yield f"{place}: {type(ours).__name__} instead of {type(theirs).__name__}"
    elif isinstance(theirs, dict):
        for key, value in theirs.items():
            if key in LEFT_OUT or key.startswith("customfield_"):
                continue
            if key not in ours:
                yield f"{place}.{key} is missing"
            else:
                yield from differences(ours[key], value, f"{place}.{key}")
    elif isinstance(theirs, list) and theirs and ours:
        yield from differences(ours[0], theirs[0], f"{place}[0]")


@pytest.fixture(scope="module")
def busy(calm: Sandbox) -> Sandbox:
    """An issue with everything: CM-1."""
    key = calm.create(
        description="d",
        labels=["a"],
        assignee={"name": "bob"},
        priority={"name": "High"},
        **{calm.field("Quanta"): 1},
    )
    calm.rest("POST", f"issue/{key}/comment", json={"body": "c"})
    link = {"globalId": "g", "relationship": "causes", "application": {"type": "t", "name": "n"}}
    icon = {"url16x16": "https://x.example", "title": "t"}
    target = {"url": "https://x.example", "title": "t", "summary": "s", "icon": icon}
    status = {"resolved": True, "icon": {**icon, "link": "https://x.example"}}
    link["object"] = {**target, "status": status}  # type: ignore[assignment]  # a JSON object
    calm.rest("POST", f"issue/{key}/remotelink", json=link)
    calm.move(key, "Launch")
    return calm


def sample(samples: Path, name: str, *path: str | int) -> Any:
    found: Any = json.loads((samples / name).read_text())
    for step in path:
        found = found[step]
    return found


HISTORY = ("changelog", "histories", 0, "items", 0)
CASES = [
    ("issue/CM-1", ("fields", "creator"), IN_PROGRESS, ("user",)),
    ("issue/CM-1", ("fields",), IN_PROGRESS, ("issue", "fields")),
    ("issue/CM-1?expand=changelog", HISTORY, IN_PROGRESS, ("changelog", "items", 0)),
    ("issue/CM-1/comment", ("comments", 0), COMMENT, ("comment",)),
    ("issue/CM-1/remotelink", (0,), "rest-remote-links.json", (0,)),
    ("status", (0,), "rest-statuses.json", (0,)),
    ("field", (-5,), "rest-fields.json", (1,)),  # a custom field with a number
    ("issueLinkType", (), "rest-issue-link-types.json", ()),
    ("issue/createmeta/CM/issuetypes", (), "rest-createmeta-new-dc-issuetypes.json", ()),
    ("issue/CM-1/transitions", ("transitions", 0, "to"), TRANSITIONS, ("transitions", 0, "to")),
    ("search?jql=project=CM", (), "rest-search-old-full-issue.json", ()),
]


@pytest.mark.parametrize(("path", "ours", "name", "theirs"), CASES, ids=[f"{c[0]} {c[1]}" for c in CASES])
def test_an_answer_has_the_shape_of_a_captured_one(
    busy: Sandbox,
    samples: Path,
    path: str,
    ours: tuple[str | int, ...],
    name: str,
    theirs: tuple[str | int, ...],
) -> None:
    found = busy.get(path)
    for step in ours:
        found = found[step]
    assert list(differences(found, sample(samples, name, *theirs))) == []
