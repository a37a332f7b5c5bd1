"""On Cloud ``parent`` leads from every issue to the one above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Cloud


def parent(cloud: Cloud, key: str) -> str | None:
    found = cloud.get(f"issue/{key}?fields=parent")["fields"].get("parent")
    return found and str(found["key"])


def test_a_step_has_its_epic_and_a_group_its_step_as_parent(cloud: Cloud) -> None:
    epic = cloud.create("Epic")
    step = cloud.create(parent={"key": epic})
    group = cloud.create("Group", parent={"id": cloud.get(f"issue/{step}")["id"]})
    assert [parent(cloud, key) for key in (epic, step, group)] == [None, epic, step]
    assert cloud.search(f"parent = {epic}") == [step]
    assert cloud.search(f"parent in ({epic}, {step}) ORDER BY key") == [step, group]
    assert cloud.search("project = CM AND parent IS EMPTY") == [epic]
    assert [one["key"] for one in cloud.get(f"issue/{step}")["fields"]["subtasks"]] == [group]


def test_there_are_no_fields_for_epics(cloud: Cloud) -> None:
    names = {one["name"] for one in cloud.get("field")}
    assert not {"Epic Link", "Epic Name"} & names
    assert cloud.rest("POST", "search/jql", json={"jql": '"Epic Link" = CM-1'}).status_code == 400
    hidden = {field.name: field.id for field in cloud.sandbox.app.site.config.hidden.values()}
    epic = cloud.create("Epic")
    fields = {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "s"}
    answer = cloud.rest("POST", "issue", json={"fields": {**fields, hidden["Epic Link"]: epic}})
    assert answer.json()["errors"].keys() == {hidden["Epic Link"]}


@pytest.mark.parametrize("form", ["fields", "update"])
def test_a_step_moves_to_another_epic_and_out_of_it(cloud: Cloud, form: str) -> None:
    first, second = cloud.create("Epic"), cloud.create("Epic")
    step = cloud.create(parent={"key": first})

    def put(wanted: Any) -> int:
        sent = (
            {"fields": {"parent": wanted}} if form == "fields" else {"update": {"parent": [{"set": wanted}]}}
        )
        return cloud.rest("PUT", f"issue/{step}", json=sent).status_code

    assert put({"key": second}) == 204
    assert parent(cloud, step) == second
    assert put({"none": True}) == 204
    assert parent(cloud, step) is None
    newest = cloud.get(f"issue/{step}/changelog")["values"][-1]["items"]
    number = cloud.get(f"issue/{second}")["id"]
    assert newest == [
        {
            "field": "IssueParentAssociation",
            "fieldtype": "jira",
            "from": number,
            "fromString": second,
            "to": None,
            "toString": None,
        }
    ]


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("Step", {"key": "CM-99"}),
        ("Step", {"id": "1"}),
        ("Step", {}),
        ("Step", "CM-1"),
        ("Step", {"key": "CM-2"}),  # a step
        ("Epic", {"key": "CM-1"}),
        ("Group", {"key": "CM-99"}),
        ("Group", None),
    ],
)
def test_a_parent_of_the_wrong_kind_is_refused(cloud: Cloud, kind: str, wanted: Any) -> None:
    cloud.create("Epic")
    cloud.create()
    fields = {"project": {"key": "CM"}, "issuetype": {"name": kind}, "summary": "s", "parent": wanted}
    answer = cloud.rest("POST", "issue", json={"fields": fields})
    assert (answer.status_code, [*answer.json()["errors"]]) == (400, ["parent"])
    assert cloud.search("project = CM ORDER BY key") == ["CM-1", "CM-2"]


def test_deleting_an_epic_leaves_its_steps(cloud: Cloud) -> None:
    epic = cloud.create("Epic")
    step = cloud.create(parent={"key": epic})
    assert cloud.rest("DELETE", f"issue/{epic}").status_code == 204
    assert parent(cloud, step) is None


def test_both_flavours_show_the_same_epic(start: Callable[..., Any], tmp_path: Path, cloud_of: Any) -> None:
    site = cloud_of(start(store=tmp_path / "one.sqlite3", flavour="cloud"))
    epic = site.create("Epic")
    step = site.create(parent={"key": epic})
    other = start(store=tmp_path / "one.sqlite3")
    link = other.field("Epic Link")
    assert other.get(f"issue/{step}")["fields"][link] == epic
    assert other.search(f'"Epic Link" = {epic}') == [step]


def test_what_was_written_on_data_center_reads_well_on_cloud(
    start: Callable[..., Any], tmp_path: Path, cloud_of: Any
) -> None:
    before = start(store=tmp_path / "one.sqlite3")
    epic = before.create("Epic")
    step = before.create()
    name = before.field("Epic Name")
    assert before.rest("PUT", f"issue/{epic}", json={"fields": {name: "renamed"}}).status_code == 204
    link = before.field("Epic Link")
    assert before.rest("PUT", f"issue/{step}", json={"fields": {link: epic}}).status_code == 204
    cloud = cloud_of(start(store=tmp_path / "one.sqlite3", flavour="cloud"))
    items = {key: cloud.get(f"issue/{key}/changelog")["values"][-1]["items"] for key in (epic, step)}
    assert [(item["field"], item["toString"]) for item in items[epic]] == [("Epic Name", "renamed")]
    assert [(item["field"], item["toString"]) for item in items[step]] == [("IssueParentAssociation", epic)]
    assert parent(cloud, step) == epic


def test_parents_work_without_a_field_in_the_seed(
    start: Callable[..., Any], cloud_of: Any, seed: dict[str, Any]
) -> None:
    fields = [field for field in seed["fields"] if not field["name"].startswith("Epic")]
    site = cloud_of(start(seed={**seed, "fields": fields}, flavour="cloud"))
    epic = site.create("Epic")
    step = site.create(parent={"key": epic})
    assert parent(site, step) == epic
    assert site.search(f"parent = {epic}") == [step]


def test_screens_show_the_parent_where_it_can_be_set(cloud: Cloud) -> None:
    epic = cloud.create("Epic")
    step = cloud.create(parent={"key": epic})
    group = cloud.create("Group", parent={"key": step})
    shown = [("parent" in cloud.get(f"issue/{key}/editmeta")["fields"]) for key in (epic, step, group)]
    assert shown == [False, True, False]
    kinds = {one["name"]: one["id"] for one in cloud.get("issue/createmeta/CM/issuetypes")["issueTypes"]}
    required = {}
    for name, number in kinds.items():
        for field in cloud.get(f"issue/createmeta/CM/issuetypes/{number}")["fields"]:
            if field["fieldId"] == "parent":
                required[name] = field["required"]
    assert required == {"Step": False, "Group": True}
