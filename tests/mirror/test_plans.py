"""What was selected by the newest run of a pipeline (requirement V19)."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cmbot.mirror import Mirror, definitions, plans

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.mark.covers("V19")
def test_the_newest_run_of_a_pipeline_on_a_repository_is_found(tmp_path: Path) -> None:
    with closing(Mirror(tmp_path / "cmbot.sqlite")) as mirror:
        runs = [("1", "/repo", 10), ("2", "/repo", 20), ("3", "/other", 30), ("4", "/repo", 40)]
        for day, (step_id, butler, count) in enumerate(runs):
            at = NOW + timedelta(days=day)
            plans.ask_plan(mirror, step_id, "spec", "cause", "x", at)
            plans.answer_plan(mirror, step_id, "spec", {"groups": 1, "selected": {"visit": count}})
            fields = {"campaign": {"Butler repository": butler}, "step": {"Pipeline YAML": "DRP.yaml#step1"}}
            with mirror.writing() as connection:
                connection.execute(
                    "INSERT INTO issues VALUES (?, ?, 'step', 'Draft', '', '', '{}')",
                    (step_id, f"CM-{step_id}"),
                )
                # Of the last one nothing was submitted.
                if step_id != "4":
                    definitions.keep(connection, step_id, "spec", fields, at)
        found = plans.selected_before(mirror, "DRP.yaml#step1", "/repo")
        assert found == plans.Selected("CM-2", NOW + timedelta(days=1), {"visit": 20})
        assert plans.selected_before(mirror, "DRP.yaml#step2", "/repo") is None
