"""A submission whose outcome was not recorded: never made again while a request may exist."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.handlers.recovery import Evidence, Outcome, Verb, judge, judge_look_up, ours
from cmbot.models.attempts import Try, TryState

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GRACE = timedelta(minutes=10)
PREFIX = "CM-2_step1_g001_a1_"
TRY = Try(1, 1, "0a1b2c3d", f"{PREFIX}0a1b2c3d", TryState.RESERVED, "d", "h", NOW - timedelta(hours=1))

evidence = st.builds(
    Evidence,
    alive=st.booleans(),
    started=st.booleans(),
    code=st.sampled_from([None, 0, 1, 2, 137]),
    request_id=st.none() | st.integers(1, 10**6),
    prepared=st.booleans(),
    nothing_left=st.booleans(),
    mendable=st.booleans(),
    reason=st.sampled_from(["", "it broke"]),
)


@pytest.mark.covers("W1")
@given(evidence)
def test_nothing_is_tried_again_while_a_request_could_exist(seen: Evidence) -> None:
    outcome = judge(seen)
    # What is sent is sent after the workflow was written down; and who lives may yet send.
    could_exist = seen.started and (seen.prepared or seen.alive or seen.code == 0)
    could_exist = could_exist or seen.request_id is not None or seen.alive
    if could_exist:
        assert outcome.verb not in {Verb.TRY_AGAIN, Verb.START, Verb.GIVE_UP, Verb.COUNT}
    if outcome.verb is Verb.ADOPT:
        assert outcome.request_id == seen.request_id
    assert outcome.note


def left(**what: object) -> Evidence:
    """A child that was started and ended with status 1 before it wrote anything."""
    usual = Evidence(alive=False, started=True, code=1, request_id=None, prepared=False)
    return replace(usual, **what)  # type: ignore[arg-type]  # keywords of a dataclass


@pytest.mark.covers("W7", "W8")
@pytest.mark.parametrize(
    ("seen", "verb"),
    [
        (left(alive=True, code=None), Verb.WAIT),
        (left(alive=True, code=None, request_id=7), Verb.WAIT),
        (left(alive=True, code=None, request_id=7, prepared=True, blocks=True), Verb.ADOPT),
        (left(alive=True, code=None, blocks=True), Verb.WAIT),
        (left(request_id=7, prepared=True), Verb.ADOPT),
        (left(request_id=7, prepared=True, code=0), Verb.ADOPT),
        (left(request_id=7, prepared=True, code=None), Verb.ADOPT),
        (left(started=False, code=None), Verb.START),
        (left(code=None), Verb.TRY_AGAIN),
        (left(code=137), Verb.TRY_AGAIN),
        (left(code=143), Verb.TRY_AGAIN),
        (left(code=128), Verb.GIVE_UP),
        (left(nothing_left=True), Verb.COUNT),
        (left(), Verb.GIVE_UP),
        (left(mendable=False), Verb.TRY_AGAIN),
        (left(prepared=True), Verb.LOOK_UP),
        (left(prepared=True, code=None), Verb.LOOK_UP),
        (left(prepared=True, code=0), Verb.LOOK_UP),
        (left(prepared=True, code=137), Verb.LOOK_UP),
        (left(code=0), Verb.LOOK_UP),
    ],
)
def test_what_the_child_left_decides(seen: Evidence, verb: Verb) -> None:
    assert judge(seen).verb is verb


def test_the_reason_of_bps_is_told_in_its_own_words() -> None:
    assert judge(left(reason="no such subset")).note == "no such subset"
    assert "status 3" in judge(left(code=3)).note


# ----------------------------------------------------------------------------------------- look-up


def looked_up(found: dict[str, int], item: Try = TRY, lookups: int = 2) -> Outcome:
    return judge_look_up(item, (PREFIX,), found, NOW, grace=GRACE, lookups=lookups)


ENDED = replace(TRY, ended_at=NOW - GRACE, lookups=1)
nonces = st.text("0123456789abcdef", min_size=8, max_size=8)
names = nonces.map(lambda nonce: PREFIX + nonce) | st.sampled_from(
    [
        # what LIKE finds too, since _ stands for any character there
        "CM-2xstep1_g001_a1_0a1b2c3d",
        "CM-2_step1_g001_a11_0a1b2c3d",
        "xCM-2_step1_g001_a1_0a1b2c3d",
        f"{PREFIX}0a1b2c3",
        f"{PREFIX}0a1b2c3d_",
        f"{PREFIX}0A1B2C3D",
        "",
    ]
)


@pytest.mark.covers("W1")
@given(
    found=st.dictionaries(names, st.integers(1, 10**6), max_size=4),
    lookups_before=st.integers(0, 5),
    minutes=st.none() | st.integers(0, 30),
    needed=st.integers(1, 4),
)
def test_a_look_up_allows_another_try_only_after_the_grace_and_enough_misses(
    found: dict[str, int], lookups_before: int, minutes: int | None, needed: int
) -> None:
    ended = None if minutes is None else NOW - timedelta(minutes=minutes)
    item = replace(TRY, ended_at=ended, lookups=lookups_before)
    outcome = looked_up(found, item, needed)
    mine = {name: number for name, number in found.items() if name in ours((PREFIX,), found)}
    waited = minutes is not None and timedelta(minutes=minutes) >= GRACE
    if len(mine) > 1:
        assert outcome.verb is Verb.DUPLICATE
        assert outcome.request_id == mine.get(TRY.name)
        assert all(str(number) in outcome.note for number in mine.values())
    elif mine:
        assert (outcome.verb, outcome.request_id) == (Verb.ADOPT, *mine.values())
    else:
        again = waited and lookups_before + 1 >= needed
        assert outcome.verb is (Verb.TRY_AGAIN if again else Verb.WAIT)


@given(nonces, st.text(max_size=6))
def test_only_a_prefix_with_a_nonce_is_ours(nonce: str, other: str) -> None:
    name = PREFIX + nonce
    assert ours((PREFIX,), {name: 1}) == {name: 1}
    if other:
        assert ours((PREFIX,), {name + other: 1, other + name: 1}) == {}


def test_a_request_of_an_earlier_try_that_shows_late_is_adopted() -> None:
    assert looked_up({f"{PREFIX}ffffffff": 9}, ENDED) == Outcome(
        Verb.ADOPT, 9, "found in the WMS by its name"
    )


def test_a_child_whose_end_was_not_seen_yet_is_waited_for() -> None:
    assert looked_up({}, replace(ENDED, ended_at=None, lookups=99)).verb is Verb.WAIT
    assert looked_up({}, ENDED).verb is Verb.TRY_AGAIN
