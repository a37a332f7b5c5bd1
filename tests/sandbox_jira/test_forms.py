"""The pages with forms: signing in, creating, editing, attaching, searching."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import requests

from cmbot.sandbox.jira import seeding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Sandbox, Start

PAGE = {"Accept": "text/html"}


class Person:
    """A person's browser: cookies, forms, no scripts."""

    def __init__(self, sandbox: Sandbox, user: str = "alice") -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.get("/?token=" + sandbox.app.access.tokens[user])

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.sandbox.url + path, headers=PAGE, timeout=20)

    def csrf(self) -> str:
        found = re.search(r'data-csrf="([^"]+)"', self.get("/projects").text)
        assert found is not None
        return found[1]

    def post(self, path: str, **more: Any) -> requests.Response:
        more["data"] = {"csrf": self.csrf()} | more.get("data", {})
        return self.session.post(self.sandbox.url + path, headers=PAGE, timeout=20, **more)


@pytest.fixture
def person(sandbox: Sandbox) -> Iterator[Person]:
    person = Person(sandbox)
    yield person
    person.session.close()


def test_one_signs_in_with_name_and_password_and_out_again(start: Start) -> None:
    sandbox = start(seed=seeding.DEFAULT.model_dump(by_alias=True))
    with requests.Session() as browser:
        where = {"url": sandbox.url + "/login", "headers": PAGE, "timeout": 20}
        wrong = browser.post(data={"username": "admin", "password": "x"}, **where)
        assert (wrong.status_code, "do not fit" in wrong.text, len(browser.cookies)) == (401, True, 0)
        page = browser.post(data={"username": "admin", "password": "admin"}, **where)
        assert page.url.endswith("/projects/CM/board")
        csrf = re.search(r'data-csrf="([^"]+)"', page.text)
        assert csrf is not None
        (cookie,) = browser.cookies
        browser.post(sandbox.url + "/logout", data={"csrf": csrf[1]}, headers=PAGE, timeout=20)
        again = requests.get(
            sandbox.url + "/projects", cookies={cookie.name: str(cookie.value)}, headers=PAGE, timeout=20
        )
        assert again.status_code == 401


def test_an_issue_is_created_in_the_browser(person: Person) -> None:
    sandbox = person.sandbox
    step = next(kind["id"] for kind in sandbox.get("issuetype") if kind["name"] == "Step")
    page = person.get(f"/create?project=CM&type={step}").text
    assert "Summary <em>required</em>" in page
    assert f'name="{sandbox.field("WMS")}"' in page
    assert f'name="{sandbox.field("Epic Name")}"' not in page
    parsl = sandbox.app.site.config.fields[sandbox.field("WMS")].options[1]
    sent: dict[str, Any] = {
        "project": "CM",
        "type": step,
        "summary": "made <b>here</b>",
        "labels": "one two",
        "duedate": "2026-12-24",
        "assignee": "bob",
        sandbox.field("WMS"): str(parsl.id),
        sandbox.field("Quanta"): "12.5",
        sandbox.field("Operators"): ["", "alice", "bob"],
    }
    made = person.post("/create", data=sent)
    assert made.url.endswith("/browse/CM-1")
    assert "made &lt;b&gt;here&lt;/b&gt;" in made.text
    fields = sandbox.get("issue/CM-1")["fields"]
    assert (fields["labels"], fields["duedate"]) == (["one", "two"], "2026-12-24")
    assert fields["assignee"]["name"] == "bob"
    assert (fields[sandbox.field("WMS")]["value"], fields[sandbox.field("Quanta")]) == ("Parsl", 12.5)
    assert [one["name"] for one in fields[sandbox.field("Operators")]] == ["alice", "bob"]


def test_a_refused_form_keeps_what_was_typed(person: Person) -> None:
    sandbox = person.sandbox
    quanta = sandbox.field("Quanta")
    data = {"project": "CM", "summary": "", quanta: "many", "description": "a long <text>"}
    page = person.post("/create", data=data)
    assert page.status_code == 400
    for told in ("Operation value must be a number", 'value="many"', "a long &lt;text&gt;"):
        assert told in page.text
    assert sandbox.search("") == []


def test_editing_changes_what_was_changed_and_nothing_else(person: Person) -> None:
    sandbox = person.sandbox
    started = sandbox.field("Started")
    key = sandbox.create(
        description="two\nlines",
        labels=["a"],
        timetracking={"originalEstimate": "1d"},
        **{started: "2026-11-20T10:11:12.345+0000"},
    )
    page = person.get(f"/browse/{key}/edit").text
    shown = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page))
    shown |= {"description": "two\r\nlines", "priority": "3", "reporter": "alice", "summary": "other"}
    assert person.post(f"/browse/{key}/edit", data=shown).url.endswith(f"/browse/{key}")
    (entry,) = sandbox.get(f"issue/{key}?expand=changelog")["changelog"]["histories"]
    assert [(item["field"], item["toString"]) for item in entry["items"]] == [("summary", "other")]
    emptied = person.post(f"/browse/{key}/edit", data={"labels": "", "duedate": "2027-01-01"})
    assert emptied.status_code == 200
    fields = sandbox.get(f"issue/{key}")["fields"]
    assert (fields["labels"], fields["duedate"], fields["description"]) == ([], "2027-01-01", "two\nlines")
    assert fields[started] == "2026-11-20T10:11:12.345+0000"


def test_files_are_attached_downloaded_and_removed(person: Person) -> None:
    sandbox = person.sandbox
    key = sandbox.create()
    files = [("file", ("../log.html", b"<script>")), ("file", ("two.txt", b"2"))]
    page = person.post(f"/browse/{key}/attach", files=files)
    assert ("_log.html" in page.text, "two.txt" in page.text) == (True, True)
    first, _ = sandbox.get(f"issue/{key}")["fields"]["attachment"]
    file = person.get(f"/browse/{key}/file/{first['id']}")
    assert (file.content, file.headers["content-type"]) == (b"<script>", "application/octet-stream")
    wrong = person.session.post(
        f"{sandbox.url}/browse/{key}/attach", files=files, data={"csrf": "x"}, headers=PAGE, timeout=20
    )
    assert wrong.status_code == 403
    person.post(f"/browse/{key}/file/{first['id']}/delete")
    assert [one["filename"] for one in sandbox.get(f"issue/{key}")["fields"]["attachment"]] == ["two.txt"]


def test_one_watches_and_votes_with_a_click(person: Person) -> None:
    sandbox = person.sandbox
    key = sandbox.create(reporter={"name": "bob"})
    person.post(f"/browse/{key}/watch")
    assert sandbox.get(f"issue/{key}/watchers")["watchCount"] == 0
    person.post(f"/browse/{key}/watch", data={"on": "1"})
    person.post(f"/browse/{key}/vote", data={"on": "1"})
    assert sandbox.get(f"issue/{key}/watchers")["watchCount"] == 1
    assert "Take vote back" in person.get(f"/browse/{key}").text


def test_a_search_shows_a_table_and_its_mistakes(person: Person) -> None:
    sandbox = person.sandbox
    keys = [sandbox.create(summary=f"<i>{number}</i>") for number in range(3)]
    sandbox.move(keys[0], "Launch")
    page = person.get("/issues/?jql=status%20%3D%20Launch")
    assert (f">{keys[0]}</a>" in page.text, f">{keys[1]}</a>" in page.text) == (True, False)
    assert "&lt;i&gt;0&lt;/i&gt;" in page.text
    wrong = person.get("/issues/?jql=nonsense%20%3D%20%3Cb%3E")
    assert (wrong.status_code, "nonsense" in wrong.text, "<b>" in wrong.text) == (400, True, False)
    for odd in ("start=-1", "start=x", "filter=7", "filter=%00"):
        assert person.get(f"/issues/?{odd}").status_code in (200, 404)


def test_a_query_is_saved_on_the_page(person: Person) -> None:
    saved = person.post("/issues/save", data={"name": "Mine", "jql": "reporter = currentUser()"})
    assert ("saved filter of Alice Example" in saved.text, saved.status_code) == (True, 200)
    (made,) = person.sandbox.get("filter/favourite")
    twice = person.post("/issues/save", data={"name": "mine", "jql": "project = CM"})
    assert (twice.status_code, "same name already exists" in twice.text) == (400, True)
    person.post("/issues/forget", data={"filter": made["id"]})
    assert person.sandbox.get("filter/favourite") == []


def test_what_one_may_not_do_is_not_offered(start: Start, seed: dict[str, Any]) -> None:
    nobody = {"EDIT_ISSUES": ["lead"], "ADD_COMMENTS": ["lead"], "TRANSITION_ISSUES": ["lead"]}
    seed["projects"][0]["permissions"] = nobody
    sandbox = start(seed=seed)
    key = sandbox.create()
    person = Person(sandbox, "bob")
    page = person.get(f"/browse/{key}").text
    for offer in (f"/browse/{key}/edit", "Add a comment", ">Launch</button>"):
        assert offer not in page
    assert person.get(f"/browse/{key}/edit").status_code == 403
    assert person.post(f"/browse/{key}/comment", data={"body": "x"}).status_code == 400
    assert sandbox.get(f"issue/{key}/comment")["total"] == 0
    person.session.close()


def test_every_page_with_a_form_says_that_it_is_the_sandbox(person: Person) -> None:
    key = person.sandbox.create()
    for path in ("/projects", "/create", f"/browse/{key}/edit", f"/browse/{key}/transition/11", "/issues/"):
        page = person.get(path)
        assert (page.status_code, "an emulator for learning and testing, not Atlassian" in page.text) == (
            200,
            True,
        )


# --------------------------------------------------------------------------- what hangs on an issue
def test_issues_are_linked_and_unlinked_as_the_words_say(person: Person) -> None:
    sandbox = person.sandbox
    first, second = sandbox.create(summary="first"), sandbox.create(summary="second")
    page = person.get(f"/browse/{second}").text
    blocked_by = re.search(r'<option value="(\d+:\w+)">is blocked by</option>', page)
    assert blocked_by is not None
    linked = person.post(f"/browse/{second}/link", data={"words": blocked_by[1], "other": first.lower()})
    assert "remove the link to " + first in linked.text
    (link,) = sandbox.get(f"issue/{first}")["fields"]["issuelinks"]
    assert (link["type"]["outward"], link["outwardIssue"]["key"]) == ("blocks", second)
    unknown = person.post(f"/browse/{second}/link", data={"words": blocked_by[1], "other": "CM-99"})
    assert (unknown.status_code, "Issue Does Not Exist" in unknown.text) == (404, True)
    assert person.post(f"/browse/{second}/link", data={"words": "1:x", "other": first}).status_code == 404
    third = sandbox.create()
    assert person.post(f"/browse/{third}/link/{link['id']}/delete").status_code == 404
    person.post(f"/browse/{second}/link/{link['id']}/delete")
    assert sandbox.get(f"issue/{first}")["fields"]["issuelinks"] == []


def test_a_comment_is_changed_and_removed_by_hand(person: Person) -> None:
    sandbox = person.sandbox
    key, other = sandbox.create(), sandbox.create()
    made = sandbox.rest("POST", f"issue/{key}/comment", json={"body": "mine\n<b>"}).json()
    path = f"/browse/{key}/comment/{made['id']}"
    assert ">mine\n&lt;b&gt;</textarea>" in person.get(f"/browse/{key}").text
    person.post(path, data={"body": "better\r\nby far"})
    assert sandbox.get(f"issue/{key}/comment/{made['id']}")["body"] == "better\nby far"
    assert person.post(path, data={"body": " "}).status_code == 400
    assert person.post(f"/browse/{other}/comment/{made['id']}/delete").status_code == 404
    person.post(f"{path}/delete")
    assert sandbox.get(f"issue/{key}/comment")["comments"] == []


def test_other_peoples_comments_are_theirs(start: Start, seed: dict[str, Any]) -> None:
    seed["projects"][0]["permissions"] = {"EDIT_ALL_COMMENTS": [], "DELETE_ALL_COMMENTS": []}
    person = Person(start(seed=seed))
    sandbox = person.sandbox
    key = sandbox.create()
    made = sandbox.rest("POST", f"issue/{key}/comment", user="bob", json={"body": "bob's"}).json()
    path = f"/browse/{key}/comment/{made['id']}"
    assert path not in person.get(f"/browse/{key}").text
    for refused in (person.post(path, data={"body": "x"}), person.post(f"{path}/delete")):
        assert refused.status_code in (400, 403)
    assert sandbox.get(f"issue/{key}/comment/{made['id']}")["body"] == "bob's"
    person.session.close()


@pytest.mark.parametrize("path", ["link", "link/1/delete", "comment/10000", "comment/10000/delete"])
def test_nothing_is_done_without_the_forms_token(person: Person, path: str) -> None:
    key = person.sandbox.create()
    person.sandbox.rest("POST", f"issue/{key}/comment", json={"body": "c"})
    refused = person.post(f"/browse/{key}/{path}", data={"csrf": "x", "body": "y", "other": key})
    assert refused.status_code == 403
    assert [one["body"] for one in person.sandbox.get(f"issue/{key}/comment")["comments"]] == ["c"]


# ------------------------------------------------------------------------------- choosing and finding
def test_epics_and_parents_are_chosen_from_those_one_may_see(start: Start, seed: dict[str, Any]) -> None:
    hidden = {**seed["projects"][0], "key": "HID", "permissions": {"BROWSE_PROJECTS": ["user:bob"]}}
    seed["projects"].append(hidden)
    person = Person(start(seed=seed))
    sandbox = person.sandbox
    epic = sandbox.create("Epic", "an <epic>")
    secret = {"project": {"key": "HID"}, "issuetype": {"name": "Epic"}, "summary": "secret"}
    secret[sandbox.field("Epic Name")] = "secret"
    assert sandbox.rest("POST", "issue", json={"fields": secret}, user="bob").status_code == 201
    page = person.get("/create?project=CM").text
    assert f'<option value="{epic}">{epic} an &lt;epic&gt;</option>' in page
    assert "secret" not in page
    key = sandbox.create(summary="a step", **{sandbox.field("Epic Link"): epic})
    assert f'<option value="{epic}" selected>' in person.get(f"/browse/{key}/edit").text
    person.post(f"/browse/{key}/edit", data={sandbox.field("Epic Link"): ""})
    assert sandbox.get(f"issue/{key}")["fields"][sandbox.field("Epic Link")] is None
    group = next(kind["id"] for kind in sandbox.get("issuetype") if kind["name"] == "Group")
    page = person.get(f"/create?project=CM&type={group}&parent={key}").text
    assert f'<option value="{key}" selected>{key} a step</option>' in page
    assert f'value="{epic}"' not in page
    person.session.close()


@pytest.mark.parametrize(
    ("typed", "led_to"),
    [
        ("cm-1", "/browse/CM-1"),
        ("CM-99", '/issues/?jql=text%20~%20"CM-99"%20ORDER%20BY%20updated%20DESC'),
        ('a "quote" \\', '/issues/?jql=text%20~%20"a%20%20quote"%20ORDER%20BY%20updated%20DESC'),
        ("", "/issues/?jql=ORDER%20BY%20updated%20DESC"),
    ],
)
def test_what_is_typed_above_is_a_key_or_words(person: Person, typed: str, led_to: str) -> None:
    person.sandbox.create(summary='a "quote" here')
    page = person.session.get(f"{person.sandbox.url}/quick", params={"text": typed}, headers=PAGE, timeout=20)
    assert (page.status_code, page.url.replace("%22", '"')) == (200, person.sandbox.url + led_to)


def test_an_epic_that_one_may_not_see_is_not_told(start: Start, seed: dict[str, Any]) -> None:
    hidden = {**seed["projects"][0], "key": "HID", "permissions": {"BROWSE_PROJECTS": ["user:bob"]}}
    seed["projects"].append(hidden)
    person = Person(start(seed=seed))
    sandbox = person.sandbox
    secret = {"project": {"key": "HID"}, "issuetype": {"name": "Epic"}, "summary": "secret"}
    secret[sandbox.field("Epic Name")] = "secret"
    epic = sandbox.rest("POST", "issue", json={"fields": secret}, user="bob").json()["key"]
    key = sandbox.create(**{sandbox.field("Epic Link"): epic})
    assert "secret" not in person.get(f"/browse/{key}").text
    person.session.close()


def test_an_issue_is_added_to_an_epic_from_its_page(person: Person) -> None:
    sandbox = person.sandbox
    epic = sandbox.create("Epic", "the epic")
    found = re.search(r'href="([^"]+)">Add Step<', person.get(f"/browse/{epic}").text)
    assert found is not None
    page = person.get(found[1].replace("&amp;", "&")).text
    assert f'<option value="{epic}" selected>{epic} the epic</option>' in page
    step = next(kind["id"] for kind in sandbox.get("issuetype") if kind["name"] == "Step")
    sent = {"project": "CM", "type": step, "summary": "below", sandbox.field("Epic Link"): epic}
    made = person.post("/create", data=sent)
    assert sandbox.search(f'"Epic Link" = {epic}') == [made.url.rpartition("/")[2]]
