"""``cmbot doctor`` where nothing answers: it says so, and ends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner, Result

from cmbot.cli import main
from cmbot.web.app import create_app
from cmbot.web.health import Health
from cmbot.web.server import serving

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Patient:
    """A settings file, and environments with programs that behave as told."""

    place: Path

    def write_settings(self, **changes: Any) -> None:
        content: dict[str, Any] = {
            # Nothing listens there.
            "jira": {"url": "http://127.0.0.1:1", "token": {"variable": "CMBOT_TEST_TOKEN"}},
            "panda": {"relay": "http://127.0.0.1:1/server/panda", "token": {"variable": "CMBOT_TEST_TOKEN"}},
            "work": {"state": str(self.place / "state"), "submit": str(self.place / "submit")},
            "environments": {"stack": self.environment("exit 0")},
            "sites": {"laptop": {}},
        }
        (self.place / "cmbot.yaml").write_text(yaml.safe_dump(content | changes))

    def environment(self, bps: str, python: str = "exit 0", name: str = "bin") -> dict[str, Any]:
        """An environment whose programs are small scripts."""
        directory = self.place / name
        directory.mkdir(exist_ok=True)
        for program, script in {"bps": bps, "python": python}.items():
            (directory / program).write_text(f"#!/bin/sh\n{script}\n")
            (directory / program).chmod(0o755)
        return {"path": [str(directory)]}

    def run(self, *argv: str, token: str = "very-secret") -> Result:
        environment = {"CMBOT_SETTINGS": str(self.place / "cmbot.yaml"), "CMBOT_TEST_TOKEN": token}
        return CliRunner().invoke(main, ("doctor", *argv), env=environment)

    def found(self, *argv: str, **more: str) -> dict[str, tuple[str, str]]:
        """Health and finding by check."""
        result = self.run("--json", *argv, **more)
        return {one["check"]: (one["health"], one["found"]) for one in json.loads(result.stdout)["checks"]}


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    made = Patient(tmp_path)
    made.write_settings()
    return made


def test_where_nothing_answers_the_status_is_2_and_no_secret_is_shown(patient: Patient) -> None:
    result = patient.run()
    assert result.exit_code == 2
    assert "broken     jira server: " in result.output
    assert "unchecked  jira account: needs jira server" in result.output
    assert "broken     panda relay: " in result.output
    assert "ok         environment stack: `bps submit --help` starts" in result.output
    assert "very-secret" not in result.output
    assert "Traceback" not in result.output


def test_every_line_that_is_not_ok_is_followed_by_what_to_do(patient: Patient) -> None:
    lines = patient.run().output.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith(("broken", "degraded", "unchecked")):
            assert following.strip().startswith("-> ")
            assert len(following.strip()) > len("-> ")


@pytest.mark.covers("F24")
def test_plots_of_panda_are_named_and_not_opened(patient: Patient) -> None:
    patient.write_settings(links={"system": {"Queues": "http://127.0.0.1:1/d/1"}})
    assert patient.found()["panda plots"] == ("ok", "Queues: http://127.0.0.1:1/d/1")


def test_a_script_gets_json_with_the_worst_of_all(patient: Patient) -> None:
    data = json.loads(patient.run("--json").stdout)
    assert data["health"] == "broken"
    assert all(check["remedy"] for check in data["checks"] if check["health"] != "ok")


def test_settings_that_cannot_be_read_are_broken_too(patient: Patient) -> None:
    patient.write_settings(wrok={}, sites=5)
    result = patient.run()
    assert result.exit_code == 2
    assert "wrok" in result.output
    assert "sites" in result.output
    (patient.place / "cmbot.yaml").unlink()
    assert patient.run().exit_code == 2


def test_each_environment_is_started(patient: Patient) -> None:
    patient.write_settings(
        environments={
            "good": patient.environment("exit 0", name="good"),
            "bad": patient.environment("echo no lsst here >&2; exit 3", name="bad"),
            "gone": {"setup": "/no/such/loadLSST.bash"},
            "boxed": patient.environment("exit 9", name="boxed") | {"prefix": ["sh", "-c", "exit 0"]},
        }
    )
    found = patient.found()
    assert found["environment good"][0] == "ok"
    assert found["environment bad"] == ("broken", "`bps submit --help` ends with 3: no lsst here")
    assert found["environment gone"][0] == "broken"
    assert found["environment boxed"][0] == "ok"


def test_a_program_that_hangs_is_stopped(patient: Patient) -> None:
    patient.write_settings(environments={"slow": patient.environment("exec sleep 600", name="slow")})
    found = patient.found("--timeout", "1")
    assert found["environment slow"][0] == "broken"
    assert "does not end in time" in found["environment slow"][1]


def test_a_butler_that_is_asked_for_is_reached_from_each_environment(patient: Patient) -> None:
    answers = 'echo \'{"universe": 7}\' >"$3"'
    says = """echo '{"error": {"field": "butlerConfig", "problem": "gone", "remedy": "look"}}' >"$3\""""
    patient.write_settings(
        environments={
            "good": patient.environment("exit 0", answers, name="good"),
            "empty": patient.environment("exit 0", says, name="empty"),
            "bad": patient.environment("exit 0", "echo no lsst.daf >&2; exit 1", name="bad"),
        }
    )
    found = patient.found("--butler", "/repo/main")
    assert found["butler in good"] == ("ok", "/repo/main opens (dimension universe 7)")
    assert found["butler in empty"] == ("broken", "/repo/main: gone")
    assert found["butler in bad"][0] == "broken"
    assert "no lsst.daf" in found["butler in bad"][1]


def test_a_missing_secret_is_told_by_its_name(patient: Patient) -> None:
    found = patient.found(token="")
    assert found["jira server"] == (
        "broken",
        "jira.token: the environment variable CMBOT_TEST_TOKEN is empty",
    )
    assert found["panda relay"] == ("unchecked", "needs panda token")


def test_directories_that_cannot_be_made_are_broken(patient: Patient) -> None:
    (patient.place / "file").write_text("")
    inside = str(patient.place / "file" / "state")
    patient.write_settings(work={"state": inside, "submit": str(patient.place)})
    found = patient.found()
    assert found["directory work.state"] == ("broken", f"{inside} cannot be made")
    assert found["directory work.submit"][0] in {"ok", "degraded"}


def test_a_service_that_does_not_run_degrades(patient: Patient) -> None:
    patient.write_settings(web={"port": 1})
    health, found = patient.found()["service"]
    assert health == "degraded"
    assert "127.0.0.1:1 gives no health" in found


def test_the_service_is_asked_how_it_is(patient: Patient) -> None:
    health = Health(timedelta(minutes=1), lambda: datetime.now(UTC))
    health.passed("Jira is down")
    health.delivered()
    with serving(create_app(health, None), "127.0.0.1", 0) as url:
        port = int(url.rpartition(":")[2])
        patient.write_settings(
            web={"host": "0.0.0.0", "port": port, "webhook_secret": {"variable": "CMBOT_TEST_TOKEN"}}
        )
        found = patient.found()
    assert found["service"] == ("degraded", "last pass that succeeded: none since it started; Jira is down")
    assert found["webhooks"][0] == "ok"


@pytest.mark.covers("D17", "W21")
def test_every_site_without_panda_says_what_it_cannot_do(patient: Patient) -> None:
    script = '[ "$BPS_WMS_SERVICE_CLASS $1" != "lsst.ctrl.bps.htcondor.HTCondorService ping" ]'
    pool = patient.environment(script, name="pool")
    sites = {"here": {"wms": "Parsl"}, "pool": {"wms": "HTCondor", "environment": "stack"}, "laptop": {}}
    patient.write_settings(environments={"stack": pool}, sites=sites)
    found = patient.found()
    assert found["site here"][0] == "ok"
    assert found["site here"][1].startswith("Parsl; no cancel and no restart")
    assert found["site pool"] == ("broken", "`bps ping` ends with 1: it said nothing")
    assert "site laptop" not in found
    patient.write_settings(environments={"stack": patient.environment("exit 0")}, sites=sites)
    assert "not against a real pool" in patient.found()["site pool"][1]
