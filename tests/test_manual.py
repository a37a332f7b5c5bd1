"""The manual says what the code does, and can be built."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cmbot.jira_schema.statuses import BY_PEOPLE
from cmbot.jira_schema.transitions import TRANSITIONS
from cmbot.models.issues import Level, Status
from cmbot.models.notices import NoticeKind

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
TEMPLATES = HERE.parent / "templates" / "comments"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("manual_reference", HERE / "manual_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["statuses.md", "comment_commands.md", "commands.md"])
def test_the_generated_pages_are_as_the_code_has_them(generator: ModuleType, name: str) -> None:
    assert (DOCS / name).read_text() == generator.PAGES[name](), "run python tests/manual_reference.py"


@pytest.mark.covers("V16")
@pytest.mark.parametrize("level", list(Level))
def test_every_move_that_people_may_make_is_explained_and_no_other(level: Level) -> None:
    allowed = {target for targets in BY_PEOPLE.values() for target in targets}
    assert set(TRANSITIONS[level]) == allowed == set(Status) - {Status.RUNNING}


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_the_manual_explains_every_comment_by_how_it_begins(kind: NoticeKind) -> None:
    begins = (TEMPLATES / f"{kind}.j2").read_text().split("*")[1].split("{{")[0].strip(" .:")
    assert f"**{begins}" in (DOCS / "comments.md").read_text()


def test_every_decision_has_a_number_of_its_own() -> None:
    files = sorted((DOCS / "decisions").glob("0*.md"))
    numbers = [int(file.name[:4]) for file in files]
    assert numbers == list(range(1, len(files) + 1))
    assert [file.read_text().split(".")[0] for file in files] == [f"# {number}" for number in numbers]


def test_the_manual_is_built_without_a_warning(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "sphinx", "-q", "-W", "-d", str(tmp_path / "trees"), "-b", "html"]
    argv += [str(DOCS), str(tmp_path / "html")]
    built = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert (built.returncode, built.stderr) == (0, "")
    assert (tmp_path / "html" / "first_campaign.html").exists()
