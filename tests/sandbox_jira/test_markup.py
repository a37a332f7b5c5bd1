"""Wiki markup becomes what a person reads, and nothing that a browser runs."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.sandbox.jira.markup import Surroundings, to_html

AROUND = Surroundings("http://here", {"bob": "Bob <Beispiel>"}, frozenset({"CM"}))


@pytest.mark.parametrize(
    ("markup", "html"),
    [
        ("h3. Step *one*", "<h3>Step <strong>one</strong></h3>"),
        ("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>"),
        ("_it_ -gone- +new+ ??said??", "<p><em>it</em> <del>gone</del> <u>new</u> <cite>said</cite></p>"),
        ("w_2026_47 a*b*c u/user/x_1_y", "<p>w_2026_47 a*b*c u/user/x_1_y</p>"),
        ("{color:red}*2*{color}", '<p><span class="c-red"><strong>2</strong></span></p>'),
        ("{color:#fF0000}x{color} {color:url(x)}y{color}", "<p>x {color:url(x)}y{color}</p>"),
        ("{{a *b* <c>}}", "<p><code>a *b* &lt;c&gt;</code></p>"),
        (
            "[~bob] [~eve]",
            (
                '<p><span class="mention" data-name="bob">@Bob &lt;Beispiel&gt;</span> '
                '<span class="mention" data-name="eve">@eve</span></p>'
            ),
        ),
        ("CM-12 DM-1 CM-12_step1", '<p><a href="http://here/browse/CM-12">CM-12</a> DM-1 CM-12_step1</p>'),
        (
            "[log|https://x.example/a?b=1&c=2]",
            '<p><a href="https://x.example/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">log</a></p>',
        ),
        (
            "see https://x.example/a, please",
            (
                '<p>see <a href="https://x.example/a" rel="noopener noreferrer nofollow">https://x.example/a</a>'
                ", please</p>"
            ),
        ),
        ("a\\\\ b \\*no\\*", "<p>a<br> b *no*</p>"),
        ("----", "<hr>"),
        ("bq. said", "<blockquote><p>said</p></blockquote>"),
        ("{quote}a\n* b{quote}", "<blockquote><p>a</p>\n<ul><li>b</li></ul></blockquote>"),
        (
            "{code:python|title=T}\n*x* < 1\n{code}",
            '<div class="panel-title">T</div><pre data-language="python">*x* &lt; 1</pre>',
        ),
        ("{noformat}|a|{noformat}", "<pre>|a|</pre>"),
        ("{code}never closed", "<p>{code}never closed</p>"),
        ("* a\n** b\n* c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("# a\n# b", "<ol><li>a</li><li>b</li></ol>"),
        (
            "||G||S||\n|[x y|https://x.example]|{color:green}ok{color}|",
            (
                '<div class="scrolling"><table>\n<tr><th>G</th><th>S</th></tr>\n'
                '<tr><td><a href="https://x.example" rel="noopener noreferrer nofollow">x y</a></td>'
                '<td><span class="c-green">ok</span></td></tr>\n</table></div>'
            ),
        ),
        (
            "||Key|value|",
            '<div class="scrolling"><table>\n<tr><th>Key</th><td>value</td></tr>\n</table></div>',
        ),
    ],
)
def test_markup_is_rendered(markup: str, html: str) -> None:
    assert to_html(markup, AROUND) == html


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


ALLOWED = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "del", "u", "cite", "code", "pre"),
    *("blockquote", "div", "span", "ul", "ol", "li", "table", "tr", "th", "td", "a"),
}
HOSTILE = [
    "<script>alert(1)</script>",
    "[x|javascript:alert(1)] [javascript:alert(1)] [x|data:text/html,<script>]",
    '[x" onclick="y|https://a"onmouseover="b]',
    "{color:red;background:url(x)}y{color}",
    '{code:title="><script>|title=<b>}x{code}',
    '[~<b>] [~bob"onclick=x]',
    'https://a.example/"><img src=x onerror=y>',
    "{panel:title=<img src=x>}<b>{panel}",
]
MARKS = (
    *("{color:red}", "{color}", "{code}", "{quote}", "{noformat}", "|", "||", "*", "_", "-", "\n", "\n\n"),
    *("h1. ", "[", "]", "[a|", "https://x.example", "\\", "\\\\", "{{", "}}", "# ", "* ", "CM-1", "[~bob]"),
    *("\x00", "<", '"'),
)
PIECES = st.sampled_from([*HOSTILE, *MARKS])


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_survives(text: str) -> None:
    check_safe(to_html(text, AROUND))


@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_no_text_makes_a_tag_or_an_attribute_of_its_own(text: str) -> None:
    check_safe(to_html(text, AROUND))


def check_safe(html: str) -> None:
    for tag, attributes in Tags(html).found:
        assert tag in ALLOWED
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else {"class", "data-name", "data-language"})
        assert (attributes.get("href") or "http:").startswith(("http:", "https:", "mailto:"))
