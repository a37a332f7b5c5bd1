"""Commands in comments: found only where a person gives them, and understood or explained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.jira_schema import commands
from cmbot.models.commands import Command, Do, Unclear
from cmbot.models.issues import Level, Role

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


@pytest.mark.covers("D4", "D11")
@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("retry", {}),
        ("RETRY Failed", {}),
        ("retry group 3", {"group": "g003"}),
        ("retry group g012 --fresh", {"group": "g012", "fresh": True}),
        ("retry \u2013fresh", {"fresh": True}),
        (r"retry \-\-fresh", {"fresh": True}),
        ("retry task isr,calibrate", {"tasks": ("isr", "calibrate")}),
        (r"retry task make\_coadd", {"tasks": ("make_coadd",)}),
        ("retry memory=8000", {"memory": {"": 8000}}),
        ("retry memory=isr:8000MB,calibrate=4000", {"memory": {"isr": 8000, "calibrate": 4000}}),
        ("retry site=IN2P3 queue=IN2P3_Extra", {"site": "IN2P3", "queue": "IN2P3_Extra"}),
        ("cancel group 2 wrong  night", {"group": "g002", "rest": "wrong night"}),
        ("accept edge of the survey, group 3 too", {"rest": "edge of the survey, group 3 too"}),
        ("reject the flats = wrong", {"rest": "the flats = wrong"}),
        ("launch", {}),
        ("pause wrong night", {"rest": "wrong night"}),
        ("validate", {}),
        ("invalidate stars are missing", {"rest": "stars are missing"}),
        ("skip no data there", {"rest": "no data there"}),
        ("set Max concurrent groups = 3", {"rest": "Max concurrent groups = 3"}),
        ("operator [~accountid:5b10a2844c20165700ede21g]", {"rest": "[~accountid:5b10a2844c20165700ede21g]"}),
        ("diff CM-2:g001:a1", {"rest": "CM-2:g001:a1"}),
        ("exclude bad.csv trails", {"rest": "bad.csv trails"}),
        ("log group 3 task isr", {"group": "g003", "tasks": ("isr",)}),
    ],
)
def test_what_a_command_asks_for(line: str, wanted: dict[str, object]) -> None:
    found = commands.command(f"/cmbot {line}")
    assert isinstance(found, Command)
    expected = Command(Do(line.split(maxsplit=1)[0].lower()), found.words, **wanted)  # type: ignore[arg-type]  # by name
    assert found == expected
    assert found.memory == expected.memory


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("retry group three", "'three' is no group; write group 3"),
        ("retry group", "'' is no group; write group 3"),
        ("retry task is-r", "'is-r' is no task"),
        ("retry memory=lots", "'lots' is no memory in MB; write memory=8000 or memory=isr:8000"),
        ("retry --frehs", "'--frehs' is not understood; did you mean --fresh? write /cmbot retry [failed"),
        ("retry memry=3", "did you mean memory=?"),
        ("retry please", "'please' is not understood"),
        ("reject", "something is missing at the end; write /cmbot reject [group 3] REASON"),
        ("pause --now", "'--now' is not understood"),
        ("cancle", "'cancle' is no command; write /cmbot cancel"),
    ],
)
def test_what_is_not_understood_says_what_to_write(line: str, said: str) -> None:
    found = commands.command(f"/cmbot {line}")
    assert isinstance(found, Unclear)
    assert said in f"{found.problem}; {found.remedy}"


@pytest.mark.covers("V16")
def test_who_may_command_what_is_who_may_move() -> None:
    operator, definer, nobody = frozenset({Role.OPERATOR}), frozenset({Role.DEFINER}), frozenset[Role]()
    for verb in Do:
        assert commands.refusal(verb, Level.STEP, None) == ""
        assert commands.refusal(verb, Level.STEP, operator) == ""
    assert {verb for verb in Do if not commands.refusal(verb, Level.STEP, nobody)} == {
        Do.HELP, Do.STATUS, Do.EXPLAIN, Do.PLAN, Do.LOG, Do.DIFF,
    }  # fmt: skip
    assert commands.refusal(Do.PAUSE, Level.CAMPAIGN, definer) == ""
    assert "operator may pause a group" in commands.refusal(Do.PAUSE, Level.GROUP, definer)
    assert "operator may launch" in commands.refusal(Do.LAUNCH, Level.CAMPAIGN, definer)
