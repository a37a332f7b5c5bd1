"""When schedules are due, and what is filled in then: by the observatory's calendar (requirement B27)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.exceptions import UserError
from cmbot.operations.schedules import named, schedules

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.settings import Settings


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.covers("B27", "V24")
def test_instants_are_those_of_the_observatory_also_when_its_clocks_change(settings: Settings) -> None:
    schedule = named(settings, "nightly")
    # In Chile clocks go on by an hour on 6 September 2026: 08:30 is 12:30 UTC before, and 11:30 after.
    found = list(schedule.between(utc("2026-09-04T00:00"), utc("2026-09-08T00:00")))
    assert [f"{instant:%d %H:%M}" for instant in found] == ["04 12:30", "05 12:30", "06 11:30", "07 11:30"]
    assert schedule.last(utc("2026-09-06T11:29:59")) == utc("2026-09-05T12:30")
    assert schedule.after(utc("2026-09-05T12:30")) == utc("2026-09-06T11:30")


@pytest.mark.covers("B27")
def test_the_night_is_the_one_that_began_the_evening_before(
    settings: Settings, template: Path, again: Any
) -> None:
    schedule = named(settings, "nightly")
    made = schedule.definition(utc("2026-11-20T11:30"))
    assert made.name == "night 20261119"
    assert made.steps[0].query == "instrument = 'LSSTCam' AND day_obs = 20261119"
    texts = {"night": "{night}", "day": "{date}", "release": "w_{week}", "fixed": "7"}
    weekly = again.with_schedules(template.parent, weekly=again.nightly(template, variables=texts))
    # A new year: 1 January 2027 is in the last ISO week of 2026.
    assert named(weekly, "weekly").values(utc("2027-01-01T11:30")) == {
        "night": "20261231",
        "day": "20270101",
        "release": "w_2026_53",
        "fixed": "7",
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cron": "30 8 * *"}, "schedules.bad.cron: '30 8 * *' has 4 fields; write five"),
        ({"cron": "61 8 * * *"}, "schedules.bad.cron: '61 8 * * *': "),
        ({"cron": "30 8 * * 1"}, "schedules.bad.cron: 1 is ambiguous; name days of the week"),
        ({"cron": "30 8 * * sunday"}, "schedules.bad.cron: '30 8 * * sunday': "),
        ({"timezone": "Chile/Nowhere"}, "schedules.bad.timezone: 'Chile/Nowhere' is no time zone"),
    ],
)
def test_what_cannot_be_read_is_named(template: Path, again: Any, change: dict[str, Any], words: str) -> None:
    settings = again.with_schedules(template.parent, bad=again.nightly(template, **change))
    with pytest.raises(UserError) as caught:
        schedules(settings)
    assert str(caught.value).startswith(words)


def test_what_a_template_lacks_is_named(template: Path, again: Any) -> None:
    at = utc("2026-11-20T11:30")
    odd = again.nightly(template, variables={"night": "{moon}"})
    with pytest.raises(
        UserError, match=r"variables\.night: '\{moon\}' asks for 'moon'; known are night, date"
    ):
        named(again.with_schedules(template.parent, x=odd), "x").definition(at)
    with pytest.raises(UserError, match="night: has no value"):
        named(again.with_schedules(template.parent, x=again.nightly(template, variables={})), "x").definition(
            at
        )
    lost = again.nightly(template.parent / "none.yaml")
    with pytest.raises(UserError, match=r"schedules\.x\.template: cannot be read"):
        named(again.with_schedules(template.parent, x=lost), "x").definition(at)
    with pytest.raises(UserError, match=r"x: is no schedule; the settings \(schedules\) have none"):
        named(again.with_schedules(template.parent), "x")
    never = again.nightly(template, cron="0 0 29 2 *")
    with pytest.raises(UserError, match="had no instant in the year before 2026-11-20"):
        named(again.with_schedules(template.parent, x=never), "x").last(at)


def test_an_instant_every_minute_is_found_at_once_after_a_year(template: Path, again: Any) -> None:
    minutely = again.with_schedules(template.parent, x=again.nightly(template, cron="* * * * *"))
    found = named(minutely, "x").newest(utc("2025-11-20T00:00"), utc("2026-11-20T11:30"), 2)
    assert [f"{instant:%H:%M}" for instant in found] == ["11:29", "11:30"]
