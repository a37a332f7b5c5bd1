"""Every try is archived as far as it is, whatever happens in between."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import responses

from cmbot.archive.manifest import Stage, sha256
from cmbot.archive.verification import verify
from cmbot.mirror import journal, reports
from cmbot.models.attempts import AttemptState, Cause, TryState
from cmbot.models.failures import Failure, FailureKind, JobError
from cmbot.models.issues import Person
from cmbot.reconcile import archiving, job_logs, waiting

if TYPE_CHECKING:
    from conftest import Watcher

    from cmbot.archive.manifest import Manifest
    from cmbot.models.attempts import Attempt

NAME = "CM-2_step1_g001_a1_0a1b2c3d"
YAML = "pipelineYaml: DRP.yaml#step1\n"
CONFIG = {
    "pipelineYaml": "DRP.yaml#step1",
    "wmsServiceClass": "lsst.ctrl.bps.panda.PanDAService",
    "computeSite": "SLAC",
    "LSST_VERSION": "w_2026_47",
    "payload": {
        "butlerConfig": "/repo",
        "inCollection": "DemoCam/defaults",
        "dataQuery": "visit = 1",
        "outputRun": f"cm/step1/g001/{NAME}",
    },
}
GRAPH_LOG = """\
INFO 2026-11-20T09:23:08 lsst.ctrl.mpexec - QuantumGraph contains 160 quanta for 2 tasks
Quanta   Tasks
------ ---------
    80       isr
    80 calibrate
"""

COUNTS = {"total": 160, "done": 160, "failed": 0, "running": 0}
WMS = {"status": "Finished", "merged": True, "counts": COUNTS, "tasks": []}
DATA = {"counts": COUNTS, "details": [], "report": {}}
MONITOR = {"at": "2026-11-20T08:00:00+00:00", "workflow": {"request_id": 7}, "tasks": [{"jeditaskid": 71}]}


class World:
    """One try, step by step, as passes would find it."""

    def __init__(self, watcher: Watcher, step_id: str) -> None:
        self.watcher, self.step_id, self.edges = watcher, step_id, watcher.edges
        self.archive = archiving.open_archive(self.edges.settings)
        self.directory = self.edges.tries / NAME
        with self.edges.mirror.writing() as connection:
            cause = Cause("move:10001:1", Person("anna", "Anna"), watcher.now, "moved CM-1 to Launch")
            attempt = journal.add_attempt(connection, step_id, "g001", 1, cause, "spec", watcher.now)
            self.id = journal.add_try(connection, attempt, "0a1b2c3d", NAME, str(self.directory), watcher.now)

    @property
    def attempt(self) -> Attempt:
        return journal.attempts(self.edges.mirror, self.step_id)["g001"][-1]

    def prepare(self) -> None:
        """As `cmbot.reconcile.submit.start` does."""
        view = self.watcher.campaign()
        self.directory.mkdir(parents=True)
        (self.directory / "bps.yaml").write_text(YAML)
        kept = archiving.prepared(self.edges, view, view.steps[0], self.attempt, CONFIG, {"bps.yaml": YAML})
        self.learn(reports.ARCHIVED, kept)

    def submit(self) -> None:
        """What bps leaves, and what the journal says then."""
        (self.directory / "stdout").write_text("Run Id: 7\n")
        (self.directory / "stderr").write_text("INFO: Authorization: Bearer 0a1b2c3d\n")
        submitted = self.edges.submit_path(NAME)
        submitted.mkdir()
        for name, text in (
            (f"{NAME}_config.yaml", "computeSite: SLAC\n"),
            (f"{NAME}.env.info.yaml", "HOME: /home/cm\nPGPASSWORD: xyzzy\n"),
            (f"{NAME}.pkg.info.yaml", "python: 3.11.7\n"),
            (f"{NAME}.qg", "x" * 9),
            ("quantumGraphGeneration.out", GRAPH_LOG),
        ):
            (submitted / name).write_text(text)
        self.change(state=TryState.SUBMITTED, request_id=7)
        self.set(state=AttemptState.SUBMITTED)

    def end(self, state: AttemptState = AttemptState.SUCCEEDED, summary: str = "") -> None:
        self.learn("wms", WMS)
        self.learn("data", DATA)
        self.set(state=state, summary=summary, ended_at=self.watcher.now)

    def learn(self, kind: str, body: dict[str, Any]) -> None:
        with self.edges.mirror.writing() as connection:
            reports.save(connection, self.id, kind, body, self.watcher.now)

    def change(self, **columns: Any) -> None:
        with self.edges.mirror.writing() as connection:
            journal.set_try(connection, self.id, **columns)

    def set(self, **columns: Any) -> None:
        with self.edges.mirror.writing() as connection:
            journal.set_attempt(connection, self.attempt.id, **columns)

    def keep(self) -> bool:
        self.watcher.look()
        return archiving.keep(self.edges, self.watcher.campaign(), self.watcher.now)

    def manifest(self) -> Manifest:
        newest = self.archive.newest(NAME)
        assert newest is not None
        told = reports.manifests(self.edges.mirror)
        assert told == {NAME: newest[0]}
        assert verify(self.archive, told, lambda _: None).damages == []
        return newest[1]

    def text(self, name: str) -> str:
        entry = self.manifest().entry(name)
        assert entry is not None
        return self.archive.read(entry).decode()

    def count(self) -> int:
        return len(self.archive.manifests(NAME))


@pytest.fixture
def world(watcher: Watcher, campaign: dict[str, str]) -> World:
    return World(watcher, campaign["step"])


@pytest.mark.covers("E1", "E4", "W23")
def test_what_is_about_to_be_submitted_is_kept_before_bps_starts(world: World) -> None:
    world.prepare()
    assert world.keep()
    manifest, as_run = world.manifest(), world.manifest().as_run
    assert (manifest.stage, [file.name for file in manifest.files]) == (Stage.PREPARED, ["bps.yaml"])
    assert (world.text("bps.yaml"), as_run.yaml_sha256) == (YAML, sha256(YAML.encode()))
    assert (as_run.campaign, as_run.step, as_run.group, as_run.attempt) == ("CM-1", "CM-2", "g001", 1)
    assert (as_run.by, as_run.cause, as_run.definition) == ("Anna", "moved CM-1 to Launch", "spec")
    assert (as_run.query, as_run.site, as_run.lsst_version) == ("visit = 1", "SLAC", "w_2026_47")
    assert as_run.output_run.endswith(NAME)


@pytest.mark.covers("E4", "V20")
def test_what_bps_made_of_it_is_added_without_secrets(world: World) -> None:
    world.prepare()
    world.submit()
    assert world.keep()
    manifest = world.manifest()
    assert (manifest.stage, manifest.as_run.request_id, manifest.as_run.quanta) == (Stage.SUBMITTED, 7, 160)
    assert [file.name for file in manifest.files] == [
        "bps.yaml",
        "config.yaml",
        "environment.yaml",
        "graph.json",
        "graph.log",
        "packages.yaml",
        "submit.err",
        "submit.out",
    ]
    assert world.text("environment.yaml") == "HOME: /home/cm\nPGPASSWORD: '***'\n"
    assert world.text("submit.err") == "INFO: Authorization: Bearer ***\n"
    assert json.loads(world.text("graph.json"))["tasks"] == {"isr": 80, "calibrate": 80}
    assert world.keep()
    assert world.count() == 2


@pytest.mark.covers("E4", "E5")
def test_what_came_of_it_is_added_when_it_has_ended(world: World) -> None:
    world.prepare()
    world.submit()
    world.keep()
    world.end(AttemptState.PARTIAL, "isr: 1 of 80 quanta missing")
    report = world.directory / "report-1"
    report.mkdir()
    (report / "report.json").write_text('{"tasks": {}}')
    world.learn("asked", {"directory": str(report)})
    world.learn(reports.MONITOR, MONITOR)
    assert world.keep()
    manifest, as_run = world.manifest(), world.manifest().as_run
    assert (manifest.stage, world.count()) == (Stage.ENDED, 3)
    assert (as_run.state, as_run.summary) == ("partial", "isr: 1 of 80 quanta missing")
    assert as_run.ended_at
    assert as_run.query == "visit = 1"
    assert json.loads(world.text("wms.json")) == WMS
    assert json.loads(world.text("data.json")) == DATA
    assert json.loads(world.text("monitor.json")) == MONITOR
    assert world.text("pipetask-report.json") == '{"tasks": {}}'

    # Why jobs failed is known later; that it was asked for again is no news.
    kind = FailureKind(Failure("isr", (JobError("pilot", 1305, "NaN"),), 1), 1)
    failed = {"kinds": [asdict(kind)], "done": True, "tries": 1, "not_before": "2026-11-20T08:00:00+00:00"}
    world.watcher.look()
    world.learn("failures", failed)
    assert world.keep()
    assert json.loads(world.text("failures.json"))["kinds"][0]["example"]["label"] == "isr"
    world.watcher.look()
    world.learn("failures", failed | {"tries": 2})
    assert world.keep()
    assert world.count() == 4


@pytest.mark.covers("E5")
def test_what_matters_of_the_logs_of_failed_jobs_is_kept_before_they_are_deleted(world: World) -> None:
    world.prepare()
    world.submit()
    hosts = [f"https://logs.test/{number}/" for number in range(7)]
    said = (JobError("pilot", 1305, "failed"),)
    jobs = [Failure("isr", said, 1, job=n, log=f"{host}pilotlog.txt") for n, host in enumerate(hosts)]
    world.learn("failures", {"failed": 9, "kinds": [asdict(FailureKind(each, 1)) for each in jobs]})
    passes = 0

    def read(minutes: float) -> bool:
        nonlocal passes
        passes += 1
        world.watcher.look(minutes)
        return job_logs.keep(world.edges, world.watcher.campaign(), world.watcher.now)

    with responses.RequestsMock() as server:
        # While it runs they are not read: jobs may still fail.
        assert read(1)
        assert len(server.calls) == 0
        world.end(AttemptState.PARTIAL)
        log = "Traceback (most recent call last):\n  File 'x'\nValueError: Bearer 0a1b2c3d4e5f\n"
        server.get(f"{hosts[0]}payload.stderr", body=log)
        server.get(f"{hosts[1]}payload.stderr", status=404)
        server.get(f"{hosts[2]}payload.stderr", body=responses.ConnectionError("no route"))
        server.get(f"{hosts[3]}payload.stderr", body="killed\n")
        server.get(f"{hosts[4]}payload.stderr", body="")
        assert not read(1)
        assert not read(1)
        assert len(server.calls) == 5
        # What cannot be had holds up nothing, and is tried again for some hours.
        assert world.keep()
        assert len(json.loads(world.text("failed-jobs.json"))["logs"]) == 4
        while not read(31):
            assert passes < 20
        assert world.keep()
        assert len(server.calls) == 10
    kept = json.loads(world.text("failed-jobs.json"))
    assert set(kept) == {"logs"}
    texts = {each["job"]: each["text"] for each in kept["logs"]}
    assert sorted(texts) == [0, 1, 2, 3, 4]
    assert "ValueError: Bearer ***" in texts[0]
    assert "is not there" in texts[1]
    assert "cannot be read" in texts[2]
    assert texts[3].endswith("killed")

    # A mirror that was lost finds them in the archive, and asks no host again.
    with world.edges.mirror.writing() as connection:
        connection.execute("DELETE FROM reports")
    archiving.recall(world.edges, world.step_id, world.watcher.now)
    assert read(60)


@pytest.mark.covers("W8")
def test_a_lost_mirror_learns_everything_again_but_what_was_too_large_to_be_kept_whole(world: World) -> None:
    world.prepare()
    world.submit()
    world.end(AttemptState.PARTIAL)
    world.learn(reports.MONITOR, MONITOR | {"tasks": [{"errordialog": "no\n" * 600} for _ in range(3000)]})
    assert world.keep()
    assert world.text("monitor.json").count("bytes are left out") == 1
    with world.edges.mirror.writing() as connection:
        connection.execute("DELETE FROM reports")
    archiving.recall(world.edges, world.step_id, world.watcher.now)
    known = reports.read_all(world.edges.mirror, world.id)
    assert known.pop(reports.SHARED)["values"] == {"pipelineYaml": "DRP.yaml#step1"}
    assert known == {"wms": WMS, "data": DATA}


def test_what_jobs_do_to_the_files_later_changes_nothing(world: World) -> None:
    world.prepare()
    world.submit()
    world.keep()
    for file in (world.directory / "bps.yaml", world.edges.submit_path(NAME) / f"{NAME}_config.yaml"):
        file.write_text("something: else\n")
    world.end()
    world.keep()
    assert world.text("bps.yaml") == YAML
    assert world.text("config.yaml") == "computeSite: SLAC\n"


def test_a_reopened_workflow_is_archived_again_at_its_new_end(world: World) -> None:
    world.prepare()
    world.submit()
    world.end(AttemptState.PARTIAL)
    world.keep()
    world.set(state=AttemptState.RUNNING)
    world.keep()
    assert world.manifest().stage is Stage.SUBMITTED
    world.end()
    world.keep()
    assert (world.manifest().stage, world.manifest().as_run.state) == (Stage.ENDED, "succeeded")


def test_a_submission_that_did_not_happen_is_kept_with_its_log(world: World) -> None:
    world.prepare()
    (world.directory / "stderr").write_text("RuntimeError: no such subset\n")
    world.change(state=TryState.NOT_SUBMITTED, note="no such subset")
    world.set(state=AttemptState.FAILED, summary="not submitted: no such subset", ended_at=world.watcher.now)
    assert world.keep()
    manifest = world.manifest()
    assert (manifest.stage, manifest.as_run.request_id) == (Stage.ENDED, None)
    assert manifest.as_run.summary == "not submitted: no such subset"
    assert world.text("submit.err") == "RuntimeError: no such subset\n"


def test_nothing_is_kept_of_what_is_only_reserved(world: World) -> None:
    assert world.keep()
    assert world.archive.names() == ()


def test_a_lost_mirror_takes_nothing_from_the_archive(world: World) -> None:
    world.prepare()
    world.submit()
    world.end()
    world.keep()
    before = world.archive.newest(NAME)
    with world.edges.mirror.writing() as connection:
        connection.execute("DELETE FROM reports")
    assert world.keep()
    world.manifest()
    assert world.archive.newest(NAME) == before


def test_a_lost_archive_is_made_again_from_what_is_left(world: World) -> None:
    world.directory.mkdir(parents=True)
    world.submit()
    world.end()
    assert world.keep()
    assert world.manifest().as_run.group_issue == "CM-4"
    assert world.manifest().entry("config.yaml") is not None


def test_a_disk_that_takes_nothing_is_said_and_tried_again(world: World) -> None:
    world.prepare()
    world.submit()
    objects = Path(world.edges.settings.work.state) / "archive" / "objects"
    objects.rename(objects.with_name("away"))
    objects.write_text("in the way")
    assert not world.keep()
    step = world.watcher.campaign().steps[0].issue
    assert "cannot be written" in waiting.read(world.edges, step)
    objects.unlink()
    objects.with_name("away").rename(objects)
    assert world.keep()
    assert waiting.read(world.edges, step) == ""
    assert world.manifest().stage is Stage.SUBMITTED
