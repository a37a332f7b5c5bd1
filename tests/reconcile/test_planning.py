"""Asking how a step splits comes to an end, whatever people edit meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cmbot.mirror import plans
from cmbot.models.views import PlanState
from cmbot.operations.commands import obey
from cmbot.reconcile import planning
from cmbot.reconcile.passes import Passes
from tests.reconcile.conftest import IDS

if TYPE_CHECKING:
    from tests.reconcile.conftest import MemoryJira, Watcher


@pytest.mark.parametrize("query", ["visit > 5", None])
def test_an_edit_while_the_butler_is_asked_leaves_nothing_that_waits_for_the_answer(
    jira: MemoryJira, defined: Watcher, query: str | None
) -> None:
    mirror = defined.edges.mirror
    jira.move("10002", "Launch")
    defined.look()
    planning.ask(defined.edges, defined.campaign(), defined.campaign().steps[0], defined.now)
    assert defined.campaign().steps[0].plan is PlanState.ASKED
    planning.forget(defined.edges, defined.campaign())
    assert plans.open_plans(mirror) == ("10002",)
    # The launch is taken back and the query is edited, or emptied, before the answer is there.
    jira.move("10002", "Draft")
    jira.touch("10002", **{IDS["Data query"]: query})
    defined.look()
    jira.down = True
    passes = Passes(defined.edges, obey)
    looked = [passes.run(defined.now + timedelta(minutes=number)).campaigns for number in range(1, 4)]
    assert plans.open_plans(mirror) == ()
    assert looked[-1] == 0
