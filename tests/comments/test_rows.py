"""Many groups in few rows: nobody that needs a person is left out, and everybody is counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.comments.rows import chosen
from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Status

MOST = 20


@pytest.mark.covers("V11")
@given(data=st.data())
def test_every_group_has_a_row_or_is_counted_and_the_more_urgent_come_first(story: Any, data: Any) -> None:
    (like,) = story.groups(1)
    kinds = data.draw(
        st.lists(st.sampled_from(["waiting", "done", "failed", "accepted", "running", "calls"]), max_size=60)
    )
    groups = []
    for number, kind in enumerate(kinds):
        name = f"g{number:03}"
        state = {"done": AttemptState.SUCCEEDED, "failed": AttemptState.FAILED}.get(
            kind, AttemptState.RUNNING
        )
        state = AttemptState.FAILED if kind == "accepted" else state
        attempt = replace(story.attempt(state, 1, name), attention="look" if kind == "calls" else "")
        status = Status.COMPLETED if kind == "accepted" else Status.RUNNING
        attempts = () if kind == "waiting" else (attempt,)
        groups.append(replace(like, name=name, attempts=attempts, issue=replace(like.issue, status=status)))
    rows, others = chosen(groups, MOST)
    assert len(rows) + sum(int(line.split()[0]) for line in others) == len(groups)
    assert [row.name for row in rows] == sorted(row.name for row in rows)
    if len(groups) <= MOST:
        assert rows == tuple(groups)
        return
    assert len(rows) <= MOST
    order = ["calls", "failed", "running", "accepted"]
    shown = [kinds[int(row.name[1:])] for row in rows]
    for place, kind in enumerate(order):
        if shown.count(kind) < kinds.count(kind):
            # One of these has no row: then no less urgent one has.
            assert not set(shown) & set(order[place + 1 :])
    assert not set(shown) & {"waiting", "done"}


def test_names_in_a_row_are_ranges_and_not_endless(story: Any) -> None:
    (like,) = story.groups(1)
    groups = [replace(like, name=f"g{number:03}") for number in range(90)]
    assert chosen(groups, MOST) == ((), ("90 succeeded: g000 to g089",))
    mixed = [replace(group, attempts=()) if n % 2 else group for n, group in enumerate(groups)]
    done, waiting = chosen(mixed, MOST)[1]
    assert done == "45 succeeded: g000, g002, g004, g006, g008, g010, g012, g014 and 37 more"
    assert waiting.startswith("45 waiting: g001, g003")
