"""Connecting: what the server is, who we are, what its fields are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import CredentialsError, RemoteError, UserError
from cmbot.jira.gateway import Jira
from cmbot.jira_schema.fields import FIELDS

if TYPE_CHECKING:
    import responses

    from cmbot.settings import JiraSettings
    from tests.jira.conftest import Site

REST = "https://jira.test/jira/rest/api/2"
EPIC_LINK = {
    "id": "customfield_10206",
    "name": "Épopée",
    "custom": True,
    "schema": {"type": "any", "custom": "com.pyxis.greenhopper.jira:gh-epic-link"},
}


def listed() -> list[dict[str, Any]]:
    """The fields of a site that has all of cmbot's."""
    own = [
        {"id": f"customfield_{number}", "name": field.name, "custom": True}
        for number, field in enumerate(FIELDS, start=20_000)
    ]
    system = [
        {"id": "environment", "name": "Environment", "custom": False, "schema": {"system": "environment"}},
        {"id": "summary", "name": "Summary", "custom": False},
    ]
    epic_name = {"id": "customfield_10207", "name": "Epic Name", "custom": True}
    return [*system, *own, EPIC_LINK, epic_name]


def connect(server: responses.RequestsMock, settings: JiraSettings, fields: list[dict[str, Any]]) -> Jira:
    info = {"deploymentType": "Server", "version": "9.12.4", "serverTime": "2026-11-20T09:30:00.000+0100"}
    server.get(f"{REST}/serverInfo", json=info)
    server.get(f"{REST}/myself", json={"name": "cmbot", "key": "JIRAUSER1", "displayName": "CM bot"})
    server.get(f"{REST}/field", json=fields)
    return Jira.connect(settings, lambda: "made-up-token")


def test_connecting_takes_three_requests(server: responses.RequestsMock, settings: JiraSettings) -> None:
    jira = connect(server, settings, listed())
    assert len(server.calls) == 3
    assert (jira.me.account, jira.me.name) == ("cmbot", "CM bot")
    assert jira.url == "https://jira.test/jira"
    assert jira.server_time().isoformat() == "2026-11-20T09:30:00+01:00"


def test_an_address_where_no_jira_is_names_the_setting(
    server: responses.RequestsMock, settings: JiraSettings
) -> None:
    server.get(f"{REST}/serverInfo", status=404)
    with pytest.raises(RemoteError, match=r"no Jira answers at this address .*check jira\.url"):
        Jira.connect(settings, lambda: "made-up-token")


def test_every_field_is_found_by_name(server: responses.RequestsMock, settings: JiraSettings) -> None:
    jira = connect(server, settings, listed())
    assert not jira.field_problems
    assert set(jira.field_ids) == {field.name for field in FIELDS}


def test_a_system_field_of_the_same_name_is_never_meant(
    server: responses.RequestsMock, settings: JiraSettings
) -> None:
    assert connect(server, settings, listed()).field_id("Environment").startswith("customfield_")


def test_the_epic_fields_are_found_by_type_in_any_language(
    server: responses.RequestsMock, settings: JiraSettings
) -> None:
    jira = connect(server, settings, listed())
    assert jira.epic_link == "customfield_10206"
    assert jira.epic_fields(epic_key="CM-1") == {"Epic Link": "CM-1"}
    assert jira.epic_fields(name="w47") == {"Epic Name": "w47"}


@pytest.mark.covers("W21")
def test_a_missing_field_is_an_error_that_says_what_to_do(
    server: responses.RequestsMock, settings: JiraSettings
) -> None:
    jira = connect(server, settings, [field for field in listed() if field["name"] != "Reason"])
    assert set(jira.field_problems) == {"Reason"}
    with pytest.raises(UserError, match=r"field Reason: .*cmbot jira setup"):
        jira.field_id("Reason")


@pytest.mark.covers("W21")
def test_missing_fields_are_said_at_the_start(
    server: responses.RequestsMock, settings: JiraSettings, caplog: pytest.LogCaptureFixture
) -> None:
    connect(server, settings, [field for field in listed() if field["name"] not in {"Reason", "WMS"}])
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "https://jira.test/jira: fields missing or ambiguous: Reason, WMS"
    ]


@pytest.mark.covers("W21")
def test_a_field_that_is_made_later_is_found_without_a_restart(
    server: responses.RequestsMock, settings: JiraSettings
) -> None:
    jira = connect(server, settings, [field for field in listed() if field["name"] != "Reason"])
    server.replace("GET", f"{REST}/field", json=listed())
    assert jira.field_id("Reason").startswith("customfield_")


@pytest.mark.covers("W21")
def test_of_two_fields_with_one_name_the_settings_choose(
    server: responses.RequestsMock, settings: JiraSettings
) -> None:
    twice = [*listed(), {"id": "customfield_30000", "name": "Reason", "custom": True}]
    jira = connect(server, settings, twice)
    with pytest.raises(UserError, match=r"several fields named Reason: customfield_\d+, customfield_30000"):
        jira.field_id("Reason")
    chosen = settings.model_copy(update={"fields": {"Reason": "customfield_30000"}})
    assert Jira.connect(chosen, lambda: "made-up-token").field_id("Reason") == "customfield_30000"


@pytest.mark.covers("W21")
def test_the_settings_map_a_field_to_the_sites_own(
    server: responses.RequestsMock, settings: JiraSettings
) -> None:
    own = [*listed(), {"id": "customfield_30000", "name": "Begründung", "custom": True}]
    mapped = settings.model_copy(update={"fields": {"Reason": "Begründung"}})
    assert connect(server, mapped, own).field_id("Reason") == "customfield_30000"


def test_a_field_that_cmbot_does_not_know_is_an_error_naming_it(
    server: responses.RequestsMock, settings: JiraSettings
) -> None:
    with pytest.raises(UserError, match="field Colour"):
        connect(server, settings, listed()).field_id("Colour")


@pytest.mark.parametrize("running", ["cloud"], indirect=True)
def test_a_scoped_token_works_through_its_own_address_and_people_get_the_sites(site: Site) -> None:
    settings = site.settings(api=site.gateway, user="")
    jira = Jira.connect(settings, lambda: site.tokens["cmbot"])
    key = site.make()
    assert jira.issue(key)["key"] == key
    jira.ensure_label(key, "seen")
    assert jira.url == site.url
    with pytest.raises(CredentialsError):
        Jira.connect(site.settings(user=""), lambda: site.tokens["cmbot"])


@pytest.mark.parametrize("name", ["url", "api"])
def test_what_is_no_address_is_said_by_its_setting(settings: JiraSettings, name: str) -> None:
    with pytest.raises(UserError, match=rf"settings jira\.{name}: is not the address"):
        Jira.connect(settings.model_copy(update={name: "jira.test"}), lambda: "made-up-token")


def test_a_wrong_token_is_said(server: responses.RequestsMock, settings: JiraSettings) -> None:
    server.get(f"{REST}/serverInfo", json={"deploymentType": "Server"})
    server.get(f"{REST}/myself", status=401)
    with pytest.raises(CredentialsError, match="renew the token"):
        Jira.connect(settings, lambda: "made-up-token")


@pytest.mark.parametrize("myself", [{}, {"name": ""}, {"displayName": "CM bot"}])
def test_an_account_without_a_name_is_an_error(
    server: responses.RequestsMock, settings: JiraSettings, myself: dict[str, str]
) -> None:
    server.get(f"{REST}/serverInfo", json={"deploymentType": "Server"})
    server.get(f"{REST}/myself", json=myself)
    with pytest.raises(RemoteError, match="own account"):
        Jira.connect(settings, lambda: "made-up-token")
