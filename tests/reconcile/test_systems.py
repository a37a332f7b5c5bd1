"""Several workload systems beside each other: each is asked about its own, and numbers may be the same."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from cmbot.exceptions import RemoteError, UserError
from cmbot.mirror import journal
from cmbot.models.attempts import Cause, Recorded
from cmbot.models.issues import Person
from cmbot.models.systems import System
from cmbot.reconcile import polling, systems
from cmbot.settings import Settings
from cmbot.wms.port import Look, WmsReport
from cmbot.wms.states import WorkflowState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from cmbot.reconcile.edges import Edges
    from tests.reconcile.conftest import Watcher


@dataclass
class Somewhere:
    """A WMS that has everything it is asked about."""

    state: WorkflowState
    asked: list[Mapping[int, str]] = field(default_factory=list)

    def statuses(self, names: Mapping[int, str], _: datetime) -> Look:
        self.asked.append(dict(names))
        return Look({number: WmsReport(number, name, "x", self.state) for number, name in names.items()}, {})


def submitted(edges: Edges, number: int, request: int, **where: Any) -> int:
    """Write down a submission of a group of its own."""
    cause = Cause(f"move:1:{number}", Person("anna"), edges_now(edges), "moved CM-2 to Launch")
    name = f"CM-2_step1_g{number:03d}_a1_0000000{number}"
    with edges.mirror.writing() as connection:
        attempt = journal.add_attempt(connection, "2", f"g{number:03d}", 1, cause, "spec", edges_now(edges))
        item = journal.add_try(
            connection, attempt, f"0000000{number}", name, "tries/x", edges_now(edges), **where
        )
        journal.set_try(connection, item, state="submitted", request_id=request)
        journal.set_attempt(connection, attempt, state="submitted")
    return item


def edges_now(edges: Edges) -> datetime:
    return cast("Any", edges.jira).now  # type: ignore[no-any-return] - the stand-in's clock


@pytest.fixture
def edges(watcher: Watcher) -> Edges:
    sites = {
        "SLAC": {},
        "pool": {"wms": "HTCondor", "environment": "w"},
        "here": {"wms": "Parsl"},
    }
    settings = Settings.model_validate(watcher.edges.settings.model_dump(mode="json") | {"sites": sites})
    panda, pool = Somewhere(WorkflowState.RUNNING), Somewhere(WorkflowState.HELD)
    return replace(
        watcher.edges, settings=settings, wms=cast("Any", panda), systems={"pool": cast("Any", pool)}
    )


@pytest.mark.covers("D17")
def test_requests_of_two_systems_with_the_same_number_are_told_apart(edges: Edges) -> None:
    one = submitted(edges, 1, 7)
    two = submitted(edges, 2, 7, wms=System.HTCONDOR, site="pool")
    seen = polling.everything(edges, edges_now(edges))
    states = {item: report.state for item, report in seen.reports.items() if isinstance(report, WmsReport)}
    assert states == {one: WorkflowState.RUNNING, two: WorkflowState.HELD}


def test_a_site_that_lost_its_system_is_told_and_stops_no_other(edges: Edges) -> None:
    one = submitted(edges, 1, 7)
    two = submitted(edges, 2, 8, wms=System.HTCONDOR, site="gone")
    seen = polling.everything(edges, edges_now(edges))
    assert isinstance(seen.reports[one], WmsReport)
    assert isinstance(seen.reports[two], UserError)
    assert "is not a site of HTCondor any more" in str(seen.reports[two])


def test_what_others_ran_elsewhere_is_asked_of_nobody(edges: Edges) -> None:
    item = submitted(edges, 1, 7, wms=System.ELSEWHERE, recorded=Recorded("u/anna/run", expected={"isr": 1}))
    with edges.mirror.writing() as connection:
        journal.set_try(connection, item, request_id=None)
    assert polling.everything(edges, edges_now(edges)).reports == {}


def test_each_site_gets_the_system_that_it_says(edges: Edges, tmp_path: Path) -> None:
    found = systems.others(edges.settings, cast("Any", None))
    assert {site: type(wms).__name__ for site, wms in found.items()} == {
        "pool": "HTCondorWms",
        "here": "ParslWms",
    }
    assert set(systems.bases()) == {System.PANDA, System.HTCONDOR, System.PARSL}


@pytest.mark.parametrize(
    ("site", "said"),
    [
        ({"wms": "HTCondor"}, "name the environment"),
        ({"wms": "elsewhere"}, "PanDA, HTCondor and Parsl only"),
        ({"wms": "HTCondor", "environment": "x"}, "not among environments"),
    ],
)
def test_a_site_that_cannot_work_is_refused(edges: Edges, site: dict[str, str], said: str) -> None:
    content = edges.settings.model_dump(mode="json") | {"sites": {"pool": site}}
    with pytest.raises(ValueError, match=said):
        Settings.model_validate(content)


def test_a_system_that_does_not_answer_hides_no_other(edges: Edges) -> None:
    one = submitted(edges, 1, 7)
    two = submitted(edges, 2, 8, wms=System.HTCONDOR, site="pool")
    down = RemoteError("bps report", "no schedd", "cmbot tries again")
    edges.systems["pool"].statuses = lambda names, _: Look(dict.fromkeys(names, down), {})  # type: ignore[method-assign]
    seen = polling.everything(edges, edges_now(edges))
    assert isinstance(seen.reports[one], WmsReport)
    assert seen.reports[two] is down
