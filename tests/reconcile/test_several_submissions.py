"""What cannot be submitted keeps nothing else back, and a step waits only for what is still asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.exceptions import RemoteError, UserError
from cmbot.mirror import journal, orders, plans
from cmbot.models.attempts import AttemptState, Cause, Changes, OrderState, TryState, Verb
from cmbot.models.issues import Person
from cmbot.operations.commands import obey
from cmbot.reconcile import submit, waiting
from cmbot.reconcile.passes import Passes

if TYPE_CHECKING:
    from cmbot.handlers.actions import Submit
    from cmbot.models.attempts import Order
    from tests.reconcile.conftest import MemoryJira, Watcher

ANNA = Person("anna", "Anna")


class Submissions:
    """In place of `submit.first_try`: what went through, and what stops some."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.troubles: dict[str, Exception] = {}

    def __call__(self, _: object, __: object, action: Submit, ___: object) -> None:
        self.tried.append(action.group.name)
        if trouble := self.troubles.get(action.group.name):
            raise trouble


@pytest.fixture
def submissions(jira: MemoryJira, defined: Watcher, monkeypatch: pytest.MonkeyPatch) -> Submissions:
    """CM-2 has groups g001 to g003, each of which failed once."""
    mirror = defined.edges.mirror
    where = {"where": "", "table": "", "parts": {}}
    names = ("g001", "g002", "g003")
    plans.freeze_groups(mirror, "10002", [plans.GroupRow("10002", name, 1, where, "", "") for name in names])
    cause = Cause("move:10002:0", ANNA, defined.now, "moved CM-2 to Launch")
    with mirror.writing() as connection:
        for number, name in enumerate(names):
            attempt = journal.add_attempt(connection, "10002", name, 1, cause, "spec", defined.now)
            item = journal.add_try(connection, attempt, f"{number:08x}", f"run{number}", "x", defined.now)
            journal.set_try(connection, item, state=TryState.NOT_SUBMITTED)
            ended = {"ended_at": defined.now}
            journal.move_attempt(connection, attempt, AttemptState.FAILED, defined.now, **ended)
    jira.down = True
    made = Submissions()
    monkeypatch.setattr(submit, "first_try", made)
    return made


def retry(watcher: Watcher, *groups: str) -> None:
    cause = Cause("request:1", ANNA, watcher.now, "ran cmbot retry CM-2 --site IN2P3")
    with watcher.edges.mirror.writing() as connection:
        for name in groups:
            orders.add(connection, Verb.RETRY, cause, ("10002", name, 1), Changes(site="IN2P3"))


def asked(watcher: Watcher) -> dict[str, Order]:
    view = watcher.campaign()
    return {order.group: order for attempt in view.attempts for order in attempt.orders}


def waits(watcher: Watcher) -> str:
    return waiting.read(watcher.edges, watcher.campaign().steps[0].issue)


@pytest.mark.covers("W1")
def test_a_retry_that_cannot_be_is_refused_once_and_the_others_go_on(
    defined: Watcher, submissions: Submissions
) -> None:
    retry(defined, "g001", "g002", "g003")
    submissions.troubles["g001"] = UserError("Compute site", "'IN2P3' is not known", "use SLAC")
    passes = Passes(defined.edges, obey)
    passes.run(defined.now)
    assert submissions.tried == ["g001", "g002", "g003"]
    order = asked(defined)["g001"]
    assert (order.state, order.note) == (OrderState.REFUSED, "Compute site: 'IN2P3' is not known; use SLAC")
    assert asked(defined)["g002"].state is OrderState.OPEN
    assert waits(defined) == ""
    passes.run(defined.now)
    assert submissions.tried.count("g001") == 1


@pytest.mark.covers("W5")
def test_a_step_waits_no_longer_when_nothing_of_it_is_asked_any_more(
    defined: Watcher, submissions: Submissions
) -> None:
    retry(defined, "g001", "g002")
    submissions.troubles["g001"] = RemoteError("PanDA", "does not answer", "cmbot tries again")
    passes = Passes(defined.edges, obey)
    passes.run(defined.now)
    # Each of the others would wait for the same server.
    assert submissions.tried == ["g001"]
    assert waits(defined) == "PanDA: does not answer; cmbot tries again"
    with defined.edges.mirror.writing() as connection:
        for order in asked(defined).values():
            orders.settle(connection, order.id, OrderState.REFUSED, "a person took it back")
    passes.run(defined.now)
    assert waits(defined) == ""
