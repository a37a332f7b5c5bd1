"""Failures are added up over campaigns, and rules are judged by what they did or would have done."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.mirror import journal, reports
from cmbot.models.attempts import AttemptState, Cause
from cmbot.models.failures import Failure, JobError
from cmbot.models.issues import Person
from cmbot.operations.errors import totals
from cmbot.wms import errors

if TYPE_CHECKING:
    from tests.reconcile.conftest import Watcher

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
NAN = JobError("pilot", 1305, "Failed to execute payload:ValueError: cannot convert float NaN to integer")
LOST = JobError("taskbuffer", 300, "The worker was lost")


def ended(watcher: Watcher, step: str, number: int, day: int, *failures: Failure) -> None:
    """An attempt of g001 that ended with these failures."""
    at = NOW + timedelta(days=day)
    cause = Cause(f"move:{step}:{number}", Person("anna"), at, "moved it to Launch")
    with watcher.edges.mirror.writing() as connection:
        attempt = journal.add_attempt(connection, step, "g001", number, cause, "spec", at)
        item = journal.add_try(connection, attempt, f"{step}{number}", f"x_{step}_{number}", "", at)
        journal.set_try(connection, item, request_id=item, state="submitted")
        journal.move_attempt(connection, attempt, AttemptState.PARTIAL, at, ended_at=at)
        kinds = [asdict(kind) for kind in errors.kinds(failures)]
        body: dict[str, Any] = {"failed": len(failures), "tries": 7, "kinds": kinds}
        reports.save(connection, item, "failures", body, at)


def failure(error: JobError, site: str, label: str = "calibrate") -> Failure:
    return Failure(label, (error,), 1, site, 233, 9, 3)


@pytest.mark.covers("V5")
def test_failures_are_added_up_by_step_site_and_day(watcher: Watcher, campaign: dict[str, str]) -> None:
    slac, fra = failure(NAN, "SLAC"), failure(NAN, "FrDF")
    ended(watcher, campaign["step"], 1, 0, slac, slac, fra, failure(LOST, "SLAC"))
    ended(watcher, campaign["step"], 2, 1, slac)
    found = totals(watcher.edges, "CM-1")
    assert found.by("step") == {"pilot:1305": {"CM-2 step1": 4}, "taskbuffer:300": {"CM-2 step1": 1}}
    assert found.by("site") == {"pilot:1305": {"FrDF": 1, "SLAC": 3}, "taskbuffer:300": {"SLAC": 1}}
    assert found.by("day")["pilot:1305"] == {"2026-11-20": 3, "2026-11-21": 1}
    assert found.to_json()["by_day"] == found.by("day")
    assert sum(cell.count for cell in found.cells) == 5


@pytest.mark.covers("V5")
def test_a_passive_rule_counts_what_it_would_have_decided(watcher: Watcher, campaign: dict[str, str]) -> None:
    ended(watcher, campaign["step"], 1, 0, failure(NAN, "SLAC"), failure(NAN, "SLAC"))
    name = "calibration-without-stars"
    rules = watcher.edges.catalogue.rules
    assert next(rule for rule in rules if rule.name == name).active
    active = {rule.name: rule for rule in totals(watcher.edges).rules}[name]
    assert (active.active, active.decided, active.would) == (True, 2, 0)
    asleep = [rule.model_copy(update={"active": False}) if rule.name == name else rule for rule in rules]
    catalogue = watcher.edges.catalogue.model_copy(update={"rules": tuple(asleep)})
    found = {rule.name: rule for rule in totals(replace(watcher.edges, catalogue=catalogue)).rules}
    assert (found[name].active, found[name].decided, found[name].would) == (False, 0, 2)
    assert [rule.name for rule in totals(watcher.edges).rules] == [rule.name for rule in rules]


def test_where_nothing_failed_the_rules_have_done_nothing(watcher: Watcher, campaign: dict[str, str]) -> None:
    found = totals(watcher.edges)
    assert found.cells == ()
    assert {(rule.decided, rule.would) for rule in found.rules} == {(0, 0)}
