"""What all tests share: golden files and the shared samples beside the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable

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
