"""Commands as a person runs them, with a settings file and, where asked for, a mirror from a pass."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner, Result

from cmbot.cli import main
from cmbot.jira_schema import parse
from cmbot.jira_schema.names import names
from cmbot.mirror import Mirror, events, journal, plans, seen
from cmbot.models.attempts import AttemptState, Cause, TryState
from cmbot.models.issues import Person
from cmbot.settings import JiraSettings, Secret

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 20, 8, 15, tzinfo=UTC)
FIELDS = {"Step name": "customfield_1"}
NAMES = names(JiraSettings(url="https://jira.example.org", token=Secret()), FIELDS, "customfield_9")


@dataclass(frozen=True)
class Terminal:
    """A directory with cmbot.yaml, and the command line."""

    place: Path

    @property
    def settings(self) -> Path:
        return self.place / "cmbot.yaml"

    def write_settings(self, **changes: Any) -> None:
        content: dict[str, Any] = {
            # Nothing listens there: a command that asks Jira fails.
            "jira": {"url": "http://127.0.0.1:1", "token": {"variable": "CMBOT_TEST_TOKEN"}},
            "panda": {"relay": "http://127.0.0.1:1/server/panda"},
            "work": {"state": str(self.place / "state"), "submit": str(self.place / "submit")},
            "environments": {"stack": {}},
            "sites": {"laptop": {}},
        }
        self.settings.write_text(yaml.safe_dump(content | changes))

    def run(self, *argv: str) -> Result:
        return CliRunner().invoke(main, argv, env={"CMBOT_SETTINGS": str(self.settings)})

    def refused(self, *argv: str) -> list[str]:
        """Lines that a command which cannot be done says; no traceback, status 1."""
        result = self.run(*argv)
        assert isinstance(result.exception, SystemExit), result.output
        assert result.exit_code == 1
        assert "Traceback" not in result.output
        return result.stderr.splitlines()

    def mirror(self) -> Mirror:
        return Mirror(self.place / "state" / "cmbot.sqlite")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    made = Terminal(tmp_path)
    made.write_settings()
    return made


def issue(number: int, kind: str, status: str, summary: str, **more: Any) -> dict[str, Any]:
    fields = {
        "issuetype": {"name": kind},
        "status": {"name": status},
        "summary": summary,
        "updated": "2026-11-20T08:15:00.000+0000",
    }
    return {"id": str(10000 + number), "key": f"CM-{number}", "fields": fields | more}


@pytest.fixture
def followed(terminal: Terminal) -> Terminal:
    """After a pass: CM-1 with step CM-2, whose groups are CM-3 (failed) and g002 (waiting, no sub-task)."""
    bodies = [
        issue(1, "Epic", "Running", "mini [DRP]"),
        issue(2, "CM Step", "Paused", "step1 of mini", customfield_1="step1", customfield_9="CM-1"),
        issue(3, "CM Group", "Failed", "g001", parent={"key": "CM-2"}),
        issue(7, "Epic", "Draft", "another"),
    ]
    cause = Cause("move:10001:5", Person("anna", "Anna"), AT, "moved CM-1 to Launch")
    with closing(terminal.mirror()) as mirror:
        mirror.remember("jira names", json.dumps(["cmbot", "cmbot", "customfield_9", FIELDS]))
        with mirror.writing() as connection:
            for body in bodies:
                seen.save_issue(connection, parse.issue(body, NAMES), body)
        where = {"where": "visit IN (1..20)", "table": None}
        rows = [plans.GroupRow("10002", name, 20, where, "", "") for name in ("g001", "g002")]
        plans.freeze_groups(mirror, "10002", rows)
        plans.name_group_issue(mirror, "10002", "g001", "10003", "CM-3")
        with mirror.writing() as connection:
            attempt = journal.add_attempt(connection, "10002", "g001", 1, cause, "hash", AT)
            item = journal.add_try(
                connection, attempt, "0a1b2c3d", "CM-2_step1_g001_a1_0a1b2c3d", "tries/x", AT
            )
            journal.set_try(connection, item, state=TryState.SUBMITTED, request_id=4711)
            journal.set_attempt(connection, attempt, state=AttemptState.FAILED, summary="isr failed")
            events.add(connection, AT, "CM-1", "Anna", "moved CM-1 from Draft to Launch", "history 5")
            events.add(connection, AT, "CM-2", "cmbot", "submitted g001 a1 as 4711", "move:10001:5")
            events.add(connection, AT, "CM-7", "Anna", "wrote another")
    return terminal
