"""The same pages as files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

import pytest
import yaml
from click.testing import CliRunner

from cmbot.cli import main
from cmbot.models.attempts import AttemptState

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.web.pages.conftest import World


@pytest.fixture
def settings(world: World, tmp_path: Path) -> Path:
    file = tmp_path / "cmbot.yaml"
    file.write_text(yaml.safe_dump(world.settings.model_dump(mode="json", exclude_defaults=True)))
    return file


def write(settings: Path, *argv: str) -> Result:
    return CliRunner().invoke(main, ["pages", "--settings", str(settings), *argv])


@pytest.mark.covers("F18", "V8")
def test_pages_are_written_as_files_whose_links_lead_to_each_other(
    world: World, settings: Path, tmp_path: Path
) -> None:
    for number in range(60):
        world.campaign(f"c{number}")
    world.split("CM-2", 120)
    world.attempt("CM-2", "g001", AttemptState.RUNNING, (10, 4, 1, 5))
    made = tmp_path / "pages"
    result = write(settings, str(made))
    assert result.exit_code == 0, result.output
    files = {str(file.relative_to(made)) for file in made.rglob("*") if file.is_file()}
    assert {
        "index.html",
        "index.json",
        "style.css",
        "icon.svg",
        "campaign/CM-1.html",
        "group/CM-2/g120.html",
    } <= files
    assert f"{(len(files) - 2) // 2} pages in {made}" in result.output
    assert len(json.loads((made / "index.json").read_text())["active"]) == 60
    for name in files:
        text = (made / name).read_text()
        if name.endswith(".html"):
            assert "<form" not in text
            for link in re.findall(r'(?:href|src)="([^"#]+)"', text):
                target = unquote(urljoin(f"/{name}", link)).removeprefix("/")
                assert "://" in target or target in files, (name, link)


def test_one_campaign_can_be_written_and_written_again(world: World, settings: Path, tmp_path: Path) -> None:
    world.campaign("one")
    world.campaign("two", "Completed")
    made = tmp_path / "pages"
    assert write(settings, str(made), "CM-3").exit_code == 0
    assert {file.name for file in (made / "campaign").iterdir()} == {"CM-3.html", "CM-3.json"}
    before = (made / "campaign" / "CM-3.json").read_text()
    world.split("CM-4", 1)
    assert write(settings, str(made), "CM-3").exit_code == 0
    assert (made / "campaign" / "CM-3.json").read_text() != before


def test_what_cannot_be_written_is_said_on_a_line(world: World, settings: Path, tmp_path: Path) -> None:
    world.campaign("one")
    unknown = write(settings, str(tmp_path / "pages"), "CM-99")
    assert unknown.exit_code == 1
    assert "CM-99" in unknown.output
    (tmp_path / "file").write_text("")
    full = write(settings, str(tmp_path / "file" / "pages"))
    assert full.exit_code == 1
    assert "cannot be written" in full.output
