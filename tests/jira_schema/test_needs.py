"""What a project needs, compared with what is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.jira_schema.clicks import clicks
from cmbot.jira_schema.fields import FIELDS, FieldType
from cmbot.jira_schema.needs import VENDOR, Lack, What, lacking
from cmbot.jira_schema.place import Deployment, Place, Screen, TypePlace, TypeSeen
from cmbot.models.issues import Status
from cmbot.settings import JiraSettings, Secret

SETTINGS = JiraSettings(url="https://jira.example.org", token=Secret())
IDS = {field.name: f"customfield_{number}" for number, field in enumerate(FIELDS, start=1)}
STATUSES = frozenset(status.lower() for status in Status)
SCREEN = {IDS[field.name]: frozenset(field.options) if field.options else None for field in FIELDS}
TYPE = TypePlace(STATUSES, SCREEN, frozenset(SCREEN), STATUSES)
COMPLETE = Place(
    deployment=Deployment.CLOUD,
    url="https://jira.example.org",
    key="CM",
    project_id="10000",
    administrator=True,
    site_types={
        "epic": TypeSeen("1", "Epic", subtask=False),
        "cm step": TypeSeen("2", "CM Step", subtask=False),
        "cm group": TypeSeen("3", "CM Group", subtask=True),
    },
    types={"epic": TYPE, "cm step": TYPE, "cm group": TYPE},
    statuses=dict.fromkeys(STATUSES, "1"),
    link_types=frozenset({"blocks"}),
    custom={IDS[field.name]: (field.name, VENDOR[field.type].type) for field in FIELDS},
    fields=IDS,
    screens=(Screen("1", "Default Screen", "10", frozenset(SCREEN)),),
)


def of(place: Place, settings: JiraSettings = SETTINGS) -> list[tuple[str, str]]:
    return [(lack.what, lack.name) for lack in lacking(place, settings)]


def without_field(name: str) -> Place:
    """The complete project, but nobody made one field."""
    number = IDS[name]
    screen = {field: choices for field, choices in SCREEN.items() if field != number}
    kind = replace(TYPE, create=screen, edit=frozenset(screen))
    return replace(
        COMPLETE,
        custom={field: known for field, known in COMPLETE.custom.items() if field != number},
        fields={field: known for field, known in IDS.items() if field != name},
        types=dict.fromkeys(COMPLETE.types, kind),
        screens=(replace(COMPLETE.screens[0], fields=frozenset(screen)),),
    )


def test_a_complete_project_lacks_nothing() -> None:
    assert of(COMPLETE) == []


def test_jira_has_a_type_for_each_of_ours() -> None:
    assert set(VENDOR) == set(FieldType)


@given(st.sampled_from(FIELDS))
def test_a_missing_field_is_lacking_with_its_choices_and_its_place(field: Any) -> None:
    options = [(What.OPTIONS, field.name)] if field.options else []
    assert of(without_field(field.name)) == [
        (What.FIELD, field.name),
        *options,
        (What.SCREEN, field.name),
    ]


def test_who_cannot_see_screens_is_told_of_unknown_ones() -> None:
    place = replace(without_field("Reason"), screens=())
    assert of(place) == [(What.FIELD, "Reason"), (What.OTHER_SCREEN, "Reason")]


def test_a_field_on_all_known_screens_that_is_not_shown_stands_on_the_wrong_ones() -> None:
    place = replace(without_field("Reason"), custom=COMPLETE.custom, fields=IDS, screens=COMPLETE.screens)
    assert of(place) == [(What.OTHER_SCREEN, "Reason")]


def test_a_field_must_also_stand_on_the_edit_screen() -> None:
    edit = frozenset(SCREEN) - {IDS["Reason"]}
    types = {**COMPLETE.types, "epic": replace(TYPE, edit=edit)}
    assert of(replace(COMPLETE, types=types)) == [(What.OTHER_SCREEN, "Reason")]


def test_without_an_issue_nothing_is_said_of_edit_screens_and_transitions() -> None:
    blind = replace(TYPE, edit=None, targets=None)
    assert of(replace(COMPLETE, types=dict.fromkeys(COMPLETE.types, blind))) == []


def test_two_fields_of_one_name_are_ambiguous() -> None:
    twin = {**COMPLETE.custom, "customfield_999": ("Reason", VENDOR[FieldType.PARAGRAPH].type)}
    fields = {name: number for name, number in IDS.items() if name != "Reason"}
    assert of(replace(COMPLETE, custom=twin, fields=fields)) == [(What.AMBIGUOUS, "Reason")]


def test_radio_buttons_do_for_a_select_list() -> None:
    kind = "com.atlassian.jira.plugin.system.customfieldtypes:radiobuttons"
    assert of(replace(COMPLETE, custom={**COMPLETE.custom, IDS["WMS"]: ("WMS", kind)})) == []


def test_a_missing_choice_is_lacking() -> None:
    screen = {**SCREEN, IDS["Verdict"]: frozenset({"good", "bad"})}
    types = {**COMPLETE.types, "cm step": replace(TYPE, create=screen)}
    assert lacking(replace(COMPLETE, types=types), SETTINGS) == (
        Lack(What.OPTIONS, "Verdict", "Verdict", ("none",)),
    )


def test_choices_that_no_screen_shows_are_seen_apart_or_not_at_all() -> None:
    number = IDS["Verdict"]
    hidden = {field: choices for field, choices in SCREEN.items() if field != number}
    types = dict.fromkeys(COMPLETE.types, replace(TYPE, create=hidden, edit=None))
    unseen = replace(COMPLETE, types=types)
    assert (What.OPTIONS, "Verdict") not in of(unseen)
    apart = replace(unseen, options={number: frozenset({"good"})})
    assert Lack(What.OPTIONS, "Verdict", "Verdict", ("bad", "none")) in lacking(apart, SETTINGS)


def test_a_status_without_a_way_to_it_is_lacking() -> None:
    types = {**COMPLETE.types, "epic": replace(TYPE, targets=STATUSES - {"paused"})}
    assert lacking(replace(COMPLETE, types=types), SETTINGS) == (
        Lack(What.TRANSITION, "Paused", details=("Epic",)),
    )


def test_a_sub_task_type_that_is_none_is_lacking() -> None:
    types = {**COMPLETE.site_types, "cm group": TypeSeen("3", "CM Group", subtask=False)}
    assert of(replace(COMPLETE, site_types=types)) == [(What.ISSUE_TYPE, "CM Group")]


def test_on_data_center_the_epics_own_fields_must_be_there() -> None:
    assert of(replace(COMPLETE, deployment=Deployment.DATA_CENTER)) == [
        (What.EPIC_FIELD, "Epic Link"),
        (What.EPIC_FIELD, "Epic Name"),
    ]


@pytest.mark.covers("W21")
def test_the_names_of_the_settings_are_compared() -> None:
    settings = SETTINGS.model_copy(
        update={"statuses": {"Launch": "Go"}, "fields": {"Reason": "Why"}, "blocks": "Gates"}
    )
    assert of(without_field("Reason"), settings) == [
        (What.LINK_TYPE, "Gates"),
        (What.FIELD, "Why"),
        (What.SCREEN, "Why"),
        (What.STATUS, "Go"),
        (What.SCHEME, "Go"),
    ]


def test_a_cloud_project_that_has_none_of_the_statuses_gets_a_workflow() -> None:
    template = replace(TYPE, statuses=frozenset({"to do", "done"}), targets=None)
    place = replace(COMPLETE, types=dict.fromkeys(COMPLETE.types, template))
    assert of(place) == [(What.WORKFLOW, "cmbot CM"), (What.FOLLOW, "cmbot CM")]
    assert of(replace(place, workflow=True)) == [(What.FOLLOW, "cmbot CM")]
    # Who may not make one is told what a project needs, not how it might be made.
    assert {what for what, _ in of(replace(place, administrator=False))} == {What.SCHEME}


@pytest.mark.parametrize("changes", [{"project_id": ""}, {"team_managed": True}])
def test_where_nothing_can_be_set_up_only_that_is_said(changes: dict[str, Any]) -> None:
    assert len(of(replace(COMPLETE, **changes))) == 1


@pytest.mark.parametrize("deployment", list(Deployment))
def test_every_kind_of_lack_has_its_clicks(deployment: Deployment) -> None:
    place = replace(COMPLETE, deployment=deployment, site_types={})
    examples = {
        What.ISSUE_TYPE: Lack(What.ISSUE_TYPE, "CM Group", details=("group",)),
        What.STATUS: Lack(What.STATUS, "Fertig {0}", details=("Completed",)),
        What.FIELD: Lack(What.FIELD, "WMS", "WMS"),
        What.FIELD_TYPE: Lack(What.FIELD_TYPE, "Reason", "Reason", ("a.b:float",)),
        What.SCREEN: Lack(What.SCREEN, "Reason", "Reason", ("Epic",), "1"),
    }
    for what in What:
        steps = clicks(what, [examples.get(what, Lack(what, "a name"))], place, "Draft")
        assert steps
        assert all(steps)
    assert "- Fertig {0}, category Done" in clicks(What.STATUS, [examples[What.STATUS]], place, "Draft")
    assert "options: PanDA, HTCondor, Parsl" in clicks(What.FIELD, [examples[What.FIELD]], place, "Draft")[1]
