"""The first page: what waits, what is active, what ended lately."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cmbot.mirror import reports
from cmbot.models.attempts import AttemptState
from cmbot.web import site
from cmbot.web.desk import Desk

if TYPE_CHECKING:
    from tests.web.pages.conftest import Reader, World


@pytest.mark.covers("V1", "V10", "F4")
def test_the_first_page_opens_with_what_waits_then_what_is_active_then_what_is_recent(
    world: World, reader: Reader
) -> None:
    world.campaign("running")
    world.split("CM-2", 3)
    world.attempt("CM-2", "g001", AttemptState.RUNNING, (10, 4, 1, 5))
    world.attempt("CM-2", "g002", AttemptState.FAILED, (10, 4, 6, 0), summary="isr failed")
    world.campaign("done", "Completed")
    world.campaign("long ago", "Completed", at=world.now - timedelta(days=40))
    page = reader.twin("index.json")
    assert [(each["waits"]["kind"], each["waits"]["name"]) for each in page["waiting"]] == [
        ("failed", "step1 g002 a1")
    ]
    (active,), (recent,) = page["active"], page["recent"]
    assert (active["key"], active["status"], recent["key"]) == ("CM-1", "failing", "CM-3")
    assert active["health"].startswith("failed: failed; isr failed")
    assert active["sync"] == ""
    assert active["groups"] == {"unit": "groups", "done": 0, "failed": 1, "running": 1, "total": 3}
    text = reader.text()
    assert text.index("Needs attention") < text.index("Active") < text.index("Recent")
    assert "long ago" not in text
    assert "1 running" in text
    assert 'href="campaign/CM-1"' in text
    assert 'href="group/CM-2/g002"' in text
    assert 'href="https://jira.example.org/browse/CM-1"' in text


@pytest.mark.covers("F1", "F5")
def test_filters_stand_in_the_address(world: World, reader: Reader) -> None:
    world.campaign("first", production="DP2", definer="anna")
    world.campaign("second", "Paused", site="FrDF", definer="bert")
    for words, keys in {
        "production=DP2": ["CM-1"],
        "site=FrDF": ["CM-3"],
        "owner=bert": ["CM-3"],
        "operator=olga": [],
        "status=paused": ["CM-3"],
        "text=SEC": ["CM-3"],
        "text=cm-1": ["CM-1"],
        "type=AP": [],
        "sort=key": ["CM-1", "CM-3"],
        "sort=-key": ["CM-3", "CM-1"],
    }.items():
        page = reader.twin(f"index.json?{words}")
        assert [row["key"] for row in page["active"]] == keys, words
    # Nobody else's trouble is in the way of who asked for one campaign.
    assert [each["waits"]["key"] for each in reader.twin("index.json")["waiting"]] == ["CM-3"]
    assert reader.twin("index.json?owner=anna")["waiting"] == []
    assert 'value="SEC"' in reader.text("?text=SEC")


@pytest.mark.covers("W9")
def test_long_lists_are_paged_and_every_campaign_is_on_one_page(world: World, reader: Reader) -> None:
    for number in range(120):
        world.issue("Epic", "Completed", f"c{number}", world.now - timedelta(days=number))
    found, after = [], ""
    while True:
        page = reader.twin(f"older.json?after={after}")
        assert len(page["rows"]) <= 50
        found += [row["key"] for row in page["rows"]]
        if not (after := page["more"]):
            break
    assert found == [f"CM-{number + 1}" for number in range(120)]
    assert len(reader.twin("index.json")["recent"]) == 14 + 1
    assert "Older campaigns" in reader.text("older")


def test_the_first_page_goes_on_after_fifty(world: World, reader: Reader) -> None:
    for number in range(60):
        world.issue("Epic", "Running", f"c{number:02}")
    first = reader.twin("index.json?sort=name")
    second = reader.twin(f"index.json?sort=name&after={first['more']}")
    names = [row["name"] for page in (first, second) for row in page["active"]]
    assert names == [f"c{number:02}" for number in range(60)]
    assert second["more"] == ""
    assert "More campaigns" in reader.text("?sort=name")


@pytest.mark.covers("W10", "V8")
def test_every_page_says_how_old_it_is_and_turns_red_above_three_polls(world: World) -> None:
    world.campaign("one")
    clock = [world.now]
    with world.served(lambda: clock[0]) as reader:
        for path in ("", "older"):
            assert "last pass at" in reader.text(path)
            assert "Old data" not in reader.text(path)
        clock[0] += 3 * world.settings.work.poll + timedelta(minutes=1)
        assert "Old data" in reader.text()
        world.pass_made(clock[0])
        assert "Old data" not in reader.text()
        world.mirror.remember("trouble of Jira", f"{world.now.isoformat()} Jira: does not answer")
        assert "Jira: does not answer" in reader.text()
        assert "Old data" in reader.text()
        world.mirror.release_lease()
        assert "no service follows Jira now" in reader.text("older")


def test_a_change_of_the_mirror_is_seen_at_the_next_request(world: World, reader: Reader) -> None:
    world.campaign("one")
    world.split("CM-2", 1)
    assert reader.twin("index.json")["active"][0]["groups"]["running"] == 0
    world.attempt("CM-2", "g001", AttemptState.RUNNING)
    assert reader.twin("index.json")["active"][0]["groups"]["running"] == 1


def test_what_people_wrote_is_shown_and_never_obeyed(world: World, reader: Reader) -> None:
    world.campaign(world.deadly, production=world.deadly)
    for path in ("", f"?text={world.deadly}", "older"):
        text = reader.text(path)
        assert "<script" not in text
        assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("?colour=red", 400, "&#39;colour&#39;"),
        ("?sort=height", 400, "sort=&#39;height&#39; is not known"),
        (f"?text={'x' * 300}", 400, "longer than 200"),
        ("older?after=CM-99", 400, "CM-99"),
        ("nowhere", 404, "there is no such page"),
        ("older/more", 404, "there is no such page"),
        ("<b>", 404, "&lt;b&gt;"),
    ],
)
def test_what_is_not_there_is_said(reader: Reader, path: str, status: int, said: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == status
    assert said in answer.text


def test_pages_load_nothing_from_elsewhere(world: World, reader: Reader) -> None:
    world.campaign("one")
    answer = reader.get()
    assert "default-src 'none'; style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "style=" not in answer.text
    style = reader.get("style.css")
    assert style.headers["Content-Type"].startswith("text/css")
    assert "http" not in style.text
    assert "@import" not in style.text


def test_a_foreign_name_is_refused_and_that_of_the_proxy_is_not(reader: Reader) -> None:
    assert reader.get("", Host="evil.example.org").status_code == 421
    assert reader.get("index.json", Host="evil.example.org:8480").status_code == 421
    assert reader.get("", Host="cm.example.org").status_code == 200
    assert reader.get("", Host="localhost:1").status_code == 200
    assert reader.get("healthz", Host="evil.example.org").status_code == 200


def test_before_the_first_pass_that_is_said(world: World, reader: Reader) -> None:
    world.mirror.remember("jira names", "")
    answer = reader.get()
    assert answer.status_code == 503
    assert "there was no pass yet" in answer.text


def test_a_campaign_that_cannot_be_shown_hides_no_other(world: World, reader: Reader) -> None:
    world.campaign("good")
    world.campaign("bad")
    world.split("CM-4", 1)
    item = world.attempt("CM-4", "g001", AttemptState.RUNNING)
    with world.mirror.writing() as connection:
        reports.save(connection, item, "wms", {"strange": True}, world.now)
    for path in ("index.json", "older.json"):
        assert reader.twin(path)["broken"] == ["CM-3"]
    text = reader.text()
    assert "Cannot be shown" in text
    assert 'href="campaign/CM-1"' in text
    answer = reader.get("campaign/CM-3")
    assert answer.status_code == 500
    assert "see its log" in answer.text
    assert "KeyError" not in answer.text


def test_many_that_wait_do_not_hide_what_is_below(world: World, reader: Reader) -> None:
    for number in range(250):
        world.issue("Epic", "Paused", f"c{number}")
    page = reader.twin("index.json")
    assert len(page["waiting"]) == 250
    text = reader.text()
    assert "242 more" in text
    assert "The rest is in the" in text


@pytest.mark.covers("F1")
def test_links_of_a_campaign_stand_in_the_list_only_where_they_lead_somewhere(
    world: World, reader: Reader
) -> None:
    ids = {name: site_id for site_id, name in world.names.fields.items()}
    fields = {ids["Metrics link"]: "https://metrics.example.org/1", ids["QA link"]: "javascript:alert(1)"}
    world.issue("Epic", "Running", "one", **fields)
    text = reader.text()
    assert (
        '<a class="out" href="https://metrics.example.org/1" rel="noreferrer noopener">Metrics link</a>'
        in text
    )
    assert "QA link" not in text
    assert "Grafana link" not in text


def test_a_filter_that_finds_little_reads_no_more_than_a_part_of_the_history_at_once(
    world: World, reader: Reader
) -> None:
    with world.mirror.writing():
        for number in range(620):
            world.issue(
                "Epic", "Completed", "wanted" if number == 619 else "c", world.now - timedelta(days=number)
            )
    first = reader.twin("older.json?text=wanted")
    assert (first["rows"], first["more"]) == ([], "CM-500")
    assert "Older campaigns" in reader.text("older?text=wanted")
    (row,) = reader.twin("older.json?text=wanted&after=CM-500")["rows"]
    assert row["name"] == "wanted"


@pytest.mark.covers("W9")
def test_the_first_page_asks_the_mirror_the_same_however_long_the_history_is(world: World) -> None:
    world.campaign("one")
    desk, asked = Desk(world.settings, lambda: world.now), []
    for old in (0, 200):
        with world.mirror.writing():
            for number in range(old):
                world.issue("Epic", "Completed", f"c{number}", world.now - timedelta(days=60))
        said: list[str] = []
        with desk.reading() as reading:
            reading.local.mirror.connection.set_trace_callback(said.append)
            site.page(reading, "", {})
        asked.append(len(said))
    assert asked[0] == asked[1]
