"""What the linter finds is said by the field that people see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cmbot.bps.fields import FIELDS, in_jira
from cmbot.bps.lint import lint
from cmbot.bps.render import render
from cmbot.exceptions import Problem

if TYPE_CHECKING:
    from cmbot.bps.submission import Submission


def said(submission: Submission, base: dict[str, Any], labels: set[str] | None = None) -> list[str]:
    return [in_jira(item, submission).field for item in lint(render(submission, base), labels=labels)]


@pytest.mark.covers("V13", "B16")
@pytest.mark.parametrize("key", FIELDS)
def test_every_key_that_comes_from_a_field_has_its_name(submission: Submission, key: str) -> None:
    assert in_jira(Problem(key, "p", "r"), submission).field == FIELDS[key]


@pytest.mark.covers("V13")
def test_options_name_the_field_and_the_key(submission: Submission, base: dict[str, Any]) -> None:
    wrong = {**submission.options, "memoryLimit": 5000}
    assert said(replace(submission, options=wrong), base) == ["BPS options pipetask.isr.requestMemory"]
    assert said(submission, base, {"calibrate"}) == [
        "BPS options pipetask.isr",
        "BPS options cluster.visit.pipetasks",
    ]


def test_a_sites_options_name_the_setting(submission: Submission, base: dict[str, Any]) -> None:
    shared = {**submission.site_options, "fileDistributionEndPoint": "file:///data/box/"}
    assert said(replace(submission, site_options=shared), base) == [
        "settings sites.SLAC.wms_options.fileDistributionEndPoint"
    ]


def test_software_that_does_not_fit_together_names_the_version(
    submission: Submission, base: dict[str, Any]
) -> None:
    assert said(replace(submission, image="lsst:w_2026_46"), base) == ["LSST version"]
