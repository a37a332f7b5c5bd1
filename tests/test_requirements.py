"""The table of requirements is true."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "requirements_table", Path(__file__).parent / "requirements_table.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_in_docs_is_what_the_tests_say(generator: ModuleType) -> None:
    assert generator.FILE.read_text() == generator.table(), "run python tests/requirements_table.py"


def test_every_covered_row_is_a_row_of_the_requirements(generator: ModuleType, samples: Path) -> None:
    text = (samples.parent / "reference" / "requirements.md").read_text()
    known = set(re.findall(r"^\| ([A-HVW]\d+) \|", text, re.MULTILINE))
    assert known == {
        f"{section}{n}" for section, count in generator.ROWS.items() for n in range(1, count + 1)
    }
    assert set(generator.covered()) | set(generator.MET_BY_DESIGN) <= known
