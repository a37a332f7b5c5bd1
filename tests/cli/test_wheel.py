"""What is installed from a wheel works without the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OFFLINE = re.compile(r"NewConnectionError|ConnectTimeout|Temporary failure in name resolution")
LOOK = """
import sys
from pathlib import Path
import cmbot
import cmbot.service
from cmbot.definition import file
from cmbot.resources import resource

assert Path(cmbot.__file__).is_relative_to(sys.prefix), cmbot.__file__
campaign = resource("config/campaigns/mini-drp.yaml")
print(file.read(campaign.read_text(), campaign.name).name)
for name in ("config/settings.yaml", "templates/bps/panda.yaml", "templates/comments/step.j2"):
    assert resource(name).is_relative_to(sys.prefix), name
"""


def run(*argv: str | Path, cwd: Path) -> str:
    environment = {name: os.environ[name] for name in os.environ if not name.startswith(("PYTHON", "CMBOT"))}
    child = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if OFFLINE.search(child.stderr):
        pytest.skip("the package index cannot be reached")
    assert child.returncode == 0, child.stdout + child.stderr
    return child.stdout


def test_a_wheel_in_an_empty_environment_has_all_it_needs(tmp_path: Path) -> None:
    tag = f"py{sys.version_info.major}{sys.version_info.minor}"
    pip = ("-m", "pip", "--disable-pip-version-check", "--quiet")
    run(sys.executable, *pip, "wheel", ROOT, "--no-deps", "-w", tmp_path, cwd=tmp_path)
    [wheel] = tmp_path.glob("cmbot-*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    constraints = ROOT / "requirements" / f"{tag}.txt"
    run(python, *pip, "install", "--no-compile", "-c", constraints, wheel, cwd=tmp_path)

    assert "Commands:" in run(tmp_path / "env" / "bin" / "cmbot", "--help", cwd=tmp_path)
    assert "Usage: python -m cmbot" in run(python, "-m", "cmbot", "--help", cwd=tmp_path)
    assert run(python, "-c", LOOK, cwd=tmp_path) == "mini DRP\n"
    # The core alone: no science packages and no web server came with it.
    listed = run(python, *pip, "list", "--format=freeze", cwd=tmp_path).lower()
    assert not re.search(r"^(lsst|fastapi|uvicorn|panda|idds|parsl)", listed, re.MULTILINE)
