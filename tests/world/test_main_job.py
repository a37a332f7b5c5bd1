"""The main job: an epic moved to Launch becomes data in a Butler and comments in Jira."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cmbot.models.issues import Status
from cmbot.operations import archive as operation
from cmbot.operations import summary
from cmbot.reconcile import archiving

if TYPE_CHECKING:
    from conftest import Bot, Human, Panda


@pytest.mark.parametrize("flavour", ["data-center", pytest.param("cloud", marks=pytest.mark.long)])
@pytest.mark.covers("A5", "A6", "D5", "D8", "D9", "D10", "E1", "E4", "E5", "W18", "D19")
@pytest.mark.covers("E3", "E12", "E13", "E14")
def test_a_launched_campaign_completes_with_its_data_and_says_so(
    bot: Bot, alice: Human, panda: Panda
) -> None:
    epic, step = bot.create()
    bot.settle()
    assert alice.status(epic) == Status.DRAFT
    alice.launch(epic)
    bot.until(lambda: alice.status(epic) == Status.COMPLETED)
    bot.settle()
    assert set(alice.statuses().values()) == {Status.COMPLETED}
    (request,) = panda.requests()
    assert request["name"].startswith(f"{step}_step1_g000_a1_")
    texts = alice.comments(epic)
    assert [text.splitlines()[0].split(".")[0].split(":")[0] for text in texts[1:]] == [
        "*Launched",
        "*Completed",
    ]
    assert "2 of 2 quanta" in texts[-1]
    everything_is_archived(bot, alice, step)
    everything_is_summed_up(bot, alice, epic, step)


def everything_is_archived(bot: Bot, alice: Human, step: str) -> None:
    """What was run and what came of it is kept, pinned by a hash in Jira, and tampering is named."""
    (group,) = alice.groups(step)
    (kept,) = operation.show(bot.edges, group)
    assert alice.field(group, "Archive hash") == kept.sha256
    assert alice.field(group, "As-run hash") == kept.manifest.as_run.yaml_sha256
    assert [entry.name for entry in kept.manifest.files] == [
        "bps.yaml",
        "config.yaml",
        "data.json",
        "environment.yaml",
        "graph.json",
        "graph.log",
        "monitor.json",
        "packages.yaml",
        "pipetask-report.json",
        "submit.err",
        "submit.out",
        "wms.json",
    ]
    token = bot.world.panda["token"].encode()
    files = {
        entry.name: operation.file(bot.edges, group, "", "", entry.name) for entry in kept.manifest.files
    }
    assert [name for name, data in files.items() if token in data] == []
    assert json.loads(files["graph.json"])["tasks"] == {"isr": 2}
    assert operation.verify(bot.edges.settings, lambda _: None).damages == []
    entry = kept.manifest.entry("bps.yaml")
    assert entry is not None
    place = archiving.open_archive(bot.edges.settings).place(entry.sha256)
    place.chmod(0o644)
    place.write_bytes(files["bps.yaml"] + b"priority: 1\n")
    (damage,) = operation.verify(bot.edges.settings, lambda _: None).damages
    assert (damage.name, damage.file) == (kept.manifest.name, "bps.yaml")


def everything_is_summed_up(bot: Bot, alice: Human, epic: str, step: str) -> None:
    """What came of it is attached, shown in short, and found again by what was made."""
    bot.until(lambda: "*Summary*" in alice.status_comment(epic))
    bot.settle()
    assert "2 datasets" in alice.status_comment(step)
    for key in (epic, step):
        attached = [file["filename"] for file in alice.get(f"issue/{key}")["fields"]["attachment"]]
        assert sorted(name.rpartition(".")[2] for name in attached) == ["json", "md"]
    [product] = summary.products(bot.edges, "postisrccd demo")
    assert (product.collection, product.datasets) == ("DemoCam/runs/test", {"postISRCCD": 2})
    found = summary.summary(bot.edges, step)
    assert (found.totals.expected, found.totals.produced, found.totals.failed) == (2, 2, 0)
    assert found.usage["isr"].quanta == 2
    assert found.suspicious == ()
    assert "| 2 | postISRCCD | isr |" in summary.text(found)
