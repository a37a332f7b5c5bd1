"""Who is on shift is asked, recorded and told: once a change, and never in the way of a pass."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import UserError
from cmbot.handlers.actions import Decision
from cmbot.mirror import outbox
from cmbot.models.notices import Notice, NoticeKind
from cmbot.operations import shift
from cmbot.operations.commands import obey
from cmbot.reconcile import archiving, tell
from cmbot.reconcile.passes import Passes
from cmbot.reconcile.rosters import RosterFile
from cmbot.reconcile.summaries import Ended
from cmbot.settings import RosterSettings

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import MemoryJira, Submitting, Watcher

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ROSTER = """
shifts:
  - {start: 2026-11-19 16:00, end: 2026-11-20 16:00, operators: [anna], notes: the disk is nearly full}
  - {start: 2026-11-20 16:00, end: 2026-11-20 23:00, operators: [ben]}
"""


@pytest.fixture
def roster(watcher: Watcher, tmp_path: Path) -> Path:
    """A roster file that cmbot's settings name."""
    file = tmp_path / "roster.yaml"
    file.write_text(ROSTER)
    settings = watcher.edges.settings.model_copy(update={"roster": RosterSettings(file=str(file))})
    watcher.edges = replace(watcher.edges, settings=settings)
    return file


@pytest.fixture(autouse=True)
def nothing_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told stays in the outbox."""
    monkeypatch.setattr("cmbot.reconcile.passes.deliver.all_due", lambda *_: 0)


def told(watcher: Watcher) -> list[tuple[str, str]]:
    """Hand-overs in the outbox, with the issue that each is for."""
    rows = watcher.edges.mirror.connection.execute(
        "SELECT issue_key, body FROM outbox WHERE marker LIKE 'handover:%' ORDER BY id"
    )
    return [(row["issue_key"], row["body"]) for row in rows]


@pytest.mark.covers("V21", "D7")
def test_a_shift_change_is_told_once_on_each_active_campaign_and_mentions_once(
    watcher: Watcher, jira: MemoryJira, campaign: dict[str, str], roster: Path
) -> None:
    jira.add(7, "Epic", "Paused")
    jira.add(8, "Epic", "Draft")
    watcher.look()
    passes = Passes(watcher.edges, obey, shift.keep)
    passes.run(NOW)
    assert told(watcher) == []
    for minute in (61, 62, 200):
        passes.run(NOW + timedelta(minutes=minute))
    (first, text), (second, other) = told(watcher)
    assert (first, second) == ("CM-1", "CM-7")
    assert "*Hand-over* of 2026-11-20 16:00 UTC, from anna." in text
    assert "the disk is nearly full" in text
    assert "[~ben] is on shift for [CM-1|" in text
    assert "ben is on shift for [CM-7|" in other
    assert "[~ben]" not in other
    # A mirror that was lost hands nothing over again; neither does a roster that is edited backwards.
    roster.write_text(
        ROSTER.replace("2026-11-20 16:00, end: 2026-11-20 23", "2026-11-20 15:30, end: 2026-11-20 23")
    )
    passes.run(NOW + timedelta(minutes=210))
    watcher.edges.mirror.remember("shift told", "")
    passes.run(NOW + timedelta(minutes=220))
    assert len(told(watcher)) == 2


def test_after_a_change_nobody_is_on_shift_for_nothing_is_handed_over(
    watcher: Watcher, campaign: dict[str, str], roster: Path
) -> None:
    shift.keep(watcher.edges, NOW)
    shift.keep(watcher.edges, NOW + timedelta(days=3))
    assert told(watcher) == []


@pytest.mark.covers("V21")
def test_a_roster_that_goes_bad_is_said_once_and_asks_nobody_until_it_is_mended(
    watcher: Watcher, roster: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = watcher.edges.roster
    assert [person.account for person in file.people(NOW)] == ["anna"]
    roster.write_text("shifts: [{start: 1, operators: nobody}]")
    with caplog.at_level(logging.WARNING):
        assert file.people(NOW) == file.people(NOW) == ()
    assert len(caplog.records) == 1
    with pytest.raises(UserError, match=r"roster\.yaml: shifts\.0"):
        file.at(NOW)
    roster.unlink()
    with pytest.raises(UserError, match="the roster cannot be read"):
        RosterFile(watcher.edges.settings.roster).at(NOW)
    roster.write_text(ROSTER)
    assert [person.account for person in file.people(NOW)] == ["anna"]


@pytest.mark.covers("V12", "V21", "D7")
def test_who_is_on_shift_is_mentioned_once_a_day_and_named_after_that(
    watcher: Watcher, campaign: dict[str, str], roster: Path
) -> None:
    view = watcher.campaign()

    def pause(number: int, now: datetime) -> str:
        notice = Notice(NoticeKind.PAUSED, view.issue, f"paused:10001:{number}", coming="Decide.")
        for _ in range(2):
            tell.campaign(watcher.edges, view, Decision(notices=(notice,)), Ended(), now)
        mirror = watcher.edges.mirror
        assert outbox.markers(mirror, [notice.marker]) == {notice.marker}
        (row,) = mirror.connection.execute("SELECT body FROM outbox WHERE marker = ?", (notice.marker,))
        return str(row["body"])

    assert "[~anna] *Next:* Decide." in pause(1, NOW)
    assert "nanna *Next:* Decide." in pause(2, NOW + timedelta(minutes=30))
    assert "[~ben] *Next:* Decide." in pause(3, NOW + timedelta(minutes=90))
    assert "nben *Next:* Decide." in pause(4, NOW + timedelta(minutes=120))


@pytest.mark.covers("D7", "E1")
def test_a_submission_records_its_operator_and_bps_keeps_who_launched(
    submitting: Submitting, watcher: Watcher, roster: Path
) -> None:
    roster.write_text(ROSTER.replace("2026-11-19", "2026-11-01").replace("[anna]", "[ben, carl]"))
    submitting.watcher.edges = replace(
        submitting.watcher.edges, settings=watcher.edges.settings.model_copy(update={
            "sites": submitting.watcher.edges.settings.sites
        })
    )  # fmt: skip
    submitting.launch()
    (why,) = {why for what, why in submitting.happened() if what.startswith("bps submit CM-2_step1_g002")}
    assert why.endswith("; operator ben, carl")
    item = submitting.attempt("g002").tries[-1]
    newest = archiving.open_archive(watcher.edges.settings).newest(item.name)
    assert newest is not None
    assert newest[1].as_run.operators == ("ben", "carl")
    assert "ben" not in submitting.submitted("g002")


def test_without_a_roster_the_operator_is_who_launched(submitting: Submitting) -> None:
    submitting.launch()
    (why,) = {why for what, why in submitting.happened() if what.startswith("bps submit CM-2_step1_g002")}
    assert why.endswith("; operator anna")


def test_a_hand_over_that_breaks_keeps_nothing_else_from_being_told(
    watcher: Watcher, campaign: dict[str, str]
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("shift")

    report = Passes(watcher.edges, obey, broken).run(NOW)
    assert "hand-over: shift" in report.errors
    assert not report.jira
