"""Workflows of a step that differ in more than names and data are named (requirement B16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.reconcile.conftest import Submitting


def unlike(submitting: Submitting) -> list[str]:
    return [str(each) for each in submitting.watcher.campaign().steps[0].unlike]


@pytest.mark.covers("B16")
def test_groups_of_one_definition_are_alike(submitting: Submitting) -> None:
    submitting.launch()
    assert unlike(submitting) == []
    assert not any("unlike" in what for what, _ in submitting.happened())


@pytest.mark.covers("B16")
def test_what_an_edit_changed_for_some_groups_only_is_named_and_recorded(submitting: Submitting) -> None:
    submitting.launch()
    submitting.edit(BPS_options="requestMemory: 4096")
    assert unlike(submitting) == []
    submitting.again("g001")
    submitting.launch()
    said = "requestMemory: nothing instead of 4096 in g002 a1"
    assert unlike(submitting) == [said]
    assert ("g001 a3 is unlike the others", "requestMemory: 4096 instead of nothing in g001 a3") in (
        submitting.happened()
    )
    submitting.again("g002")
    submitting.launch()
    assert unlike(submitting) == []
    assert not any(what.startswith("g002") for what, _ in submitting.happened())
