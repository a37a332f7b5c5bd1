"""A group that is too large is seen before it runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cmbot.models.campaign import SplitRule
from cmbot.splitting.estimates import largest
from cmbot.splitting.groups import split

DAY = timedelta(hours=24)
VISITS = dict.fromkeys(range(2000), 189)


@pytest.mark.covers("B18")
def test_a_thousand_visits_of_a_large_camera_are_more_than_a_day() -> None:
    groups = split({"visit": VISITS}, SplitRule("visit", 1000))
    found = largest(groups, VISITS, 5, slots=500, quantum=timedelta(minutes=1))
    assert (found.quanta, found.graph) == (945_000, timedelta(seconds=1890))
    assert found.run == timedelta(hours=31.5)
    assert found.warning(DAY) == (
        "g001 may have 945,000 quanta, take 0.5 h for its graph and 32 h to run: more than 24 h; "
        "make smaller groups"
    )
    assert found.warning(2 * DAY) == ""


def test_detector_ranges_share_a_visit() -> None:
    by = SplitRule("detector", count=3)
    groups = split({"visit": VISITS, "detector": range(189)}, SplitRule("visit", 1000, by=by))
    assert largest(groups, VISITS, 5).quanta == 945_000 // 3


def test_the_group_with_most_data_counts() -> None:
    counts = {1: 10, 2: 10, 3: 500, 4: 10}
    found = largest(split({"tract": counts}, SplitRule("tract", 2)), counts, 2)
    assert (found.group, found.quanta, found.run) == ("g002", 1020, None)


def test_a_graph_alone_can_take_too_long() -> None:
    found = largest(split({}, SplitRule()), {"all": 10**8}, 1)
    assert "56 h" in found.warning(DAY) or "55.6 h" in found.warning(DAY)
    assert "unknown time to run" in found.warning(DAY)
