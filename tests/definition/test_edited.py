"""What an edit means once something was submitted: used, used later, or not used."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cmbot.definition import freeze
from cmbot.jira_schema.editing import EDITING, Effect
from cmbot.models.issues import Edit, Issue, Level, Person, Status

AT = datetime(2026, 11, 20, tzinfo=UTC)
USED = {"Data query": "visit > 1", "BPS options": "requestMemory: 1024", "WMS priority": 3.0}


def step(status: Status = Status.RUNNING, **fields: Any) -> Issue:
    return Issue("2", "CM-2", Level.STEP, status, "step1", AT, fields=USED | fields)


@pytest.mark.covers("V16", "B19")
def test_an_edit_of_the_method_counts_at_the_next_attempt_and_one_of_the_data_does_not() -> None:
    edited = step(
        **{"Data query": "visit > 2", "BPS options": "requestMemory: 2048", "Tolerance": "isr: 0.1"}
    )
    found = freeze.differences(edited, USED)
    assert [(item.field, item.before, item.after, item.used) for item in found] == [
        ("BPS options", "requestMemory: 1024", "requestMemory: 2048", True),
        ("Data query", "visit > 1", "visit > 2", False),
    ]
    taken = freeze.as_used(edited, USED)
    assert taken.fields["Data query"] == "visit > 1"
    assert taken.fields["BPS options"] == "requestMemory: 2048"
    assert taken.fields["Tolerance"] == "isr: 0.1"
    wholly = freeze.as_used(edited, USED, wholly=True)
    assert wholly.fields == USED | {"Tolerance": "isr: 0.1"}


@pytest.mark.covers("V16")
@pytest.mark.parametrize("status", list(Status))
def test_the_table_decides_in_every_status(status: Status) -> None:
    for field, row in EDITING.items():
        taken = freeze.as_used(step(status, **{field: "new"}), USED)
        if row[status] is Effect.REFUSED:
            assert taken.fields.get(field) == USED.get(field)
        else:
            assert taken.fields[field] == "new"


def test_what_was_empty_stays_empty_and_what_was_emptied_comes_back() -> None:
    added = step(**{"Split rule": "{dimension: visit, size: 1}"})
    assert "Split rule" not in freeze.as_used(added, USED).fields
    emptied = replace(step(), fields={"BPS options": USED["BPS options"]})
    assert freeze.as_used(emptied, USED).fields["Data query"] == "visit > 1"
    (gone, priority) = freeze.differences(emptied, USED)
    assert (gone.before, gone.after, gone.used) == ("visit > 1", "", False)
    assert (priority.field, priority.before, priority.used) == ("WMS priority", "3.0", True)


def test_the_newest_edit_of_a_field_says_who() -> None:
    edits = tuple(
        Edit(number, AT, Person(who), field, "", "")
        for number, who, field in ((1, "anna", "Data query"), (2, "bob", "Data query"), (3, "c", "Tolerance"))
    )
    (found,) = freeze.differences(replace(step(**{"Data query": "x"}), edits=edits), USED)
    assert found.edit is not None
    assert (found.edit.history_id, found.edit.by.account) == (2, "bob")


def test_nothing_differs_when_nothing_was_edited() -> None:
    assert freeze.differences(step(), USED) == ()
    assert freeze.as_used(step(), USED) == step()
