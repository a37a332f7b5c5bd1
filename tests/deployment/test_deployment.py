"""The files an administrator deploys with agree with the program and with each other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.routing import APIRoute

from cmbot.settings import WebSettings, parse
from cmbot.web.app import create_app
from cmbot.web.health import Health

ROOT = Path(__file__).parents[2]
OFFLINE = re.compile(r"NewConnectionError|ConnectTimeout|Temporary failure in name resolution")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with continued lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


def stage(number: int) -> list[tuple[str, str]]:
    starts = [place for place, (word, _) in enumerate(instructions()) if word == "FROM"]
    end = [*starts, None][number + 1]
    return instructions()[starts[number] : end]


def values(part: list[tuple[str, str]], word: str) -> list[str]:
    return [rest for name, rest in part if name == word]


def manifests() -> dict[str, Any]:
    found = yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text())
    return {one["kind"]: one for one in found}


def served() -> set[str]:
    app = create_app(Health(timedelta(minutes=1), lambda: datetime.now(UTC)), None)
    return {route.path for route in app.routes if isinstance(route, APIRoute)}


def run(*argv: str | Path, cwd: Path) -> str:
    environment = {name: os.environ[name] for name in os.environ if not name.startswith(("PYTHON", "CMBOT"))}
    child = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if OFFLINE.search(child.stderr):
        pytest.skip("the package index cannot be reached")
    assert child.returncode == 0, child.stdout + child.stderr
    return child.stdout


@pytest.mark.long
def test_what_the_dockerfile_copies_and_runs_makes_a_working_cmbot(tmp_path: Path) -> None:
    source, target = tmp_path / "src", tmp_path / "cmbot"
    source.mkdir()
    for copied in values(stage(0), "COPY"):
        *names, to = copied.split()
        for name in names:
            place = source / to / ("" if to.endswith("/") else ".")
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, source / to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, place)
    (command,) = values(stage(0), "RUN")
    # The image's Python and the one that runs the tests may differ; each line has its constraints.
    here = f"py{sys.version_info.major}{sys.version_info.minor}"
    command = re.sub(r"requirements/py\d+\.txt", f"requirements/{here}.txt", command)
    command = re.sub(r"^python ", f"{sys.executable} ", command).replace("/opt/cmbot", str(target))
    run("sh", "-c", command, cwd=source)
    shutil.rmtree(source)
    assert "sync" in run(target / "bin" / "cmbot", "--help", cwd=tmp_path)
    look = "from cmbot.resources import resource; print(resource('templates/bps/panda.yaml').read_text())"
    assert run(target / "bin" / "python", "-c", look, cwd=tmp_path)


def test_the_image_has_constraints_for_its_python() -> None:
    (base, second) = (re.match(r"python:(\d)\.(\d+)-", stage(number)[0][1]) for number in (0, 1))
    assert base is not None
    assert second is not None
    assert base[0] == second[0]
    (command,) = values(stage(0), "RUN")
    assert f"-c requirements/py{base[1]}{base[2]}.txt" in command
    assert (ROOT / "requirements" / f"py{base[1]}{base[2]}.txt").is_file()


def test_everything_that_the_wheel_needs_is_copied_and_not_ignored() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], "pyproject.toml", project["project"]["readme"]}
    copied = {name for line in values(stage(0), "COPY") for name in line.split()[:-1]}
    ignored_not = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    assert needed <= copied
    assert copied == ignored_not


def test_nobody_is_root_and_the_state_is_a_volume() -> None:
    final = stage(1)
    (user,) = values(final, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert [word for word, _ in final].index("USER") < [word for word, _ in final].index("ENTRYPOINT")
    pod = manifests()["Deployment"]["spec"]["template"]["spec"]
    context = pod["securityContext"]
    assert f"{context['runAsUser']}:{context['runAsGroup']}" == user
    assert context["runAsNonRoot"] is True
    assert values(final, "VOLUME") == ["/var/lib/cmbot"]


def test_the_manifests_run_one_and_only_one() -> None:
    found = manifests()
    assert found["Deployment"]["spec"]["replicas"] == 1
    assert found["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert found["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteOncePod"]


def test_the_settings_of_the_manifests_are_settings_and_fit_the_mounts() -> None:
    found = manifests()
    settings = parse(yaml.safe_load(found["ConfigMap"]["data"]["cmbot.yaml"]), "kubernetes.yaml")
    (container,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    mounts = {one["mountPath"]: one.get("readOnly", False) for one in container["volumeMounts"]}
    used = (settings.work.state, settings.work.submit, settings.jira.token.file)
    for path in (*used, *(one.setup for one in settings.environments.values())):
        assert any(Path(path).is_relative_to(mount) for mount in mounts), path
    assert mounts[settings.work.state] is False
    assert settings.web is not None
    assert [settings.web.port] == [port["containerPort"] for port in container["ports"]]
    assert container["readinessProbe"]["httpGet"]["path"] in served()


def test_the_health_check_asks_what_is_served_where_it_is_served() -> None:
    (check,) = values(stage(1), "HEALTHCHECK")
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", check)
    assert asked is not None
    assert (int(asked[1]), values(stage(1), "EXPOSE")) == (WebSettings().port, [asked[1]])
    assert asked[2] in served()


def test_the_unit_is_one(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze (Debian's systemd) is not installed")
    unit = (ROOT / "deploy" / "cmbot.service").read_text()
    copy = tmp_path / "cmbot.service"
    copy.write_text(unit.replace("/opt/cmbot/bin/cmbot", sys.executable))
    child = subprocess.run([analyze, "verify", copy], capture_output=True, text=True, check=False)
    assert (child.returncode, child.stderr) == (0, "")


def test_the_unit_ends_cmbot_and_not_what_it_submits() -> None:
    unit = (ROOT / "deploy" / "cmbot.service").read_text().splitlines()
    assert {"KillMode=process", "User=cmbot", "ExecStart=/opt/cmbot/bin/cmbot sync"} <= set(unit)
