"""Commands in comments: found only where a person gives them, and understood or explained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.jira_schema import commands
from cmbot.models.commands import Command, Do, Unclear

QUOTES = [
    "{quote}\n%s\n{quote}",
    "{quote}%s{quote}",
    "bq. said\n%s",
    "> %s",
    "{code}\n%s\n{code}",
    "{code:title=Bar.java|borderStyle=solid}\n%s\n{code}",
    "{noformat}\n%s\n{noformat}",
    "{CODE}\n%s\n{CODE}",
    "```\n%s\n```",
    "```bash\n%s",
    "    %s",
    "\t%s",
    "* %s",
    "I would say %s",
    "{quote}\n{code}\n{quote}\n{code}\n%s\n{quote}",
    "{code}\n{quote}\n%s",
    "{noformat}\n{code}\n{noformat}{code}\n%s",
    "/%s",
]


@pytest.mark.covers("W22")
@pytest.mark.parametrize("around", QUOTES)
def test_what_is_quoted_or_code_is_no_command(around: str) -> None:
    assert commands.lines(around % "/cmbot help") == ()


@pytest.mark.parametrize(
    "body",
    [
        "/cmbot help",
        "  /CMBOT Help",
        "thanks\r\n/cmbot help\r\nbye",
        "\u200b/cmbot\u00a0help",
        "{quote}said{quote}\n/cmbot help",
        "bq. said\n\n/cmbot help",
        "{code}x{code}\n/cmbot help",
        "```x```\n/cmbot help",
        r"\{code}" + "\n/cmbot help",
    ],
)
def test_a_line_that_begins_with_the_word_is_a_command(body: str) -> None:
    (line,) = commands.lines(body)
    found = commands.command(line)
    assert isinstance(found, Command)
    assert found.verb is Do.HELP


def test_several_commands_of_a_comment_are_read_in_their_order_up_to_a_limit() -> None:
    assert commands.lines("/cmbot status\nand\n/cmbot help") == ("/cmbot status", "/cmbot help")
    assert len(commands.lines("/cmbot help\n" * 1000)) == commands.MOST + 1


def test_the_word_alone_asks_for_help_and_longer_words_are_nothing() -> None:
    assert isinstance(found := commands.command("/cmbot"), Command)
    assert found.verb is Do.HELP
    assert commands.lines("/cmbots help\n/cmbot-help") == ()


def test_a_near_miss_is_explained() -> None:
    assert commands.command("/cmbot stauts") == Unclear(
        "/cmbot stauts", "'stauts' is no command", "write /cmbot status"
    )
    assert isinstance(found := commands.command("/cmbot qqqqq"), Unclear)
    assert "/cmbot help" in found.remedy
    assert isinstance(found := commands.command("/cmbot status --all"), Unclear)
    assert found.remedy == "write /cmbot status"
    assert isinstance(found := commands.command("/cmbot status " + "x" * 1000), Unclear)
    assert "longer" in found.problem


@given(st.text(max_size=200).map(lambda text: "/cmbot " + text))
def test_whatever_is_written_is_read_or_explained(text: str) -> None:
    for line in commands.lines(text):
        found = commands.command(line)
        assert len(found.words) <= commands.LONGEST
        assert isinstance(found, Command) or (found.problem and found.remedy)


@given(st.lists(st.sampled_from(["/cmbot help", "{quote}", "{code}", "{noformat}", "```", "bq. x", "", "a"])))
def test_nothing_between_the_marks_of_code_is_a_command(lines: list[str]) -> None:
    inside = "\n".join(line for line in lines if line != "{code}")
    assert commands.lines("{code}\n" + inside) == ()
    assert len(commands.lines("\n".join(lines))) <= lines.count("/cmbot help")
