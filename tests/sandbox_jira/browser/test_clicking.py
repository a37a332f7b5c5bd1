"""What a person clicks, in a real browser; what Jira then has is asked over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Sandbox

    from .conftest import Person


pytestmark = pytest.mark.long


def status_number(site: Sandbox, name: str) -> str:
    return next(str(s.id) for s in site.app.site.config.statuses.values() if s.name == name)


def running(site: Sandbox) -> str:
    key = site.create(summary="a running step")
    site.move(key, "Launch")
    site.move(key, "Run")
    return key


def test_a_dragged_card_is_a_transition(person: Person, site: Sandbox) -> None:
    epic = site.create("Epic", "an epic")
    key = site.create(summary="drag me", **{site.field("Epic Link"): epic})
    person.go("/projects/CM/board")
    with person.page.expect_response("**/move"):
        person.drag(key, "Launch")
    person.page.locator(f'.cell[data-status="{status_number(site, "Launch")}"] [data-key="{key}"]').wait_for()
    assert site.status(key) == "Launch"


def test_a_card_dragged_to_a_screen_asks_first_and_moves_then(person: Person, site: Sandbox) -> None:
    key = running(site)
    person.go("/projects/CM/board")
    person.drag(key, "Completed")
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Complete").wait_for()
    assert site.status(key) == "Running"
    dialog.get_by_role("link", name="Cancel").click()
    dialog.wait_for(state="hidden")
    assert person.column(key) == status_number(site, "Running")
    person.drag(key, "Completed")
    dialog.get_by_label("Resolution").select_option("Done")
    dialog.get_by_label("Reason").fill("all there")
    dialog.get_by_label("Comment").fill("*good*")
    dialog.get_by_role("button", name="Complete").click()
    done = status_number(site, "Completed")
    person.page.locator(f'.cell[data-status="{done}"] [data-key="{key}"]').wait_for()
    fields = site.get(f"issue/{key}")["fields"]
    assert (fields["status"]["name"], fields["resolution"]["name"]) == ("Completed", "Done")
    assert fields[site.field("Reason")] == "all there"
    assert [one["body"] for one in fields["comment"]["comments"]] == ["*good*"]


def expected(person: Person, status: int) -> None:
    """Take out what the browser says of an answer that was to be a refusal."""
    refusal = f"Failed to load resource: the server responded with a status of {status}"
    (found,) = [one for one in person.complaints if one.startswith(refusal)]
    person.complaints.remove(found)


def test_a_screen_without_what_it_requires_stays_and_says_so(person: Person, site: Sandbox) -> None:
    key = running(site)
    person.go(f"/browse/{key}")
    person.page.get_by_role("link", name="Complete …").click()
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Complete").click()
    dialog.get_by_text("Resolution is required.").wait_for()
    assert site.status(key) == "Running"
    person.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    expected(person, 400)


def test_a_refused_drag_is_said_and_the_card_stays(person: Person, site: Sandbox) -> None:
    key = site.create()
    person.go("/projects/CM/board")
    person.drag(key, "Running")
    over_rest = site.rest("POST", f"issue/{key}/transitions", json={"transition": {"id": "21"}}).json()
    assert person.notice == " ".join(over_rest["errorMessages"])
    assert (site.status(key), person.column(key)) == ("Draft", status_number(site, "Draft"))
    expected(person, 400)


def test_the_keyboard_alone_moves_a_card(person: Person, site: Sandbox) -> None:
    key = site.create()
    person.go("/projects/CM/board")
    card = person.page.locator(f'.card[data-key="{key}"]')
    card.get_by_role("link").focus()
    for press in ("Tab", "Enter", "Tab"):
        person.page.keyboard.press(press)
    with person.page.expect_response("**/move"):
        person.page.keyboard.press("Enter")
    assert site.status(key) == "Launch"


def test_a_comment_is_written_changed_and_seen_by_others_at_once(person: Person, site: Sandbox) -> None:
    key = site.create()
    person.go(f"/browse/{key}")
    hostile = "*well* <img src=x onerror=alert(1)>"
    person.page.get_by_label("Add a comment as Alice").fill(hostile)
    person.page.get_by_role("button", name="Comment").click()
    person.page.locator(".comment strong", has_text="well").wait_for()
    assert person.page.locator(".comment img").count() == 0
    person.page.get_by_label("Add a comment as Alice").fill("half a thought")
    site.rest("POST", f"issue/{key}/comment", user="bob", json={"body": "from elsewhere"})
    person.page.locator(".comment .text", has_text="from elsewhere").wait_for()
    assert person.page.get_by_label("Add a comment as Alice").input_value() == "half a thought"
    first = person.page.locator(".comment").first
    first.get_by_text("Edit", exact=True).click()
    first.get_by_label("Text of the comment").fill("better")
    first.get_by_role("button", name="Save").click()
    person.page.locator(".comment .text", has_text="better").wait_for()
    bodies = [one["body"] for one in site.get(f"issue/{key}/comment")["comments"]]
    assert bodies == ["better", "from elsewhere"]


def test_search_finds_by_query_by_words_and_by_key(person: Person, site: Sandbox) -> None:
    key = site.create(summary="a quokka in the data")
    person.go("/projects")
    quick = person.page.get_by_role("searchbox")
    quick.fill("quokka")
    quick.press("Enter")
    person.page.locator("table.found").get_by_text("a quokka in the data").wait_for()
    query = person.page.get_by_label("JQL")
    query.fill(f"key = {key} AND status = Draft")
    query.press("Enter")
    person.page.get_by_text("1 to 1 of 1").wait_for()
    person.page.get_by_label("Save this search as").fill("the quokka")
    person.page.get_by_role("button", name="Save").click()
    person.page.get_by_role("link", name="the quokka").wait_for()
    person.page.get_by_role("searchbox").fill(key.lower())
    person.page.get_by_role("searchbox").press("Enter")
    person.page.wait_for_url(f"**/browse/{key}")


def test_an_issue_is_created_under_an_epic_that_is_chosen(person: Person, site: Sandbox) -> None:
    epic = site.create("Epic", "chosen from a list")
    person.go("/create?project=CM")
    person.page.get_by_label("Summary").fill("made by hand")
    person.page.get_by_label("Epic Link").select_option(f"{epic} chosen from a list")
    person.page.get_by_role("main").get_by_role("button", name="Create").click()
    person.page.get_by_role("heading", name="made by hand").wait_for()
    key = person.page.url.rpartition("/")[2]
    assert site.get(f"issue/{key}")["fields"][site.field("Epic Link")] == epic


def test_one_signs_in_with_a_password_and_out_again(person: Person, site: Sandbox) -> None:
    person.page.get_by_role("button", name="sign out").click()
    person.page.get_by_label("Name").fill("alice")
    person.page.get_by_label("Password").fill("wrong")
    person.page.get_by_role("button", name="Sign in", exact=True).click()
    person.page.get_by_text("do not fit").wait_for()
    person.page.get_by_label("Name").fill("alice")
    person.page.get_by_label("Password").fill(site.app.access.tokens["alice"])
    person.page.get_by_role("button", name="Sign in", exact=True).click()
    person.page.get_by_label("acting as").wait_for()
    person.complaints[:] = [one for one in person.complaints if "status of 401" not in one]


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "[click|javascript:alert(1)] [javascript:alert(1)] [x|data:text/html,<script>alert(1)</script>]",
    "{color:red;background:url(javascript:alert(1))}x{color} {color:expression(alert(1))}y{color}",
    "{panel:title=<b onclick=alert(1)>}<i>{panel} {code:title=<b>}</code><script>alert(1)</script>{code}",
    "!javascript:alert(1)! !https://evil.example/x.png|onerror=alert(1)!",
    "{html}<script>alert(1)</script>{html}",
    "[~<img src=x onerror=alert(1)>] {{<script>alert(1)</script>}} ||<th onmouseover=alert(1)>||",
    '{{ 7 * 7 }} {% raw %} ${7*7} \u202egnp.exe \x00 https://x.example/"onmouseover=alert(1)//',
)


def test_nothing_hostile_runs_or_becomes_an_element(person: Person, site: Sandbox) -> None:
    text = "\n\n".join(HOSTILE)
    fields = {site.field("Reason"): text, site.field("Tag"): HOSTILE[2], site.field("Log"): 'https://x/"><b>'}
    key = site.create(summary=HOSTILE[1], description=text, **fields)
    site.rest("POST", f"issue/{key}/comment", json={"body": text})
    target = {"url": "javascript:alert(1)", "title": HOSTILE[0]}
    site.rest("POST", f"issue/{key}/remotelink", json={"object": target, "relationship": HOSTILE[2]})
    sure, file = {"X-Atlassian-Token": "no-check"}, {"file": (HOSTILE[1], b"<script>alert(1)</script>")}
    site.rest("POST", f"issue/{key}/attachments", files=file, headers=sure)
    site.rest("PUT", f"issue/{key}/properties/x", json={"<script>": HOSTILE[0]})
    person.page.on("dialog", lambda dialog: person.complaints.append(f"a script ran: {dialog.message}"))
    for path in (f"/browse/{key}", "/projects/CM/board", "/issues/", f"/browse/{key}/edit"):
        person.go(path)
        body = person.page.locator("main")
        assert (
            body.locator("script, img, svg[onload], iframe, [onclick], [onerror], [onmouseover]").count() == 0
        )
        assert body.locator("a[href^=javascript], a[href^=data]").count() == 0
        assert "alert(1)" in body.inner_html()  # it is there, as text


@pytest.mark.parametrize(
    "path", ["/projects", "/projects/CM/board", "/issues/", "/create?project=CM", "ISSUE"]
)
def test_a_phone_shows_every_page_without_scrolling_sideways(
    person: Person, site: Sandbox, path: str
) -> None:
    long = "a summary that is long enough to go over the width of any phone that one has"
    epic = site.create("Epic", long)
    key = site.create(summary="x" * 200, description="||a||b||\n|" + "y" * 300 + "|z|")
    site.rest("PUT", f"issue/{key}", json={"fields": {site.field("Epic Link"): epic}})
    wide = {
        "key": "WIDE",
        "name": "a project with a name as long as names of projects may be at all",
        "lead": "alice",
    }
    site.rest("POST", "project", json=wide)  # the second time it is there
    person.page.set_viewport_size({"width": 390, "height": 780})
    person.go(path.replace("ISSUE", f"/browse/{key}"))
    assert person.page.evaluate("document.documentElement.scrollWidth") == 390
    assert person.page.get_by_text("an emulator for learning and testing").is_visible()
