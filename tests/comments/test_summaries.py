"""Summaries as Markdown: what comes from outside stays text, and long tables are cut."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.comments.summaries import MOST, plain
from cmbot.models.summary import Totals

if TYPE_CHECKING:
    from cmbot.comments import Comments


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("visit IN (1..20)", "visit IN (1..20)"),
        ("a|b", r"a\|b"),
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[x](http://evil.example)", r"\[x\](http://evil.example)"),
        ("two\n\n# lines\x1b[31m", r"two \# lines\[31m"),
        ("a\\", "a\\\\"),
    ],
)
def test_text_from_outside_is_one_line_without_a_meaning(text: str, markup: str) -> None:
    assert plain(text) == markup


def test_of_many_groups_and_gaps_the_numbers_are_told(story: Any, comments: Comments) -> None:
    step = story.summary().steps[0]
    many = tuple(replace(step.coverage[1], group=f"g{number:03}") for number in range(1, MOST + 8))
    text = comments.summary(replace(step, coverage=many))
    assert "and 7 more groups." in text
    assert "* and 7 more\n" in text


@pytest.mark.covers("V9")
def test_what_is_not_known_is_said_to_be_so_and_nearly_all_is_not_all(story: Any, comments: Comments) -> None:
    text = comments.summary(replace(story.summary().steps[0], totals=Totals(10_000, 9_999, 1)))
    assert "| 10000 | 9999 (99.9 %) | 1 | not known |  |  | not known | not known | not known |" in text
