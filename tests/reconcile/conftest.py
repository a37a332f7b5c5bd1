"""A Jira of a few issues in memory, whose search may lag, and cmbot's mirror beside it."""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.definition import issues
from cmbot.exceptions import NotFound, RemoteError
from cmbot.handlers.campaign import decide
from cmbot.jira_schema import values
from cmbot.jira_schema.fields import FIELDS
from cmbot.jira_schema.names import names
from cmbot.mirror import Mirror, events, frozen, journal, plans
from cmbot.models.attempts import AttemptState, Cause
from cmbot.models.campaign import CampaignDefinition, SplitRule, StepDefinition
from cmbot.models.issues import Person
from cmbot.reconcile import observe, opening, submit, systems, views
from cmbot.reconcile.edges import Edges
from cmbot.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from cmbot.models.attempts import Attempt
    from cmbot.models.views import CampaignView

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
IDS = {one.name: f"customfield_{10100 + number}" for number, one in enumerate(FIELDS)}
EPIC_LINK = "customfield_10001"
ME = Person("cmbot")


@dataclass
class MemoryJira:
    """What `observe` asks of the gateway."""

    now: datetime = START
    issues_: dict[str, dict[str, Any]] = field(default_factory=dict)
    """As they are."""
    index: dict[str, dict[str, Any]] = field(default_factory=dict)
    """As the search sees them."""
    lagging: bool = False
    """Whether the index stays behind until `catch_up`."""
    vanished: set[str] = field(default_factory=set)
    """Ids that the search does not find for the moment."""
    hidden: set[str] = field(default_factory=set)
    """Ids that cmbot may not see."""
    broken: set[str] = field(default_factory=set)
    """Ids whose reading fails."""
    down: bool = False
    """Whether it does not answer."""
    mute: bool = False
    """Whether it takes no comment and no property."""
    asked: list[str] = field(default_factory=list)
    """What was asked for."""
    url: str = "https://jira.example.org"
    mention_prefix: str = ""
    people: Any = field(default_factory=lambda: SimpleNamespace(forget=lambda: None))
    field_ids: dict[str, str] = field(default_factory=dict)
    _history: int = 0
    _comment: int = 20000

    def tick(self, seconds: float = 1.5) -> None:
        self.now += timedelta(seconds=seconds)

    def add(self, number: int, kind: str = "CM Step", status: str = "Draft", **fields: Any) -> str:
        issue_id = str(10000 + number)
        body = {
            "issuetype": {"name": kind},
            "status": {"name": status},
            "project": {"id": "1", "key": "CM"},
            "summary": f"step{number}",
        }
        self.issues_[issue_id] = {
            "id": issue_id,
            "key": f"CM-{number}",
            "fields": body | fields,
            "histories": [],
            "properties": {},
            "read_only": False,
            "comments": [],
        }
        self.touch(issue_id)
        return issue_id

    def touch(self, issue_id: str, **fields: Any) -> None:
        self.tick()
        issue = self.issues_[issue_id]
        issue["fields"] |= fields | {"updated": self.now.isoformat(timespec="milliseconds")}
        if not self.lagging:
            self.catch_up()

    def move(self, issue_id: str, target: str, by: str = "anna") -> None:
        issue = self.issues_[issue_id]
        self._history += 1
        self.tick()
        item = {"field": "status", "fromString": issue["fields"]["status"]["name"], "toString": target}
        entry = {"id": str(self._history), "created": self.now.isoformat(), "author": {"name": by}}
        issue["histories"].append(entry | {"items": [item]})
        self.touch(issue_id, status={"name": target})

    def say(self, issue_id: str, text: str, by: str = "anna", **more: Any) -> str:
        """Comment on an issue."""
        self.tick()
        self._comment += 1
        at = self.now.isoformat(timespec="milliseconds")
        written = {"id": str(self._comment), "author": {"name": by}, "created": at, "body": text}
        self.issues_[issue_id]["comments"].append(written | more)
        self.touch(issue_id)
        return str(self._comment)

    def rename(self, issue_id: str, key: str, project: str = "1") -> None:
        """Give it another key; with the same project, without a change of its time stamp."""
        issue = self.issues_[issue_id]
        issue["key"] = key
        issue["fields"]["project"] = {"id": project}
        self.catch_up()

    def delete(self, issue_id: str) -> None:
        del self.issues_[issue_id]
        if not self.lagging:
            self.catch_up()

    def catch_up(self) -> None:
        self.index = deepcopy(self.issues_)

    def raw(self, _: str, value: Any) -> Any:
        return value

    # ---------------------------------------------------------------------- what the bot asks

    def changed(self, since_ms: int | None) -> list[dict[str, Any]]:
        self.asked.append("search")
        if self.down:
            raise RemoteError("Jira", "does not answer", "cmbot tries again")
        found = []
        for issue_id, issue in self.index.items():
            updated = datetime.fromisoformat(issue["fields"]["updated"])
            here = issue["fields"]["project"]["id"] == "1" and issue_id not in self.vanished | self.hidden
            here &= not issue["read_only"]
            if here and (since_ms is None or updated.timestamp() * 1000 >= since_ms):
                kind, status = (issue["fields"][name]["name"] for name in ("issuetype", "status"))
                row = {"id": issue_id, "key": issue["key"], "updated": updated}
                found.append(row | {"status": status, "issuetype": kind})
        return sorted(found, key=lambda item: item["updated"])

    def issue(self, id_or_key: str) -> dict[str, Any]:
        self.asked.append(id_or_key)
        by_key = {issue["key"]: issue for issue in self.issues_.values()}
        found = self.issues_.get(id_or_key) or by_key.get(id_or_key)
        if found is None or found["id"] in self.hidden:
            raise NotFound(id_or_key, "reading the issue: not found")
        if found["id"] in self.broken:
            raise RemoteError(found["key"], "reading the issue: HTTP 500", "cmbot tries again")
        return deepcopy(found)

    def issues(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        self.asked.append("several")
        for row in rows:
            if row["id"] in self.index:
                found = deepcopy(self.index[row["id"]])
                del found["comments"]
                yield found

    def ensure_property(self, issue_id: str, key: str, value: Any) -> None:
        if self.mute:
            raise RemoteError("Jira", "does not answer", "cmbot tries again")
        self.asked.append(f"keep {key}")
        self.issues_[issue_id]["properties"][key] = value

    def post_comment_once(self, issue_id: str, marker: str, body: str) -> str:
        if self.mute:
            raise RemoteError("Jira", "does not answer", "cmbot tries again")
        assert marker in body
        return self.say(issue_id, body, by=ME.account)

    paused_until = None

    def expect(self, issue_id: str) -> None:
        self.asked.append(f"expect {issue_id}")

    def server_time(self) -> datetime:
        return self.now


@dataclass
class Watcher:
    """cmbot, as far as it sees Jira."""

    jira: MemoryJira
    edges: Edges
    now: datetime = START

    def look(self, minutes: float = 1, **named: str) -> observe.News:
        """Look once; some time goes by before."""
        self.now += timedelta(minutes=minutes)
        return observe.changes(self.edges, self.now, {issue_id[1:]: key for issue_id, key in named.items()})

    def resync(self) -> observe.News:
        return self.look(61)

    def campaign(self, key: str = "CM-1") -> CampaignView:
        """The campaign as the mirror knows it."""
        (epic,) = [epic for epic in views.epics(self.edges) if epic.key == key]
        return views.campaign(self.edges, epic)

    def seen(self) -> dict[str, str]:
        """Status of every issue in the mirror, by key; frozen ones in brackets."""
        found = {}
        troubles = frozen.troubles(self.edges.mirror)
        for row in self.edges.mirror.connection.execute("SELECT id, key, status FROM issues"):
            found[row["key"]] = f"({row['status']})" if row["id"] in troubles else row["status"]
        return found

    def events(self, *keys: str) -> list[tuple[str, str]]:
        return [(event.who, event.what) for event in events.of(self.edges.mirror, keys)]

    def frozen(self, issue_id: str) -> str:
        return frozen.troubles(self.edges.mirror).get(issue_id, "")


@contextmanager
def _watching(jira: MemoryJira, state: Path) -> Iterator[Watcher]:
    settings = Settings.model_validate(
        {
            "jira": {"url": jira.url, "token": {"variable": "TOKEN"}},
            "panda": {"relay": "https://panda.example.org/server/panda"},
            "work": {"state": str(state), "submit": str(state)},
            "environments": {"w": {}},
            "sites": {"SLAC": {}},
        }
    )
    mirror = Mirror(state / "cmbot.sqlite")
    gateway = cast("Any", jira)
    edges = Edges(
        settings=settings,
        jira=gateway,
        names=names(settings.jira, IDS, EPIC_LINK),
        me=ME,
        mirror=mirror,
        catalogue=opening.load_catalogue(""),
        wms=cast("Any", None),
        runner=cast("Any", None),
        comments=opening.comments(settings, gateway),
        bases={},
        token=lambda: "",
        budget=systems.budget(settings, mirror),
    )
    yield Watcher(jira, edges)
    mirror.close()


@pytest.fixture
def jira() -> MemoryJira:
    return MemoryJira()


@pytest.fixture
def watcher(jira: MemoryJira, tmp_path: Path) -> Iterator[Watcher]:
    with _watching(jira, tmp_path) as watcher:
        yield watcher


@pytest.fixture
def forgetful(jira: MemoryJira, tmp_path: Path) -> Iterator[Watcher]:
    """Another cmbot on the same Jira, with an empty mirror."""
    (tmp_path / "lost").mkdir()
    with _watching(jira, tmp_path / "lost") as watcher:
        yield watcher


@pytest.fixture(scope="session")
def new_watcher(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], AbstractContextManager[Watcher]]:
    """Makes a Jira and a mirror of its own for every example."""
    return lambda: _watching(MemoryJira(), tmp_path_factory.mktemp("mirror"))


@pytest.fixture
def campaign(jira: MemoryJira, watcher: Watcher) -> dict[str, str]:
    """An epic with two steps, the first of which has a group with a sub-task; all of it was seen."""
    ids = {
        "epic": jira.add(1, "Epic", "Running"),
        "step": jira.add(2, **{EPIC_LINK: "CM-1", IDS["Step name"]: "step1"}),
        "next": jira.add(3, **{EPIC_LINK: "CM-1", IDS["Step name"]: "step2"}),
        "group": jira.add(4, "CM Group", parent={"key": "CM-2"}),
    }
    watcher.look()
    row = plans.GroupRow(ids["step"], "g001", 1, {"where": "visit = 1", "table": ""}, "", "")
    plans.freeze_groups(watcher.edges.mirror, ids["step"], [row])
    plans.name_group_issue(watcher.edges.mirror, ids["step"], "g001", ids["group"], "CM-4")
    jira.asked.clear()
    return ids


_STEP = StepDefinition(
    "step1", "$DRP_DIR/DRP.yaml#step1", "visit > 0", split=SplitRule("visit", size=2, grow=True)
)
_CAMPAIGN = CampaignDefinition(
    name="mini",
    reason="a test",
    kind="DataProc",
    stage="development",
    mode="test",
    butler="/repo",
    inputs=("raw",),
    output="u/anna/mini",
    environment="w",
    wms="PanDA",
    site="SLAC",
    steps=(_STEP,),
)


class _Runner:
    """Starts nothing."""

    def start(self, *_: Any) -> None:
        pass

    def busy(self) -> int:
        return 0


def _raw(fields: dict[str, Any]) -> dict[str, Any]:
    return {IDS[name]: values.to_jira(name, value, "name") for name, value in fields.items()}


@pytest.fixture
def defined(jira: MemoryJira, watcher: Watcher) -> Watcher:
    """CM-1 with step CM-2, in Draft."""
    jira.add(1, "Epic", **_raw(issues.campaign_fields(_CAMPAIGN)))
    jira.add(2, **{EPIC_LINK: "CM-1"}, **_raw(issues.step_fields(_STEP)))
    watcher.look()
    watcher.edges = replace(watcher.edges, runner=cast("Any", _Runner()))
    assert watcher.campaign().problems == ()
    return watcher


@dataclass
class Submitting:
    """cmbot, as far as it submits: CM-2 is split into g001 and g002, and nothing is started."""

    watcher: Watcher
    jira: MemoryJira
    pauses: str = "only on errors and checkpoints"

    def __post_init__(self) -> None:
        self.jira.touch("10001", **{IDS["Pause policy"]: {"value": self.pauses}})
        self.jira.touch("10002", **{IDS["Split rule"]: "{dimension: visit, size: 1}"})
        where = [{"where": f"visit = {number}", "table": "", "parts": {}} for number in (1, 2)]
        rows = [plans.GroupRow("10002", f"g00{n}", 1, one, "", "") for n, one in enumerate(where, 1)]
        plans.freeze_groups(self.watcher.edges.mirror, "10002", rows)
        cause = Cause("move:10001:0", Person("anna"), START, "moved CM-1 to Launch")
        with self.watcher.edges.mirror.writing() as connection:
            # Something was submitted before, so that the split stands.
            journal.add_attempt(connection, "10002", "g001", 1, cause, "spec", START)
            journal.move_attempt(connection, 1, AttemptState.FAILED, START, ended_at=START)

    def launch(self) -> None:
        """Move the campaign to Launch, and submit what that asks for."""
        self.jira.now = self.watcher.now = max(self.jira.now, self.watcher.now)
        self.jira.move("10001", "Launch")
        self.go_on()
        self.jira.move("10001", "Paused", by="cmbot")

    def go_on(self) -> None:
        self.watcher.look()
        decision = decide(self.watcher.campaign())
        for action in decision.submits:
            submit.first_try(self.watcher.edges, self.watcher.campaign(), action, self.watcher.now)

    def edit(self, **fields: str) -> None:
        """Edit the step in Jira, by field names with _ for spaces."""
        self.jira.touch("10002", **{IDS[name.replace("_", " ")]: value for name, value in fields.items()})
        self.watcher.look()

    def again(self, group: str) -> None:
        """Let the newest attempt of a group end badly."""
        attempt = self.attempt(group)
        with self.watcher.edges.mirror.writing() as connection:
            journal.move_attempt(connection, attempt.id, AttemptState.FAILED, START, ended_at=START)

    def attempts(self, group: str) -> list[Attempt]:
        return list(journal.attempts(self.watcher.edges.mirror, "10002").get(group, ()))

    def attempt(self, group: str) -> Attempt:
        return self.attempts(group)[-1]

    def submitted(self, group: str) -> str:
        """The BPS YAML of the newest attempt, as bps finds it."""
        item = self.attempt(group).last_try
        assert item is not None
        return Path(item.directory, "bps.yaml").read_text()

    def happened(self) -> list[tuple[str, str]]:
        return [(each.what, each.why) for each in events.of(self.watcher.edges.mirror, ("CM-1", "CM-2"))]


class _Wms:
    """Knows no request."""

    def find(self, _: str) -> dict[str, int]:
        return {}


@pytest.fixture
def submitting(jira: MemoryJira, defined: Watcher) -> Submitting:
    place = {"queue": "SLAC_Rubin", "fileDistributionEndPoint": "file:///box/{uniqProcName}/"}
    site = defined.edges.settings.sites["SLAC"].model_copy(update={"wms_options": place})
    settings = defined.edges.settings.model_copy(update={"sites": {"SLAC": site}})
    defined.edges = replace(
        defined.edges,
        settings=settings,
        wms=cast("Any", _Wms()),
        bases=systems.bases(),
        token=lambda: "token",
    )
    return Submitting(defined, jira)
