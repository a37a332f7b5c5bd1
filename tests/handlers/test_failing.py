"""What runs and has failures already is a state of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Level, Status
from cmbot.models.views import Counts, GroupView

RUNNING, FAILED = AttemptState.RUNNING, AttemptState.FAILED


def group(build: Any, name: str, *states: AttemptState, failed: int = 0, issue: Any = None) -> GroupView:
    attempts = [build.attempt(state, build.cause(2, number)) for number, state in enumerate(states, 1)]
    made: GroupView = replace(build.group(name, *attempts, issue=issue), jobs=Counts(10, 3, failed, 2))
    return made


@pytest.mark.covers("V10")
def test_a_group_that_runs_with_failed_jobs_is_failing(build: Any) -> None:
    assert group(build, "g001", RUNNING, failed=1).state == "failing"
    assert group(build, "g001", RUNNING).state == "running"
    assert group(build, "g001").state == "waiting"
    # What matters more is not hidden by it.
    for state in (AttemptState.HELD, AttemptState.CANCELLING, AttemptState.MERGE_PENDING, FAILED):
        assert group(build, "g001", state, failed=1).state == state


@pytest.mark.covers("V10")
def test_a_step_that_runs_with_failures_is_failing_and_so_is_its_campaign(build: Any) -> None:
    stories = {
        (group(build, "g001", RUNNING, failed=1),): True,
        (group(build, "g001", RUNNING), group(build, "g002", FAILED)): True,
        (group(build, "g001", RUNNING), group(build, "g002", AttemptState.SUCCEEDED)): False,
        # Nothing runs: it is Paused, for a person to decide.
        (group(build, "g002", FAILED),): False,
        # The retry may mend it.
        (group(build, "g001", FAILED, RUNNING),): False,
    }
    for groups, failing in stories.items():
        step = build.step(build.running(2), *groups)
        assert step.failing is failing
        assert build.campaign(build.running(), step).failing is failing


def test_what_a_person_accepted_or_abandoned_does_not_fail_any_more(build: Any) -> None:
    for status in (Status.COMPLETED, Status.ABANDONED):
        decided = build.issue(4, level=Level.GROUP, status=status)
        groups = (group(build, "g001", FAILED, issue=decided), group(build, "g002", RUNNING))
        assert build.step(build.running(2), *groups).failing is False


def test_what_was_closed_while_it_runs_is_said(build: Any) -> None:
    for status, left in ((Status.COMPLETED, True), (Status.ABANDONED, True), (Status.RUNNING, False)):
        issue = build.issue(4, level=Level.GROUP, status=status)
        assert group(build, "g001", RUNNING, issue=issue).left_running is left
    closed = build.issue(4, level=Level.GROUP, status=Status.COMPLETED)
    assert not group(build, "g001", AttemptState.SUCCEEDED, issue=closed).left_running
