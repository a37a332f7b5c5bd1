"""What a campaign made is public, is taken back, and leaves the Butler, when a person says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.models.issues import Person, Status
from cmbot.operations import withdrawing
from cmbot.operations.ordering import request
from cmbot.operations.withdrawing import Extent

if TYPE_CHECKING:
    from conftest import Bot, Human

    from cmbot.demo.world import World

pytestmark = pytest.mark.long
ROOT = "DemoCam/runs/test"


def collections(world: World) -> dict[str, tuple[str, ...]]:
    """Children by name; of what is no chain none."""
    from lsst.daf.butler import Butler  # noqa: PLC0415 - slow, and needed by the processes first

    with Butler.from_config(str(world.repo)) as butler:
        found = butler.collections.query_info("*", include_parents=False)
        return {one.name: tuple(one.children or ()) for one in found}


def take_back(bot: Bot, key: str, extent: Extent) -> None:
    found = withdrawing.listing(bot.edges, key, extent)
    withdrawing.give(bot.edges, found, request(Person("anna", "Anna"), f"ran cmbot {extent} {key}: clouds"))
    bot.until(lambda: all(one.withdrawal and one.withdrawal.done for one in bot.attempts("CM-2")))


@pytest.mark.covers("A11", "A12", "D14")
def test_what_was_made_is_public_then_withdrawn_then_removed(bot: Bot, alice: Human, world: World) -> None:
    epic, step = bot.create()
    assert step == "CM-2"
    alice.edit(epic, {"Public collection": "DemoCam/public"})
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.until(lambda: "DemoCam/public" in collections(world))
    bot.settle()
    before = collections(world)
    [run] = before[f"{ROOT}/step1/g000"]
    assert before["DemoCam/public"] == (ROOT,)
    take_back(bot, epic, Extent.UNDO)
    undone = collections(world)
    assert undone["DemoCam/public"] == ()
    assert run in undone
    assert set(before) - set(undone) == {ROOT, f"{ROOT}/step1", f"{ROOT}/step1/g000"}
    take_back(bot, epic, Extent.CLEAN)
    assert set(undone) - set(collections(world)) == {run}
    bot.settle()
    assert "|removed|" in alice.status_comment(step)
    told = [event["what"] for event in bot.edges.mirror.db["events"].rows_where("who = 'Anna'")]
    assert told == ["takes back what step1 g000 a1 made (undo)", "takes back what step1 g000 a1 made (clean)"]
