"""What a Cloud site says of itself and of its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cloud, Sandbox


def test_it_says_that_it_is_cloud_and_an_emulator(calm_cloud: Cloud) -> None:
    for version in (2, 3):
        found = calm_cloud.get("serverInfo", version=version, auth=None)
        assert (found["deploymentType"], found["versionNumbers"][0]) == ("Cloud", 1001)
        assert "emulator" in found["serverTitle"]
        assert found["defaultLocale"] == {"locale": "en_US"}


def test_addresses_name_the_version_they_were_asked_with(calm_cloud: Cloud) -> None:
    for version in (2, 3):
        (project,) = calm_cloud.get("project/search", version=version)["values"]
        assert f"/rest/api/{version}/project/" in project["self"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("project/search?query=camp", ["CM"]),
        ("project/search?query=cm", ["CM"]),
        ("project/search?keys=CM&keys=XX", ["CM"]),
        ("project/search?query=nothing", []),
    ],
)
def test_projects_are_searched(calm_cloud: Cloud, query: str, found: list[str]) -> None:
    assert [one["key"] for one in calm_cloud.get(query)["values"]] == found


def test_fields_are_searched_in_pages(calm_cloud: Cloud) -> None:
    page = calm_cloud.get("field/search?type=custom&maxResults=4")
    names = [one["name"] for one in page["values"]]
    while not page["isLast"]:
        page = calm_cloud.ask("GET", page["nextPage"].removeprefix(calm_cloud.sandbox.url)).json()
        names += [one["name"] for one in page["values"]]
        if len(names) > 100:
            break
    assert names[:2] == ["Reason", "Tag"]
    (quanta,) = calm_cloud.get("field/search?query=quan")["values"]
    assert (quanta["name"], quanta["schema"]["type"]) == ("Quanta", "number")
    assert calm_cloud.rest("GET", "field/search?type=other").status_code == 400


def test_statuses_are_searched_by_category(calm_cloud: Cloud) -> None:
    found = calm_cloud.get("statuses/search?statusCategory=IN_PROGRESS")["values"]
    assert [one["name"] for one in found] == ["Launch", "Running"]
    assert calm_cloud.get("statuses/search?searchString=draft")["values"][0]["statusCategory"] == "TODO"
    assert calm_cloud.rest("GET", "statuses/search?statusCategory=new").status_code == 400


def test_create_metadata_names_what_its_pages_hold(calm_cloud: Cloud) -> None:
    page = calm_cloud.get("issue/createmeta/CM/issuetypes?maxResults=2")
    assert [one["hierarchyLevel"] for one in page["issueTypes"]] == [1, 0]
    assert (page["total"], page["maxResults"], "isLast" in page) == (3, 2, False)
    number = page["issueTypes"][1]["id"]
    fields = calm_cloud.get(f"issue/createmeta/CM/issuetypes/{number}?maxResults=1000")
    assert fields["maxResults"] == 200
    assert len(fields["fields"]) == fields["total"]
    assert all(one["key"] == one["fieldId"] for one in fields["fields"])


def test_data_centers_own_resources_do_not_exist(calm_cloud: Cloud) -> None:
    assert calm_cloud.ask("POST", "/rest/auth/1/session", json={}).status_code == 404


def test_a_context_path_and_the_board_work_on_cloud_too(
    start: Callable[..., Sandbox], cloud_of: Callable[[Sandbox], Cloud]
) -> None:
    cloud = cloud_of(start(flavour="cloud", context_path="/jira"))
    epic = cloud.create("Epic", summary="the epic")
    step = cloud.create(summary="the step", parent={"key": epic}, description="*bold*")
    assert cloud.get(f"issue/{step}")["self"].startswith(f"{cloud.sandbox.url}/rest/api/3/")
    with requests.Session() as browser:
        token = cloud.sandbox.app.access.tokens["alice"]
        front = browser.get(f"{cloud.sandbox.url}/?token={token}", timeout=20)
        board = browser.get(f"{cloud.sandbox.url}/projects/CM/board", timeout=20).text
        page = browser.get(f"{cloud.sandbox.url}/browse/{step}", timeout=20).text
    assert front.ok
    assert "the epic" in board
    assert "the step" in board
    assert "<strong>bold</strong>" in page


def test_an_unknown_flavour_is_refused(start: Callable[..., Sandbox]) -> None:
    with pytest.raises(ValueError, match="data-center, cloud"):
        start(flavour="server")


def test_an_attachment_is_downloaded_in_each_way(cloud: Cloud) -> None:
    key = cloud.create()
    headers = {"X-Atlassian-Token": "no-check"}
    files = {"file": ("log.txt", b"0123456789")}
    (made,) = cloud.rest("POST", f"issue/{key}/attachments", files=files, headers=headers).json()
    path = made["content"].removeprefix(cloud.sandbox.url)
    assert path == f"/rest/api/3/attachment/content/{made['id']}"
    led = cloud.ask("GET", path, allow_redirects=False)
    assert led.status_code == 303
    assert cloud.ask("GET", led.headers["Location"].removeprefix(cloud.sandbox.url)).content == b"0123456789"
    parts = {"bytes=2-4": b"234", "bytes=7-": b"789", "bytes=-3": b"789", "bytes=8-99": b"89"}
    for wanted, part in parts.items():
        answer = cloud.ask("GET", f"{path}?redirect=false", headers={"Range": wanted})
        assert (answer.status_code, answer.content) == (206, part)
        assert answer.headers["Content-Range"].endswith("/10")
    for ignored in ("lines=1-2", "bytes=-", "bytes=1-2,4-5", ""):
        answer = cloud.ask("GET", f"{path}?redirect=false", headers={"Range": ignored})
        assert (answer.status_code, answer.content) == (200, b"0123456789")
    for outside in ("bytes=10-", "bytes=5-2", "bytes=-0"):
        assert cloud.ask("GET", f"{path}?redirect=false", headers={"Range": outside}).status_code == 416
    assert cloud.rest("GET", "attachment/content/1").status_code == 404


def test_permissions_are_asked_for_by_name(calm_cloud: Cloud) -> None:
    assert calm_cloud.rest("GET", "mypermissions").status_code == 400
    found = calm_cloud.get("mypermissions?permissions=BROWSE_PROJECTS,ADMINISTER", user="bob")["permissions"]
    assert {name: one["havePermission"] for name, one in found.items()} == {
        "BROWSE_PROJECTS": True,
        "ADMINISTER": False,
    }
