"""Through whole passes: a launch of many groups can be taken back for a while, a held site holds its own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cmbot.definition import freeze
from cmbot.mirror import plans, sites
from cmbot.operations.commands import obey
from cmbot.reconcile import submit
from cmbot.reconcile.passes import Passes

if TYPE_CHECKING:
    from cmbot.handlers.actions import Submit
    from tests.reconcile.conftest import MemoryJira, Watcher

MANY = 21


@pytest.fixture
def begun(defined: Watcher, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Groups of CM-2, which has 21 of them, that were submitted."""
    where = {"where": "", "table": "", "parts": {}}
    rows = [plans.GroupRow("10002", f"g{n:03}", 1, where, "", "") for n in range(1, MANY + 1)]
    plans.freeze_groups(defined.edges.mirror, "10002", rows)
    view = defined.campaign()
    assert view.definition is not None
    spec = freeze.step_hash(view.definition, view.definition.steps[0])
    plans.ask_plan(defined.edges.mirror, "10002", spec, "move:10001:1", "x", defined.now)
    plans.answer_plan(defined.edges.mirror, "10002", spec, {"problems": []})
    done: list[str] = []

    def first_try(_: object, __: object, action: Submit, ___: object) -> None:
        done.append(action.group.name)

    monkeypatch.setattr(submit, "first_try", first_try)
    return done


def why(watcher: Watcher) -> str:
    return watcher.campaign().steps[0].paced


@pytest.mark.covers("V17", "W12")
def test_a_launch_of_many_groups_is_told_and_begins_after_its_grace_time(
    jira: MemoryJira, defined: Watcher, begun: list[str]
) -> None:
    jira.move("10001", "Launch")
    defined.look()
    jira.down = True
    passes = Passes(defined.edges, obey)
    passes.run(defined.now)
    assert begun == []
    assert why(defined).startswith(f"{MANY} groups wait: they begin at ")
    told = defined.edges.mirror.connection.execute("SELECT marker FROM outbox").fetchall()
    assert "launching" in {row["marker"].split(":")[0] for row in told}
    passes.run(defined.now + timedelta(minutes=1))
    assert begun == []
    passes.run(defined.now + timedelta(minutes=2))
    # No more in a minute than the settings say.
    assert len(begun) == 20
    assert why(defined).startswith("1 group waits: at most 20")


@pytest.mark.covers("F5")
def test_while_a_site_is_held_nothing_starts_there(
    jira: MemoryJira, defined: Watcher, begun: list[str]
) -> None:
    jira.move("10001", "Launch")
    defined.look()
    jira.down = True
    with defined.edges.mirror.writing() as connection:
        sites.hold(connection, sites.Held("SLAC", "Olga", defined.now, "power cut"))
    passes = Passes(defined.edges, obey)
    later = defined.now + timedelta(hours=1)
    for moment in (defined.now, later):
        passes.run(moment)
    assert begun == []
    assert "nothing new starts at SLAC, held by Olga since" in why(defined)
    with defined.edges.mirror.writing() as connection:
        sites.release(connection, "SLAC")
    passes.run(later + timedelta(minutes=1))
    assert begun
