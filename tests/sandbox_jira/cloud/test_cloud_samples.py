"""Answers of the Cloud flavour have the keys, nesting and types of what a real Cloud sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.sandbox.jira.markup import to_document, to_wiki

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cloud, Differences

RESOLVED = "webhook-cloud-status-resolved.json"
CREATED = "webhook-cloud-issue-created.json"
OLD_CREATE = "rest-createmeta-old-cloud.json"
FIELDS = ("projects", 0, "issuetypes", 0, "fields")
# What Cloud no longer sends, or sends elsewhere: not looked for.
GONE = {
    "name and key of a user": "the captures are of 2019; Cloud has dropped both since",
    "expand of search/jql": "not in the vendor's description; the fixture was made of an old search",
    "autoCompleteUrl": "leads to resources of the vendor's own pages",
    "defaultValue": "the new pages of create metadata are compared with the old form",
}


def today(found: Any) -> Any:
    """A captured body without what `GONE` says."""
    if isinstance(found, list):
        return [today(one) for one in found]
    if not isinstance(found, dict):
        return found
    dropped = {"name", "key"} if "accountId" in found else set()
    dropped |= {"expand"} if "isLast" in found else set()
    return {name: today(value) for name, value in found.items() if name not in dropped}


@pytest.fixture(scope="module")
def busy(calm_cloud: Cloud) -> Cloud:
    """An issue with everything: CM-2, in the epic CM-1."""
    epic = calm_cloud.create("Epic")
    key = calm_cloud.create(
        description="d",
        labels=["a"],
        assignee={"accountId": calm_cloud.account("bob")},
        parent={"key": epic},
        **{calm_cloud.sandbox.field("Quanta"): 1},
    )
    calm_cloud.post(f"issue/{key}/comment", {"body": "c"}, 201, version=2)
    link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": epic}}
    calm_cloud.post("issueLink", link, 201)
    calm_cloud.move(key, "Launch")
    calm_cloud.rest("PUT", f"issue/{key}", json={"fields": {"labels": ["b"]}})
    calm_cloud.rest("PUT", f"issue/{key}", json={"fields": {calm_cloud.sandbox.field("Quanta"): 2}})
    calm_cloud.rest("PUT", f"issue/{key}/assignee", json={"accountId": calm_cloud.account("alice")})
    return calm_cloud


def items(name: str) -> tuple[str | int, ...]:
    return ("field", name)


CASES = [
    (2, "issue/CM-2", ("fields",), RESOLVED, ("issue", "fields")),
    (2, "issue/CM-2", ("fields",), CREATED, ("issue", "fields")),
    (2, "issue/CM-2", ("fields", "creator"), RESOLVED, ("user",)),
    (2, "issue/CM-2", ("fields", "creator"), "webhook-cloud-comment-deleted.json", ("comment", "author")),
    (2, "issue/CM-2/changelog", items("assignee"), CREATED, ("changelog", "items", 0)),
    (2, "issue/CM-2/changelog", items("Status"), CREATED, ("changelog", "items", 7)),
    (2, "issue/CM-2/changelog", items("status"), RESOLVED, ("changelog", "items", 1)),
    (2, "issue/CM-2/changelog", items("labels"), "webhook-cloud-labels.json", ("changelog", "items", 0)),
    (
        2,
        "issue/CM-2/changelog",
        items("Quanta"),
        "webhook-cloud-custom-field.json",
        ("changelog", "items", 0),
    ),
    (2, "issue/CM-2/comment", ("comments", 0), "webhook-cloud-comment-created.json", ("comment",)),
    (2, "issue/CM-2", (), "rest-issue-v2.json", ()),
    (3, "issue/CM-2", (), "rest-cloud-issue-v3.json", ()),
    (3, "myself", (), "rest-cloud-myself.json", ()),
    (3, "serverInfo", (), "rest-cloud-serverinfo.json", ()),
    (3, "issue/CM-2/transitions", (), "rest-cloud-transitions.json", ()),
    (3, "search/jql?jql=key=CM-2&fields=*all", (), "rest-cloud-search-jql.json", ()),
    (3, "field", (-5,), "rest-fields.json", (1,)),
    (3, "createmeta", ("summary",), OLD_CREATE, (*FIELDS, "summary")),
    (3, "createmeta", ("priority",), OLD_CREATE, (*FIELDS, "priority")),
    (3, "createmeta", ("labels",), OLD_CREATE, (*FIELDS, "labels")),
    (3, "createmeta", ("project",), OLD_CREATE, (*FIELDS, "project")),
    (3, "createmeta", ("WMS",), OLD_CREATE, (*FIELDS, "customfield_10076")),
    (3, "createmeta", ("Sites",), OLD_CREATE, (*FIELDS, "customfield_10075")),
    (3, "createmeta", ("Quanta",), OLD_CREATE, (*FIELDS, "customfield_10072")),
    (3, "createmeta", ("Reason",), OLD_CREATE, (*FIELDS, "customfield_10077")),
    (3, "createmeta", ("Definer",), OLD_CREATE, (*FIELDS, "customfield_10080")),
]


def ours(cloud: Cloud, version: int, path: str, steps: tuple[str | int, ...]) -> Any:
    if path == "createmeta":
        kind = cloud.sandbox.app.site.config.first_type("Step").id
        found = cloud.get(f"issue/createmeta/CM/issuetypes/{kind}?maxResults=200")["fields"]
        return next(one for one in found if steps[0] in (one["key"], one["name"]))
    found = cloud.get(path, version=version)
    if steps[:1] == ("field",):
        return next(item for entry in found["values"] for item in entry["items"] if item["field"] == steps[1])
    for step in steps:
        found = found[step]
    return found


@pytest.mark.parametrize(
    ("version", "path", "steps", "name", "theirs"), CASES, ids=[f"{c[1]} {c[2]} {c[3]}" for c in CASES]
)
def test_an_answer_has_the_shape_of_a_captured_one(
    busy: Cloud,
    samples: Path,
    differences: Differences,
    version: int,
    path: str,
    steps: tuple[str | int, ...],
    name: str,
    theirs: tuple[str | int, ...],
) -> None:
    captured: Any = json.loads((samples / name).read_text())
    for step in theirs:
        captured = captured[step]
    assert differences(ours(busy, version, path, steps), today(captured)) == []


def test_the_order_of_the_items_keys_is_the_captured_one(busy: Cloud, samples: Path) -> None:
    captured = json.loads((samples / CREATED).read_text())["changelog"]["items"][0]
    assert list(ours(busy, 2, "issue/CM-2/changelog", items("assignee"))) == list(captured)


def test_every_captured_body_of_cloud_is_looked_at(samples: Path) -> None:
    looked_at = {case[3] for case in CASES}
    elsewhere = {path.name for path in samples.glob("webhook-cloud-*.json")}  # with the webhooks' tests
    captured = {path.name for path in samples.glob("*cloud*.json")}
    assert captured <= looked_at | elsewhere


def test_a_captured_document_is_read(samples: Path) -> None:
    captured = json.loads((samples / "rest-cloud-issue-v3.json").read_text())["fields"]["description"]
    wiki = json.loads((samples / "rest-issue-v2.json").read_text())["fields"]["description"]
    assert to_wiki(captured) == wiki
    assert to_document(wiki) == captured
