"""What a person types, what is answered, and that mistakes are said on one line each."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import responses
import yaml

from cmbot.mirror import events, journal, reports
from cmbot.models.attempts import AttemptState
from cmbot.models.failures import Failure, FailureKind, JobError
from cmbot.resources import resource

CAMPAIGN = resource("config/campaigns/mini-drp.yaml")


@pytest.fixture
def campaign(terminal: Any) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(CAMPAIGN.read_text())
    del data["variables"]
    return data | {"butler": "demo", "environment": "stack", "site": "laptop"}


def written(terminal: Any, campaign: dict[str, Any]) -> str:
    file = terminal.place / "campaign.yaml"
    file.write_text(yaml.safe_dump(campaign))
    return str(file)


# ------------------------------------------------------------------------------------------ create


def test_a_dry_run_checks_and_creates_nothing(terminal: Any, campaign: dict[str, Any]) -> None:
    result = terminal.run("create", written(terminal, campaign), "--dry-run")
    assert result.exit_code == 0
    assert result.output == "would create mini DRP with steps step1, step2, step3\n"
    assert not (terminal.place / "state").exists()


@pytest.mark.covers("V13", "B33")
def test_a_file_is_checked_with_and_without_settings(terminal: Any, campaign: dict[str, Any]) -> None:
    file = written(terminal, campaign)
    assert terminal.run("check", file, "--offline").output == f"{file}: sound\n"
    campaign["environment"] = "elsewhere"
    file = written(terminal, campaign)
    [line] = terminal.refused("check", file)
    assert line.startswith(f"{file}: Environment: 'elsewhere' is not known")
    terminal.settings.unlink()
    lines = terminal.run("check", file, "--offline").output.splitlines()
    assert lines == [f"{file}: environments and sites: not checked without settings", f"{file}: sound"]
    data = {"link": "https://example.org/lists", "tag": "v1", "sha": "0" * 40}
    terminal.write_settings(environments={"elsewhere": {}})
    lines = terminal.refused("check", written(terminal, campaign | {"data": data}))
    line = next(line for line in lines if "Data specification" in line)
    assert "is no repository that may be asked; git.repositories has none" in line


@pytest.mark.covers("B9")
def test_a_campaign_whose_tag_was_moved_is_not_created(
    terminal: Any, campaign: dict[str, Any], repository: Any
) -> None:
    old, new = repository.sha("v1"), repository.sha("later")
    terminal.write_settings(git={"repositories": [f"file://{repository.place.parent}/"]})
    data = {"link": repository.link, "tag": "v1", "sha": old}
    file = written(terminal, campaign | {"data": data})
    assert terminal.run("create", file, "--dry-run").exit_code == 0
    repository.move("v1", "later")
    for verb in ("create", "check"):
        said = "\n".join(terminal.refused(verb, file))
        assert f"Data specification version: v1 is {new} there, not {old}" in said


def test_the_schema_is_printed(terminal: Any) -> None:
    assert json.loads(terminal.run("check", "--schema").output)["title"] == "CampaignDefinition"
    assert terminal.run("check").exit_code == 2


RULES = """
rules:
  - {name: psf, codes: ['pilot:1305'], flavour: payload, action: accept, tolerance: 0.1, active: true}
  - {name: node, codes: ['pilot:1150'], flavour: infrastructure, action: rescue}
"""


def test_an_error_catalogue_is_checked_and_then_used(followed: Any) -> None:
    file = followed.place / "errors.yaml"
    file.write_text(RULES)
    result = followed.run("check", "--errors", str(file))
    assert result.output == f"{file}: sound; 1 rules are active, 1 passive\n"
    followed.write_settings(failures={"catalogue": str(file)})
    lines = followed.run("errors").output.splitlines()
    assert [line.split()[0] for line in lines if line.startswith(("psf", "node"))] == ["psf", "node"]
    assert "calibration-without-stars" not in "".join(lines)


def test_what_is_wrong_with_an_error_catalogue_is_a_line_each(terminal: Any) -> None:
    file = terminal.place / "errors.yaml"
    file.write_text(RULES.replace("rescue", "pray").replace("0.1", "7"))
    lines = terminal.refused("check", "--errors", str(file))
    found = [line.removeprefix(f"{file}: ").partition(":")[0] for line in lines]
    assert found == ["psf tolerance", "node action"]


@pytest.mark.covers("B11")
def test_variables_are_set_on_the_command_line(terminal: Any, campaign: dict[str, Any]) -> None:
    declared = {"variables": {"place": {}, "title": {"default": "mini"}}}
    file = written(terminal, campaign | declared | {"site": "$(place)", "name": "$(title)"})
    set_both = ("--set", "title=a=b", "--set", "place=laptop")
    assert terminal.run("create", file, "--dry-run", "--set", "place=laptop").exit_code == 0
    assert terminal.run("create", file, "--dry-run", *set_both).output == (
        "would create a=b with steps step1, step2, step3\n"
    )
    assert terminal.run("create", file, "--dry-run", "--set", "place").exit_code == 2
    [line] = terminal.refused("create", file, "--dry-run")
    assert line.endswith("place: has no value; say --set place=VALUE, a text")


@pytest.mark.covers("V13", "B3", "B33")
def test_every_problem_of_a_campaign_is_a_line(terminal: Any, campaign: dict[str, Any]) -> None:
    campaign |= {"reason": "", "site": "mars", "butler": "a b"}
    campaign["steps"][0]["query"] = "visit IN ({VISITS})"
    lines = terminal.refused("create", written(terminal, campaign), "--dry-run")
    assert [line.split(": ")[1] for line in lines] == [
        "Reason",
        "Butler repository",
        "Compute site",
        "step1 Data query",
    ]
    assert all(line.startswith("mini DRP: ") and "; " in line for line in lines)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [1", "is not valid YAML"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"a: &x 1\nb: *x", "aliases are not allowed"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_on_one_line(terminal: Any, content: bytes, said: str) -> None:
    file = terminal.place / "bad.yaml"
    file.write_bytes(content)
    [line] = terminal.refused("create", str(file), "--dry-run")
    assert line.startswith(f"{file}: ")
    assert said in line


def test_a_campaign_is_not_created_without_a_token(
    terminal: Any, campaign: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CMBOT_TEST_TOKEN", raising=False)
    [line] = terminal.refused("create", written(terminal, campaign))
    assert line == "jira.token: the environment variable CMBOT_TEST_TOKEN is empty; set it"


def test_a_jira_that_does_not_answer_is_one_line_without_the_token(
    terminal: Any, campaign: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMBOT_TEST_TOKEN", "very-secret")
    lines = terminal.refused("create", written(terminal, campaign))
    assert len(lines) == 1
    assert "127.0.0.1" in lines[0] or "Jira" in lines[0]
    assert "very-secret" not in lines[0]


# ---------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize("command", [("status",), ("history", "CM-1"), ("plan", "CM-1"), ("sync", "--once")])
def test_settings_that_are_not_there_are_named(terminal: Any, command: tuple[str, ...]) -> None:
    terminal.settings.unlink()
    lines = terminal.refused(*command)
    assert lines[-1].endswith("cmbot.yaml: cannot be read (No such file or directory); say --settings FILE")


@pytest.mark.covers("W21")
def test_every_wrong_setting_is_a_line_with_its_name(terminal: Any) -> None:
    terminal.write_settings(wrok={}, panda={"relay": "x", "timeout": "soon"}, sites=5)
    lines = terminal.refused("status")
    assert {line.split(": ")[1] for line in lines} == {"wrok", "panda.timeout", "sites"}


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe", b"just text", b""])
def test_settings_that_are_none_are_refused(terminal: Any, content: bytes) -> None:
    terminal.settings.write_bytes(content)
    assert all(str(terminal.settings) in line for line in terminal.refused("status"))


def test_the_settings_file_can_be_named(terminal: Any, followed: Any) -> None:
    other = terminal.place / "other.yaml"
    terminal.settings.rename(other)
    assert terminal.run("status", "--settings", str(other)).exit_code == 0


# ------------------------------------------------------------------------------- status and history


def test_before_the_first_pass_there_is_nothing_to_show(terminal: Any) -> None:
    [line] = terminal.refused("status")
    assert "there is no mirror yet; run `cmbot sync` first" in line
    with closing(terminal.mirror()):
        pass
    [line] = terminal.refused("status")
    assert "there was no pass yet; run `cmbot sync` first" in line


def test_a_state_directory_that_cannot_be_made_is_named(terminal: Any) -> None:
    (terminal.place / "state").write_text("a file")
    [line] = terminal.refused("status")
    assert str(terminal.place / "state") in line


@pytest.mark.covers("F1", "F10", "E10")
def test_all_campaigns_are_listed(followed: Any) -> None:
    output = followed.run("status").output
    assert len(output.splitlines()) == 3
    assert [line.split()[0] for line in output.splitlines()[1:]] == ["CM-1", "CM-7"]
    assert "mini [DRP]" in output


@pytest.mark.covers("E15", "F13", "F19")
@pytest.mark.parametrize("key", ["CM-1", "CM-2", "CM-3"])
def test_a_campaign_is_shown_with_its_steps_and_groups(followed: Any, key: str) -> None:
    lines = json.loads(followed.run("status", key, "--json").output)
    assert [(line["level"], line["key"], line["name"]) for line in lines] == [
        ("campaign", "CM-1", "mini [DRP]"),
        ("step", "CM-2", "step1"),
        ("group", "CM-3", "g001"),
        ("group", "", "g002"),
    ]
    first, second = lines[2:]
    assert (first["status"], first["attempt"], first["request"]) == ("failed", "a1", 4711)
    assert first["summary"] == "isr failed"
    assert (second["status"], second["attempt"], second["request"]) == ("waiting", "", None)
    shown = followed.run("status", key).output
    assert all(word in shown for word in ("CM-1", "step1", "g001", "4711", "g002"))
    assert "CM-3: isr failed" in shown.splitlines()


@pytest.mark.covers("V5")
def test_rules_are_listed_with_what_they_did(followed: Any) -> None:
    lines = followed.run("errors").output.splitlines()
    assert lines[0] == "nothing has failed"
    assert lines[1].split() == ["rule", "flavour", "action", "decided", "would", "have"]
    assert set(lines[2]) == {"-", " "}
    assert any(line.split()[:2] == ["calibration-without-stars", "active"] for line in lines)
    assert json.loads(followed.run("errors", "CM-1", "--json").output)["by_step"] == {}


@pytest.mark.covers("W5")
def test_what_waits_for_a_person_is_listed_with_what_to_do(followed: Any) -> None:
    lines = followed.run("status", "--attention").output.splitlines()
    assert lines[0] == "CM-3 step1 g001 a1 [failed since 2026-11-20 08:15 UTC, for Anna] failed; isr failed"
    assert lines[1].startswith("    retry it")
    assert [line.split()[0] for line in lines[::2]] == ["CM-3", "CM-2"]
    found = json.loads(followed.run("status", "--attention", "CM-1", "--json").output)
    assert [(each["kind"], each["key"]) for each in found] == [("failed", "CM-3"), ("paused", "CM-2")]
    assert followed.run("status", "CM-7", "--attention").output == "nothing waits for a person\n"


@pytest.mark.covers("F24")
def test_plots_of_panda_stand_below_what_waits(followed: Any) -> None:
    plots = {"Errors": "https://kibana.example.org/x", "Queues": "https://grafana.example.org/d/1"}
    followed.write_settings(links={"system": plots})
    lines = followed.run("status", "CM-7", "--attention").output.splitlines()
    assert lines == ["nothing waits for a person", *(f"{name}: {url}" for name, url in plots.items())]
    assert json.loads(followed.run("status", "CM-7", "--attention", "--json").output) == []
    for wrong in ("grafana.example.org", "https://grafana.example.org/{request_id}"):
        followed.write_settings(links={"system": {"Queues": wrong}})
        [line] = followed.refused("status")
        assert "links" in line
        assert wrong in line


@pytest.mark.covers("H1")
@pytest.mark.parametrize(("hours", "old"), [(2, True), (0, False)])
def test_what_panda_said_long_ago_is_shown_as_old(followed: Any, hours: int, old: bool) -> None:
    heard = datetime.now(UTC) - timedelta(hours=hours)
    with closing(followed.mirror()) as mirror, mirror.writing() as connection:
        (attempt,) = journal.attempts(mirror, "10002")["g001"]
        journal.move_attempt(connection, attempt.id, AttemptState.RUNNING, heard)
        journal.set_attempt(connection, attempt.id, attention="PanDA also has 12 of that name")
        journal.mark_seen(connection, [item.id for item in attempt.tries], heard)
    result = followed.run("status", "CM-1")
    assert ("CM-3: what PanDA said is 120 minutes old" in result.output) is old
    assert "PanDA also has 12 of that name" in result.output
    lines = json.loads(followed.run("status", "CM-1", "--json").output)
    assert [line["heard_at"] for line in lines if line["key"] == "CM-3"] == [heard.isoformat()]


@pytest.mark.covers("E8", "W13")
def test_history_says_who_did_what_and_why(followed: Any) -> None:
    assert followed.run("history", "CM-1").output.splitlines() == [
        "2026-11-20 08:15:00Z  CM-1       Anna: moved CM-1 from Draft to Launch  (history 5)",
        "2026-11-20 08:15:00Z  CM-2       cmbot: submitted g001 a1 as 4711  (move:10001:5)",
    ]
    [event] = [json.loads(line) for line in followed.run("history", "CM-2", "--json").output.splitlines()]
    assert (event["issue_key"], event["who"], event["at"]) == ("CM-2", "cmbot", "2026-11-20T08:15:00+00:00")
    assert followed.run("history", "CM-3").output == ""


@pytest.mark.covers("W16")
def test_the_last_lines_of_a_failed_submission_stand_below_it(followed: Any) -> None:
    with closing(followed.mirror()) as mirror, mirror.writing() as connection:
        said = "KeyError: 'x'\nTraceback\nKeyError: 'x'"
        events.add(connection, datetime(2026, 11, 20, 9, tzinfo=UTC), "CM-2", "cmbot", "not submitted", said)
    assert followed.run("history", "CM-2").output.splitlines()[1:] == [
        "2026-11-20 09:00:00Z  CM-2       cmbot: not submitted  (KeyError: 'x')",
        "    Traceback",
        "    KeyError: 'x'",
    ]


@pytest.mark.covers("W6")
def test_logs_are_those_of_the_task_that_is_asked_for(followed: Any) -> None:
    failed = [
        {"label": label, "data_id": {"visit": 7}, "run": "u/a1", "message": f"{label} broke"}
        for label in ("isr", "calibrate")
    ]
    with closing(followed.mirror()) as mirror, mirror.writing() as connection:
        (attempt,) = journal.attempts(mirror, "10002")["g001"]
        body = {"counts": {}, "details": [], "report": {"failed_quanta": failed}}
        reports.save(connection, attempt.tries[0].id, "data", body, attempt.created_at)
    found = json.loads(followed.run("logs", "CM-3", "--task", "isr", "--quantum", "", "--json").output)
    assert [each["text"].splitlines()[-1] for each in found] == ["isr broke"]
    assert "nothing to show" in followed.run("logs", "CM-3", "--task", "coadd", "--quantum", "").output


@pytest.mark.parametrize("command", ["status", "history"])
@pytest.mark.parametrize("key", ["CM-99", "", "x' OR 1=1 --"])
def test_a_key_that_is_not_known_is_named(followed: Any, command: str, key: str) -> None:
    if (command, key) != ("status", ""):
        [line] = followed.refused(command, key)
        assert line == f"{key}: is not known here; check the key, or run `cmbot sync --once`"


@pytest.mark.covers("E5", "F12")
@pytest.mark.parametrize("gone", [{"status": 404}, {"body": responses.ConnectionError("no route")}])
def test_of_a_log_that_the_wms_has_deleted_what_was_kept_is_shown(
    followed: Any, gone: dict[str, Any]
) -> None:
    place = "https://logs.example.org/PandaJob_17"
    failed = Failure("isr", (JobError("pilot", 1305, "no"),), 1, job=17, log=f"{place}/pilotlog.txt")
    log = {"address": f"{place}/payload.stderr", "text": "ValueError: the reason", "job": 17, "label": "isr"}
    with closing(followed.mirror()) as mirror, mirror.writing() as connection:
        ((attempt,),) = journal.attempts(mirror, "10002").values()
        body = {"failed": 1, "kinds": [asdict(FailureKind(failed, 1))]}
        reports.save(connection, attempt.last_try.id, "failures", body, attempt.created_at)
        reports.save(connection, attempt.last_try.id, "failed-jobs", {"logs": [log]}, attempt.created_at)
    with responses.RequestsMock() as server:
        server.get(log["address"], **gone)
        [shown] = json.loads(followed.run("logs", "CM-3", "--failed", "--json").output)
    why, told, text = shown["text"].splitlines()
    assert place in why
    assert (told, text) == ("[what cmbot kept of it]", "ValueError: the reason")
    # As long as it is there, it is shown itself.
    with responses.RequestsMock() as server:
        server.get(log["address"], body="KeyError: 'all of it'\n")
        [shown] = json.loads(followed.run("logs", "CM-3", "--failed", "--json").output)
    assert "all of it" in shown["text"]
    assert "kept" not in shown["text"]
