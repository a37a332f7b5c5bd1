"""The pages over the Cloud flavour: people by account, epics as parents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from conftest import Cloud

PAGE = {"Accept": "text/html"}


def test_a_person_creates_assigns_moves_and_searches(cloud: Cloud) -> None:
    url = cloud.sandbox.url
    epic = cloud.create("Epic", "the epic")
    with requests.Session() as browser:
        token = cloud.sandbox.app.access.tokens["alice"]
        page = browser.get(f"{url}/?token={token}", headers=PAGE, timeout=20)
        csrf = re.search(r'data-csrf="([^"]+)"', page.text)
        assert csrf is not None
        kind = next(one["id"] for one in cloud.get("issuetype") if one["name"] == "Step")
        form = {"csrf": csrf[1], "project": "CM", "type": kind, "summary": "below", "assignee": "bob"}
        made = browser.post(f"{url}/create", data={**form, "parent": epic}, headers=PAGE, timeout=20)
        assert made.status_code == 200
        key = made.url.rpartition("/")[2]
        fields = cloud.get(f"issue/{key}")["fields"]
        assert fields["assignee"]["accountId"] == cloud.account("bob")
        assert fields["parent"]["key"] == epic
        assert "the epic" in made.text
        board = browser.get(f"{url}/projects/CM/board", headers=PAGE, timeout=20).text
        assert board.index(f'data-lane="{epic}"') < board.index(f'data-key="{key}"')
        assert 'data-lane="none"' not in board
        edited = browser.post(
            f"{url}/browse/{key}/edit", data={"csrf": csrf[1], "assignee": ""}, headers=PAGE, timeout=20
        )
        assert edited.status_code == 200
        assert cloud.get(f"issue/{key}")["fields"]["assignee"] is None
        found = browser.get(f"{url}/issues/?jql=parent%20%3D%20{epic}", headers=PAGE, timeout=20)
        assert f">{key}</a>" in found.text
        assert f">{epic}</a>" not in found.text


def test_the_epic_of_an_issue_is_changed_on_its_page(cloud: Cloud) -> None:
    url = cloud.sandbox.url
    first, second = cloud.create("Epic", "the first"), cloud.create("Epic", "the second")
    key = cloud.create(parent={"key": first})
    with requests.Session() as browser:
        token = cloud.sandbox.app.access.tokens["alice"]
        browser.get(f"{url}/?token={token}", headers=PAGE, timeout=20)
        page = browser.get(f"{url}/browse/{key}/edit", headers=PAGE, timeout=20).text
        assert f'<option value="{first}" selected>{first} the first</option>' in page
        csrf = re.search(r'data-csrf="([^"]+)"', page)
        assert csrf is not None
        for chosen, parent in ((second, second), ("", None)):
            form = {"csrf": csrf[1], "parent": chosen}
            browser.post(f"{url}/browse/{key}/edit", data=form, headers=PAGE, timeout=20)
            assert cloud.get(f"issue/{key}")["fields"].get("parent", {}).get("key") == parent


def test_one_signs_in_with_an_e_mail(cloud: Cloud) -> None:
    login, token = cloud.login("bob")
    with requests.Session() as browser:
        assert "E-mail</label>" in browser.get(cloud.sandbox.url, headers=PAGE, timeout=20).text
        form = {"username": login, "password": token}
        page = browser.post(f"{cloud.sandbox.url}/login", data=form, headers=PAGE, timeout=20)
        assert '<option value="bob" selected>' in page.text
