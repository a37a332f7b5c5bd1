"""Groups get exactly the data that the split gave them, also where values are missing between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from cmbot.dataids import DataIdSet
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from conftest import Bot, Human, Panda

    from cmbot.demo.world import World

pytestmark = pytest.mark.long

QUERY = "instrument = 'DemoCam' AND skymap = 'demo' AND detector = 0 AND visit < 6 AND visit != 2"


def exposures(world: World, collection: str, dataset_type: str = "postISRCCD") -> list[int]:
    from lsst.daf.butler import Butler  # noqa: PLC0415 - slow, and needed by the processes first

    with Butler.from_config(str(world.repo)) as butler:
        found = butler.query_datasets(dataset_type, collection)
        return sorted(int(ref.dataId["exposure"]) for ref in found)


@pytest.mark.covers("B13", "B17", "W23")
def test_ranges_where_possible_and_a_table_where_values_are_missing(
    bot: Bot, alice: Human, panda: Panda, world: World
) -> None:
    epic, step = bot.create()
    alice.edit(step, {"Data query": QUERY, "Split rule": "{dimension: visit, size: 2}"})
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    as_run = [
        yaml.safe_load((world.state / "bot" / "tries" / item["name"] / "bps.yaml").read_text())
        for item in sorted(panda.requests(), key=lambda item: str(item["name"]))
    ]
    # Visit 2 is left out between 1 and 3: the first group cannot be a range, the second can.
    assert "--data-id-table" in as_run[0]["extraQgraphOptions"]
    assert as_run[1]["payload"]["dataQuery"].endswith("AND visit IN (4..5)")
    assert "--data-id-table" not in str(as_run[1])
    assert exposures(world, "DemoCam/runs/test/step1/g001") == [1, 3]
    assert exposures(world, "DemoCam/runs/test/step1/g002") == [4, 5]
    assert exposures(world, "DemoCam/runs/test") == [1, 3, 4, 5]
    comment = alice.status_comment(step)
    assert "visit IN (4..5)" in comment
    assert "2 DataIds" in comment
    assert [alice.field(key, "Quanta done") for key in alice.groups(step)] == [2, 2]


def observe(world: World, visits: str) -> None:
    """A night's visits come into the collection of the night."""
    from lsst.daf.butler import Butler, CollectionType  # noqa: PLC0415 - as above

    with Butler.from_config(str(world.repo), writeable=True) as butler:
        found = butler.query_datasets(
            "raw", "DemoCam/defaults", where=f"instrument = 'DemoCam' AND exposure IN ({visits})"
        )
        butler.collections.register("DemoCam/tonight", CollectionType.TAGGED)
        butler.registry.associate("DemoCam/tonight", found)
        rest = [
            name for name in butler.collections.get_info("DemoCam/defaults").children if "raw" not in name
        ]
        butler.collections.register("DemoCam/observed", CollectionType.CHAINED)
        butler.collections.redefine_chain("DemoCam/observed", ["DemoCam/tonight", *rest])


@pytest.mark.covers("A13", "B12", "B19", "W23")
def test_new_data_get_groups_of_their_own_at_the_next_launch(
    bot: Bot, alice: Human, panda: Panda, world: World
) -> None:
    observe(world, "1, 3")
    epic, step = bot.create(pause="only on errors and checkpoints")
    alice.edit(epic, {"Input collections": "DemoCam/observed"})
    rule = "{dimension: visit, size: 2, grow: true}"
    alice.edit(step, {"Data query": QUERY.replace(" AND visit != 2", ""), "Split rule": rule})
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    observe(world, "2, 4")
    alice.launch(step)
    alice.launch(epic)
    bot.until(lambda: len(panda.requests()) == 2 and alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert exposures(world, "DemoCam/runs/test/step1/g001") == [1, 3]
    assert exposures(world, "DemoCam/runs/test/step1/g002") == [2, 4]
    assert len(alice.groups(step)) == 2
    # Asked once for each launch, and nothing more is asked for.
    bot.settle()
    assert len(panda.requests()) == 2


@pytest.mark.covers("C2", "C4", "C6", "C7", "V22")
def test_dataids_that_are_excluded_are_not_processed(
    bot: Bot, alice: Human, panda: Panda, world: World
) -> None:
    epic, step = bot.create()
    alice.attach(step, "bad.csv", b"instrument,visit,detector\nDemoCam,1,0\nDemoCam,3,0\nDemoCam,5,1\n")
    alice.edit(
        step,
        {
            "Data query": "instrument = 'DemoCam' AND skymap = 'demo' AND visit < 4",
            "DataIds excluded": "file: bad.csv\nreason: clouds",
        },
    )
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert exposures(world, "DemoCam/runs/test") == [1, 2, 2, 3]
    [request] = panda.requests()
    as_run = (world.state / "bot" / "tries" / str(request["name"]) / "bps.yaml").read_text()
    assert "NOT (detector = 0 AND visit IN (1, 3))" in as_run
    told = [event["what"] for event in bot.edges.mirror.db["events"].rows_where("why = 'clouds'")]
    assert len(told) == 1
    assert told[0].startswith("excluded 3 DataIds of bad.csv, sha256 ")


@pytest.mark.covers("A9", "A10", "C4", "C6")
def test_a_set_of_dataids_becomes_a_tagged_collection_and_nothing_else_is_processed(
    bot: Bot, alice: Human, panda: Panda, world: World
) -> None:
    epic, step = bot.create()
    rows = [{"instrument": "DemoCam", "exposure": number, "detector": 0} for number in (1, 3, 4)]
    good = DataIdSet.of(rows)
    alice.attach(step, "good.json", good.to_json().encode())
    alice.edit(epic, {"Input collections": "DemoCam/calib/unbounded"})
    alice.edit(
        step,
        {
            "Data query": QUERY.replace(" AND visit != 2", ""),
            "Split rule": "{dimension: visit, size: 2}",
            "DataIds included": f"file: good.json\nsha256: {good.sha256}\nreason: clear sky\n"
            "dataset_type: raw\ncollections: [DemoCam/raw/all]",
        },
    )
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    tagged = f"DemoCam/runs/test/inputs/{good.sha256[:8]}"
    assert exposures(world, tagged, "raw") == [1, 3, 4]
    assert exposures(world, "DemoCam/runs/test") == [1, 3, 4]
    assert exposures(world, "DemoCam/runs/test", "raw") == [1, 3, 4]
    as_run = [
        yaml.safe_load((world.state / "bot" / "tries" / str(item["name"]) / "bps.yaml").read_text())
        for item in panda.requests()
    ]
    assert all(item["payload"]["inCollection"].startswith(tagged) for item in as_run)
    assert not any("--data-id-table" in str(item) for item in as_run)
