"""Text from outside is shown as it is, wherever it stands in a comment."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cmbot.comments import wiki
from cmbot.models.issues import Person
from cmbot.sandbox.jira.markup import to_html

PIECES = [
    *("*", "_", "-", "+", "^", "~", "!", "?", "#", "|", "||", "{", "}", "[", "]", "\\", "(", ")", " "),
    *("\n", "\t", "h1. ", "h6. x", "bq. ", "----", "??", "{{", "}}", "a", "Z9", "é", "—", "<b>", "&amp;"),
    *("{code}", "{noformat}", "{quote}", "{panel:title=x}", "{color:red}", "{color}", "{expand}"),
    *("[~anna]", "[~accountid:5]", "[x|http://e.org]", "[^a.txt]", "[javascript:alert(1)]"),
    *("!http://e.org/x.png!", "!x.png|width=9!", "http://e.org/a_b_", "CM-12", "step1_g001_a1"),
    *("\u202e", "\x00", "\x1b[31m", "\ud800"),
]
hostile = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=30)


def shown(text: str) -> str:
    """What a person should read: one line, nothing invisible, cut."""
    line = "".join(filter(str.isprintable, " ".join(text.split()))).strip()
    return line if len(line) <= 300 else line[:299] + "…"


def read(markup: str) -> tuple[set[str], str]:
    """Tags and text of a comment on the board; links are not counted, since addresses may be links."""
    page = to_html(markup)
    assert not re.search(r'<a href="(?!https?://)', page)
    tags = set(re.findall(r"</?(\w+)", page)) - {"a"}
    return tags, html.unescape(re.sub(r"<[^>]*>", "", page)).replace("\u200b", "")


@given(hostile)
@example("- an item")
@example('_(x)_ and -(y)- and +"z"+')
@example("a\\")
@example("\\\\server\\share \\*not bold\\*")
@example("h1. a heading")
def test_nothing_from_outside_is_markup(text: str) -> None:
    tags, there = read(wiki.escape(text))
    assert tags <= {"p"}
    assert there == shown(text)


@given(hostile)
def test_nothing_from_outside_breaks_out_of_a_cell_or_an_item(text: str) -> None:
    page = to_html(f"|first|{wiki.escape(text)} |last|")
    assert (page.count("<td>"), page.count("<th>"), page.count("<tr>")) == (3, 0, 1)
    tags, there = read(f"* {wiki.escape(text)} end\n* last")
    assert tags == {"ul", "li"}
    assert there == f"{shown(text)} endlast".lstrip()


@given(hostile)
def test_every_character_that_could_be_active_has_its_meaning_taken(text: str) -> None:
    markup = wiki.escape(text)
    assert "\n" not in markup
    assert not re.search(r"(?<!\\)[{}\[\]|*!^~]", markup)
    assert not re.search(r"\\\\", markup)
    assert not re.match(r"\s*(#|-|h[1-6]\.|bq\.)", markup)


def test_run_names_and_queries_stay_readable() -> None:
    assert wiki.escape("CM-2_step1_g001_a1_0a1b2c3d") == "CM-2_step1_g001_a1_0a1b2c3d"
    assert wiki.escape("visit IN (1..20) AND band = 'g'") == "visit IN (1..20) AND band = 'g'"


def test_a_very_long_text_is_cut_and_says_so() -> None:
    assert wiki.escape("x" * 300) == "x" * 300
    assert wiki.escape("x" * 301) == "x" * 299 + "…"


@pytest.mark.parametrize(
    "url",
    [
        *(
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "HTTP://e.org",
            "//e.org",
            "e.org",
        ),
        *("http://e.org/a|b", "http://e.org/]", "http://e.org/{code}", "http://e.org\nx", "http://a b", ""),
        *("http://", "e.org"),
    ],
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert wiki.link("CM-1", url) == "CM-1"


def test_a_link_shows_its_text_as_it_is() -> None:
    assert wiki.link("CM-1", "https://jira.example.org/browse/CM-1") == (
        "[CM-1|https://jira.example.org/browse/CM-1]"
    )
    assert "{" not in wiki.link("{code}", "http://e.org").replace(r"\{", "")


@pytest.mark.parametrize("account", ["x] {code}", "a b", "anna|x", "[~anna]", "", "a\nb", "a:b"])
def test_a_strange_account_is_not_a_mention(account: str) -> None:
    tags, _ = read(wiki.mention(Person(account, "Eve"), "") + ".")
    assert "span" not in tags


def test_an_account_is_mentioned() -> None:
    assert wiki.mention(Person("anna.b-c_d@example.org", "Anna"), "") == "[~anna.b-c_d@example.org]"
    eve = Person("557058:f58131cb-b67d", "Eve")
    assert wiki.mention(eve, "accountid:") == "[~accountid:557058:f58131cb-b67d]"


def test_who_sits_at_a_terminal_is_named_and_nobody_in_jira_is_called() -> None:
    assert wiki.mention(Person("linda"), "") == "linda"


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)), st.integers(-12, 14))  # noqa: DTZ001 - made aware below
def test_instants_are_the_same_in_every_zone(naive: datetime, hours: int) -> None:
    here = naive.replace(tzinfo=UTC)
    assert wiki.instant(here.astimezone(timezone(timedelta(hours=hours)))) == wiki.instant(here)
    assert wiki.instant(here).endswith(" UTC")


@pytest.mark.covers("V16")
def test_a_difference_shows_every_line_that_changed_and_no_markup() -> None:
    assert wiki.difference("a\n-- b\n++ c\n@@ d", "a") == [r"\-\-\- b", r"\-\+\+ c", r"\-@@ d"]
    assert wiki.difference("", "{quote}\n| x |") == [r"\+\{quote\}", r"\+\| x \|"]
    assert wiki.difference("same", "same") == []
    many = wiki.difference("", "\n".join(map(str, range(100))))
    assert len(many) == 21
    assert many[-1] == "… and 80 more lines"
