"""How a step was split and what came of its attempts come back from the issue's properties."""

from __future__ import annotations

import base64
import json
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmbot.dataids import DataIdSet
from cmbot.exceptions import UserError
from cmbot.mirror import Mirror, definitions, journal, packing, plans, records, reports
from cmbot.models.attempts import AttemptState, TryState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLE = DataIdSet.of([{"instrument": "LSSTCam", "visit": visit} for visit in range(3)]).to_csv()
GROUPS = (
    plans.GroupRow(
        "2", "g001", 5, {"where": "visit IN (1..5)", "table": "", "parts": {"visit": ["1..5"]}}, "", ""
    ),
    plans.GroupRow(
        "2", "g002", 3, {"where": "", "table": TABLE, "parts": {"visit": [0, 1, 2], "band": ["g"]}}, "", ""
    ),
)
FIELDS = {"campaign": {"Output root": "u/anna"}, "step": {"Data query": "visit > 5", "WMS priority": 3.0}}
SPEC = "a" * 64


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Mirror]:
    with closing(Mirror(tmp_path / "new.sqlite")) as mirror:
        yield mirror


@pytest.fixture
def full(mirror: Mirror, doing: Any) -> Mirror:
    """A step with two groups, of which one has failed and the other runs."""
    plans.freeze_groups(mirror, "2", GROUPS)
    for group, nonce in (("g001", "0000000a"), ("g002", "0000000b")):
        attempt = doing.attempt(group=group)
        item = doing.submission(attempt, nonce, group=group)
        with mirror.writing() as connection:
            definitions.keep(connection, "2", SPEC, FIELDS, doing.at(4))
            journal.set_attempt(connection, attempt, hash=SPEC, state=AttemptState.RUNNING)
            journal.set_try(connection, item, state=TryState.SUBMITTED, request_id=int(nonce, 16))
            reports.save(connection, item, "as-run", {"sha256": "b" * 64}, doing.at(6))
            reports.save(connection, item, "graph", {"quanta": 10}, doing.at(6))
            counts = {"total": 10, "done": 4, "failed": 6, "running": 0}
            reports.save(connection, item, "wms", {"counts": counts, "tasks": []}, doing.at(7))
    with mirror.writing() as connection:
        reports.save(connection, 1, "data", {"counts": counts, "details": ["x"]}, doing.at(8))
        journal.set_attempt(
            connection, 1, state=AttemptState.PARTIAL, summary="6 of 10", ended_at=doing.at(8)
        )
    return mirror


def through_jira(properties: dict[str, Any]) -> dict[str, Any]:
    assert all(len(json.dumps(value)) < 32_768 for value in properties.values())
    return dict(json.loads(json.dumps(properties)))


def restored_attempts(full: Mirror, empty: Mirror, doing: Any) -> None:
    from cmbot.mirror import restore  # noqa: PLC0415 - what comes back first

    attempts = [item for found in journal.attempts(full, "2").values() for item in found]
    properties = restore.to_properties(attempts, "cmbot.attempts")
    entries = [entry for body in through_jira(properties).values() for entry in body["attempts"]]
    restore.from_properties(empty, "2", entries, "tries", doing.at(60))


@pytest.mark.covers("W19", "W8")
def test_groups_come_back_as_they_were_frozen(full: Mirror, empty: Mirror) -> None:
    records.restore_split(empty, "2", through_jira(records.split_properties(full, "2")))
    assert plans.groups_of(empty, "2") == GROUPS


@pytest.mark.covers("W19", "W8")
def test_definitions_and_results_come_back(full: Mirror, empty: Mirror, doing: Any) -> None:
    restored_attempts(full, empty, doing)
    records.restore_results(empty, "2", through_jira(records.results_properties(full, "2")))
    assert definitions.of(empty, "2") == definitions.of(full, "2")
    for group, [before] in journal.attempts(full, "2").items():
        [after] = journal.attempts(empty, "2")[group]
        assert (after.hash, after.cause, after.cause.by.name) == (SPEC, before.cause, "Anna")
        assert (after.created_at, after.ended_at) == (before.created_at, before.ended_at)
        assert after.summary == before.summary
        assert after.last_try is not None
        assert before.last_try is not None
        assert after.last_try.reserved_at == before.last_try.reserved_at
        for kind, part in (("as-run", "sha256"), ("graph", "quanta")):
            [old, new] = [reports.read(m, 1, kind) for m in (full, empty)]
            assert old is not None
            assert new is not None
            assert new[part] == old[part]
    known = {kind: reports.read(empty, 1, kind) for kind in ("wms", "data")}
    assert all(report and report["counts"]["failed"] == 6 for report in known.values())
    # How far a live one is shows by looking.
    assert reports.read(empty, 2, "wms") is None


def test_there_is_nothing_to_keep_before_the_first_attempt(mirror: Mirror) -> None:
    assert records.results_properties(mirror, "2") == {}


def split(**group: Any) -> dict[str, Any]:
    one = {"name": "g001", "size": 1, "where": "visit = 1", "table": "", "parts": {}} | group
    return packing.pack({"groups": [one]}, records.SPLIT)


HOSTILE = [
    {},
    {"cmbot.split": 1},
    {"cmbot.split": {"parts": 1, "data": "AAAA", "sha256": ""}},
    {"cmbot.split": split()["cmbot.split"] | {"sha256": "0" * 64}},
    {"cmbot.split": split()["cmbot.split"] | {"parts": 2}},
    {"cmbot.split": split()["cmbot.split"] | {"parts": 10**30}},
    packing.pack({"groups": []}, records.SPLIT),
    packing.pack({"groups": [{"name": "g001"}]}, records.SPLIT),
    packing.pack([], records.SPLIT),
    split(name="../x"),
    split(size=-1),
    split(where="visit = 1; rm -rf /"),
    split(where="bpsEval(1)"),
    split(where="('"),
    split(table="visit\n$(x)\n"),
    split(table="no such dimension\n1\n"),
    split(table="visit,instrument\n1\n"),
    split(parts={"no such dimension": [1]}),
    split(parts={"visit": [-1]}),
    split(parts={"visit": ["x"]}),
    split(parts={"visit": ["0..999999999999999999"]}),
    split(more=1),
    packing.pack(
        {"groups": 2 * [json.loads('{"name":"g001","size":1,"where":"","table":"","parts":{}}')]},
        records.SPLIT,
    ),
]


@pytest.mark.parametrize("properties", HOSTILE, ids=range(len(HOSTILE)))
def test_a_split_that_cmbot_did_not_write_is_refused(empty: Mirror, properties: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"cmbot\.split"):
        records.restore_split(empty, "2", properties)
    assert plans.groups_of(empty, "2") == ()


def test_results_that_cmbot_did_not_write_are_refused(full: Mirror, empty: Mirror, doing: Any) -> None:
    restored_attempts(full, empty, doing)
    sound = packing.unpack(records.results_properties(full, "2"), records.RESULTS)
    wrong: list[dict[str, Any]] = [
        sound | {"definitions": []},
        sound | {"definitions": [sound["definitions"][0] | {"step": {"Verdict": "good"}}]},
        sound | {"definitions": [sound["definitions"][0] | {"step": {"Data query": ["x"]}}]},
        sound | {"definitions": [sound["definitions"][0] | {"hash": "b" * 64}]},
        sound | {"attempts": [sound["attempts"][0] | {"created": "2026-11-20T08:00:00"}]},
        sound | {"attempts": [sound["attempts"][0] | {"graph": -1}]},
    ]
    for document in wrong:
        with pytest.raises(UserError, match=r"cmbot\.results"):
            records.restore_results(empty, "2", packing.pack(document, records.RESULTS))
    assert definitions.of(empty, "2") == ()


def test_a_document_that_would_fill_the_memory_is_refused() -> None:
    bomb = base64.b64encode(zlib.compress(b" " * (packing.MOST + 1), 9)).decode()
    with pytest.raises(UserError, match="too large"):
        packing.unpack({"k": {"parts": 1, "sha256": "", "data": bomb}}, "k")


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


@settings(max_examples=60)
@given(documents, st.binary(max_size=60_000))
def test_a_document_of_any_size_comes_back(document: Any, noise: bytes) -> None:
    whole = {"document": document, "noise": noise.hex()}
    properties = packing.pack(whole, "k")
    assert packing.unpack(through_jira(properties), "k") == whole
    assert properties == packing.pack(whole, "k")
