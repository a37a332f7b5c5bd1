"""A campaign, from the whole of it down to a log line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest

from cmbot.mirror import reports
from cmbot.models.attempts import AttemptState
from cmbot.models.campaign import DataIdFile

if TYPE_CHECKING:
    from tests.web.pages.conftest import Reader, World

LOG = "https://panda.example.org/logs/7/pilotlog.txt"
TASK = {
    "label": "isr",
    "order": 1,
    "state": "partly",
    "expected": 10,
    "done": 8,
    "failed": 2,
    "pruned": 0,
    "running": 0,
    "pending": 0,
    "ids": [71],
}


def fails(world: World, item: int, diag: str = "no space left on device") -> None:
    """Let two of ten jobs of isr fail for one reason, with a kept log and failed quanta."""
    example = {
        "label": "isr",
        "errors": [{"component": "payload", "code": 1137, "diag": diag}],
        "exit_code": 1,
        "site": "SLAC",
        "job": 7,
        "task": 71,
        "attempt": 1,
        "log": LOG,
        "request_id": 4001,
    }
    quantum = {
        "label": "isr",
        "data_id": {"visit": 1, "detector": 2},
        "message": f"RuntimeError: {diag}",
        "run": "u/anna/one/step1/g001/a1_00000001",
    }
    count = {
        "label": "isr",
        "expected": 10,
        "successful": 8,
        "failed": 2,
        "blocked": 0,
        "unknown": 0,
        "wonky": 0,
    }
    bodies = {
        "wms": {"counts": {"total": 10, "done": 8, "failed": 2, "running": 0}, "tasks": [TASK]},
        "failures": {
            "failed": 2,
            "kinds": [{"example": example, "count": 2}],
            "tries": 9,
            "not_before": world.now.isoformat(),
        },
        "failed-jobs": {
            "logs": [
                {
                    "label": "isr",
                    "job": 7,
                    "like it": 2,
                    "address": LOG.replace("pilotlog.txt", "payload.stderr"),
                    "text": f"Traceback\nOSError: {diag}",
                }
            ]
        },
        "data": {
            "counts": {"total": 10, "done": 8, "failed": 2, "running": 0},
            "details": [],
            "report": {
                "tasks": [count | {"caveats": 0, "recovered": 0}],
                "failed_quanta": [quantum],
                "at": world.now.isoformat(),
            },
        },
        "archive": {"manifest": "ab" * 32, "stage": "ended"},
    }
    with world.mirror.writing() as connection:
        for kind, body in bodies.items():
            reports.save(connection, item, kind, body, world.now)


@pytest.fixture
def failed(world: World) -> World:
    """CM-1 with step1 (CM-2), whose g001 failed and g002 is done, and step2 (CM-3) that waits for it."""
    bad = DataIdFile("bad.json", "a bad amplifier", "cd" * 32, 12)
    world.campaign("one", steps=("step1", "step2"), bad=bad)
    world.split("CM-2", 2)
    item = world.attempt("CM-2", "g001", AttemptState.PARTIAL, summary="2 quanta of isr are missing")
    world.attempt("CM-2", "g002", AttemptState.SUCCEEDED, (10, 10, 0, 0))
    fails(world, item)
    return world


@pytest.mark.covers("F20")
def test_a_campaign_is_a_grid_of_groups_and_steps(failed: World, reader: Reader) -> None:
    page = reader.twin("campaign/CM-1.json")
    assert [column["name"] for column in page["columns"]] == ["step1", "step2"]
    assert page["columns"][0]["groups"] == {
        "unit": "groups",
        "done": 1,
        "failed": 1,
        "running": 0,
        "total": 2,
    }
    # g002 needs nobody's look.
    (row,) = page["rows"]
    assert (row["name"], page["collapsed"], page["total"]) == ("g001", 1, 2)
    first, second = row["cells"]
    assert second is None
    assert (first["state"], first["attempt"], first["causes"], first["good"]) == ("partial", "a1", 1, False)
    assert first["bar"] == {"unit": "quanta", "done": 8, "failed": 2, "running": 0, "total": 10}
    assert len(reader.twin("campaign/CM-1.json?all=1")["rows"]) == 2
    text = reader.text("campaign/CM-1")
    assert "8 of 10 quanta done, 2 failed" in text
    assert "1 of 2 rows are left out" in text
    assert "submitted g001 a1" in text
    assert "to see that it works" in text


@pytest.mark.covers("W9")
def test_a_large_grid_goes_on_on_the_next_page(world: World, reader: Reader) -> None:
    world.campaign("one")
    world.split("CM-2", 250)
    names, after = [], ""
    while True:
        page = reader.twin(f"campaign/CM-1.json?after={after}")
        names += [row["name"] for row in page["rows"]]
        if not (after := page["more"]):
            break
        assert f"after={after}" in reader.text(
            f"campaign/CM-1?after={names[-101]}" if len(names) > 100 else "campaign/CM-1"
        )
    assert names == [f"g{number:03}" for number in range(1, 251)]


def test_the_picture_shows_what_waits_for_what(world: World, reader: Reader) -> None:
    world.campaign("one", steps=("step1", "step2", "step3"))
    graph = reader.twin("campaign/CM-1.json")["graph"]
    assert [node["name"] for node in graph["nodes"]] == ["step1", "step2", "step3"]
    assert [node["x"] for node in graph["nodes"]] == [4, 204, 404]
    assert len(graph["arrows"]) == 2
    assert "3 steps with 2 dependencies" in reader.text("campaign/CM-1")


@pytest.mark.covers("V4", "F7", "V22")
def test_a_group_shows_how_it_was_run_and_why_it_failed(failed: World, reader: Reader) -> None:
    page = reader.twin("group/CM-2/g001.json")
    (made,) = page["tries"]
    assert (made["attempt"], made["by"], made["request"]) == ("a1", "Anna", 4001)
    assert made["run"] == "u/anna/one/step1/g001/a1_00000001"
    assert made["archived"] == "ab" * 32
    assert ["workflow", "https://monitor.example.org/idds/wfprogress/?requestid=4001&days=180"] in made[
        "links"
    ]
    (task,) = page["report"]["tasks"]
    assert (task["label"], task["states"]["SUCCEEDED"], task["states"]["FAILED"]) == ("isr", 8, 2)
    (card,) = page["cards"]
    assert (card["failure"]["count"], card["failure"]["expected"], card["share"]) == (2, 10, "20.0 %")
    assert "no space left on device" in card["log"]
    assert page["chosen"][0]["file"]["reason"] == "a bad amplifier"
    assert page["inputs"] == ["raw", "calib"]
    text = reader.text("group/CM-2/g001")
    for said in (
        "PRUNED",
        "visit=1, detector=2",
        "DataIds excluded",
        "12 of",
        "a bad amplifier",
        "moved CM-2 to Launch",
    ):
        assert said in text
    assert "2 quanta of isr are missing" in reader.text("group/CM-2/g001")


def test_a_step_adds_its_groups_up(failed: World, reader: Reader) -> None:
    page = reader.twin("step/CM-2.json")
    assert [cell["group"] for cell in page["groups"]] == ["g001", "g002"]
    assert page["report"]["requests"] == [4001, 4002]
    assert "olga" in reader.text("step/CM-2")
    assert "It is not split yet" in reader.text("step/CM-3")


@pytest.mark.covers("F13", "F12", "F20")
def test_a_log_line_is_five_clicks_from_the_first_page(failed: World, reader: Reader) -> None:
    path = ""
    for wanted in ("campaign/CM-1", "step/CM-2", "group/CM-2/g001", "task/CM-2/g001/isr"):
        links = re.findall(r'href="([^"]+)"', reader.text(path))
        assert wanted in {urljoin(f"/{path}", link).removeprefix("/") for link in links}
        path = wanted
    assert "OSError: no space left on device" in reader.text(path)


def test_every_link_between_pages_leads_somewhere(failed: World, reader: Reader) -> None:
    """From the first page on, wherever links lead here."""
    known, left = {""}, [""]
    while left:
        path = left.pop()
        for link in re.findall(r'href="([^"#]+)"', reader.text(path)):
            target = urljoin(f"/{path}", link.replace("&amp;", "&")).removeprefix("/")
            if "://" not in target and target not in known:
                known.add(target)
                assert reader.get(target).status_code == 200, (path, target)
                if not target.partition("?")[0].endswith((".json", ".css", ".svg")):
                    left.append(target)
    assert {"campaign/CM-1", "group/CM-2/g002", "task/CM-2/g001/isr", "older"} <= known


def test_what_failed_jobs_said_is_shown_and_never_obeyed(world: World, reader: Reader) -> None:
    world.campaign(world.deadly, bad=DataIdFile("bad.json", world.deadly))
    world.split("CM-2", 1)
    fails(world, world.attempt("CM-2", "g001", AttemptState.FAILED, summary=world.deadly), world.deadly)
    for path in ("campaign/CM-1", "step/CM-2", "group/CM-2/g001", "task/CM-2/g001/isr"):
        text = reader.text(path)
        assert "<script" not in text
        assert "&lt;script&gt;" in text


def test_only_web_addresses_become_links(world: World, reader: Reader) -> None:
    ids = world.names.fields
    site_id = next(each for each, name in ids.items() if name == "QA link")
    other = next(each for each, name in ids.items() if name == "Metrics link")
    world.issue(
        "Epic", "Running", "one", **{site_id: "javascript:alert(1)", other: "https://qa.example.org/1"}
    )
    text = reader.text("campaign/CM-1")
    assert 'href="javascript' not in text
    assert "QA link: javascript:alert(1)" in text
    assert 'href="https://qa.example.org/1"' in text


@pytest.mark.parametrize(
    "path",
    [
        "campaign/CM-99",
        "campaign/CM-2",
        "step/CM-1",
        "group/CM-2/g009",
        "task/CM-2/g001/nothing",
        "group/CM-2",
    ],
)
def test_what_is_not_known_is_not_there(failed: World, reader: Reader, path: str) -> None:
    assert reader.get(path).status_code == 404
    assert reader.get(f"{path}.json").status_code == 404


def test_a_campaign_whose_definition_cannot_be_read_is_shown_with_what_is_wrong(
    world: World, reader: Reader
) -> None:
    world.issue("Epic", "Running", "one")
    assert "What is wrong with its definition" in reader.text("campaign/CM-1")
    assert reader.twin("campaign/CM-1.json")["rows"] == []


def test_the_newest_attempt_comes_first_and_says_what_it_does_otherwise(
    failed: World, reader: Reader
) -> None:
    failed.attempt("CM-2", "g001", AttemptState.RUNNING, (2, 1, 0, 1), site="FrDF")
    page = reader.twin("group/CM-2/g001.json")
    assert [(one["attempt"], one["site"]) for one in page["tries"]] == [("a2", "FrDF"), ("a1", "SLAC")]
    assert page["cell"]["state"] == "running"
