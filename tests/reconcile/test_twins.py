"""A campaign that is there already under another name is recognised (requirement V23)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cmbot.exceptions import DefinitionError
from cmbot.operations import twins
from cmbot.reconcile import views
from tests.reconcile.conftest import EPIC_LINK, IDS

if TYPE_CHECKING:
    from cmbot.models.campaign import CampaignDefinition
    from tests.reconcile.conftest import Watcher


@pytest.fixture
def known(defined: Watcher) -> CampaignDefinition:
    """What CM-1 does; the mirror of this machine knows it."""
    defined.edges.mirror.remember("jira names", json.dumps(["cmbot", "cmbot", EPIC_LINK, IDS]))
    found = views.definition(defined.edges, views.epic(defined.edges, "10001"))
    assert found is not None
    return found


@pytest.mark.covers("V23")
def test_a_twin_under_another_name_is_refused_with_its_key(
    defined: Watcher, known: CampaignDefinition
) -> None:
    twin = replace(known, name="midi", output="u/bob/midi", reason="another reason", definer="bob")
    with pytest.raises(
        DefinitionError, match=r"CM-1 'step1' does the same under another name; .* say --again"
    ):
        twins.require_none(defined.edges.settings, twin)
    assert list(twins.said(defined.edges.settings, twin)) == ["CM-1 'step1' does the same under another name"]


@pytest.mark.covers("V23")
def test_the_same_campaign_again_and_another_are_no_twins(
    defined: Watcher, known: CampaignDefinition
) -> None:
    twins.require_none(defined.edges.settings, replace(known, definer="bob"))
    (step,) = known.steps
    other = replace(known, name="midi", steps=(replace(step, query="visit > 7"),))
    twins.require_none(defined.edges.settings, other)


def test_without_a_mirror_nothing_is_known_of_twins(defined: Watcher, known: CampaignDefinition) -> None:
    work = defined.edges.settings.work.model_copy(update={"state": "/nowhere"})
    elsewhere = defined.edges.settings.model_copy(update={"work": work})
    twins.require_none(elsewhere, replace(known, name="midi"))
