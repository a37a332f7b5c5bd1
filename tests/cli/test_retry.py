"""cmbot retry: what exactly the next attempt would be, and what cannot be asked of it."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from cmbot.jira_schema import parse
from cmbot.jira_schema.fields import BY_NAME, FieldType
from cmbot.jira_schema.names import names
from cmbot.mirror import journal, plans, reports, seen
from cmbot.models.attempts import AttemptState, Cause, Changes, TryState
from cmbot.models.failures import Failure, FailureKind, JobError
from cmbot.models.issues import Person
from cmbot.settings import JiraSettings, Secret

IDS = {name: f"customfield_{number}" for number, name in enumerate(BY_NAME, start=100)}
EPIC_LINK = "customfield_9"
AT = datetime(2026, 11, 20, 8, 15, tzinfo=UTC)
CAMPAIGN = {
    "Reason": "a test",
    "Campaign kind": "DataProc",
    "Campaign stage": "development",
    "Campaign mode": "test",
    "Butler repository": "/repo",
    "Input collections": "raw",
    "Output root": "u/anna/mini",
    "Environment": "stack",
    "Compute site": "laptop",
}
STEP = {
    "Step name": "step1",
    "Pipeline YAML": "DRP.yaml#step1",
    "Data query": "visit > 0",
    "BPS options": "{pipetask: {isr: {requestMemory: 4000}}}",
}
TASKS = {"isr": (9, 10), "calibrate": (8, 10), "detect": (10, 10)}
"""Successful and expected quanta."""


def body(number: int, kind: str, status: str, fields: dict[str, str], **more: Any) -> dict[str, Any]:
    values = {
        IDS[name]: {"value": value} if BY_NAME[name].type is FieldType.SELECT else value
        for name, value in fields.items()
    }
    basic = {"issuetype": {"name": kind}, "status": {"name": status}, "summary": "mini"}
    found = basic | values | {"updated": "2026-11-20T08:15:00.000+0000"} | more
    return {"id": str(10000 + number), "key": f"CM-{number}", "fields": found}


@pytest.fixture
def failed(terminal: Any) -> Any:
    """CM-1 with step CM-2, whose only group CM-3 made 27 of 30 quanta in its first attempt."""
    terminal.write_settings(
        sites={"laptop": {"queues": {"small": 4000, "large": 16000}}, "cluster": {"queues": {"only": 2000}}}
    )
    known = names(JiraSettings(url="https://jira.example.org", token=Secret()), IDS, EPIC_LINK)
    bodies = [
        body(1, "Epic", "Paused", CAMPAIGN),
        body(2, "CM Step", "Paused", STEP, **{EPIC_LINK: "CM-1"}),
        body(3, "CM Group", "Failed", {}, parent={"key": "CM-2"}),
    ]
    cause = Cause("move:10001:5", Person("anna"), AT, "moved CM-1 to Launch")
    with closing(terminal.mirror()) as mirror:
        mirror.remember("jira names", json.dumps(["cmbot", "cmbot", EPIC_LINK, IDS]))
        with mirror.writing() as connection:
            for each in bodies:
                seen.save_issue(connection, parse.issue(each, known), each)
        row = plans.GroupRow("10002", "g001", 1, {"where": "visit = 1", "table": ""}, "", "")
        plans.freeze_groups(mirror, "10002", [row])
        plans.name_group_issue(mirror, "10002", "g001", "10003", "CM-3")
        with mirror.writing() as connection:
            attempt = journal.add_attempt(connection, "10002", "g001", 1, cause, "hash", AT)
            name = "CM-2_step1_g001_a1_0a1b2c3d"
            item = journal.add_try(connection, attempt, "0a1b2c3d", name, "tries/x", AT)
            journal.set_try(connection, item, state=TryState.SUBMITTED, request_id=4711)
            journal.set_attempt(connection, attempt, state=AttemptState.PARTIAL, ended_at=AT)
            counts = {"total": 30, "done": 27, "failed": 3, "running": 0}
            tasks = [
                {"label": label, "expected": all_, "successful": made, "failed": all_ - made}
                | dict.fromkeys(("blocked", "unknown", "wonky"), 0)
                for label, (made, all_) in TASKS.items()
            ]
            data = {"counts": counts, "details": [], "report": {"tasks": tasks, "failed_quanta": []}}
            reports.save(connection, item, "data", data, AT)
    return terminal


def planned(terminal: Any, *options: str) -> dict[str, Any]:
    result = terminal.run("retry", "CM-3", "--dry-run", "--json", *options)
    assert result.exit_code == 0, result.output
    (target,) = json.loads(result.output)["targets"]
    found: dict[str, Any] = target
    return found


def edit(terminal: Any, options: str) -> None:
    """Let a person edit the options of the step."""
    known = names(JiraSettings(url="https://jira.example.org", token=Secret()), IDS, EPIC_LINK)
    changed = body(2, "CM Step", "Paused", STEP | {"BPS options": options}, **{EPIC_LINK: "CM-1"})
    with closing(terminal.mirror()) as mirror, mirror.writing() as connection:
        seen.save_issue(connection, parse.issue(changed, known), changed)


def merge_failed(terminal: Any) -> None:
    with closing(terminal.mirror()) as mirror, mirror.writing() as connection:
        ((attempt,),) = journal.attempts(mirror, "10002").values()
        body = {"counts": {"total": 3, "done": 2, "failed": 1, "running": 0}, "merge_failed": True}
        assert attempt.last_try is not None
        reports.save(connection, attempt.last_try.id, "wms", body | {"tasks": []}, AT)


@pytest.mark.covers("V19", "D6")
def test_a_dry_run_prints_exactly_the_next_attempt(failed: Any) -> None:
    target = planned(failed)
    assert (target["verb"], target["attempt"], target["number"]) == ("retry", "a1", 1)
    assert target["details"] == {
        "attempt": "a2",
        "output run": "u/anna/mini/step1/g001/a2_<new>",
        "skips what exists in": "u/anna/mini/step1/g001/a1_0a1b2c3d",
        "inputs": "u/anna/mini/step1/g001/a1_0a1b2c3d, raw",
        "pipeline": "DRP.yaml#step1",
        "site": "laptop",
    }
    assert target["changes"] == {"fresh": False, "tasks": [], "site": "", "queue": "", "memory": {}}


def test_fresh_skips_nothing(failed: Any) -> None:
    details = planned(failed, "--fresh")["details"]
    assert details["skips what exists in"] == "nothing: everything is made anew"
    assert details["inputs"] == "raw"


@pytest.mark.parametrize(
    ("options", "pipeline"),
    [
        (["--failed-only"], "DRP.yaml#isr,calibrate"),
        (["--tasks", "calibrate, detect"], "DRP.yaml#calibrate,detect"),
    ],
)
def test_single_tasks_are_run(failed: Any, options: list[str], pipeline: str) -> None:
    assert planned(failed, *options)["details"]["pipeline"] == pipeline


@pytest.mark.covers("D11", "D18")
def test_memory_queue_and_site_are_as_said(failed: Any) -> None:
    details = planned(failed, "--memory", "9000", "--memory", "isr=12000", "--queue", "large")["details"]
    assert (details["memory of isr"], details["memory of calibrate"]) == (
        "4000 -> 12000 MB",
        "2048 -> 9000 MB",
    )
    assert details["site"] == "laptop, queue large"
    assert planned(failed, "--site", "cluster")["details"]["site"] == "cluster"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tasks", "isr,nonsense"], "'nonsense' is no task of step1; use calibrate, detect, isr"),
        (["--fresh", "--failed-only"], "cannot be chosen of a fresh attempt"),
        (["--site", "moon"], "'moon' is not known; use cluster, laptop"),
        (["--queue", "only"], "'only' is no queue of laptop; use large, small"),
        (["--memory", "isr=20000"], "isr cannot have 20000 MB at laptop; give 1 to 16000"),
        (
            ["--memory", "isr=5000", "--queue", "small"],
            "isr cannot have 5000 MB at laptop; give 1 to 4000, or --queue large",
        ),
        (["--memory", "isr=3000", "--site", "cluster"], "isr cannot have 3000 MB at cluster; give 1 to 2000"),
        (["--memory", "a b=3000"], "a b cannot have 3000 MB at laptop"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    failed: Any, options: list[str], said: str
) -> None:
    (line,) = failed.refused("retry", "CM-3", *options)
    assert said in line
    with closing(failed.mirror()) as mirror:
        ((attempt,),) = journal.attempts(mirror, "10002").values()
    assert attempt.orders == ()


@pytest.mark.parametrize(
    "definition", ["{queue: small}", "{queue: large, pipetask: {isr: {queue: small, requestMemory: 4000}}}"]
)
def test_memory_beyond_the_queue_of_the_definition_is_refused_with_one_that_has_it(
    failed: Any, definition: str
) -> None:
    edit(failed, definition)
    (line,) = failed.refused("retry", "CM-3", "--memory", "isr=5000")
    assert "isr cannot have 5000 MB at laptop; give 1 to 4000, or --queue large" in line
    assert planned(failed, "--memory", "isr=5000", "--queue", "large")["changes"]["memory"] == {"isr": 5000}


def test_a_merge_that_failed_alone_is_restarted_unless_something_else_is_wanted(failed: Any) -> None:
    merge_failed(failed)
    target = planned(failed)
    assert target["verb"] == "restart"
    assert target["details"]["runs again"] == "only the final job"
    assert "memory" not in target["details"]
    assert planned(failed, "--memory", "finalJob=9000")["verb"] == "retry"


@pytest.mark.parametrize("command", ["restart", "retry"])
def test_who_restarts_a_merge_that_was_killed_for_its_memory_reads_that_it_gets_no_more(
    failed: Any, command: str
) -> None:
    merge_failed(failed)
    killed = FailureKind(Failure("finalJob", (JobError("transform", 137),), 137), 1)
    with closing(failed.mirror()) as mirror, mirror.writing() as connection:
        reports.save(connection, 1, "failures", {"failed": 1, "kinds": [asdict(killed)]}, AT)
    result = failed.run(command, "CM-3", "--dry-run", "--json")
    (target,) = json.loads(result.output)["targets"]
    assert target["verb"] == "restart"
    assert "a restart cannot raise it" in target["details"]["memory"]
    assert "--memory finalJob=MB" in target["details"]["memory"]


def test_a_merge_that_cannot_be_restarted_is_retried(failed: Any) -> None:
    merge_failed(failed)
    with closing(failed.mirror()) as mirror, mirror.writing() as connection:
        connection.execute("UPDATE tries SET wms = 'Parsl'")
    assert planned(failed)["verb"] == "retry"


@pytest.mark.covers("W11")
def test_what_was_shown_is_what_is_written_down(failed: Any) -> None:
    shown = planned(failed, "--memory", "isr=9000", "--failed-only")["changes"]
    assert failed.run("retry", "CM-3", "--memory", "isr=9000", "--failed-only").exit_code == 0
    with closing(failed.mirror()) as mirror:
        ((attempt,),) = journal.attempts(mirror, "10002").values()
    (order,) = attempt.orders
    assert order.changes == Changes(**shown | {"tasks": tuple(shown["tasks"])})
    assert order.cause.what == "ran cmbot retry CM-3 --failed-only --memory isr=9000"
