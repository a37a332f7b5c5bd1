"""Reset and export: a copy of a site answers like the original."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cmbot.sandbox.jira import beginnings, seeding, snapshot
from cmbot.sandbox.jira import export as export_state
from cmbot.sandbox.jira.server import reset as reset_state
from cmbot.sandbox.jira.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Sandbox, Start


@pytest.fixture
def lived_in(sandbox: Sandbox) -> Sandbox:
    """CM-1 epic, CM-2 step with everything on it, CM-3 deleted."""
    epic = sandbox.create("Epic", "DRP")
    step = sandbox.create(summary="Größe", labels=["a"], **{sandbox.field("Epic Link"): epic})
    sandbox.rest(
        "POST", f"issue/{step}/comment", json={"body": "one", "properties": [{"key": "k", "value": 1}]}
    )
    sandbox.rest("PUT", f"issue/{step}/properties/cmbot.state", json={"deep": [1]})
    headers = {"X-Atlassian-Token": "no-check"}
    sandbox.rest("POST", f"issue/{step}/attachments", headers=headers, files={"file": ("f.bin", b"\x00\xff")})
    link = {"type": {"name": "Blocks"}, "inwardIssue": {"key": epic}, "outwardIssue": {"key": step}}
    sandbox.rest("POST", "issueLink", json=link)
    sandbox.move(step, "Launch")
    sandbox.rest("DELETE", f"issue/{sandbox.create()}")
    return sandbox


def whole(sandbox: Sandbox) -> Any:
    asked = {"jql": "ORDER BY key", "fields": ["*all"], "expand": ["changelog"], "properties": ["*all"]}
    found = sandbox.rest("POST", "search", json=asked).json()
    return json.loads(json.dumps(found).replace(sandbox.url, "URL"))


def export(sandbox: Sandbox) -> dict[str, Any]:
    answer = sandbox.ask("GET", "/sandbox/export")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def reset(sandbox: Sandbox, body: dict[str, Any] | None = None) -> requests.Response:
    return sandbox.ask("POST", "/sandbox/reset", json=body)


def test_a_copy_answers_like_the_original(lived_in: Sandbox, start: Start, tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(export(lived_in)))
    copy = start(beginning=beginnings.load(file))
    assert whole(copy) == whole(lived_in)
    assert copy.ask("GET", "/secure/attachment/10000/f.bin").content == b"\x00\xff"
    assert export(copy) == export(lived_in)
    assert copy.create() == lived_in.create() == "CM-4"  # ids go on, also behind a deleted issue
    assert export(copy) == export(lived_in)


def test_a_site_can_be_exported_while_its_server_runs(start: Start, tmp_path: Path) -> None:
    running = start(store=tmp_path / "jira.sqlite3")
    running.create()
    export_state(tmp_path, tmp_path / "export.json")
    assert (tmp_path / "export.json").stat().st_mode & 0o077 == 0
    assert json.loads((tmp_path / "export.json").read_text()) == export(running)
    with pytest.raises(FileNotFoundError):
        export_state(tmp_path / "elsewhere", tmp_path / "none.json")


def test_a_stopped_site_begins_again_by_command(tmp_path: Path) -> None:
    store = Store(tmp_path / "jira.sqlite3")
    beginnings.begin(store, seeding.DEFAULT)
    store.run("DELETE FROM link_types")
    store.close()
    (tmp_path / "address.json").write_text(json.dumps({"url": "http://127.0.0.1:1", "tokens": {"admin": ""}}))
    reset_state(tmp_path)  # its server was killed and left its address behind
    store = Store(tmp_path / "jira.sqlite3")
    assert store.rows("SELECT name FROM link_types")
    store.close()
    with pytest.raises(FileNotFoundError):
        reset_state(tmp_path / "elsewhere")


def test_a_running_site_begins_again_by_command(start: Start, tmp_path: Path) -> None:
    running = start(store=tmp_path / "jira.sqlite3")
    export_state(tmp_path, tmp_path / "empty.json")
    running.create()
    (tmp_path / "address.json").write_text(json.dumps(running.app.about()))
    reset_state(tmp_path, tmp_path / "empty.json")
    assert running.search("") == []
    running.create()
    (tmp_path / "address.json").write_text(json.dumps(running.app.about() | {"tokens": {"alice": "x"}}))
    with pytest.raises(ValueError, match="refused to begin again"):
        reset_state(tmp_path)
    assert running.search("") == ["CM-1"]


def test_a_reset_leads_back_to_the_seed(lived_in: Sandbox) -> None:
    fields = {name: field.id for name, field in lived_in.app.site.config.fields.items()}
    assert reset(lived_in).status_code == 200
    assert lived_in.search("") == []
    assert {name: field.id for name, field in lived_in.app.site.config.fields.items()} == fields
    assert lived_in.create() == "CM-1"
    assert lived_in.get("issue/CM-1")["id"] == "10000"


def test_a_reset_can_bring_an_export_back_and_remembers_it(lived_in: Sandbox) -> None:
    kept, before = export(lived_in), whole(lived_in)
    lived_in.rest("DELETE", "issue/CM-2")
    assert reset(lived_in, {"seed": kept}).status_code == 200
    assert whole(lived_in) == before
    lived_in.rest("DELETE", "issue/CM-2")
    reset(lived_in)
    assert whole(lived_in) == before


def test_a_reset_with_a_seed_makes_another_site(sandbox: Sandbox) -> None:
    seed = {
        "users": [{"name": "carol", "displayName": "Carol", "admin": True}],
        "statuses": [{"name": "Open", "category": "new"}],
        "issue_types": [{"name": "Task", "level": 0}],
    }
    alice = sandbox.app.access.tokens["alice"]
    tokens = reset(sandbox, {"seed": seed}).json()["tokens"]
    assert list(tokens) == ["carol"]
    assert sandbox.ask("GET", "/rest/api/2/myself", user="carol").json()["name"] == "carol"
    url = f"{sandbox.url}/rest/api/2/myself"
    answer = requests.get(url, headers={"Authorization": f"Bearer {alice}"}, timeout=20)
    assert answer.status_code == 401  # she is gone


def test_a_reset_drops_what_waits_and_what_lags(sandbox: Sandbox) -> None:
    sandbox.ask("PUT", "/sandbox/strange", json={"search": {"lag": 60}})
    sandbox.create()
    reset(sandbox)
    sandbox.clock.advance(minutes=2)
    assert sandbox.search("") == []
    sandbox.create()
    assert sandbox.search("") == []  # still strange


def test_a_seed_that_does_not_fit_changes_nothing(lived_in: Sandbox) -> None:
    before, good = whole(lived_in), export(lived_in)
    tables = good["tables"]
    issues = tables["issues"]
    broken: list[Any] = [
        {"users": []},
        "x",
        {**good, "sandbox_jira": 1},
        {**good, "tables": {}},
        {**good, "tables": {**tables, "issues; DROP TABLE users": issues}},
        {**good, "tables": {**tables, "users": {"columns": tables["users"]["columns"], "rows": []}}},
        {**good, "tables": {**tables, "issues": {**issues, "columns": issues["columns"][::-1]}}},
        {**good, "tables": {**tables, "issues": {**issues, "rows": [row[:-1] for row in issues["rows"]]}}},
        {
            **good,
            "tables": {**tables, "issues": {**issues, "rows": [[*r[:-1], "{"] for r in issues["rows"]]}},
        },
        {**good, "tables": {**tables, "issues": {**issues, "rows": issues["rows"] * 2}}},
    ]
    for seed in broken:
        answer = reset(lived_in, {"seed": seed})
        assert answer.status_code == 400, seed
    assert reset(lived_in, {"sead": good}).status_code == 400
    assert whole(lived_in) == before


def test_only_administrators_start_over(sandbox: Sandbox) -> None:
    assert sandbox.ask("GET", "/sandbox/export", user="bob").status_code == 403
    assert sandbox.ask("POST", "/sandbox/reset", user="bob").status_code == 403


def test_a_mistake_in_a_seed_file_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "seed.json"
    for text, problem in (("{", "seed.json: "), ('{"tables": 1, "x": 2}', "seed.json: tables: ")):
        file.write_text(text)
        with pytest.raises(ValueError, match=problem):
            beginnings.load(file)


def test_every_table_is_in_an_export_but_the_sandboxs_own(sandbox: Sandbox) -> None:
    taken = snapshot.take(sandbox.store)
    assert set(taken.tables) | snapshot.LEFT_OUT == set(sandbox.store.tables())
