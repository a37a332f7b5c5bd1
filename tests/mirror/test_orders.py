"""What people ask is kept once, beside its attempt, also by a process that has no lease."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from sqlite3 import IntegrityError
from typing import Any

import pytest

from cmbot.mirror import Mirror, journal, orders
from cmbot.models.attempts import AS_DEFINED, Changes, OrderState, Verb


def test_an_order_comes_back_as_it_was_given(mirror: Mirror, doing: Any) -> None:
    doing.attempt()
    changes = Changes(fresh=True, tasks=("isr", "calibrate"), site="IN2P3", queue="big", memory={"isr": 9000})
    with mirror.writing() as connection:
        orders.add(connection, Verb.RETRY, doing.cause(7), ("2", "g001", 1), changes)
    ((attempt,),) = journal.attempts(mirror, "2").values()
    (order,) = attempt.orders
    assert (order.verb, order.cause, order.changes) == (Verb.RETRY, doing.cause(7), changes)
    assert (order.state, order.sent, order.sent_at) == (OrderState.OPEN, 0, None)
    assert attempt.asked(Verb.RETRY) == order
    assert attempt.asked(Verb.CANCEL) is None


def test_a_cause_asks_once_of_a_group(mirror: Mirror, doing: Any) -> None:
    doing.attempt()
    for group in ("g001", "g002"):
        with mirror.writing() as connection:
            orders.add(connection, Verb.CANCEL, doing.cause(7), ("2", group, 1), AS_DEFINED)
    with pytest.raises(IntegrityError), mirror.writing() as connection:
        orders.add(connection, Verb.RETRY, doing.cause(7), ("2", "g001", 1), AS_DEFINED)


def test_what_is_settled_is_open_no_more(mirror: Mirror, doing: Any) -> None:
    doing.attempt()
    with mirror.writing() as connection:
        number = orders.add(connection, Verb.CANCEL, doing.cause(7), ("2", "g001", 1), AS_DEFINED)
        orders.sent(connection, number, doing.at(8))
        orders.sent(connection, number, doing.at(9))
    assert orders.open_steps(mirror) == {"2"}
    with mirror.writing() as connection:
        orders.settle(connection, number, OrderState.DONE, "it ended")
    assert orders.open_steps(mirror) == set()
    ((attempt,),) = journal.attempts(mirror, "2").values()
    (order,) = attempt.orders
    assert (order.state, order.note, order.sent, order.sent_at) == (
        OrderState.DONE,
        "it ended",
        2,
        doing.at(9),
    )
    assert attempt.asked(Verb.CANCEL) is None


def test_a_person_s_process_may_ask_while_the_service_holds_the_lease(mirror: Mirror, doing: Any) -> None:
    doing.attempt()
    mirror.take_lease(doing.at(0), timedelta(hours=1))
    with closing(Mirror(mirror.file)) as other, other.writing() as connection:
        orders.add(connection, Verb.CANCEL, doing.cause(7), ("2", "g001", 1), AS_DEFINED)
    assert orders.open_steps(mirror) == {"2"}
    with mirror.writing():
        pass


def test_what_an_attempt_does_otherwise_is_kept_with_it(mirror: Mirror, doing: Any) -> None:
    changes = Changes(tasks=("isr",), memory={"isr": 4096})
    with mirror.writing() as connection:
        journal.add_attempt(connection, "2", "g001", 1, doing.cause(), "hash", doing.at(5), changes)
    ((attempt,),) = journal.attempts(mirror, "2").values()
    assert attempt.changes == changes
