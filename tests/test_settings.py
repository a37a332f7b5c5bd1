"""The settings are documented, and the example is one."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cmbot.exceptions import DefinitionError, UserError
from cmbot.reconcile.opening import load_settings
from cmbot.settings import parse

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    file = HERE / "settings_reference.py"
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_says_what_the_model_says(generator: ModuleType) -> None:
    assert generator.FILE.read_text() == generator.page(), "run python tests/settings_reference.py"


def test_every_setting_of_the_example_is_one() -> None:
    example = HERE.parent / "config" / "settings.yaml"
    parse(yaml.safe_load(example.read_text()), example.name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jira: {}\njira: {}\n", "jira is written more than once"),
        ("jira: &a {}\npanda: *a\n", "aliases are not allowed"),
        ("jira: [", "is not valid YAML at line"),
        ("x" * 2_000_000, "is larger than"),
        ("jira: {}\n", "work: is missing"),
        ("", "file: "),
    ],
)
def test_a_settings_file_is_read_as_strictly_as_a_campaign_file(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "cmbot.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=said) as caught:
        load_settings(file)
    assert str(caught.value).startswith(str(file))


def test_a_wrong_key_and_a_missing_one_are_told_in_words() -> None:
    with pytest.raises(DefinitionError) as caught:
        parse({"jira": {"url": "https://jira.example.org", "projekt": "CM"}}, "cmbot.yaml")
    said = {(problem.field, problem.problem) for problem in caught.value.problems}
    assert {("jira.projekt", "is not a setting"), ("jira.token", "is missing")} <= said


@pytest.mark.parametrize(
    "options",
    [
        {"pipetask": None},
        {"cluster": ["isr"]},
        {"pipetask": {"isr": 4096}},
        {"finalJob": "merge"},
        {"requestMemory": "4 GB"},
        {"cluster": {"visits": {"requestMemory": "{memory}"}}},
    ],
)
def test_bps_options_of_a_site_that_cannot_be_counted_with_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match="each task is a mapping, and requestMemory a whole number"):
        parse({"sites": {"SLAC": {"wms_options": options}}}, "cmbot.yaml")
