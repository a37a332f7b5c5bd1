"""What the next attempt of a group submits: its own RUN, what it skips, and what it does otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.definition.options import merged
from cmbot.mirror import journal, reports
from cmbot.mirror.plans import GroupRow
from cmbot.models.attempts import Attempt, AttemptState, Cause, Changes, Try, TryState
from cmbot.models.campaign import CampaignDefinition, StepDefinition
from cmbot.models.issues import Issue, Level, Person, Status
from cmbot.models.views import CampaignView, GroupView, StepView
from cmbot.reconcile import submissions

if TYPE_CHECKING:
    from cmbot.bps.submission import Submission
    from tests.reconcile.conftest import Watcher

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
OPTIONS: dict[str, Any] = {
    "requestMemory": 2048,
    "pipetask": {"isr": {"requestMemory": 4096, "requestCpus": 2}},
    "cluster": {
        "visits": {"pipetasks": "isr, calibrate, detect", "dimensions": "visit"},
        "tracts": {"pipetasks": "coadd", "dimensions": "tract"},
    },
    "finalJob": {"requestCpus": 1},
}
STEP = StepDefinition("step1", "$DRP_DIR/DRP.yaml#step1", "visit > 0", options=OPTIONS)
CAMPAIGN = CampaignDefinition(
    name="mini",
    reason="a test",
    kind="DataProc",
    stage="development",
    mode="test",
    butler="/repo",
    inputs=("raw",),
    output="u/anna/mini",
    environment="w",
    wms="PanDA",
    site="SLAC",
    steps=(STEP,),
)
ROW = GroupRow("10002", "g001", 1, {"where": "visit = 1", "table": ""}, "", "")


def attempt(number: int, state: AttemptState, **more: Any) -> Attempt:
    nonce = f"{number}" * 8
    item = Try(number, number, nonce, f"CM-2_step1_g001_a{number}_{nonce}", TryState.SUBMITTED, "", "", AT)
    cause = Cause(f"move:1:{number}", Person("anna"), AT, "moved CM-1 to Launch")
    return Attempt(number, "10002", "g001", number, state, cause, AT, tries=(item,), **more)


def submitted(
    watcher: Watcher,
    *earlier: Attempt,
    changes: Changes | None = None,
    done: dict[int, int] | None = None,
    unregistered: int = 0,
    definition: StepDefinition = STEP,
) -> Submission:
    """What comes after earlier attempts, of which data reports say how much was made."""
    known = len(journal.attempts(watcher.edges.mirror, "10002").get("g001", ()))
    with watcher.edges.mirror.writing() as connection:
        for one in earlier[known:]:
            (item,) = one.tries
            journal.add_attempt(connection, "10002", "g001", one.number, one.cause, "spec", AT, one.changes)
            journal.add_try(connection, one.id, item.nonce, item.name, "", AT)
            journal.move_attempt(connection, one.id, one.state, AT)
        for number, made in (done or {}).items():
            reports.save(connection, number, "data", {"counts": {"done": made}}, AT)
        if unregistered:
            reports.save(connection, unregistered, reports.UNREGISTERED, {}, AT)
    epic = Issue("10001", "CM-1", Level.CAMPAIGN, Status.RUNNING, "mini", AT)
    issue = Issue("10002", "CM-2", Level.STEP, Status.RUNNING, "step1", AT)
    step = StepView(issue, "step1", definition, (GroupView("g001", 1, "all", attempts=earlier),))
    view = CampaignView(epic, Person("cmbot"), CAMPAIGN, steps=(step,))
    number = len(earlier) + 1
    name = f"CM-2_step1_g001_a{number}_{'f' * 8}"
    return submissions.submission(watcher.edges, view, step, ROW, number, name, changes=changes or Changes())


def skipped(found: Submission) -> list[str]:
    options = found.extra_qgraph_options
    return options[options.index("--skip-existing-in") + 1].split(",") if options else []


@pytest.mark.covers("D6")
def test_a_rescue_skips_what_earlier_attempts_left_the_newest_first(watcher: Watcher) -> None:
    earlier = (
        attempt(1, AttemptState.PARTIAL),
        attempt(2, AttemptState.FAILED),
        attempt(3, AttemptState.PARTIAL),
    )
    found = submitted(watcher, *earlier)
    assert found.output_run == "u/anna/mini/step1/g001/a4_ffffffff"
    runs = ["u/anna/mini/step1/g001/a3_33333333", "u/anna/mini/step1/g001/a1_11111111"]
    assert skipped(found) == runs
    assert found.in_collections == (*runs, "raw")
    assert "--clobber-outputs" in found.extra_qgraph_options


@pytest.mark.covers("D6")
@pytest.mark.parametrize("state", [AttemptState.CANCELLED, AttemptState.FAILED, AttemptState.PARTIAL])
def test_a_rescue_skips_what_is_registered_however_its_attempt_ended(
    watcher: Watcher, state: AttemptState
) -> None:
    earlier = [attempt(number, state) for number in (1, 2)]
    found = submitted(watcher, *earlier, done={1: 4, 2: 4}, unregistered=2)
    assert skipped(found) == ["u/anna/mini/step1/g001/a1_11111111"]


@pytest.mark.covers("G6")
def test_patched_software_runs_what_failed_and_nothing_else(watcher: Watcher) -> None:
    patched = replace(STEP, lsst_version="w_2026_48", setup=("cp_pipe", "meas_algorithms"))
    found = submitted(watcher, attempt(1, AttemptState.PARTIAL), done={1: 8}, definition=patched)
    assert (found.lsst_version, found.setup) == ("w_2026_48", ("cp_pipe", "meas_algorithms"))
    # What the first attempt made is there, and is not made again with the patch.
    assert skipped(found) == ["u/anna/mini/step1/g001/a1_11111111"]
    assert found.output_run == "u/anna/mini/step1/g001/a2_ffffffff"
    assert (found.pipeline, found.data_query) == (STEP.pipeline, "(visit > 0) AND visit = 1")


def test_a_fresh_attempt_skips_nothing_and_later_ones_rescue_only_from_it_on(watcher: Watcher) -> None:
    first = attempt(1, AttemptState.PARTIAL)
    found = submitted(watcher, first, changes=Changes(fresh=True))
    assert (skipped(found), found.in_collections) == ([], ("raw",))
    again = attempt(2, AttemptState.PARTIAL, changes=Changes(fresh=True))
    assert skipped(submitted(watcher, first, again)) == ["u/anna/mini/step1/g001/a2_22222222"]


@pytest.mark.covers("D11", "D18")
def test_tasks_memory_queue_and_site_are_the_attempt_s_own(watcher: Watcher) -> None:
    sites = dict(watcher.edges.settings.sites)
    sites["IN2P3"] = sites["SLAC"].model_copy(update={"wms_options": {"computeCloud": "EU"}})
    settings = watcher.edges.settings.model_copy(update={"sites": sites})
    watcher.edges = replace(watcher.edges, settings=settings)
    changes = Changes(
        tasks=("isr", "calibrate"),
        site="IN2P3",
        queue="himem",
        memory={"isr": 9000, "calibrate": 5000, "visits": 12000, "finalJob": 64000},
    )
    found = submitted(watcher, attempt(1, AttemptState.PARTIAL), changes=changes)
    assert found.pipeline == "$DRP_DIR/DRP.yaml#isr,calibrate"
    assert (found.site, found.site_options) == ("IN2P3", {"computeCloud": "EU", "queue": "himem"})
    assert found.options == {
        "requestMemory": 2048,
        "queue": "himem",
        "pipetask": {
            "isr": {"requestMemory": 9000, "requestCpus": 2},
            "calibrate": {"requestMemory": 5000},
        },
        # Only of what is run.
        "cluster": {"visits": {"pipetasks": "isr,calibrate", "dimensions": "visit", "requestMemory": 12000}},
        "finalJob": {"requestCpus": 1, "requestMemory": 64000},
    }
    # The definition itself stays as it was.
    assert OPTIONS["pipetask"] == {"isr": {"requestMemory": 4096, "requestCpus": 2}}


@pytest.mark.covers("D11")
def test_a_queue_that_is_asked_for_counts_above_those_of_the_site(watcher: Watcher) -> None:
    site = {"queue": "small", "pipetask": {"isr": {"queue": "tiny"}}, "finalJob": {"queue": "merge"}}
    known = watcher.edges.settings
    sites = {"SLAC": known.sites["SLAC"].model_copy(update={"wms_options": site})}
    watcher.edges = replace(watcher.edges, settings=known.model_copy(update={"sites": sites}))
    first = attempt(1, AttemptState.PARTIAL)
    assert submitted(watcher, first).site_options == site
    asked = submitted(watcher, first, changes=Changes(queue="large"))
    found = merged(asked.site_options, asked.options)
    assert (found["queue"], found["finalJob"]["queue"]) == ("large", "merge")
    assert "queue" not in found["pipetask"]["isr"]
