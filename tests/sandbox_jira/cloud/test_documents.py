"""REST v3 speaks Atlassian documents, v2 wiki markup, of the same text."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmbot.sandbox.jira.markup import NotADocument, to_document, to_html, to_wiki

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Cloud

Node = dict[str, Any]


def text(words: str, *marks: str) -> Node:
    return {"type": "text", "text": words} | ({"marks": [{"type": mark} for mark in marks]} if marks else {})


def block(kind: str, *content: Node, **attrs: Any) -> Node:
    return {"type": kind} | ({"attrs": attrs} if attrs else {}) | {"content": list(content)}


def document(*content: Node) -> Node:
    return {"version": 1, "type": "doc", "content": list(content)}


def cell(kind: str, words: str) -> Node:
    return block(kind, block("paragraph", text(words)))


SAME = [
    (block("paragraph", text("plain words, with CM-1")), "plain words, with CM-1"),
    (block("heading", text("Title"), level=3), "h3. Title"),
    (block("paragraph", text("a "), text("b", "strong"), text(" c")), "a *b* c"),
    (block("paragraph", text("i", "em"), text(" "), text("s", "strike")), "_i_ -s-"),
    (block("paragraph", text("x_y*", "code")), "{{x_y*}}"),
    (block("paragraph", text("one"), {"type": "hardBreak"}, text("two")), "one\ntwo"),
    (
        block("bulletList", block("listItem", block("paragraph", text("a")))),
        "* a",
    ),
    (
        block(
            "orderedList",
            block(
                "listItem",
                block("paragraph", text("a")),
                block("bulletList", block("listItem", block("paragraph", text("b")))),
            ),
        ),
        "# a\n#* b",
    ),
    (
        block("codeBlock", text("if x:\n    y = {1}"), language="python"),
        "{code:python}\nif x:\n    y = {1}\n{code}",
    ),
    (block("blockquote", block("paragraph", text("q"))), "{quote}\nq\n{quote}"),
    (block("panel", block("paragraph", text("p")), panelType="info"), "{panel}\np\n{panel}"),
    ({"type": "rule"}, "----"),
    (
        block(
            "table",
            block("tableRow", cell("tableHeader", "h"), cell("tableHeader", "i")),
            block("tableRow", cell("tableCell", "a|b"), cell("tableCell", "2")),
        ),
        "||h||i||\n|a\\|b|2|",
    ),
    (
        block(
            "paragraph",
            {
                "type": "text",
                "text": "t",
                "marks": [{"type": "link", "attrs": {"href": "https://x.example/?a=1"}}],
            },
        ),
        "[t|https://x.example/?a=1]",
    ),
    (
        block(
            "paragraph",
            {"type": "text", "text": "t", "marks": [{"type": "textColor", "attrs": {"color": "#ff0000"}}]},
        ),
        "{color:red}t{color}",
    ),
    (
        block(
            "paragraph",
            {"type": "mention", "attrs": {"id": "5b10", "text": "@accountid:5b10", "accessLevel": ""}},
        ),
        "[~accountid:5b10]",
    ),
]


@pytest.mark.parametrize(("node", "wiki"), SAME, ids=[wiki[:20] for _, wiki in SAME])
def test_markup_and_document_are_the_same_text(node: Node, wiki: str) -> None:
    assert to_document(wiki) == document(node)
    assert to_wiki(document(node)) == wiki


@pytest.mark.parametrize(
    ("node", "left"),
    [
        (block("expand", block("paragraph", text("inside")), title="More"), ["More", "inside"]),
        (block("taskList", block("taskItem", text("to do"))), ["to do"]),
        (block("mediaSingle", {"type": "media", "attrs": {"id": "1"}}), []),
        (block("paragraph", {"type": "emoji", "attrs": {"shortName": ":smile:", "text": "😄"}}), ["😄"]),
        (block("paragraph", {"type": "status", "attrs": {"text": "DONE"}}), ["DONE"]),
        (block("paragraph", {"type": "date", "attrs": {"timestamp": "1582152559000"}}), ["2020-02-19"]),
        (block("layoutSection", block("layoutColumn", block("paragraph", text("a")))), ["a"]),
        (block("invented", text("still said")), ["still said"]),
    ],
)
def test_of_what_markup_does_not_know_the_text_remains(node: Node, left: list[str]) -> None:
    again = to_document(to_wiki(document(node)))
    assert ["".join(words(paragraph)) for paragraph in again["content"]] == left


def words(node: Node) -> Iterator[str]:
    if node["type"] == "text":
        yield node["text"]
    for child in node.get("content", []):
        yield from words(child)


LINES = st.text(string.ascii_letters + string.digits + " _*+-~^?!{}[]|\\#.,:;()<>&\"'/@ü", max_size=40)


@given(LINES)
@settings(max_examples=300)
def test_any_line_of_text_stays_text(line: str) -> None:
    again = to_document(to_wiki(document(block("paragraph", text(line)))))
    assert "".join("".join(words(one)) for one in again["content"]).split() == line.split()
    assert all(one["type"] == "paragraph" for one in again["content"])


NODES = st.recursive(
    st.builds(
        lambda words, marks: {"type": "text", "text": words, "marks": marks},
        LINES,
        st.lists(
            st.sampled_from(
                [{"type": "strong"}, {"type": "code"}, {"type": "link", "attrs": {"href": "javascript:a"}}]
            ),
            max_size=2,
        ),
    )
    | st.sampled_from(
        [{"type": "hardBreak"}, {"type": "rule"}, {"type": "mention", "attrs": {"id": '"><b>'}}]
    ),
    lambda inner: st.builds(
        lambda kind, content: {"type": kind, "content": content},
        st.sampled_from(
            [
                "paragraph",
                "heading",
                "bulletList",
                "listItem",
                "table",
                "tableRow",
                "tableCell",
                "panel",
                "codeBlock",
                "blockquote",
                "expand",
                "invented",
            ]
        ),
        st.lists(inner, max_size=3),
    ),
    max_leaves=10,
)


@given(st.lists(NODES, max_size=4))
@settings(max_examples=200)
def test_any_document_is_read_and_nothing_hostile_survives(nodes: list[Node]) -> None:
    wiki = to_wiki(document(*nodes))
    assert "javascript:" not in "".join(part for part in to_html(wiki).split('"') if part.startswith("java"))
    for node in walk(to_document(wiki)):
        for mark in node.get("marks", []):
            assert mark["type"] != "link" or mark["attrs"]["href"].startswith(("http", "mailto:"))


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("content", []):
        yield from walk(child)


@pytest.mark.parametrize(
    "wrong",
    [
        "text",
        {},
        {"type": "doc"},
        {"type": "doc", "version": 2, "content": []},
        {"type": "doc", "version": 1, "content": "x"},
        {"type": "doc", "version": 1, "content": [1]},
        {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text"}]}]},
        {
            "type": "doc",
            "version": 1,
            "content": [{"type": "heading", "attrs": []}, {"type": "rule", "content": 1}],
        },
        document(block("paragraph", {"type": "text", "text": "t", "marks": "strong"})),
        document(block("paragraph", {"type": "mention", "attrs": "x"})),
    ],
)
def test_what_is_no_document_is_refused(wrong: Any) -> None:
    with pytest.raises(NotADocument):
        to_wiki(wrong)


def test_an_issue_is_written_and_read_in_both_versions(cloud: Cloud) -> None:
    reason = cloud.sandbox.field("Reason")
    body = document(block("paragraph", text("see "), text("this", "strong")))
    fields = {"project": {"key": "CM"}, "issuetype": {"name": "Step"}, "summary": "s", "description": body}
    key = cloud.post("issue", {"fields": {**fields, reason: body}}, 201)["key"]
    for version, said in ((2, "see *this*"), (3, body)):
        found = cloud.get(f"issue/{key}", version=version)["fields"]
        assert (found["description"], found[reason]) == (said, said)
        page = cloud.rest(
            "POST", "search/jql", version=version, json={"jql": "key = CM-1", "fields": ["*all"]}
        )
        assert page.json()["issues"][0]["fields"]["description"] == said
    assert cloud.rest("PUT", f"issue/{key}", version=2, json={"fields": {"description": "h1. x"}}).ok
    assert cloud.get(f"issue/{key}")["fields"]["description"]["content"][0]["type"] == "heading"
    update = {"update": {"description": [{"set": body}], "comment": [{"add": {"body": body}}]}}
    assert cloud.rest("PUT", f"issue/{key}", json=update).status_code == 204
    found = cloud.get(f"issue/{key}", version=2)["fields"]
    assert found["description"] == found["comment"]["comments"][0]["body"] == "see *this*"


def test_a_comment_is_written_and_read_in_both_versions(cloud: Cloud) -> None:
    key = cloud.create()
    body = document(block("paragraph", text("done", "em")))
    made = cloud.post(f"issue/{key}/comment", {"body": body}, 201)
    assert made["body"] == body
    assert made["jsdPublic"] is True
    path = f"issue/{key}/comment/{made['id']}"
    assert cloud.get(path, version=2)["body"] == "_done_"
    assert cloud.rest("PUT", path, version=2, json={"body": "*more*"}).json()["body"] == "*more*"
    assert cloud.get(path)["body"] == document(block("paragraph", text("more", "strong")))


def test_the_wrong_form_of_a_text_is_refused(cloud: Cloud) -> None:
    key = cloud.create()
    body = document(block("paragraph", text("x")))
    wrong = cloud.rest("PUT", f"issue/{key}", json={"fields": {"description": "words"}})
    assert (wrong.status_code, [*wrong.json()["errors"]]) == (400, ["description"])
    wrong = cloud.rest("PUT", f"issue/{key}", version=2, json={"fields": {"description": body}})
    assert (wrong.status_code, [*wrong.json()["errors"]]) == (400, ["description"])
    assert cloud.rest("POST", f"issue/{key}/comment", json={"body": "words"}).status_code == 400
    assert cloud.rest("POST", f"issue/{key}/comment", version=2, json={"body": body}).status_code == 400
    assert cloud.get(f"issue/{key}")["fields"]["description"] is None


def test_a_text_can_be_emptied(cloud: Cloud) -> None:
    key = cloud.create(description="words")
    assert cloud.rest("PUT", f"issue/{key}", json={"fields": {"description": None}}).status_code == 204
    assert cloud.get(f"issue/{key}")["fields"]["description"] is None


def test_a_text_is_as_long_as_it_may_be_in_markup(cloud: Cloud) -> None:
    key = cloud.create()
    for length, status in ((32_767, 204), (32_768, 400)):
        body = document(block("paragraph", text("x" * length)))
        assert cloud.rest("PUT", f"issue/{key}", json={"fields": {"description": body}}).status_code == status


def test_work_is_described_by_a_document(cloud: Cloud) -> None:
    key = cloud.create()
    body = document(block("paragraph", text("looked "), text("again", "em")))
    made = cloud.post(f"issue/{key}/worklog", {"comment": body, "timeSpent": "1h"}, 201)
    assert made["comment"] == body
    assert cloud.get(f"issue/{key}/worklog/{made['id']}", version=2)["comment"] == "looked _again_"
