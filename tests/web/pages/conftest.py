"""A mirror as a pass left it, with campaigns in several states, and the pages in front of it."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import requests

from cmbot.definition import issues
from cmbot.jira_schema import parse, values
from cmbot.jira_schema.fields import FIELDS
from cmbot.jira_schema.names import names
from cmbot.mirror import Mirror, events, journal, plans, reports, seen
from cmbot.models.attempts import AttemptState, Cause, TryState
from cmbot.models.campaign import CampaignDefinition, DataIdFile, PausePolicy, SplitRule, StepDefinition
from cmbot.models.issues import Person
from cmbot.settings import Settings
from cmbot.web.app import create_app
from cmbot.web.health import Health
from cmbot.web.pages import Pages
from cmbot.web.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

NOW = datetime.now(UTC).replace(microsecond=0)
"""What waits is judged by the real clock; everything here is told relative to it."""
IDS = {one.name: f"customfield_{10100 + number}" for number, one in enumerate(FIELDS)}
EPIC_LINK = "customfield_10001"
ANNA = Person("anna", "Anna")


def _raw(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {IDS[name]: values.to_jira(name, value, "name") for name, value in fields.items()}


@dataclass
class World:
    """The mirror, written as passes would, and what is served from it."""

    place: Path
    now: ClassVar[datetime] = NOW
    deadly: ClassVar[str] = "<script>alert(1)</script>\"'&"
    """What people may write."""
    numbers: int = 0
    settings: Settings = field(init=False)
    mirror: Mirror = field(init=False)
    _tries: int = 0

    def __post_init__(self) -> None:
        self.settings = Settings.model_validate(
            {
                "jira": {"url": "https://jira.example.org", "token": {"variable": "TOKEN"}},
                "panda": {
                    "relay": "https://panda.example.org/server/panda",
                    "monitor": "https://monitor.example.org",
                },
                "work": {"state": str(self.place / "state"), "submit": str(self.place / "submit")},
                "environments": {"w": {}},
                "sites": {"SLAC": {}, "FrDF": {}},
                "web": {"pages": True, "names": ["cm.example.org"]},
            }
        )
        self.names = names(self.settings.jira, IDS, EPIC_LINK)
        self.mirror = Mirror(self.place / "state" / "cmbot.sqlite")
        self.mirror.remember("jira names", json.dumps(["cmbot", "cmbot", EPIC_LINK, IDS]))
        self.pass_made()

    def pass_made(self, at: datetime = NOW) -> None:
        """A pass began."""
        self.mirror.take_lease(at, self.settings.work.lease)

    def issue(self, kind: str, status: str, summary: str, at: datetime = NOW, **more: Any) -> str:
        """Make an issue as Jira gives it; its key."""
        self.numbers += 1
        fields = {
            "issuetype": {"name": kind},
            "status": {"name": status},
            "summary": summary,
            "updated": at.isoformat(timespec="milliseconds"),
        }
        key = f"CM-{self.numbers}"
        body = {"id": str(10000 + self.numbers), "key": key, "fields": fields | more}
        with self.mirror.writing() as connection:
            seen.save_issue(connection, parse.issue(body, self.names), body)
        return key

    def campaign(
        self,
        name: str,
        status: str = "Running",
        steps: tuple[str, ...] = ("step1",),
        *,
        at: datetime = NOW,
        production: str = "",
        site: str = "SLAC",
        definer: str = "anna",
        bad: DataIdFile | None = None,
    ) -> str:
        """Make a campaign whose steps follow each other; its key."""
        made = [
            StepDefinition(
                step,
                f"$DRP_DIR/DRP.yaml#{step}",
                "visit > 0",
                after=steps[:number][-1:],
                split=SplitRule("visit", size=2),
                exclude=bad,
                operators=("olga",),
            )
            for number, step in enumerate(steps)
        ]
        definition = CampaignDefinition(
            name="mini",
            production=production,
            reason="to see that it works",
            definer=definer,
            butler="/repo",
            inputs=("raw", "calib"),
            output=f"u/anna/{name}",
            environment="w",
            wms="PanDA",
            site=site,
            pause=PausePolicy.ON_ERRORS,
            steps=tuple(made),
        )
        epic = self.issue("Epic", status, name, at, **_raw(issues.campaign_fields(definition)))
        before = ""
        for step in made:
            links = [{"type": {"name": "Blocks"}, "inwardIssue": {"key": before}}] if before else []
            before = self.issue(
                "CM Step",
                "Draft" if before else status,
                step.name,
                at,
                issuelinks=links,
                **{EPIC_LINK: epic},
                **_raw(issues.step_fields(step)),
            )
        return epic

    def split(self, step: str, count: int) -> None:
        """Split a step into groups without sub-tasks."""
        step_id = str(10000 + int(step.removeprefix("CM-")))
        where = [{"where": f"visit = {number}", "table": ""} for number in range(1, count + 1)]
        rows = [plans.GroupRow(step_id, f"g{n:03}", 2, one, "", "") for n, one in enumerate(where, 1)]
        plans.freeze_groups(self.mirror, step_id, rows)

    def attempt(
        self,
        step: str,
        group: str,
        state: AttemptState,
        counts: tuple[int, int, int, int] = (0, 0, 0, 0),
        *,
        site: str = "SLAC",
        summary: str = "",
    ) -> int:
        """Make the next attempt of a group, with jobs: total, done, failed, running; the id of its try."""
        step_id = str(10000 + int(step.removeprefix("CM-")))
        number = len(journal.attempts(self.mirror, step_id).get(group, ())) + 1
        began = NOW - timedelta(hours=3)
        self._tries += 1
        cause = Cause(f"move:{step_id}:{number}", ANNA, began, f"moved {step} to Launch")
        nonce = f"{self._tries:08x}"
        with self.mirror.writing() as connection:
            attempt = journal.add_attempt(connection, step_id, group, number, cause, "spec", began)
            name = f"{step}_step1_{group}_a{number}_{nonce}"
            item = journal.add_try(connection, attempt, nonce, name, "", began, site=site)
            journal.set_try(
                connection, item, state=TryState.SUBMITTED, request_id=4000 + self._tries, seen_at=NOW
            )
            ended = {} if state.live else {"ended_at": NOW - timedelta(hours=1)}
            journal.move_attempt(
                connection, attempt, state, NOW - timedelta(hours=1), summary=summary, **ended
            )
            total, done, failed, running = counts
            body = {"counts": {"total": total, "done": done, "failed": failed, "running": running}}
            reports.save(connection, item, "wms", body, NOW)
            events.add(connection, began, step, "cmbot", f"submitted {group} a{number}", cause.id)
        return item

    @contextmanager
    def served(self, now: Callable[[], datetime] | None = None) -> Iterator[Reader]:
        """Serve pages."""
        clock = now or (lambda: NOW)
        app = create_app(Health(timedelta(minutes=1), clock), None, Pages(self.settings, clock))
        with serving(app, "127.0.0.1", 0) as url:
            yield Reader(url)


@dataclass
class Reader:
    """Who reads pages."""

    url: str

    def get(self, path: str = "", **headers: str) -> requests.Response:
        return requests.get(f"{self.url}/{path}", headers=headers, timeout=30)

    def text(self, path: str = "") -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("text/html")
        return answer.text

    def twin(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    with closing(made.mirror):
        yield made


@pytest.fixture
def reader(world: World) -> Iterator[Reader]:
    """The pages of the world, served over HTTP."""
    with world.served() as reader:
        yield reader
