from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Build = Callable[..., dict[str, Any]]


def _ask(shared: Any, token: str | None = None, **asked: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token or shared.token}", "Origin": "Rubin"}
    url = f"{shared.url}/api/v1/task/get_tasks_detailed_info_since"
    return requests.get(url, params=asked, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def ids(shared: Any, workflow: Build) -> list[int]:
    """Two requests of two tasks each."""
    found = [shared.result("submit", workflow(f"api{n}", isr={}, coadd={})) for n in range(2)]
    for number in found:
        shared.ended(number)
    return found


def test_tasks_changed_since_an_instant_have_the_recorded_fields(
    shared: Any, ids: list[int], samples: Path
) -> None:
    recorded = json.loads(
        (samples / "panda" / "client" / "get_tasks_detailed_info_since_first4.json").read_text()
    )
    answer = _ask(shared, since="2026-11-20 05:00:00").json()
    assert (answer["success"], answer["message"]) == (True, "")
    row, theirs = answer["data"][0], recorded[1][0]
    assert set(row) == set(theirs)
    for key, value in theirs.items():
        if None not in (value, row[key]):
            assert isinstance(row[key], type(value)) or {type(row[key]), type(value)} <= {int, float}, key
    assert (row["reqID"], row["nFilesFinished"], row["pctFinished"]) == (ids[0], 1, 100)


def test_filters_are_texts_and_patterns_are_searched_after_the_cut(shared: Any, ids: list[int]) -> None:
    def found(**asked: Any) -> list[int]:
        return [row["reqID"] for row in _ask(shared, **asked).json()["data"]]

    first, second = ids
    assert found(filters=json.dumps({"reqID": str(first)})) == [first, first]
    assert found(filters=json.dumps({"reqID": f"^({first}|{second})$"})) == [first, first, second, second]
    assert found(filters=json.dumps({"reqID": f"^{second}$"}), n_tasks=2) == []
    assert found(filters=json.dumps({"nosuch": "x", "reqID": str(second)})) == [second, second]
    assert found(filters=json.dumps({"userName": "Nobody"})) == []
    assert _ask(shared, filters=json.dumps({"reqID": first})).json()["success"] is False


@pytest.mark.parametrize("asked", [{"since": "x"}, {"n_tasks": "-1"}, {"filters": "["}, {"filters": "[]"}])
def test_what_cannot_be_read_is_no_success(shared: Any, ids: list[int], asked: dict[str, str]) -> None:
    answer = _ask(shared, **asked)
    assert (answer.status_code, answer.json()["success"]) == (200, False)


def test_a_wrong_token_is_403_and_a_wrong_pattern_finds_nothing(shared: Any, ids: list[int]) -> None:
    assert _ask(shared, token="wrong").status_code == 403
    assert _ask(shared, filters=json.dumps({"status": "(["})).json()["data"] == []


def test_an_outage_of_the_server_is_one_of_its_api_too(shared: Any, ids: list[int]) -> None:
    shared.order("/sandbox/outage", kind="down")
    assert _ask(shared).status_code == 503
    shared.order("/sandbox/outage", kind=None)
    assert _ask(shared).status_code == 200
