"""Laws of explaining failures: the worst wins, nothing is lost, passive rules decide nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.models.failures import Action, Explained, Failure, FailureKind, Flavour, JobError
from cmbot.wms.catalogue import Catalogue, Rule
from cmbot.wms.explaining import Explaining, worst

LABELS = ("isr", "calibrate")
CODES = ("pilot:1305", "transform:137", "executor:1")


def error(name: str, diag: str = "") -> JobError:
    component, _, code = name.partition(":")
    return JobError(component, int(code), diag)


failures = st.builds(
    Failure,
    st.sampled_from(LABELS),
    st.lists(
        st.builds(error, st.sampled_from(CODES), st.sampled_from(["", "nan", "over 3 kB", "over 4 kB"])),
        min_size=1,
        max_size=3,
    ).map(tuple),
    st.sampled_from([None, 1, 137]),
    st.sampled_from(["SLAC", "LANC"]),
)
some_kinds = st.lists(st.builds(FailureKind, failures, st.integers(1, 50)), max_size=8)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    action = draw(st.sampled_from(Action))
    return Rule(
        name=f"r{draw(st.integers(0, 10**6))}",
        codes=tuple(draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=2))),
        message=draw(st.sampled_from(["", "nan", "over"])),
        tasks=draw(st.sampled_from([(), ("isr",), ("*",)])),
        sites=draw(st.sampled_from([(), ("SLAC",)])),
        flavour=Flavour.PAYLOAD,
        action=action,
        tolerance=draw(st.sampled_from([0.01, 0.5, 1.0])) if action is Action.ACCEPT else 0,
        resolved=draw(st.booleans()),
        active=draw(st.booleans()),
    )


catalogues = st.builds(
    Catalogue, rules=st.lists(rules(), max_size=6, unique_by=lambda rule: rule.name).map(tuple)
)
totals = st.fixed_dictionaries({}, optional={label: st.integers(0, 500) for label in LABELS})


def explain(catalogue: Catalogue, kinds: Any, expected: Any) -> tuple[Explained, ...]:
    return Explaining(catalogue, kinds, expected).explain(kinds)


@given(catalogues, some_kinds, totals)
def test_every_failure_is_explained_once(catalogue: Catalogue, kinds: Any, expected: Any) -> None:
    explained = explain(catalogue, kinds, expected)
    assert sum(each.count for each in explained) == sum(kind.count for kind in kinds)
    assert {each.label for each in explained} == {kind.example.label for kind in kinds}


@given(catalogues, some_kinds, totals, st.randoms())
def test_the_order_of_failures_means_nothing(
    catalogue: Catalogue, kinds: Any, expected: Any, random: Any
) -> None:
    def seen(explained: tuple[Explained, ...]) -> Any:
        return sorted((each.label, each.count, each.action, each.rule, each.would) for each in explained)

    shuffled = random.sample(kinds, len(kinds))
    assert worst(explain(catalogue, kinds, expected)) == worst(explain(catalogue, shuffled, expected))
    assert seen(explain(catalogue, kinds, expected)) == seen(explain(catalogue, shuffled, expected))


@given(catalogues, some_kinds, totals)
def test_the_worst_action_wins_and_without_failures_there_is_none(
    catalogue: Catalogue, kinds: Any, expected: Any
) -> None:
    explained = explain(catalogue, kinds, expected)
    action = worst(explained)
    assert (action is None) == (not kinds)
    assert all(action is not None and each.action.severity <= action.severity for each in explained)


@given(catalogues, some_kinds, totals)
def test_passive_rules_decide_nothing(catalogue: Catalogue, kinds: Any, expected: Any) -> None:
    active = Catalogue(rules=tuple(rule for rule in catalogue.rules if rule.active))

    def decisions(used: Catalogue) -> Any:
        counted: dict[Any, int] = {}
        for each in explain(used, kinds, expected):
            key = (each.label, each.action, each.rule)
            counted[key] = counted.get(key, 0) + each.count
        return counted

    assert decisions(catalogue) == decisions(active)


@given(catalogues, some_kinds, totals)
def test_nothing_is_accepted_beyond_its_tolerance_over_the_whole_step(
    catalogue: Catalogue, kinds: Any, expected: Any
) -> None:
    by_name = {rule.name: rule for rule in catalogue.rules}
    accepted: dict[tuple[str, str], int] = {}
    for each in explain(catalogue, kinds, expected):
        if each.action is Action.ACCEPT:
            rule = by_name[each.rule]
            assert rule.active
            assert not rule.resolved
            accepted[each.rule, each.label] = accepted.get((each.rule, each.label), 0) + each.count
    for (name, label), count in accepted.items():
        assert count <= by_name[name].tolerance * expected.get(label, 0) + 1e-6


@given(catalogues, some_kinds, failures, totals)
def test_another_failure_never_makes_things_better(
    catalogue: Catalogue, kinds: Any, failure: Failure, expected: Any
) -> None:
    before = worst(explain(catalogue, kinds, expected))
    after = worst(explain(catalogue, [*kinds, FailureKind(failure, 1)], expected))
    assert after is not None
    assert before is None or after.severity >= before.severity


@given(failures, st.sampled_from([{"tasks": ("*",)}, {"sites": ("*",)}, {"message": "^"}]), st.booleans())
def test_a_rule_that_asks_for_more_wins_wherever_it_stands(failure: Failure, more: Any, last: bool) -> None:
    common = {"flavour": Flavour.PAYLOAD, "action": Action.RESCUE, "active": True}
    wide = Rule(name="wide", codes=CODES, **common)
    narrow = Rule(name="narrow", codes=CODES, **common, **more)
    catalogue = Catalogue(rules=(wide, narrow) if last else (narrow, wide))
    (each,) = explain(catalogue, [FailureKind(failure, 1)], {})
    assert each.rule == "narrow"


@pytest.mark.covers("G7")
def test_a_tolerance_counts_over_the_whole_step_and_not_over_one_group() -> None:
    accepting = Rule(
        name="rare", codes=("pilot:1305",), flavour=Flavour.PAYLOAD, action=Action.ACCEPT,
        tolerance=0.001, active=True,
    )  # fmt: skip
    one = FailureKind(Failure("isr", (error("pilot:1305"),)), 1)

    def action(step: list[FailureKind], expected: int) -> tuple[Action, str]:
        (each,) = Explaining(Catalogue(rules=(accepting,)), step, {"isr": expected}).explain([one])
        return each.action, each.note

    assert action([one], 1000) == (Action.ACCEPT, "")
    assert action([one, one], 2000) == (Action.ACCEPT, "")
    assert action([one], 999)[0] is Action.REVIEW
    assert action([one, one], 1000) == (
        Action.REVIEW,
        "0.2 % of the step's isr, and only 0.1 % are tolerated",
    )
    assert action([one], 0)[0] is Action.REVIEW


@pytest.mark.covers("V5")
def test_a_passive_rule_counts_what_it_would_have_done() -> None:
    new = Rule(name="new", codes=("pilot:1212",), flavour=Flavour.INFRASTRUCTURE, action=Action.RESCUE)
    kind = FailureKind(Failure("isr", (error("pilot:1212"),)), 7)
    (each,) = explain(Catalogue(rules=(new,)), [kind], {"isr": 10})
    assert (each.action, each.rule, each.flavour) == (Action.REVIEW, "", None)
    assert (each.would, each.would_do, each.count) == ("new", Action.RESCUE, 7)
