"""The pages: what a person sees and clicks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Sandbox, Start

PAGE = {"Accept": "text/html"}
SCRIPT = {"Accept": "application/json"}


class Browser:
    """A person's browser: cookies, forms, no scripts."""

    def __init__(self, sandbox: Sandbox, user: str = "alice") -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        token = sandbox.app.access.tokens[user]
        self.front = self.session.get(sandbox.url + "/", params={"token": token}, headers=PAGE, timeout=20)

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.sandbox.url + path, headers=PAGE, timeout=20)

    def csrf(self) -> str:
        found = re.search(r'data-csrf="([^"]+)"', self.get("/projects").text)
        assert found is not None
        return found[1]

    def post(self, path: str, headers: dict[str, str] = PAGE, **form: str) -> requests.Response:
        form.setdefault("csrf", self.csrf())
        return self.session.post(self.sandbox.url + path, data=form, headers=headers, timeout=20)


@pytest.fixture
def browser(sandbox: Sandbox) -> Iterator[Browser]:
    browser = Browser(sandbox)
    yield browser
    browser.session.close()


def test_a_token_signs_in_and_leaves_the_address_bar(browser: Browser) -> None:
    (cookie,) = browser.session.cookies
    assert browser.front.url.endswith("/projects/CM/board")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "strict"


def test_without_a_session_there_is_only_the_page_to_sign_in(sandbox: Sandbox) -> None:
    key = sandbox.create(summary="secret")
    for path in ("/", "/?token=wrong", "/projects", f"/browse/{key}", "/projects/CM/board"):
        page = requests.get(sandbox.url + path, headers=PAGE, timeout=20)
        assert (page.status_code, "Sign in" in page.text, "secret" in page.text) == (401, True, False)
    assert requests.get(sandbox.url + "/changes.json", timeout=20).status_code == 401


def test_every_page_says_that_it_is_the_sandbox(browser: Browser) -> None:
    key = browser.sandbox.create()
    signed_out = requests.get(browser.sandbox.url + "/", headers=PAGE, timeout=20)
    pages = [signed_out, *map(browser.get, ("/projects/CM/board", f"/browse/{key}", "/browse/CM-99"))]
    assert all("an emulator for learning and testing, not Atlassian" in page.text for page in pages)
    assert pages[-1].status_code == 404


def test_the_board_shows_columns_lanes_and_cards(browser: Browser) -> None:
    sandbox = browser.sandbox
    epic = sandbox.create("Epic", "The <b>big</b> one")
    step = sandbox.create(summary="the step", **{sandbox.field("Epic Link"): epic})
    sandbox.create("Group", "hidden group", parent={"key": step})
    sandbox.create(summary="alone")
    page = browser.get("/projects/CM/board").text
    assert "The &lt;b&gt;big&lt;/b&gt; one" in page
    assert [
        name for name in ("Draft", "Launch", "Running", "Completed") if f"</span>{name} <span" in page
    ] == [
        "Draft",
        "Launch",
        "Running",
        "Completed",
    ]
    assert f'data-lane="{epic}"' in page
    assert page.index("the step") < page.index("Without an epic") < page.index("alone")
    assert "0 of 1 done" in page


def test_a_click_moves_an_issue_as_rest_would(browser: Browser) -> None:
    key = browser.sandbox.create()
    page = browser.post(f"/browse/{key}/move", transition="11")
    assert page.url.endswith(f"/browse/{key}")
    (entry,) = browser.sandbox.get(f"issue/{key}?expand=changelog")["changelog"]["histories"]
    assert (entry["author"]["name"], entry["items"][0]["toString"]) == ("alice", "Launch")


def test_a_card_dropped_on_a_column_moves_there(browser: Browser) -> None:
    sandbox = browser.sandbox
    key = sandbox.create()
    launch = next(s.id for s in sandbox.app.site.config.statuses.values() if s.name == "Launch")
    answer = browser.post(f"/browse/{key}/move", SCRIPT, status=str(launch))
    assert answer.status_code == 204
    assert sandbox.status(key) == "Launch"


def test_a_refusal_is_shown_in_the_words_of_rest(browser: Browser) -> None:
    sandbox = browser.sandbox
    key = sandbox.create()
    over_rest = sandbox.rest("POST", f"issue/{key}/transitions", json={"transition": {"id": "21"}}).json()
    running = next(s.id for s in sandbox.app.site.config.statuses.values() if s.name == "Running")
    dropped = browser.post(f"/browse/{key}/move", SCRIPT, status=str(running))
    clicked = browser.post(f"/browse/{key}/move", transition="21")
    assert (dropped.status_code, dropped.json()) == (400, over_rest)
    assert over_rest["errorMessages"][0] in clicked.text
    assert sandbox.status(key) == "Draft"


def running(sandbox: Sandbox) -> str:
    key = sandbox.create()
    sandbox.move(key, "Launch")
    sandbox.move(key, "Run")
    return key


def test_a_transition_with_a_screen_asks_for_its_fields(browser: Browser) -> None:
    sandbox = browser.sandbox
    key = running(sandbox)
    asked = browser.post(f"/browse/{key}/move", transition="31")
    assert asked.url.endswith(f"/browse/{key}/transition/31")
    assert "Resolution <em>required</em>" in asked.text
    assert sandbox.status(key) == "Running"
    refused = browser.post(f"/browse/{key}/transition/31", resolution="", comment="not yet")
    assert (refused.status_code, "Resolution is required." in refused.text) == (400, True)
    assert "not yet" not in str(sandbox.get(f"issue/{key}/comment"))
    reason = sandbox.field("Reason")
    done = browser.post(
        f"/browse/{key}/transition/31", resolution="10000", comment="*good*", **{reason: "all there"}
    )
    assert done.url.endswith(f"/browse/{key}")
    issue = sandbox.get(f"issue/{key}?expand=changelog")
    assert (issue["fields"]["resolution"]["name"], issue["fields"][reason]) == ("Done", "all there")
    assert [one["body"] for one in issue["fields"]["comment"]["comments"]] == ["*good*"]
    assert {item["field"] for item in issue["changelog"]["histories"][-1]["items"]} >= {
        "status",
        "resolution",
    }


def test_a_card_dropped_on_a_column_with_a_screen_is_led_to_it(browser: Browser) -> None:
    sandbox = browser.sandbox
    key = running(sandbox)
    completed = next(s.id for s in sandbox.app.site.config.statuses.values() if s.name == "Completed")
    answer = browser.post(f"/browse/{key}/move", SCRIPT, status=str(completed))
    assert (answer.status_code, answer.json()) == (200, {"screen": f"/browse/{key}/transition/31"})
    assert sandbox.status(key) == "Running"


def test_an_issue_page_tells_everything(browser: Browser) -> None:
    sandbox = browser.sandbox
    epic = sandbox.create("Epic", "the epic")
    key = sandbox.create(
        summary="the step",
        description="h3. Why\n||a||\n|1|",
        labels=["weekly"],
        assignee={"name": "bob"},
        **{sandbox.field("Epic Link"): epic, sandbox.field("Log"): "https://log.example/1"},
    )
    other = sandbox.create(summary="the blocked one")
    sandbox.create("Group", "the group", parent={"key": key})
    sandbox.move(key, "Launch", historyMetadata={"description": "by the <bot>"})
    sandbox.rest("POST", f"issue/{key}/comment", json={"body": "*well* <script>x</script> [~bob]"})
    sandbox.rest("PUT", f"issue/{key}/properties/cmbot.state", json={"x": "<i>"})
    ends = {"inwardIssue": {"key": key}, "outwardIssue": {"key": other}}
    sandbox.rest("POST", "issueLink", json={"type": {"name": "Blocks"}, **ends})
    remote = {"object": {"url": "javascript:alert(1)", "title": "bad <link>"}}
    sandbox.rest("POST", f"issue/{key}/remotelink", json=remote)
    page = browser.get(f"/browse/{key}").text
    for told in (
        *("the epic", "<h3>Why</h3>", "<th>a</th>", "weekly", "Bob Beispiel", "the group", "blocks"),
        *(
            "the blocked one",
            "<strong>well</strong>",
            "cmbot.state",
            "by the &lt;bot&gt;",
            "bad &lt;link&gt;",
        ),
        '<a href="https://log.example/1"',
    ):
        assert told in page
    for hostile in ("<script>x", "javascript:alert", "<i>"):
        assert hostile not in page


def test_a_comment_is_written_as_the_acting_user(browser: Browser) -> None:
    key = browser.sandbox.create()
    assert browser.post("/act-as", user="bob", back=f"/browse/{key}").url.endswith(f"/browse/{key}")
    browser.post(f"/browse/{key}/comment", body="/cmbot retry\r\nplease")
    (comment,) = browser.sandbox.get(f"issue/{key}/comment")["comments"]
    assert (comment["author"]["name"], comment["body"]) == ("bob", "/cmbot retry\nplease")


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/\\evil.example", ""])
def test_nobody_is_led_to_another_host(browser: Browser, back: str) -> None:
    form = {"csrf": browser.csrf(), "user": "bob", "back": back}
    answer = browser.session.post(
        browser.sandbox.url + "/act-as", data=form, allow_redirects=False, timeout=20
    )
    assert answer.headers["location"] == "/projects"


@pytest.mark.parametrize(
    "path",
    [
        *("/browse/CM-1/move", "/browse/CM-1/comment", "/act-as", "/browse/CM-1/edit", "/create", "/logout"),
        *("/browse/CM-1/watch", "/browse/CM-1/vote", "/browse/CM-1/transition/11", "/issues/save"),
    ],
)
def test_a_post_without_its_token_is_refused(browser: Browser, path: str) -> None:
    browser.sandbox.create()
    for wrong in ("", "x"):
        form = {"csrf": wrong, "transition": "11", "body": "x", "user": "bob"}
        assert browser.post(path, SCRIPT, **form).status_code == 403
    assert browser.sandbox.status("CM-1") == "Draft"


def test_a_session_does_not_write_over_rest(browser: Browser) -> None:
    url = f"{browser.sandbox.url}/rest/api/2/issue"
    assert browser.session.post(url, json={"fields": {}}, timeout=20).status_code == 401


def test_pages_load_nothing_from_elsewhere(browser: Browser) -> None:
    page = browser.get("/projects/CM/board")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert set(re.findall(r'(?:src|href)="([^"#]*)"', page.text)) >= {"/static/board.js", "/static/style.css"}
    for address in re.findall(r'(?:src|href|action)="([^"]*)"', page.text):
        assert "//" not in address
    for name in ("board.js", "style.css", "icon.svg"):
        assert browser.get(f"/static/{name}").status_code == 200
    assert browser.get("/static/..%2fapp.py").status_code == 404


def test_the_change_number_moves_when_something_is_written(browser: Browser) -> None:
    before = browser.get("/changes.json").json()["changes"]
    assert browser.get("/changes.json").json()["changes"] == before
    browser.sandbox.create()
    assert browser.get("/changes.json").json()["changes"] > before


def test_an_attachment_is_a_download(browser: Browser) -> None:
    sandbox = browser.sandbox
    key, other = sandbox.create(), sandbox.create()
    sure = {"X-Atlassian-Token": "no-check"}
    page = {"file": ("x.html", b"<script>")}
    (made,) = sandbox.rest("POST", f"issue/{key}/attachments", files=page, headers=sure).json()
    file = browser.get(f"/browse/{key}/file/{made['id']}")
    assert (file.content, file.headers["content-type"]) == (b"<script>", "application/octet-stream")
    assert browser.get(f"/browse/{other}/file/{made['id']}").status_code == 404


def test_the_pages_work_below_a_context_path(start: Start) -> None:
    browser = Browser(start(context_path="/jira"))
    key = browser.sandbox.create()
    assert browser.front.url.endswith("/jira/projects/CM/board")
    assert 'href="/jira/projects/CM/board"' in browser.get("/projects").text
    assert f'href="/jira/browse/{key}"' in browser.get("/issues/").text
    assert browser.post(f"/browse/{key}/move", transition="11").url.endswith(f"/jira/browse/{key}")
    browser.session.close()


def test_who_opens_the_page_of_an_issue_has_viewed_it(browser: Browser) -> None:
    key = browser.sandbox.create()

    def viewed() -> bool:
        return bool(browser.sandbox.get(f"issue/{key}?fields=lastViewed")["fields"]["lastViewed"])

    browser.session.headers["Sec-Fetch-Dest"] = "empty"  # as a script that refreshes the page
    browser.get(f"/browse/{key}")
    assert not viewed()
    browser.session.headers["Sec-Fetch-Dest"] = "document"
    browser.get(f"/browse/{key}")
    assert viewed()


def test_the_page_of_an_archived_issue_shows_it_and_offers_no_edit(browser: Browser) -> None:
    sandbox = browser.sandbox
    key, alone = sandbox.create(), sandbox.create(summary="still there")
    sandbox.rest("POST", f"issue/{key}/comment", json={"body": "a word"})
    assert browser.post(f"/browse/{key}/archive", on="1").url.endswith(f"/browse/{key}")
    page = browser.get(f"/browse/{key}").text
    assert "Archived by Alice Example" in page
    assert "a word" in page
    offers = re.findall(rf'(?:action|href)="/browse/{key}/([^"]+)"', page)
    assert set(offers) == {"move", "archive"}  # without a button to move it
    assert 'name="transition"' not in page
    for path in ("watch", "comment", "edit"):
        assert browser.post(f"/browse/{key}/{path}", on="1", body="x").status_code >= 400, path
    board = browser.get("/projects/CM/board").text
    assert key not in board
    assert alone in board
    browser.post(f"/browse/{key}/archive")
    assert sandbox.search("project = CM ORDER BY key") == [key, alone]


def test_an_archived_project_is_restored_on_the_page_of_projects(browser: Browser) -> None:
    key = browser.sandbox.create()
    browser.sandbox.rest("PUT", "project/CM/archive")
    page = browser.get("/projects").text
    assert page.index("Archived") < page.index("Campaigns")
    assert "Its project was archived by Alice Example" in browser.get(f"/browse/{key}").text
    assert browser.get("/projects/CM/board").status_code == 200
    assert browser.post("/projects/CM/restore").url.endswith("/projects/CM/board")
    assert browser.sandbox.search("project = CM") == [key]


def test_who_is_no_administrator_is_offered_no_archiving(sandbox: Sandbox) -> None:
    key, archived = sandbox.create(), sandbox.create()
    sandbox.rest("PUT", f"issue/{archived}/archive")
    bob = Browser(sandbox, "bob")
    assert "/archive" not in bob.get(f"/browse/{key}").text
    assert bob.post(f"/browse/{key}/archive", on="1").status_code == 403
    assert "/archive" not in bob.get(f"/browse/{archived}").text
    bob.session.close()
