"""A mirror that is lost is filled again from what Jira keeps; until it is, nothing is decided on less."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.definition import freeze
from cmbot.exceptions import RemoteError
from cmbot.handlers.campaign import decide
from cmbot.jira.twins import label
from cmbot.mirror import contradictions, definitions, journal, plans, records
from cmbot.models.attempts import AttemptState, Cause, TryState
from cmbot.models.issues import Person, Status
from cmbot.models.views import PlanState
from cmbot.reconcile import restoring, tell, views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.reconcile.conftest import MemoryJira, Watcher

NONCE = "0a1b2c3d"


class Kept:
    """What cmbot's account keeps in a Jira in memory, besides what the harness has."""

    def __init__(self, jira: MemoryJira) -> None:
        self.jira = jira
        self.away = False
        self.written: list[str] = []

    def properties(self, issue_id: str, prefix: str) -> dict[str, Any]:
        if self.away:
            raise RemoteError(issue_id, "reading the properties: HTTP 503")
        kept = self.jira.issues_[issue_id]["properties"]
        return {key: value for key, value in kept.items() if key.startswith(prefix)}

    def ensure_property(self, issue_id: str, key: str, value: Any) -> None:
        self.written.append(key)
        self.jira.issues_[issue_id]["properties"][key] = value


@pytest.fixture
def kept(jira: MemoryJira, monkeypatch: pytest.MonkeyPatch) -> Kept:
    kept = Kept(jira)
    for name in ("properties", "ensure_property"):
        monkeypatch.setattr(jira, name, getattr(kept, name), raising=False)
    return kept


def fields(watcher: Watcher) -> dict[str, str]:
    return {name: site_id for site_id, name in watcher.edges.names.fields.items()}


def define(watcher: Watcher, ids: dict[str, str]) -> None:
    """Fill in what a campaign needs to be read."""
    names, jira = fields(watcher), watcher.jira
    values = {
        "Reason": "a test",
        "Butler repository": "/repo",
        "Input collections": "raw",
        "Output root": "u/anna/test",
        "Environment": "w",
        "Compute site": "SLAC",
    }
    options = {
        "Campaign kind": {"value": "DataProc"},
        "Campaign stage": {"value": "development"},
        "WMS": {"value": "PanDA"},
    }
    jira.touch(ids["epic"], **{names[name]: value for name, value in (values | options).items()})
    for key in ("step", "next"):
        step = {
            "Pipeline YAML": "DRP.yaml#isr",
            "Data query": "visit > 1",
            "BPS options": "requestMemory: 1024",
        }
        jira.touch(ids[key], **{names[name]: value for name, value in step.items()})


def submit(watcher: Watcher, ids: dict[str, str], state: AttemptState = AttemptState.RUNNING) -> None:
    """Write down an attempt of the first group as a submission does, and keep it in Jira."""
    step = watcher.campaign().steps[0]
    definition = watcher.campaign().definition
    assert definition is not None
    assert step.definition is not None
    spec = freeze.step_hash(definition, step.definition)
    cause = Cause("move:10001:1", Person("anna", "Anna"), watcher.now, "moved CM-1 to Launch")
    mirror, name = watcher.edges.mirror, f"CM-2_step1_g001_a1_{NONCE}"
    with mirror.writing() as connection:
        definitions.keep(connection, ids["step"], spec, step.fields, watcher.now)
        attempt = journal.add_attempt(connection, ids["step"], "g001", 1, cause, spec, watcher.now)
        item = journal.add_try(connection, attempt, NONCE, name, str(watcher.edges.tries / name), watcher.now)
        journal.set_try(connection, item, state=TryState.SUBMITTED, request_id=4711)
        journal.set_attempt(connection, attempt, state=state)
    restoring.remember(watcher.edges, step.issue)
    for key, value in tell.attempt_properties(watcher.edges, step.issue).items():
        watcher.edges.jira.ensure_property(ids["step"], key, value)


@pytest.fixture
def submitted(jira: MemoryJira, watcher: Watcher, kept: Kept, campaign: dict[str, str]) -> dict[str, str]:
    """The campaign of the harness with a definition, two groups and one attempt."""
    define(watcher, campaign)
    jira.touch(campaign["group"], labels=[label(plans.group_marker(campaign["step"], "g001"))])
    watcher.look()
    row = plans.GroupRow(campaign["step"], "g002", 1, {"where": "visit = 2", "table": ""}, "", "")
    known = plans.groups_of(watcher.edges.mirror, campaign["step"])
    plans.freeze_groups(watcher.edges.mirror, campaign["step"], (*known, row))
    submit(watcher, campaign)
    return campaign


@pytest.fixture
def again(
    submitted: dict[str, str], jira: MemoryJira, new_watcher: Callable[[], AbstractContextManager[Watcher]]
) -> Iterator[Watcher]:
    """A cmbot with an empty mirror, at the same Jira."""
    with new_watcher() as other:
        other.jira, other.edges = jira, replace(other.edges, jira=cast("Any", jira))
        yield other


@pytest.mark.covers("W1", "W8", "W19")
def test_groups_attempts_and_definitions_are_there_again_at_once(
    again: Watcher, watcher: Watcher, submitted: dict[str, str]
) -> None:
    again.look()
    restoring.link(again.edges, again.campaign().issue)
    before, after = watcher.campaign(), again.campaign()
    assert [group.name for group in after.steps[0].groups] == ["g001", "g002"]
    for old, new in zip(before.steps[0].groups, after.steps[0].groups, strict=True):
        assert (new.size, new.selection, new.issue) == (old.size, old.selection, old.issue)
        assert [item.hash for item in new.attempts] == [item.hash for item in old.attempts]
    assert after.steps[0].plan is PlanState.READY
    assert after.steps[0].fields == before.steps[0].fields
    [attempt] = after.steps[0].groups[0].attempts
    assert attempt.state.live
    assert attempt.cause.by.name == "Anna"


@pytest.mark.covers("W1")
def test_until_jira_tells_how_a_step_was_split_nothing_of_it_is_decided(
    again: Watcher, kept: Kept, submitted: dict[str, str]
) -> None:
    kept.away = True
    again.look()
    # The step itself cannot be kept before: it is read again, and its attempts are known already.
    assert [item.number for item in journal.attempts(again.edges.mirror, submitted["step"])["g001"]] == [1]
    assert contradictions.WHOLE in contradictions.of(again.edges.mirror, submitted["step"])
    kept.away = False
    again.look()
    assert contradictions.of(again.edges.mirror, submitted["step"]) == {}
    assert len(again.campaign().steps[0].groups) == 2


@pytest.mark.covers("W1")
@pytest.mark.parametrize("key", [records.SPLIT, records.RESULTS])
def test_what_jira_does_not_keep_any_more_stops_the_step_until_it_is_mended(
    again: Watcher, jira: MemoryJira, submitted: dict[str, str], key: str
) -> None:
    value = jira.issues_[submitted["step"]]["properties"].pop(key)
    again.look()
    step = again.campaign().steps[0]
    assert step.plan is PlanState.REFUSED
    [problem] = step.problems
    assert f"{key} is not there" in problem.problem
    assert [group.name for group in step.groups] == ["g001"]
    assert not any(submit.step.name == "step1" for submit in decide(again.campaign()).submits)
    jira.issues_[submitted["step"]]["properties"][key] = value
    jira.touch(submitted["step"])
    again.look()
    assert again.campaign().steps[0].problems == ()
    assert len(again.campaign().steps[0].groups) == 2


def test_the_split_is_written_once_and_a_definition_when_it_is_new(
    watcher: Watcher, kept: Kept, submitted: dict[str, str]
) -> None:
    assert kept.written == [records.SPLIT, records.RESULTS, "cmbot.attempts"]
    kept.written.clear()
    step = watcher.campaign().steps[0].issue
    restoring.remember(watcher.edges, step)
    assert kept.written == []
    with watcher.edges.mirror.writing() as connection:
        definitions.keep(connection, step.id, "b" * 64, {"campaign": {}, "step": {}}, watcher.now)
    restoring.remember(watcher.edges, step)
    assert kept.written == [records.RESULTS]


@pytest.mark.covers("V16", "B19")
def test_an_edit_after_the_launch_is_taken_by_the_table(
    watcher: Watcher, jira: MemoryJira, submitted: dict[str, str]
) -> None:
    names = fields(watcher)
    before = watcher.campaign()
    jira.touch(
        submitted["epic"], **{names["Output root"]: "u/anna/other", names["LSST version"]: "w_2026_48"}
    )
    jira.touch(submitted["step"], **{names["Data query"]: "visit > 9", names["Step name"]: "other"})
    watcher.look()
    after = watcher.campaign()
    assert before.definition is not None
    assert after.definition is not None
    assert (after.definition.output, after.definition.lsst_version) == ("u/anna/test", "w_2026_48")
    assert [step.name for step in after.steps] == ["step1", "step2"]
    assert after.steps[0].definition == before.steps[0].definition
    assert {item.field: item.used for item in after.differences} == {
        "LSST version": True,
        "Output root": False,
    }
    assert {item.field: item.used for item in after.steps[0].differences} == {
        "Data query": False,
        "Step name": False,
    }
    # A step of which nothing was submitted is still free.
    jira.touch(submitted["next"], **{names["Data query"]: "visit > 7"})
    watcher.look()
    step2 = watcher.campaign().steps[1]
    assert step2.definition is not None
    assert step2.definition.query == "visit > 7"
    assert step2.differences == ()


@pytest.mark.covers("V16")
def test_an_attempt_keeps_its_definition_whatever_is_edited(
    watcher: Watcher, jira: MemoryJira, submitted: dict[str, str]
) -> None:
    names = fields(watcher)
    jira.touch(submitted["step"], **{names["BPS options"]: "requestMemory: 2048"})
    watcher.look()
    view = watcher.campaign()
    step = view.steps[0]
    assert step.definition is not None
    assert step.definition.options == {"requestMemory": 2048}
    [attempt] = step.groups[0].attempts
    _, own = views.at_attempt(watcher.edges, view, step, attempt)
    assert own.definition is not None
    assert own.definition.options == {"requestMemory": 1024}
    # Broken, nothing new starts, and what runs is followed as it was.
    jira.touch(submitted["step"], **{names["BPS options"]: "requestMemory: ["})
    watcher.look()
    broken = watcher.campaign()
    assert broken.problems
    assert broken.steps[0].definition is not None
    assert broken.steps[0].definition.options == {"requestMemory": 1024}
    jira.move(submitted["epic"], Status.LAUNCH)
    watcher.look()
    assert decide(watcher.campaign()).submits == ()


@pytest.mark.covers("W13", "G1", "E8")
def test_who_judged_and_who_edited_is_kept_for_ever(
    watcher: Watcher, jira: MemoryJira, campaign: dict[str, str]
) -> None:
    def edit(number: int, field: str, before: str | None, after: str) -> None:
        item = {"field": field, "fieldtype": "custom", "fromString": before, "toString": after}
        author = {"name": "anna", "displayName": "Anna"}
        created = jira.now.isoformat()
        jira.issues_[campaign["step"]]["histories"].append(
            {"id": str(number), "created": created, "author": author, "items": [item]}
        )
        jira.touch(campaign["step"])

    edit(1, "Verdict", None, "good")
    edit(2, "Verdict reason", "", "the calibration\nlooks \x1b[31mright")
    edit(3, "Percent done", "1", "2")
    for _ in range(2):
        watcher.look()
    assert [event for event in watcher.events("CM-2") if event[0] == "Anna"] == [
        ("Anna", "changed Verdict of CM-2 from '' to 'good'"),
        ("Anna", r"changed Verdict reason of CM-2 from '' to 'the calibration\nlooks \x1b[31mright'"),
    ]
