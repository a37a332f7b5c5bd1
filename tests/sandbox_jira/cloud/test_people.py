"""Cloud knows people by account id, and takes an e-mail with an API token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Cloud


def objects(found: Any) -> Iterator[dict[str, Any]]:
    """Every object inside an answer."""
    if isinstance(found, dict):
        yield found
        found = list(found.values())
    if isinstance(found, list):
        for one in found:
            yield from objects(one)


def test_nobody_has_a_login_name_or_a_key(cloud: Cloud) -> None:
    key = cloud.create(assignee={"accountId": cloud.account("bob")})
    cloud.post(f"issue/{key}/comment", {"body": "c"}, 201, version=2)
    people = [one for one in objects(cloud.get(f"issue/{key}?expand=changelog")) if "displayName" in one]
    assert {one["accountId"] for one in people} == {cloud.account("alice"), cloud.account("bob")}
    assert all(one["accountType"] == "atlassian" for one in people)
    assert not any({"name", "key"} & one.keys() for one in people)


def test_signing_in_takes_the_e_mail_and_a_token(cloud: Cloud) -> None:
    email, token = cloud.login("bob")
    assert cloud.get("myself", auth=(email.upper(), token))["accountId"] == cloud.account("bob")
    for wrong in ((email, "nonsense"), ("bob", token), (cloud.login("alice")[0], token), ("", token)):
        assert cloud.rest("GET", "myself", auth=wrong).status_code == 401


def test_a_password_is_no_token(cloud: Cloud) -> None:
    assert cloud.rest("GET", "myself", auth=("alice@example.org", "alice")).status_code == 401


def test_a_bearer_token_is_good_at_the_gateway_only(cloud: Cloud, through_gateway: str) -> None:
    headers = {"Authorization": f"Bearer {cloud.sandbox.app.access.tokens['bob']}"}
    site = requests.get(f"{cloud.sandbox.url}/rest/api/3/myself", headers=headers, timeout=20)
    gateway = requests.get(f"{through_gateway}/rest/api/3/myself", headers=headers, timeout=20)
    assert site.status_code == 401
    assert gateway.json()["accountId"] == cloud.account("bob")


def test_the_gateway_answers_as_the_site_and_leads_through_itself(cloud: Cloud, through_gateway: str) -> None:
    key = cloud.create()
    found = requests.get(
        f"{through_gateway}/rest/api/2/issue/{key}", auth=cloud.login("alice"), timeout=20
    ).json()
    assert found["key"] == key
    assert found["self"].startswith(f"{through_gateway}/rest/api/2/issue/")
    other = requests.get(
        f"{cloud.sandbox.url}/ex/jira/00000000-0000-0000-0000-000000000000/rest/api/2/issue/{key}",
        auth=cloud.login("alice"),
        timeout=20,
    )
    assert other.status_code == 404


def test_the_site_tells_its_cloud_id_to_everybody(cloud: Cloud, through_gateway: str) -> None:
    found = requests.get(f"{cloud.sandbox.url}/_edge/tenant_info", timeout=20).json()
    assert through_gateway.endswith(f"/ex/jira/{found['cloudId']}")


def test_every_authenticated_answer_names_the_caller(cloud: Cloud) -> None:
    assert cloud.rest("GET", "issue/CM-99", user="bob").headers["X-AAccountId"] == cloud.account("bob")
    assert "X-AAccountId" not in cloud.rest("GET", "serverInfo", auth=None).headers


def test_issues_are_assigned_by_account_id(cloud: Cloud) -> None:
    key = cloud.create()
    bob = cloud.account("bob")
    assert cloud.rest("PUT", f"issue/{key}/assignee", json={"accountId": bob}).status_code == 204
    assert cloud.get(f"issue/{key}")["fields"]["assignee"]["accountId"] == bob
    assert cloud.rest("PUT", f"issue/{key}/assignee", json={"name": "bob"}).status_code == 400
    assert cloud.rest("PUT", f"issue/{key}/assignee", json={"accountId": "nobody"}).status_code == 400
    for nobody in (None, "-1"):
        cloud.rest("PUT", f"issue/{key}/assignee", json={"accountId": bob})
        assert cloud.rest("PUT", f"issue/{key}/assignee", json={"accountId": nobody}).status_code == 204
        assert cloud.get(f"issue/{key}")["fields"]["assignee"] is None


def test_watchers_come_and_go_by_account_id(cloud: Cloud) -> None:
    key = cloud.create()
    bob = cloud.account("bob")
    assert cloud.rest("POST", f"issue/{key}/watchers", json=bob).status_code == 204
    watching = {one["accountId"] for one in cloud.get(f"issue/{key}/watchers")["watchers"]}
    assert watching == {cloud.account("alice"), bob}
    assert cloud.rest("POST", f"issue/{key}/watchers", json="bob").status_code == 404
    assert cloud.rest("DELETE", f"issue/{key}/watchers?username=bob").status_code == 400
    assert cloud.rest("DELETE", f"issue/{key}/watchers?accountId={bob}").status_code == 204
    assert cloud.get(f"issue/{key}/watchers")["watchCount"] == 1


def test_user_fields_and_their_history_hold_account_ids(cloud: Cloud) -> None:
    alice, bob = cloud.account("alice"), cloud.account("bob")
    operators = cloud.sandbox.field("Operators")
    key = cloud.create(**{operators: [{"accountId": bob}]})
    cloud.rest("PUT", f"issue/{key}", json={"update": {operators: [{"add": {"accountId": alice}}]}})
    found = cloud.get(f"issue/{key}?expand=changelog")
    assert [one["accountId"] for one in found["fields"][operators]] == [bob, alice]
    (item,) = found["changelog"]["histories"][0]["items"]
    assert (item["from"], item["fromString"]) == (f"[{bob}]", "Bob Beispiel")
    assert (item["to"], item["toString"]) == (f"[{bob}, {alice}]", "Bob Beispiel, Alice Example")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("user/search?query=bo", ["bob"]),
        ("user/search?query=beisp", ["bob"]),
        ("user/search?query=bob@example", ["bob"]),
        ("user/search?query=", ["alice", "bob"]),
        ("user/search?query=nobody", []),
        ("user/assignable/search?project=CM&query=alice", ["alice"]),
        ("users/search", ["alice", "bob"]),
        ("users/search?startAt=1&maxResults=1", ["bob"]),
    ],
)
def test_people_are_found_by_text(calm_cloud: Cloud, query: str, found: list[str]) -> None:
    assert [one["accountId"] for one in calm_cloud.get(query)] == [calm_cloud.account(name) for name in found]


def test_people_are_found_by_account_id(cloud: Cloud) -> None:
    alice, bob = cloud.account("alice"), cloud.account("bob")
    assert cloud.get(f"user?accountId={bob}")["displayName"] == "Bob Beispiel"
    assert [one["accountId"] for one in cloud.get(f"user/search?accountId={bob}")] == [bob]
    page = cloud.get(f"user/bulk?accountId={bob}&accountId={alice}&accountId=x")
    assert (page["total"], [one["accountId"] for one in page["values"]]) == (2, [alice, bob])
    assert cloud.rest("GET", "user?accountId=nobody").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "user?username=bob",
        "user?key=bob",
        "user/search?username=bob",
        "user/search",
        "user/assignable/search?query=b",
    ],
)
def test_login_names_are_refused(calm_cloud: Cloud, query: str) -> None:
    assert calm_cloud.rest("GET", query).status_code == 400


def test_a_query_names_people_by_account_id_e_mail_or_full_name(cloud: Cloud) -> None:
    key = cloud.create(assignee={"accountId": cloud.account("bob")})
    for name in (cloud.account("bob"), '"bob@example.org"', '"Bob Beispiel"'):
        assert cloud.search(f"project = CM AND assignee = {name}") == [key]
    answer = cloud.rest("POST", "search/jql", json={"jql": "assignee = bob"})
    assert answer.status_code == 400
    assert cloud.search("assignee = currentUser()", fields=["key"]) == []


def test_a_mention_names_an_account(cloud: Cloud) -> None:
    bob = cloud.account("bob")
    key = cloud.create(description=f"ask [~accountid:{bob}]")
    found = cloud.get(f"issue/{key}?expand=renderedFields")
    assert "@Bob Beispiel" in found["renderedFields"]["description"]
    (paragraph,) = found["fields"]["description"]["content"]
    assert paragraph["content"][1]["attrs"] == {"id": bob, "text": "@Bob Beispiel", "accessLevel": ""}


def test_a_token_works_until_it_expires(cloud: Cloud) -> None:
    asked = {"email": "bob@example.org", "name": "bot", "expirationDuration": 30}
    made = cloud.ask("POST", "/sandbox/tokens", json=asked).json()
    login = (made["email"], made["token"])
    cloud.clock.advance(days=29)
    assert cloud.get("myself", auth=login)["accountId"] == cloud.account("bob")
    assert cloud.rest("GET", "myself", auth=("alice@example.org", made["token"])).status_code == 401
    cloud.clock.advance(days=2)
    assert cloud.rest("GET", "myself", auth=login).status_code == 401
    assert cloud.ask("POST", "/sandbox/tokens", json=asked, user="bob").status_code == 403
    for wrong in ({**asked, "email": "nobody@example.org"}, {**asked, "expirationDuration": 400}, {}):
        assert cloud.ask("POST", "/sandbox/tokens", json=wrong).status_code == 400


def test_somebody_new_signs_in_with_a_token_of_their_own(cloud: Cloud) -> None:
    made = cloud.post("user", {"emailAddress": "carol@example.org", "displayName": "Carol"}, 201)
    asked = {"email": "carol@example.org", "name": "first"}
    token = cloud.ask("POST", "/sandbox/tokens", json=asked).json()["token"]
    assert cloud.get("myself", auth=("carol@example.org", token))["accountId"] == made["accountId"]
    assert not {"name", "key"} & made.keys()
