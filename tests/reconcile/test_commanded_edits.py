"""Fields, operators, comparisons and what is left out, by a line in a comment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cmbot.exceptions import Refused, UserError
from cmbot.handlers.campaign import decide
from cmbot.mirror import events, journal, plans
from cmbot.models.attempts import AttemptState, Cause
from cmbot.models.issues import Person, Status
from cmbot.operations.commands import obey
from cmbot.reconcile import commanding, tell
from cmbot.reconcile.summaries import Ended
from tests.reconcile.conftest import IDS

if TYPE_CHECKING:
    from tests.reconcile.conftest import MemoryJira, Watcher

EPIC, STEP = "10001", "10002"


def command(jira: MemoryJira, watcher: Watcher, issue_id: str, text: str, by: str = "anna") -> str:
    """Write it in a comment, and give the answer."""
    comment = jira.say(issue_id, f"/cmbot {text}", by=by)
    errors: list[str] = []
    watcher.look()
    commanding.everything(watcher.edges, obey, watcher.now, errors)
    assert errors == []
    view = watcher.campaign()
    tell.campaign(watcher.edges, view, decide(view), Ended(), watcher.now)
    (row,) = watcher.edges.mirror.db["outbox"].rows_where("marker = ?", (f"answer:{comment}",))
    return str(json.loads(row["body"])["text"])


def set_to(watcher: Watcher) -> dict[str, Any]:
    """What Jira is to be told of fields that were set."""
    rows = watcher.edges.mirror.db["outbox"].rows_where("marker LIKE 'set:%'")
    return {name: value for row in rows for name, value in json.loads(row["body"]).items()}


@pytest.fixture
def begun(jira: MemoryJira, defined: Watcher) -> Watcher:
    """CM-2 has a group with an attempt, and the sub-task CM-4."""
    jira.add(4, "CM Group", parent={"key": "CM-2"})
    defined.look()
    row = plans.GroupRow(STEP, "g001", 1, {"where": "visit = 1", "table": ""}, "", "")
    plans.freeze_groups(defined.edges.mirror, STEP, [row])
    plans.name_group_issue(defined.edges.mirror, STEP, "g001", "10004", "CM-4")
    cause = Cause("move:10001:1", Person("anna"), defined.now, "moved CM-1 to Launch")
    with defined.edges.mirror.writing() as connection:
        attempt = journal.add_attempt(connection, STEP, "g001", 1, cause, "", defined.now)
        journal.set_attempt(connection, attempt, state=AttemptState.FAILED)
    return defined


@pytest.mark.covers("V16", "W13", "D4")
def test_a_field_is_set_by_whoever_may_with_who_and_what(jira: MemoryJira, defined: Watcher) -> None:
    said = command(jira, defined, STEP, "set max concurrent groups = 3")
    assert "Max concurrent groups of CM-2 is set to 3; it counts at once" in said
    assert set_to(defined) == {"Max concurrent groups": 3.0}
    (event,) = [one for one in events.of(defined.edges.mirror, ("CM-2",)) if one.what.startswith("sets")]
    assert (event.who, event.what) == ("anna", "sets Max concurrent groups of CM-2 to '3'")
    assert "comment:10002" in event.why


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("set Pause policy=never", "cannot be 'never'; use after each workflow, after each step"),
        ("set Pause polcy=after each step", "did you mean Pause policy?"),
        ("set WMS id=7", "is no field of a campaign that people edit"),
        ("set Verdict=good", "write /cmbot validate"),
        ("set Reason", "says no value; write /cmbot set FIELD=VALUE"),
        ("operator anna bob carol/../x", "is no account; mention one person"),
        ("diff /etc/passwd.yaml", "is no key"),
        ("diff CM-1.yaml", "is no key"),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_to_write(
    jira: MemoryJira, defined: Watcher, text: str, said: str
) -> None:
    answer = command(jira, defined, EPIC, text)
    assert "*not done*" in answer
    assert said in answer
    assert set_to(defined) == {}


@pytest.mark.covers("V16")
def test_once_something_was_submitted_the_table_says_what_may_be_edited(
    jira: MemoryJira, begun: Watcher
) -> None:
    assert "cannot be edited any more: it was used" in command(jira, begun, STEP, "set Data query=visit > 9")
    assert "it counts at the next attempt" in command(jira, begun, STEP, "set Compute site=SLAC")
    assert "is set to nothing; it counts at the next attempt" in command(
        jira, begun, STEP, "set WMS priority="
    )
    assert set_to(begun)["WMS priority"] is None
    assert "set it on CM-2" in command(jira, begun, "10004", "set Compute site=SLAC")
    assert "Data query" not in set_to(begun)


@pytest.mark.covers("D7", "D4")
def test_operators_are_named_by_mention(jira: MemoryJira, defined: Watcher) -> None:
    jira.raw = lambda _, value: [one.account for one in value]  # type: ignore[method-assign]  # JSON can hold it
    for text, accounts in (
        ("operator [~bob]", ["bob"]),
        ("operator [~accountid:5b10:ab-c]", ["5b10:ab-c"]),
        ("operator @bob, @linda.x", ["bob", "linda.x"]),
    ):
        assert "Operators of CM-1 is set to" in command(jira, defined, EPIC, text)
        assert list(set_to(defined).values())[-1] == accounts


@pytest.mark.covers("B25")
def test_two_campaigns_are_compared(jira: MemoryJira, defined: Watcher) -> None:
    fields = {key: value for key, value in jira.issues_[EPIC]["fields"].items() if key.startswith("custom")}
    jira.add(7, "Epic", **(fields | {IDS["Output root"]: "u/anna/other"}))
    defined.look()
    said = command(jira, defined, EPIC, "diff CM-7")
    assert "definition output: u/anna/mini -> u/anna/other" in said.replace("\\", "").replace("\u200b", "")
    assert "nothing differs" in command(jira, defined, EPIC, "diff CM-1")
    assert "is not known here" in command(jira, defined, EPIC, "diff CM-99")


@pytest.mark.covers("D4", "W13")
def test_what_is_skipped_is_abandoned_in_jira(jira: MemoryJira, begun: Watcher) -> None:
    assert "nothing new of it is submitted" in command(jira, begun, "10004", "skip no data there")
    (group,) = begun.campaign().steps[0].groups
    assert group.issue is not None
    assert (group.issue.status, group.issue.shown) == (Status.ABANDONED, Status.DRAFT)
    (move,) = begun.edges.mirror.db["outbox"].rows_where("kind = 'move' AND issue_key = 'CM-4'")
    assert json.loads(move["body"])["target"] == "Abandoned"
    assert "something is missing at the end" in command(jira, begun, STEP, "skip")


@pytest.mark.covers("C2", "C4", "V22")
def test_the_dataids_of_an_attached_file_are_excluded_with_the_reason(
    jira: MemoryJira, defined: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"bad.csv": b"instrument,visit\nHSC,1\nHSC,2\n", "notes.json": b"{"}

    def attachment(issue_id: str, name: str) -> bytes:
        assert issue_id == STEP
        if name == "hidden.csv":
            raise Refused("CM-2", "reading the attachment: HTTP 403")
        if name not in files:
            raise UserError("CM-2", f"has no attachment {name}", "attach it")
        return files[name]

    monkeypatch.setattr(jira, "attachment", attachment, raising=False)
    said = command(jira, defined, STEP, "exclude bad.csv satellite trails")
    assert "bad.csv holds 2 DataIds" in said
    assert "it counts at once" in said
    written = yaml.safe_load(set_to(defined)["DataIds excluded"])
    assert (written["file"], written["reason"], written["count"]) == ("bad.csv", "satellite trails", 2)
    assert len(written["sha256"]) == 64
    assert "needs a reason" in command(jira, defined, STEP, "include bad.csv")
    assert "*not done*" in command(jira, defined, STEP, "include notes.json why not")
    assert "has no attachment gone.csv" in command(jira, defined, STEP, "include gone.csv why not")
    # What Jira will never give is not asked for again and again.
    assert "HTTP 403" in command(jira, defined, STEP, "include hidden.csv why not")
