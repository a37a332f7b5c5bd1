"""The doctor in a small world, as it breaks part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.operations.diagnosis import Health
from cmbot.operations.doctor import Doctor
from cmbot.reconcile.opening import load_settings

if TYPE_CHECKING:
    from conftest import Panda

    from cmbot.demo.world import World


def bad(world: World) -> dict[str, tuple[Health, str]]:
    """What is not ok, by check."""
    lines = Doctor(load_settings(world.settings), (str(world.repo),), 120).lines()
    return {line.check: (line.health, line.found) for line in lines if line.health is not Health.OK}


@pytest.mark.calm("the doctor is to find nothing but what is broken here")
@pytest.mark.covers("W21")
def test_each_part_that_breaks_is_named_and_the_others_are_still_looked_at(
    world: World, panda: Panda
) -> None:
    unseen = {"jira transitions": (Health.UNCHECKED, "no issue yet to look at: epic, cm step, cm group")}
    assert bad(world) == unseen

    panda.control("outage", kind="idds_db_down")
    (world.repo / "butler.yaml").unlink()
    world.state.joinpath("jira.token").write_text("nobodys-token")
    found = bad(world)
    assert found["panda relay"][0] is Health.BROKEN
    assert found["butler in sandbox"][0] is Health.BROKEN
    assert str(world.repo) in found["butler in sandbox"][1]
    first, *others = (found[name] for name in found if name.startswith("jira"))
    assert first[0] is Health.BROKEN
    assert "does not accept the credentials" in first[1]
    assert {health for health, _ in others} <= {Health.UNCHECKED}
    assert "environment sandbox" not in found
