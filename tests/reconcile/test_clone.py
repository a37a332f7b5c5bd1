"""cmbot clone, as far as it creates nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cmbot.cli import main
from cmbot.definition import file as campaign_file
from cmbot.reconcile import opening

if TYPE_CHECKING:
    from click.testing import Result

    from tests.reconcile.conftest import Watcher


@pytest.fixture(autouse=True)
def _opened(defined: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "load_settings", lambda _: defined.edges.settings)
    monkeypatch.setattr(opening, "open_edges", lambda _, lasting: defined.edges)


def run(*options: str) -> Result:
    return CliRunner().invoke(main, ["clone", *options, "--dry-run"])


@pytest.mark.covers("B25")
def test_a_dry_run_prints_a_campaign_file_and_what_is_otherwise() -> None:
    shown = run("CM-1", "--set", "output=u/bert/mini", "--set", "step1.query=visit > 5")
    assert shown.exit_code == 0
    assert shown.stderr.splitlines() == [
        "name: step1 (clone of CM-1) instead of step1",
        "output: u/bert/mini instead of u/anna/mini",
        "step1: query: visit > 5 instead of visit > 0",
        "ancestor: CM-1 instead of nothing",
    ]
    made = campaign_file.read(shown.stdout, "clone.yaml")
    assert (made.ancestor, made.output, made.steps[0].query) == ("CM-1", "u/bert/mini", "visit > 5")
    found = json.loads(run("CM-1", "--set", "output=u/bert/mini", "--json").stdout)
    assert (found["ancestor"], found["definition"]["output"]) == ("CM-1", "u/bert/mini")


def test_what_is_not_right_is_told_before_anything_is_created() -> None:
    shown = run("CM-1", "--set", "output=u/bert/mini", "--set", "site=mars")
    assert shown.exit_code == 1
    assert "Compute site: 'mars' is not known; use SLAC" in shown.stderr
    assert run("CM-2", "--set", "output=x").stderr == "CM-2: is not a campaign; clone CM-1\n"
    assert "CM-9: is not there" in run("CM-9", "--set", "output=x").stderr
    missing = run("CM-1", "--set", "output=x", "--set", "exclude={file: gone.json, reason: clouds}")
    assert "gone.json: cannot be read" in missing.stderr
    assert run("CM-1", "--set", "output").exit_code == 2
