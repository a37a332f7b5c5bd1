"""A project that has its own names for everything: the settings map them, and the main job is the same."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cmbot.demo import world as demo
from cmbot.demo.seed import seed
from cmbot.jira_schema import parse
from cmbot.jira_schema.fields import FIELDS
from cmbot.models.issues import Status
from cmbot.operations.diagnosis import Health
from cmbot.operations.doctor import Doctor
from cmbot.operations.plan import plan
from cmbot.reconcile.opening import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Bot, Human

pytestmark = pytest.mark.long

STATUSES = {
    Status.DRAFT: "Entwurf",
    Status.LAUNCH: "Los",
    Status.RUNNING: "In Arbeit",
    Status.PAUSED: "Angehalten",
    Status.FAILED: "Gescheitert",
    Status.COMPLETED: "Fertig",
    Status.ABANDONED: "Aufgegeben",
}
TYPES = {"Epic": "Kampagne", "CM Step": "Schritt", "CM Group": "Portion"}
FIELD_NAMES = {field.name: f"DP {field.name}" for field in FIELDS}


def _translated() -> dict[str, Any]:
    """The project of the demonstration under other names; nothing is called as cmbot calls it."""
    world = seed()
    for status in world["statuses"]:
        status["name"] = STATUSES[status["name"]]
    for field in world["fields"]:
        field["name"] = FIELD_NAMES.get(field["name"], f"Agile {field['name']}")
    for kind in world["issue_types"]:
        kind["name"] = TYPES[kind["name"]]
    world["link_types"] = [{"name": "Sperre", "inward": "wartet auf", "outward": "sperrt"}]
    (project,) = world["projects"]
    project["issue_types"] = [TYPES[name] for name in project["issue_types"]]
    project["initial"] = STATUSES[project["initial"]]
    project["transitions"] = [
        {"name": f"nach {STATUSES[status]}", "to": STATUSES[status], "from": "*"} for status in Status
    ]
    return world


# Jira is calm here: the doctor is to find nothing.
@pytest.fixture
def world(tmp_path: Path, raw_repository: Path) -> Iterator[demo.World]:
    shutil.copytree(raw_repository, tmp_path / "world" / "repo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "seed", _translated)
        with demo.world(tmp_path / "world", lambda _: None) as running:
            settings = yaml.safe_load(running.settings.read_text())
            settings["jira"] |= {
                "statuses": {str(status): name for status, name in STATUSES.items()},
                "issue_types": {"campaign": "Kampagne", "step": "Schritt", "group": "Portion"},
                "fields": FIELD_NAMES,
                "blocks": "Sperre",
            }
            running.settings.write_text(yaml.safe_dump(settings))
            yield running


@pytest.mark.covers("W21")
def test_a_project_with_names_of_its_own_is_driven_by_them(bot: Bot, alice: Human, world: demo.World) -> None:
    _, first, second = bot.create_two_steps("planned")
    assert [len(item.groups) for item in plan(bot.edges, first, lambda _: None)] == [2]
    assert parse.issue(bot.edges.jira.issue(second), bot.edges.names).blocked_by == (first,)

    epic, step = bot.create()
    alice.move(epic, "Los")
    bot.until(lambda: alice.status(epic) == "Fertig")
    bot.settle()
    assert alice.status(step) == "Fertig"
    assert [status for _, status in alice.moves(epic)] == ["Los", "In Arbeit", "Fertig"]

    settings = load_settings(world.settings)
    found = {line.check: line.health for line in Doctor(settings, (), 60).lines()}
    # Time went by in Jira only.
    assert found.pop("jira clock") is Health.DEGRADED
    assert set(found.values()) == {Health.OK}, found
