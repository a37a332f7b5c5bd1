"""What a campaign made is taken back only after a person has seen what that means, and stays taken back."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from click.testing import CliRunner

from cmbot.children import Run
from cmbot.cli import main
from cmbot.exceptions import UserError
from cmbot.handlers import orders
from cmbot.mirror import journal, plans, reports, restore
from cmbot.models.attempts import AttemptState, Cause, Changes, Recorded, TryState, Verb
from cmbot.models.issues import Person, Verdict
from cmbot.operations import coverage, verdicts, withdrawing
from cmbot.operations.ordering import request
from cmbot.operations.withdrawing import Extent
from cmbot.pages.marks import mark
from cmbot.reconcile import chains, opening
from tests.reconcile.conftest import IDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reconcile.conftest import MemoryJira, Watcher

ANNA = Person("anna", "Anna")
ROOT = "u/anna/mini"
RUN = f"{ROOT}/step1/g001/a1_0000001a"


@dataclass
class Butler:
    """Arranges collections as it is told, or says why it does not."""

    there: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Children by chain; RUNs have none."""
    problem: str = ""
    asked: int = 0

    def start(self, directory: Path, *_: Any) -> None:
        self.asked += 1
        request = json.loads((directory / "request.json").read_text())
        rows = [
            {"name": one["name"], "done": self._do(one), "problem": self.problem} for one in request["plan"]
        ]
        (directory / "response.json").write_text(json.dumps({"items": rows}))

    def _do(self, one: dict[str, Any]) -> str:
        name, before = one["name"], dict(self.there)
        match one["verb"]:
            case "chain":
                self.there[name] = tuple(one["children"])
            case "prepend":
                self.there[name] = (one["child"], *self.there.get(name, ()))
            case "take out":
                left = (child for child in self.there.get(name, ()) if child != one["child"])
                self.there[name] = tuple(left)
            case "delete":
                assert not [chain for chain, children in self.there.items() if name in children]
                self.there.pop(name, None)
        return "error" if self.problem else "already there" if before == self.there else "made"

    def look(self, _: Path) -> Run:
        return Run(alive=False, code=0, started=True)

    def busy(self) -> int:
        return 0


@pytest.fixture
def butler() -> Butler:
    return Butler()


def attempt(
    watcher: Watcher,
    group: str,
    number: int,
    nonce: str,
    state: AttemptState = AttemptState.SUCCEEDED,
    *,
    registered: bool = True,
    **more: Any,
) -> None:
    cause = Cause(f"move:10002:{group}{number}", ANNA, watcher.now, "moved CM-2 to Launch")
    recorded = more.pop("recorded", None)
    with watcher.edges.mirror.writing() as connection:
        row = journal.add_attempt(connection, "10002", group, number, cause, "", watcher.now, **more)
        name = f"CM-2_step1_{group}_a{number}_{nonce}"
        item = journal.add_try(connection, row, nonce, name, "x", watcher.now, recorded=recorded)
        journal.set_try(connection, item, state=TryState.SUBMITTED, request_id=item)
        journal.move_attempt(connection, row, state, watcher.now)
        if registered:
            data = {"counts": {"total": 1, "done": 1, "failed": 0, "running": 0}, "details": [], "report": {}}
            reports.save(connection, item, "data", data, watcher.now)


@pytest.fixture
def made(defined: Watcher, butler: Butler) -> Watcher:
    """CM-2 has made two groups, and what they made is in the chains."""
    rows = [
        plans.GroupRow("10002", name, 1, {"where": "", "table": "", "parts": {}}, "", "")
        for name in ("g001", "g002")
    ]
    plans.freeze_groups(defined.edges.mirror, "10002", rows)
    attempt(defined, "g001", 1, "0000001a")
    attempt(defined, "g002", 1, "0000002a")
    defined.edges = replace(defined.edges, runner=cast("Any", butler))
    settle(defined)
    return defined


def settle(watcher: Watcher) -> None:
    for _ in range(4):
        watcher.now += timedelta(minutes=1)
        chains.keep(watcher.edges, watcher.campaign(), watcher.now)


def take_back(watcher: Watcher, key: str, extent: Extent, group: str = "") -> withdrawing.Listing:
    found = withdrawing.listing(watcher.edges, key, extent, group)
    withdrawing.give(watcher.edges, found, request(ANNA, "ran cmbot: clouds"))
    settle(watcher)
    return found


@pytest.mark.covers("A11", "D14")
def test_what_a_group_made_leaves_the_chains_and_stays_in_the_butler(made: Watcher, butler: Butler) -> None:
    found = take_back(made, "CM-2", Extent.UNDO, "g001")
    assert found.lines == (f"chain {ROOT}/step1: {ROOT}/step1/g002", f"delete {ROOT}/step1/g001: CHAINED")
    assert butler.there[f"{ROOT}/step1"] == (f"{ROOT}/step1/g002",)
    assert f"{ROOT}/step1/g001" not in butler.there
    first, second = made.campaign().steps[0].groups
    assert (first.state, second.state) == ("withdrawn", "succeeded")
    assert mark(first.state).tone == "held"
    assert first.last
    assert first.last.withdrawal
    assert first.last.withdrawal.done
    told = [what for who, what in made.events("CM-2") if who == "Anna"]
    assert told == ["takes back what step1 g001 a1 made (undo)"]
    with pytest.raises(UserError, match="has made nothing in the chains"):
        withdrawing.listing(made.edges, "CM-2", Extent.UNDO, "g001")


def test_what_was_taken_back_can_be_made_again_and_nothing_is_skipped(made: Watcher, butler: Butler) -> None:
    assert orders.refusal(Verb.RETRY, made.campaign().steps[0].groups[0])
    take_back(made, "CM-2", Extent.UNDO, "g001")
    assert orders.refusal(Verb.RETRY, made.campaign().steps[0].groups[0]) == ""
    attempt(made, "g001", 2, "0000001b")
    settle(made)
    assert butler.there[f"{ROOT}/step1/g001"] == (f"{ROOT}/step1/g001/a2_0000001b",)
    assert butler.there[f"{ROOT}/step1"] == (f"{ROOT}/step1/g001", f"{ROOT}/step1/g002")


@pytest.mark.covers("D14")
def test_a_campaign_is_deleted_from_the_outside_in(made: Watcher, jira: MemoryJira, butler: Butler) -> None:
    jira.touch("10001", **{IDS["Public collection"]: "runs/public"})
    jira.move("10001", "Completed", by="cmbot")
    made.look()
    settle(made)
    butler.there["runs/public"] += ("somebody/else",)
    assert butler.there["runs/public"] == (ROOT, "somebody/else")
    found = take_back(made, "CM-1", Extent.DELETE)
    assert found.lines[0] == f"take out of runs/public: {ROOT}"
    assert found.lines[-1] == f"delete {ROOT}/step1/g002/a1_0000002a: a RUN with all its datasets"
    assert butler.there == {"runs/public": ("somebody/else",)}
    assert [mark(group.state).word for group in made.campaign().steps[0].groups] == ["removed", "removed"]


@pytest.mark.covers("D14")
def test_only_what_no_chain_holds_is_cleaned_and_what_others_ran_is_theirs(
    made: Watcher, butler: Butler
) -> None:
    with pytest.raises(UserError, match="has made nothing that no chain holds"):
        withdrawing.listing(made.edges, "CM-1", Extent.CLEAN)
    attempt(made, "g002", 2, "0000002b", AttemptState.FAILED, registered=False)
    attempt(made, "g003", 1, "0000003a", recorded=Recorded("prompt/one", expected={"isr": 1}))
    attempt(made, "g001", 2, "0000001b", changes=Changes(fresh=True))
    found = withdrawing.listing(made.edges, "CM-1", Extent.CLEAN)
    assert [(one.group, one.attempt) for one in found.made] == [("g001", "a1"), ("g002", "a2")]
    assert [line for line in found.lines if "RUN" in line] == [
        f"delete {RUN}: a RUN with all its datasets",
        f"delete {ROOT}/step1/g002/a2_0000002b: a RUN with all its datasets",
    ]
    take_back(made, "CM-1", Extent.CLEAN)
    assert butler.there[f"{ROOT}/step1/g001"] == (f"{ROOT}/step1/g001/a2_0000001b",)
    everything = withdrawing.listing(made.edges, "CM-1", Extent.DELETE)
    assert "prompt/one" not in str(everything.lines)


def test_nothing_is_removed_while_something_of_the_campaign_runs(made: Watcher, butler: Butler) -> None:
    found = withdrawing.listing(made.edges, "CM-2", Extent.DELETE, "g001")
    attempt(made, "g002", 2, "0000002b", AttemptState.RUNNING, registered=False)
    with pytest.raises(UserError, match="step1 g002 a2 is running"):
        withdrawing.listing(made.edges, "CM-2", Extent.DELETE, "g001")
    with pytest.raises(UserError, match="step1 g002 a2 is running"):
        withdrawing.give(made.edges, found, request(ANNA, "ran cmbot"))
    # What was said before it began waits for its end.
    with made.edges.mirror.writing() as connection:
        connection.execute("UPDATE attempts SET state = 'failed' WHERE number = 2")
    take_back(made, "CM-2", Extent.DELETE, "g001")
    assert made.campaign().steps[0].groups[0].attempts[0].withdrawal
    assert f"{ROOT}/step1/g001" not in butler.there


def test_a_listing_that_is_not_true_any_more_is_not_carried_out(made: Watcher) -> None:
    found = withdrawing.listing(made.edges, "CM-2", Extent.UNDO)
    withdrawing.give(made.edges, found, request(ANNA, "ran cmbot"))
    with pytest.raises(UserError, match="has made nothing"):
        withdrawing.give(made.edges, found, request(ANNA, "ran cmbot"))


def test_what_the_butler_refuses_is_shown_and_tried_again(made: Watcher, butler: Butler) -> None:
    butler.problem = "it is searched by x; take it out there first"
    take_back(made, "CM-2", Extent.UNDO, "g001")
    step = made.campaign().steps[0]
    assert "take it out there first" in step.waiting
    assert step.groups[0].last
    assert not step.groups[0].last.withdrawal.done
    butler.problem = ""
    settle(made)
    assert made.campaign().steps[0].waiting == ""
    assert made.campaign().steps[0].groups[0].last.withdrawal.done  # type: ignore[union-attr] # see above


def test_jira_remembers_what_was_taken_back_when_the_mirror_is_lost(made: Watcher, tmp_path: Path) -> None:
    take_back(made, "CM-2", Extent.DELETE, "g001")
    attempts = [one for group in journal.attempts(made.edges.mirror, "10002").values() for one in group]
    entries = restore.to_properties(attempts, "a")["a"]["attempts"]
    forged = entries[1] | {"withdrawn": {"cause": "x", "by": "y", "at": "yesterday", "what": "z"}}
    with made.edges.mirror.writing() as connection:
        for table in ("withdrawals", "reports", "tries", "attempts"):
            connection.execute(f"DELETE FROM {table}")
    restore.from_properties(made.edges.mirror, "10002", [entries[0], forged], str(tmp_path), made.now)
    (first,), (second,) = journal.attempts(made.edges.mirror, "10002").values()
    assert first.withdrawal is not None
    # Whoever may edit the issue may have edited its property: nothing is removed because of it.
    assert (first.withdrawal.removed, first.withdrawal.done) == (False, False)
    assert (first.withdrawal.cause.by.account, first.withdrawal.cause.what) == ("anna", "ran cmbot: clouds")
    assert second.withdrawal is None


@pytest.fixture
def terminal(made: Watcher, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(opening, "open_local", lambda _: made.edges)
    monkeypatch.setattr(opening, "load_settings", lambda _: made.edges.settings)

    def run(*argv: str, answer: str = "") -> Any:
        return CliRunner().invoke(main, argv, input=answer)

    return run


@pytest.mark.covers("D14", "W11")
def test_a_person_sees_it_first_and_confirms_exactly_that(
    terminal: Any, made: Watcher, butler: Butler
) -> None:
    words = ("collections", "undo", "CM-2", "--group", "g001", "--reason", "clouds")
    shown = terminal(*words, "--dry-run").output
    assert f"delete {ROOT}/step1/g001: CHAINED" in shown
    assert "nothing was done" in terminal(*words, answer="n\n").output
    assert "is not what would be done now" in terminal(*words, "--yes", "0" * 12).output
    assert "--json does not ask" in terminal(*words, "--json").output
    assert made.campaign().steps[0].groups[0].state == "succeeded"
    listed = json.loads(terminal(*words, "--dry-run", "--json").output)
    assert f"--yes {listed['hash']}" in shown
    done = terminal(*words, "--yes", listed["hash"]).output
    assert "written down as request:" in done
    settle(made)
    shown = terminal("collections", "show", "CM-1").output.splitlines()
    assert shown[0] == f"chain {ROOT}/step1/g002: {ROOT}/step1/g002/a1_0000002a"
    assert not any("not yet" in line for line in shown)
    assert terminal("clean", "CM-1", "--reason", "space", answer="y\n").exit_code == 0
    assert [each["done"] for each in json.loads(terminal("collections", "show", "CM-1", "--json").output)][
        -1
    ] is False
    settle(made)
    assert made.campaign().steps[0].groups[0].state == "removed"
    assert terminal("delete", "CM-1", "--reason", "space", answer="y\n").exit_code == 0
    settle(made)
    assert butler.there == {}


@pytest.mark.covers("C12")
def test_what_became_of_the_inputs_is_said(terminal: Any, made: Watcher) -> None:
    rows = plans.groups_of(made.edges.mirror, "10002")
    new = [replace(rows[0], name=name, size=3) for name in ("g003", "g004")]
    plans.freeze_groups(made.edges.mirror, "10002", [*rows, *new])
    attempt(made, "g002", 2, "0000002b", AttemptState.RUNNING, registered=False)
    attempt(made, "g003", 1, "0000003a", AttemptState.FAILED, registered=False)
    take_back(made, "CM-2", Extent.UNDO, "g001")
    lines = terminal("coverage", "CM-1").output.splitlines()
    assert lines[0] == "step1: 3 to be processed, 1 in processing, 1 flagged bad, 3 not processed"
    assert "    taken back: Anna ran cmbot: clouds" in lines
    rows = json.loads(terminal("coverage", "CM-2", "--group", "g004", "--json").output)
    assert [(row["group"], row["kind"], row["inputs"]) for row in rows] == [("g004", "to be processed", 3)]


@pytest.mark.covers("C12")
def test_a_step_that_was_not_split_is_to_be_processed(defined: Watcher) -> None:
    [line] = coverage.lines(defined.edges, "CM-1")
    assert (line.step, line.group, line.kind, line.selection) == ("step1", "", "to be processed", "visit > 0")


@pytest.mark.covers("A12", "C12", "G2")
def test_bad_data_are_not_public_and_are_told_as_bad(
    terminal: Any, made: Watcher, jira: MemoryJira, butler: Butler
) -> None:
    jira.touch("10001", **{IDS["Public collection"]: "runs/public"})
    jira.move("10001", "Completed", by="cmbot")
    made.look()
    settle(made)
    assert butler.there["runs/public"] == (ROOT,)
    jira.touch("10002", **{IDS["Verdict"]: {"value": "bad"}})
    made.look()
    settle(made)
    assert butler.there["runs/public"] == ()
    assert ROOT in butler.there
    lines = terminal("coverage", "CM-1").output.splitlines()
    assert lines[0] == "step1: 2 flagged bad"
    assert "    the data of step1 (CM-2) were judged bad" in lines


@pytest.mark.covers("G2", "D4")
def test_what_is_invalidated_is_removed_when_a_person_confirms_the_listing(
    made: Watcher, butler: Butler
) -> None:
    cause = request(ANNA, "wrote /cmbot invalidate clouds on CM-2")
    said = verdicts.judge(made.edges, "CM-2", Verdict.BAD, "clouds", cause)
    found = withdrawing.listing(made.edges, "CM-2", Extent.DELETE)
    wanted = f"write /cmbot invalidate confirm {found.hash}, or run `cmbot delete CM-2`:"
    assert any(line.endswith(wanted) for line in said)
    assert "step1 g001 a1, step1 g002 a1" in said
    settle(made)
    # Until then it is all there.
    assert f"{ROOT}/step1/g001" in butler.there

    again = request(ANNA, "wrote /cmbot invalidate confirm")
    with pytest.raises(UserError, match="is not what would be removed now"):
        verdicts.confirm(made.edges, "CM-2", "0" * 12, again)
    with pytest.raises(UserError, match="was not judged bad"):
        verdicts.confirm(made.edges, "CM-1", found.hash, again)
    lines = verdicts.confirm(made.edges, "CM-2", found.hash, again)
    assert {order.verb for one in made.campaign().attempts for order in one.orders} == {Verb.REJECT}
    assert "step1 g001 a1, step1 g002 a1" in lines
    settle(made)
    assert f"{ROOT}/step1/g001" not in butler.there
    assert {group.state for group in made.campaign().steps[0].groups} == {"removed"}
    # Once.
    with pytest.raises(UserError):
        verdicts.confirm(made.edges, "CM-2", found.hash, again)


def test_nothing_is_removed_while_something_runs(made: Watcher) -> None:
    with made.edges.mirror.writing() as connection:
        (first, *_), *_ = journal.attempts(made.edges.mirror, "10002").values()
        journal.set_attempt(connection, first.id, state=AttemptState.RUNNING)
    cause = request(ANNA, "wrote /cmbot invalidate clouds on CM-2")
    said = verdicts.judge(made.edges, "CM-2", Verdict.BAD, "clouds", cause)
    assert "nothing of it is removed now: step1 g001 a1 is running" in said


def test_what_was_in_no_chain_is_taken_back_without_asking_the_butler(made: Watcher, butler: Butler) -> None:
    take_back(made, "CM-2", Extent.UNDO, "g001")
    attempt(made, "g001", 2, "0000001b", AttemptState.PARTIAL)
    before = dict(butler.there)
    found = take_back(made, "CM-2", Extent.UNDO, "g001")
    assert found.lines == ()
    assert butler.there == before
    last = made.campaign().steps[0].groups[0].last
    assert last
    assert last.withdrawal
    assert last.withdrawal.done


def test_what_keeps_the_public_chain_from_being_made_is_shown(
    made: Watcher, jira: MemoryJira, butler: Butler
) -> None:
    jira.touch("10001", **{IDS["Public collection"]: "runs/public"})
    jira.move("10001", "Completed", by="cmbot")
    made.look()
    butler.problem = "runs/public exists and is RUN, not CHAINED"
    butler.asked = 0
    settle(made)
    # Not in each pass.
    assert butler.asked == 2
    assert "runs/public exists and is RUN" in made.campaign().steps[0].waiting
    butler.problem = ""
    settle(made)
    assert made.campaign().steps[0].waiting == ""
