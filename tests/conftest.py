"""What all tests share: golden files, a git repository, and the shared samples beside the checkout."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

HERE = Path(__file__).parent
# A busy machine is no failure.
settings.register_profile("cmbot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cmbot")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files; review the diff")
    parser.addoption("--forbid-skips", action="store_true", help="fail if any test is skipped")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skip that nobody sees is a test that nobody runs."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and session.config.getoption("--forbid-skips"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with tests/golden/<name>, or rewrite it with --update-golden."""

    def compare(name: str, text: str) -> None:
        file = HERE / "golden" / name
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        assert text == file.read_text()

    return compare


@pytest.fixture(scope="session")
def samples() -> Path:
    """Recorded payloads, which are not part of the project."""
    directory = HERE.parent.parent / "shared" / "samples"
    if not directory.is_dir():
        pytest.skip("the recorded samples are not beside this checkout")
    return directory


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser: Debian's chromium, driven by Playwright, which downloads nothing."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium on this machine; as root: apt-get install chromium")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only few tests need it

    with sync_playwright() as playwright:
        # the sandbox of its own needs rights that containers lack; it only meets pages of this machine
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass(frozen=True)
class Repository:
    """A git repository on this disk."""

    place: Path

    @property
    def link(self) -> str:
        return f"file://{self.place}"

    def run(self, *argv: str) -> str:
        nobody = ("-c", "user.name=Anna", "-c", "user.email=anna@example.org")
        command = ["git", "-C", str(self.place), *nobody, *argv]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def sha(self, name: str) -> str:
        return self.run("rev-parse", f"{name}^{{commit}}")

    def move(self, tag: str, target: str) -> None:
        self.run("tag", "--force", tag, self.sha(target))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Three commits: at the first a tag v1, at the next an annotated tag v2, at the last a branch later."""
    made = Repository(tmp_path / "git" / "lists")
    made.place.mkdir(parents=True)
    made.run("init", "--quiet", "--initial-branch", "main")
    for number, tag in enumerate((("tag", "v1"), ("tag", "-a", "-m", "second", "v2"), ("branch", "later"))):
        (made.place / "bad.json").write_text(str(number))
        made.run("add", ".")
        made.run("commit", "--quiet", "-m", f"list {number}")
        made.run(*tag)
    return made
