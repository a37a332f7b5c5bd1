"""Field values survive the way to Jira and back; a wrong shape is told, never guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.exceptions import UserError
from cmbot.jira_schema import values
from cmbot.jira_schema.fields import BY_NAME, FIELDS, FieldType
from cmbot.models.issues import Person

people = st.builds(Person, st.text("abcXYZ.-_@1", min_size=1, max_size=12))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
OF_TYPE: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.TEXT: st.text(max_size=100).map(str.strip),
    FieldType.PARAGRAPH: st.text(max_size=300).map(str.strip),
    FieldType.URL: st.just("https://example.org/a?b=c"),
    FieldType.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    FieldType.USER: people,
    FieldType.USERS: st.lists(people, max_size=3).map(tuple),
    FieldType.DATETIME: st.builds(datetime.fromtimestamp, st.integers(0, 4 * 10**9), zones),
}


@given(st.data())
def test_every_value_comes_back_as_it_went(data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(FIELDS))
    kinds = OF_TYPE | {FieldType.SELECT: st.sampled_from(field.options or ("",))}
    value = data.draw(kinds[field.type])
    wire = json.loads(json.dumps(values.to_jira(field.name, value, "name")))
    assert values.from_jira(field.name, wire) == value


def test_an_empty_field_is_emptied() -> None:
    assert all(values.to_jira(field.name, None, "name") is None for field in FIELDS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("Max concurrent groups", value)
            for value in ("12", True, None, [], {}, float("nan"), float("inf"))
        ),
        *(("Campaign kind", value) for value in ("DataProc", 5, [{"value": "DataProc"}], {"id": "1"}, None)),
        *(("Definer", value) for value in ("anna", 5, None, [{"name": "anna"}])),
        *(("Operators", value) for value in ("anna", 5, None, {"name": "anna"}, ["anna"])),
        *(("Started at", value) for value in ("yesterday", 5, None, {}, [])),
        *(("Reason", value) for value in (5, {"type": "doc", "content": []}, ["x"], None, True)),
        *(("Step name", value) for value in (5, {"value": "step1"}, None)),
        ("QA link", {"url": "x"}),
    ],
)
def test_a_field_of_another_type_is_named(name: str, value: object) -> None:
    with pytest.raises(UserError, match=f"field {name}: is not a {BY_NAME[name].type} field in Jira"):
        values.from_jira(name, value)


@pytest.mark.covers("B16", "C14")
def test_a_definition_is_never_cut_but_what_cmbot_reports_is() -> None:
    with pytest.raises(UserError, match="Data query: is longer than 32767"):
        values.to_jira("Data query", "x" * 32_768, "name")
    with pytest.raises(UserError, match="Pipeline YAML: is longer than 255"):
        values.to_jira("Pipeline YAML", "x" * 256, "name")
    assert values.to_jira("Data query", "x" * 32_767, "name") == "x" * 32_767
    assert values.to_jira("Error summary", "x" * 40_000, "name") == "x" * 32_767
    assert values.to_jira("Output run", "x" * 300, "name") == "x" * 255


@pytest.mark.parametrize(
    ("data", "account", "shown"),
    [
        ({"name": "anna", "key": "JIRAUSER1", "displayName": "Anna"}, "anna", "Anna"),
        ({"accountId": "5a00", "displayName": "Anna"}, "5a00", "Anna"),
        ({"accountId": "5a00", "name": "admin", "displayName": "Anna"}, "5a00", "Anna"),
        ({"name": "anna"}, "anna", "anna"),
        ({}, "", ""),
    ],
)
def test_people_of_both_deployments_are_read(data: dict[str, Any], account: str, shown: str) -> None:
    person = values.person(data)
    assert (person.account, person.name) == (account, shown)


def test_people_are_compared_by_account_alone() -> None:
    assert Person("anna", "Anna") == Person("anna", "A. Ångström")
    assert Person("anna", "Anna") != Person("bob", "Anna")
    assert str(Person("anna")) == "anna"


@pytest.mark.covers("W24")
@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T08:15:00.000+0000",
        "2026-11-20T08:15:00+00:00",
        "2026-11-20T09:15:00.000+0100",
        "2026-11-19T22:15:00.000-1000",
    ],
)
def test_times_of_every_offset_are_the_same_instant(text: str) -> None:
    assert values.time(text) == datetime(2026, 11, 20, 8, 15, tzinfo=UTC)
