"""Steps one after the other, apart, together and both (requirement B35)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.definition import connections
from cmbot.definition.connections import Connections, Ends
from cmbot.models.campaign import CampaignDefinition, StepDefinition

if TYPE_CHECKING:
    from cmbot.exceptions import Problem


def campaign(**after: tuple[str, ...]) -> CampaignDefinition:
    steps = tuple(StepDefinition(name, f"p.yaml#{name}", "visit > 0", waits) for name, waits in after.items())
    return CampaignDefinition(
        name="x", butler="/r", inputs=("raw",), output="o", environment="e", site="s", steps=steps
    )


def said(definition: CampaignDefinition, *present: str, **needs: str) -> list[str]:
    """Each step makes what is called like it, and needs what is said."""
    steps: dict[str, Ends | Problem] = {
        name: Ends(tuple(text.split()), (f"of_{name}",), None) for name, text in needs.items()
    }
    return list(map(str, connections.problems(definition, Connections(steps, frozenset(present)))))


@pytest.mark.covers("B35")
@pytest.mark.parametrize(
    ("after", "needs"),
    [
        ({"a": (), "b": ("a",), "c": ("b",)}, {"a": "raw", "b": "of_a", "c": "of_a of_b"}),
        ({"a": (), "b": ("a",), "c": ("a",)}, {"a": "raw", "b": "of_a", "c": "of_a"}),
        ({"a": (), "b": (), "c": ("a", "b")}, {"a": "raw", "b": "raw", "c": "of_a of_b"}),
        (
            {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")},
            {"a": "raw", "b": "of_a", "c": "of_a", "d": "of_a of_b of_c"},
        ),
    ],
    ids=["sequential", "split", "merge", "mixed"],
)
def test_connected_steps_are_sound(after: dict[str, tuple[str, ...]], needs: dict[str, str]) -> None:
    assert said(campaign(**after), "raw", **needs) == []


@pytest.mark.covers("B34")
def test_what_is_there_already_need_not_be_made_again() -> None:
    assert said(campaign(a=(), b=()), "raw", "of_a", a="raw", b="of_a") == []


@pytest.mark.covers("B34")
def test_what_is_made_beside_a_step_is_not_made_before_it() -> None:
    [line] = said(campaign(a=(), b=()), "raw", a="raw", b="of_a")
    assert line.startswith("b is blocked by: it needs of_a of a, and does not wait for it; link it")


@pytest.mark.covers("B33")
def test_what_nobody_makes_is_named_once() -> None:
    [line] = said(campaign(a=()), a="t1 t2 t3 t4 t5 t6")
    assert line.startswith("a Input collections: nothing makes t1, t2, t3, t4 and 2 more, which it needs")


def test_steps_of_which_nothing_is_known_are_not_judged() -> None:
    assert list(connections.problems(campaign(a=()), connections.NOT_ASKED)) == []
