"""Answers have the keys, nesting and types of what a real Data Center sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Differences, Sandbox

IN_PROGRESS = "webhook-dc-status-in-progress.json"
TRANSITIONS = "rest-transitions-with-fields.json"
COMMENT = "webhook-dc-comment-created.json"


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


OLD_CREATE = "rest-createmeta-old-dc.json"  # its fields are those of the present form


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
    differences: Differences,
) -> None:
    found = busy.get(path)
    for step in ours:
        found = found[step]
    assert differences(found, sample(samples, name, *theirs)) == []


def test_a_field_to_create_with_has_the_shape_of_a_captured_one(
    busy: Sandbox, samples: Path, differences: Differences
) -> None:
    captured = sample(samples, OLD_CREATE, "projects", 0, "issuetypes", 0, "fields")
    kind = busy.app.site.config.first_type("Step")
    assert kind is not None
    page = busy.get(f"issue/createmeta/CM/issuetypes/{kind.id}?maxResults=200")
    ours = {field["fieldId"]: field for field in page["values"]}
    assert [problem for name, theirs in captured.items() for problem in differences(ours[name], theirs)] == []


def test_every_captured_answer_of_data_center_is_looked_at(samples: Path) -> None:
    captured = {path.name for path in samples.glob("rest-*.json") if "cloud" not in path.name}
    of_cloud = {"rest-issue-v2.json"}
    assert captured <= {case[2] for case in CASES} | {OLD_CREATE} | of_cloud
