"""Other programs create campaigns over HTTP: once for each key, and never launch one (requirement B27)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from cmbot.definition import yaml_text
from cmbot.settings import parse
from cmbot.web import creating
from cmbot.web.app import create_app
from cmbot.web.creating import Creating
from cmbot.web.health import Health
from cmbot.web.server import serving
from tests.schedules.conftest import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta
    from pathlib import Path

TOKEN = "what only the programs know"
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
CAMPAIGN = {
    "variables": {"night": {"type": "night"}},
    "name": "night $(night)",
    "reason": "last night",
    "butler": "/repo",
    "inputs": ["LSSTCam/defaults"],
    "output": "LSSTCam/runs/nightly/$(night)",
    "environment": "w",
    "site": "SLAC",
    "steps": [{"name": "step1", "pipeline": "DRP.yaml#step1", "query": "day_obs = $(night)"}],
}


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project()
    monkeypatch.setattr(creating, "connect", lambda _: made)
    return made


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
def url(tmp_path: Path, project: Project, woken: list[str]) -> Iterator[str]:
    settings = parse(
        {
            "jira": {"url": "https://jira.example.org/", "token": {"variable": "TOKEN"}},
            "panda": {"relay": "https://panda.example.org/server/panda"},
            "work": {"state": str(tmp_path / "state"), "submit": str(tmp_path / "submit")},
            "environments": {"w": {}},
            "sites": {"SLAC": {}},
        },
        "settings",
    )
    made = Creating(settings, TOKEN, lambda: NOW, lambda: woken.append("soon"))
    poll: timedelta = settings.work.poll
    with serving(create_app(Health(poll, lambda: NOW), None, None, made), "127.0.0.1", 0) as served:
        yield f"{served}/api/campaigns"


@pytest.fixture
def post(url: str) -> Callable[..., requests.Response]:
    def posted(
        body: Any = CAMPAIGN, key: str = "alerts-20261119", token: str = TOKEN, **query: Any
    ) -> requests.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        answer = requests.post(
            url, data=raw, headers=headers, params=query or {"set": "night=20261119"}, timeout=20
        )
        assert TOKEN not in answer.text
        return answer

    return posted


@pytest.mark.covers("B27")
def test_a_program_creates_a_campaign_and_a_person_launches_it(
    post: Any, project: Project, woken: list[str]
) -> None:
    answer = post()
    assert answer.status_code == 201
    assert answer.json() == {
        "campaign": "CM-1",
        "url": "https://jira.example.org/browse/CM-1",
        "next": "see `cmbot plan CM-1`; a person moves it to Launch",
    }
    assert project.campaigns == ["night 20261119"]
    assert woken == ["soon"]


@pytest.mark.covers("B27", "W2")
def test_the_same_key_makes_one_campaign_however_often_and_at_once(post: Any, project: Project) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post(), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert {answer.json()["campaign"] for answer in answers} == {"CM-1"}
    assert project.campaigns == ["night 20261119"]


def test_a_key_stands_for_one_campaign(post: Any, project: Project) -> None:
    assert post().status_code == 201
    other = post(set="night=20261120")
    assert other.status_code == 409
    assert "was used for another campaign, CM-1; use a new key for every campaign" in other.json()["error"]
    assert post(key="alerts-20261120", set="night=20261120").status_code == 201
    assert len(project.campaigns) == 2


@pytest.mark.covers("B27", "W1")
@pytest.mark.parametrize("failing", ["before", "after"])
def test_what_jira_did_not_do_is_finished_by_the_same_request_again(
    post: Any, project: Project, failing: str
) -> None:
    project.failing = failing
    answer = post()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert post().status_code == 201
    assert post().status_code == 200
    assert project.campaigns == ["night 20261119"]


@pytest.mark.covers("V13")
def test_all_problems_are_answered_with_field_and_remedy(post: Any, project: Project) -> None:
    broken = CAMPAIGN | {"reason": "", "site": "Mars"}
    answer = post(broken)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["problems"]] == ["Reason", "Compute site"]
    assert all(one["remedy"] for one in answer.json()["problems"])
    # The key is free for the campaign as it is mended.
    assert post().status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 422, "body"),
        (b"\xff\xfe", 400, "is not text in UTF-8"),
        (b"a: &x [1]\nb: *x", 422, "aliases are not allowed"),
        (b"a: !!python/object/apply:os.system [id]", 422, "body"),
        (b"[" * 500, 422, "nested deeper"),
        (b"a: 1\na: 2", 422, "written more than once"),
        (b"x" * (yaml_text.MAX_BYTES + 1), 413, "has more than"),
        (b'{"name": "x", "secret": 1}', 422, "body"),
    ],
)
def test_hostile_bodies_are_refused(
    post: Any, project: Project, body: bytes, status: int, words: str
) -> None:
    answer = post(body)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text[:300]
    assert project.made == {}


def test_a_set_of_dataids_cannot_be_a_file_of_this_machine(post: Any, project: Project) -> None:
    for name in ("../../etc/passwd.json", "good.json"):
        answer = post(CAMPAIGN | {"include": {"file": name, "reason": "none"}})
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["field"] == "DataIds included"
        assert "cannot come with a request" in answer.text
    assert project.made == {}


@pytest.mark.parametrize("token", ["", "another", f"{TOKEN}x", "\xe9"])
def test_without_the_token_nothing_is_read(post: Any, project: Project, token: str) -> None:
    assert post(b"x" * 10, token=token).status_code == 401
    assert project.made == {}


@pytest.mark.parametrize("key", ["", "short", "x" * 101, "with space in it", "a/b/c/d/e/f"])
def test_a_key_of_its_own_is_asked_for(post: Any, key: str) -> None:
    answer = post(key=key)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["error"]


def test_other_parameters_and_methods_are_refused(post: Any, url: str) -> None:
    assert post(launch="true").status_code == 400
    assert post(set="night").status_code == 400
    assert requests.get(url, timeout=10).status_code == 405


def test_yaml_is_as_good_as_json(post: Any, project: Project) -> None:
    assert post(yaml.safe_dump(CAMPAIGN).encode()).status_code == 201
    assert project.campaigns == ["night 20261119"]
