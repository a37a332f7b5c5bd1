"""Campaigns of config/campaigns run on the sandbox, with the variables that they say for it."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from cmbot.definition import file as campaign_file
from cmbot.models.issues import Status
from cmbot.operations.create import create
from cmbot.operations.dataid_files import gather
from cmbot.operations.summary import products
from cmbot.resources import resource
from cmbot.sandbox.butler import make

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bot, Human, Panda

    from cmbot.demo.world import World

pytestmark = pytest.mark.long


@pytest.fixture(scope="session")
def raw_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fewer visits than elsewhere: there are many steps."""
    repo = tmp_path_factory.mktemp("butler") / "small"
    make(repo, visits=2, detectors=2, tracts=1)
    return repo


def example(bot: Bot, name: str, directory: Path) -> tuple[str, ...]:
    """Create an example as its head says that it is done on the sandbox."""
    file = directory / name
    if not file.exists():
        shutil.copy(str(resource(f"config/campaigns/{name}")), file)
    _, _, rest = file.read_text().partition("# On the sandbox")
    head = re.match(r"(?:.*\n)(?:#.*\n)*", rest)
    assert head is not None
    values = dict(re.findall(r"--set (\S+?)=(\S+)", head[0]))
    definition = campaign_file.read(file.read_text(), name, values | {"butler": str(bot.world.repo)})
    definition, files = gather(definition, directory)
    return bot._insist(lambda: create(bot.edges.settings, bot.edges.jira, definition, lambda _: None, files))


def finish(bot: Bot, alice: Human, epic: str) -> None:
    """Launch a campaign, and again at each pause, until it is completed."""

    def over() -> bool:
        status = alice.status(epic)
        if status in {Status.DRAFT, Status.PAUSED}:
            bot.settle()
            assert not [text for text in alice.comments(epic) if "failed" in text.partition("\n")[0]]
            alice.launch(epic)
        return status == Status.COMPLETED

    bot.until(over, patience=1500)
    bot.settle()


def holds(world: World, dataset_type: str, collection: str) -> int:
    from lsst.daf.butler import Butler  # noqa: PLC0415 - slow, and needed by the processes first

    with Butler.from_config(str(world.repo)) as butler, butler.query() as query:
        return int(query.datasets(dataset_type, collection).count())


@pytest.mark.calm("many steps, whose order is of interest")
@pytest.mark.covers("B29", "A3", "A4", "A5", "A6", "B20", "B21", "A13")
def test_seven_steps_of_a_data_release_run_in_their_order(
    bot: Bot, alice: Human, panda: Panda, world: World, tmp_path: Path
) -> None:
    epic, *_ = example(bot, "dp02.yaml", tmp_path)
    finish(bot, alice, epic)
    assert set(alice.statuses().values()) == {Status.COMPLETED}
    ran = [request["name"].split("_")[1] for request in sorted(panda.requests(), key=lambda one: one["id"])]
    # Two parts of the focal plane; step7 needs step3 only.
    assert sorted(ran) == ["step1", "step1", *(f"step{number}" for number in range(2, 8))]
    assert [step for step in ran if step != "step7"] == sorted(step for step in ran if step != "step7")
    root = "2.2i/runs/DP0.2/sandbox"
    assert holds(world, "calexp", root) == 4
    assert holds(world, "objectTable_tract", root) == 1
    assert holds(world, "diaSourceTable_visit", root) == 2
    assert holds(world, "deepCoadd_property_map", root) == 1


@pytest.mark.calm("two campaigns, one after the other")
@pytest.mark.covers("A12", "B29", "C2", "C7", "B8")
def test_a_night_is_validated_and_its_good_visits_become_coadds(
    bot: Bot, alice: Human, panda: Panda, world: World, tmp_path: Path
) -> None:
    night, *_ = example(bot, "nightly-validation.yaml", tmp_path)
    finish(bot, alice, night)
    assert holds(world, "visitSummary", "DemoCam/runs/nightlyValidation/20260901") == 2
    (tmp_path / "good-visits.csv").write_text("instrument,visit\nDemoCam,1\n")
    coadds, *_ = example(bot, "coadds.yaml", tmp_path)
    finish(bot, alice, coadds)
    assert set(alice.statuses().values()) == {Status.COMPLETED}
    from lsst.daf.butler import Butler  # noqa: PLC0415 - as above

    with Butler.from_config(str(world.repo)) as butler:
        warps = butler.query_datasets("deepCoadd_directWarp", "DemoCam/runs/coadds/good")
        assert {ref.dataId["visit"] for ref in warps} == {1}
    assert len(panda.requests()) == 3
    # Both are found again by what they made, and by their production.
    assert [one.campaign for one in products(bot.edges, "visitsummary")] == [night]
    [found] = products(bot.edges, production="coadds")
    assert (found.campaign, found.collection) == (coadds, "DemoCam/runs/coadds/good")
    assert found.datasets["deepCoadd_directWarp"] > 0
    assert found.suspicious == ()
