"""The process: its address file, its end, and what survives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cmbot.sandbox.jira import seed as seeds
from cmbot.sandbox.jira import seeding, serve
from cmbot.sandbox.jira.schema import VERSION
from cmbot.sandbox.jira.store import Store
from cmbot.sandbox.jira.strange.profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Receiver

SERVE = """
import json, sys
from pathlib import Path
from cmbot.sandbox.jira import serve
serve(Path(sys.argv[1]), **json.loads(sys.argv[2]))
"""
Run = tuple[subprocess.Popen[bytes], dict[str, Any]]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start a real process; ends all of them."""
    processes: list[subprocess.Popen[bytes]] = []
    address = tmp_path / "address.json"

    def begin(**how: object) -> Run:
        before = text(address)
        process = subprocess.Popen([sys.executable, "-c", SERVE, str(tmp_path), json.dumps(how)])
        processes.append(process)
        deadline = time.monotonic() + 30
        while text(address) in ("", before):
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"it ended with {process.wait(0.02)} before it was ready")
            assert time.monotonic() < deadline, "it was never ready"
        return process, json.loads(text(address))

    yield begin
    for process in processes:
        process.kill()
        process.wait()


def text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def ask(about: dict[str, Any], method: str, path: str, **more: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {about['tokens']['admin']}"}
    return requests.request(method, f"{about['url']}/rest/api/2/{path}", headers=headers, timeout=20, **more)


NEW = {"fields": {"project": {"key": "CM"}, "issuetype": {"name": "Task"}, "summary": "kept"}}


def test_it_is_ready_when_its_address_is_there_and_ends_cleanly(
    serving: Callable[..., Run], tmp_path: Path
) -> None:
    process, about = serving()
    assert about["url"].startswith("http://127.0.0.1:")
    assert (tmp_path / "address.json").stat().st_mode & 0o777 == 0o600
    assert ask(about, "GET", "myself").json()["name"] == "admin"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not (tmp_path / "address.json").exists()


def test_what_was_answered_survives_a_kill(serving: Callable[..., Run]) -> None:
    process, about = serving()
    key = ask(about, "POST", "issue", json=NEW).json()["key"]
    number = ask(about, "POST", f"issue/{key}/comment", json={"body": "said"}).json()["id"]
    process.kill()
    process.wait()
    _, again = serving()
    assert again["tokens"] != about["tokens"]
    assert ask(again, "GET", f"issue/{key}").json()["fields"]["summary"] == "kept"
    assert ask(again, "GET", f"issue/{key}/comment/{number}").json()["body"] == "said"
    assert ask(again, "POST", "issue", json=NEW).json()["key"] == "CM-2"


def test_a_kill_in_the_middle_leaves_whole_issues_only(serving: Callable[..., Run], tmp_path: Path) -> None:
    process, about = serving()
    answered: list[str] = []

    def write() -> None:
        body = {
            **NEW,
            "properties": [{"key": "mark", "value": 1}],
            "update": {"comment": [{"add": {"body": "c"}}]},
        }
        with suppress(requests.RequestException):  # also an answer that was cut in the middle
            while True:
                answered.append(ask(about, "POST", "issue", json=body).json()["key"])

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    deadline = time.monotonic() + 30
    while len(answered) < 30 and time.monotonic() < deadline:
        writers[0].join(0.01)
    process.kill()
    for writer in writers:
        writer.join(30)
    _, again = serving()
    found = ask(again, "GET", "search?maxResults=1000&fields=comment&properties=mark").json()["issues"]
    assert set(answered) <= {issue["key"] for issue in found}
    for issue in found:
        assert issue["properties"] == {"mark": 1}
        assert issue["fields"]["comment"]["total"] == 1


def test_it_can_be_strange_from_the_start(serving: Callable[..., Run]) -> None:
    _, about = serving(strange="cloud")
    headers = {"Authorization": f"Bearer {about['tokens']['admin']}"}
    found = requests.get(f"{about['url']}/sandbox/strange", headers=headers, timeout=20).json()
    assert found["search"] == PROFILES["cloud"]["search"]
    assert len(found["faults"]) == len(PROFILES["cloud"]["faults"])


def test_it_listens_on_the_port_and_path_it_is_told(serving: Callable[..., Run]) -> None:
    process, about = serving(context_path="/jira")
    assert about["url"].endswith("/jira")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    port = int(about["url"].removesuffix("/jira").rpartition(":")[2])
    _, again = serving(port=port)
    assert again["url"] == f"http://127.0.0.1:{port}"


def test_a_context_path_or_seed_with_mistakes_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="begins with a slash"):
        serve(tmp_path, context_path="jira")
    (tmp_path / "seed.json").write_text("{}")
    with pytest.raises(ValueError, match=r"seed\.json: users: Field required"):
        serve(tmp_path, seed=tmp_path / "seed.json")
    assert not (tmp_path / "jira.sqlite3").exists()


def test_a_seed_is_for_an_empty_store_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "jira.sqlite3")
    assert seeding.apply(store, seeding.DEFAULT)
    assert not seeding.apply(store, seeding.DEFAULT)
    assert len(store.rows("SELECT * FROM users")) == 1
    store.close()


def changed(path: str, value: object) -> dict[str, Any]:
    """The default seed with one thing replaced."""
    seed = json.loads(seeding.DEFAULT.model_dump_json(by_alias=True))
    *parents, last = path.split(".")
    place: Any = seed
    for step in parents:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    return seed


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("users.0.admin", False, 'at least one needs "admin": true'),
        ("users.0.timeZone", "Mars/Olympus", "unknown time zone 'Mars/Olympus'"),
        ("users.0.surname", "x", "users.0.surname: Extra inputs are not permitted"),
        ("statuses.0.category", "old", "statuses.0.category"),
        ("statuses.0.name", "done", "statuses: Done, done more than once"),
        ("fields.0.type", "colour", "unknown field type 'colour'; known: text"),
        ("fields.0.type", "epic-name", "at most one of type epic-name"),
        ("fields.0.name", "epic name", "fields: Epic Name, epic name more than once"),
        ("projects.0.key", "cm", "projects.0.key"),
        ("projects.0.lead", "eve", "project CM: lead: unknown 'eve'; known: admin"),
        ("projects.0.initial", "Gone", "project CM: initial: unknown 'Gone'"),
        ("projects.0.transitions.0.to", "Gone", "project CM: transition To Do: unknown 'Gone'"),
        ("projects.0.issue_types.0", "Saga", "project CM: issue_types: unknown 'Saga'"),
    ],
)
def test_a_seed_with_a_mistake_names_it(tmp_path: Path, path: str, value: object, text: str) -> None:
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(changed(path, value)))
    with pytest.raises(ValueError, match=r"^seed\.json: ") as error:
        seeds.load(file)
    assert text in str(error.value)


def test_a_store_of_another_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "jira.sqlite3"
    store = Store(path)
    store.run("PRAGMA user_version = 99")
    store.close()
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"store version 99, expected {VERSION}"):
        Store(path)
    assert path.read_bytes() == before
    assert os.access(path, os.W_OK)


def test_a_cloud_site_says_what_to_sign_in_as_and_where_its_gateway_is(serving: Callable[..., Run]) -> None:
    _, about = serving(flavour="cloud")
    login = about["logins"]["admin"]
    answer = requests.get(
        f"{about['gateway']}/rest/api/3/myself", auth=(login["email"], about["tokens"]["admin"]), timeout=20
    )
    assert answer.json()["accountId"] == login["accountId"]


def test_both_deployments_are_served_beside_each_other(serving: Callable[..., Run], tmp_path: Path) -> None:
    _, about = serving(flavour="both", context_path="/jira")
    assert ask(about, "GET", "myself").json()["name"] == "admin"
    cloud = about["cloud"]
    assert cloud["url"] == f"{about['url']}/cloud"
    auth = (cloud["logins"]["admin"]["email"], about["tokens"]["admin"])
    for place in (cloud["url"], cloud["gateway"]):
        found = requests.get(f"{place}/rest/api/3/myself", auth=auth, timeout=20).json()
        assert found["accountId"] == cloud["logins"]["admin"]["accountId"]


def test_the_address_file_knows_the_users_after_a_reset(serving: Callable[..., Run], tmp_path: Path) -> None:
    _, about = serving()
    seed = changed("users.0.name", "root")
    seed["projects"] = []
    headers = {"Authorization": f"Bearer {about['tokens']['admin']}"}
    answer = requests.post(f"{about['url']}/sandbox/reset", json={"seed": seed}, headers=headers, timeout=20)
    told = json.loads((tmp_path / "address.json").read_text())
    assert told == {"url": about["url"], "tokens": answer.json()["tokens"]}
    assert list(told["tokens"]) == ["root"]
    assert (tmp_path / "address.json").stat().st_mode & 0o777 == 0o600


def test_a_store_is_served_as_either_deployment(serving: Callable[..., Run]) -> None:
    process, about = serving()
    key = ask(about, "POST", "issue", json=NEW).json()["key"]
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    _, about = serving(flavour="cloud")
    auth = (about["logins"]["admin"]["email"], about["tokens"]["admin"])
    found = requests.get(f"{about['url']}/rest/api/3/issue/{key}", auth=auth, timeout=20).json()
    assert found["fields"]["summary"] == "kept"


@pytest.mark.parametrize(("flavour", "told"), [("cloud", 2), ("data-center", 0)])
def test_a_kill_takes_waiting_webhooks_along_where_the_vendor_does(
    serving: Callable[..., Run], receiver: Receiver, flavour: str, told: int
) -> None:
    def administer(method: str, path: str, **more: Any) -> Any:
        auth = (
            about["logins"]["admin"]["email"] if flavour == "cloud" else "admin",
            about["tokens"]["admin"],
        )
        answer = requests.request(method, about["url"] + path, auth=auth, timeout=20, **more)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    process, about = serving(flavour=flavour)
    hook = {"name": "bot", "url": receiver.url, "events": ["jira:issue_created"]}
    administer("POST", "/rest/webhooks/1.0/webhook", json=hook)
    late = {"webhooks": {"delayed": 1, "delay": [3600, 3600]}}
    administer("PUT", "/sandbox/strange", json=late)
    for _ in range(2):
        administer("POST", "/rest/api/2/issue", json=NEW)
    process.kill()
    process.wait()
    process, about = serving(flavour=flavour)
    waiting = administer("GET", "/sandbox/webhooks")["waiting"]
    assert [one["issue"] for one in waiting] == ["CM-1", "CM-2"][:told]
    administer("PUT", "/sandbox/clock", json={"advance": 3600})
    deadline = time.monotonic() + 30
    while len(receiver.got) < told and time.monotonic() < deadline:
        assert process.poll() is None
    assert [one.body["issue"]["key"] for one in receiver.got] == ["CM-1", "CM-2"][:told]
