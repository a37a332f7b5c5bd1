"""``cmbot create`` on a Jira that loses answers: it waits, says so, and makes everything once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmbot.dataids import DataIdSet
from cmbot.definition import file as campaign_file
from cmbot.operations.create import create_patiently
from cmbot.operations.dataid_files import gather
from cmbot.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from cmbot.jira.gateway import Jira
    from tests.jira.conftest import Site

CAMPAIGN = """
name: patient {flavour}
reason: a test
butler: /repo/main
inputs: [LSSTCam/defaults]
output: u/patient
environment: w_2026_47
site: SLAC
steps:
  - name: step1
    pipeline: p.yaml#isr
    query: instrument = 'LSSTCam'
  - name: step2
    pipeline: p.yaml#calibrate
    query: instrument = 'LSSTCam'
    after: [step1]
"""


def settings(site: Site) -> Settings:
    return Settings.model_validate(
        {
            "jira": site.settings().model_dump(),
            "panda": {"relay": "https://panda.test/server/panda"},
            "work": {"state": "/state", "submit": "/submit"},
            "environments": {"w_2026_47": {}},
            "sites": {"SLAC": {}},
        }
    )


@pytest.mark.covers("W2", "V23")
def test_a_campaign_whose_answers_are_lost_behind_a_lagging_index_is_made_once(
    jira: Jira, site: Site, tmp_path: Path
) -> None:
    text = CAMPAIGN.format(flavour=site.flavour) + "exclude: {file: bad.csv, reason: clouds}\n"
    (tmp_path / "bad.csv").write_text("instrument,visit\nLSSTCam,5\n")
    definition, files = gather(campaign_file.read(text, "patient.yaml"), tmp_path)
    said: list[str] = []
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        site.ask("PUT", "/sandbox/clock", {"advance": seconds + 0.1})

    before = set(site.search("project=CM"))
    site.ask("PUT", "/sandbox/strange", {"search": {"lag": 8}, "users": ["cmbot"]})
    site.disturb("lost_answer", "POST", "/issue$", count=2)
    keys = create_patiently(settings(site), jira, definition, said.append, wait, files)
    assert waits
    assert all(seconds <= jira.settling.total_seconds() for seconds in waits)
    assert len(said) == len(set(said)) == len(keys) + len(waits)
    site.ask("PUT", "/sandbox/clock", {"advance": 60})
    assert set(site.search("project=CM")) - before == set(keys)
    assert definition.exclude is not None
    assert definition.exclude.count == 1
    content = jira.attachment(keys[0], definition.exclude.file, definition.exclude.sha256)
    assert DataIdSet.read(content, "bad.json").sha256 == definition.exclude.sha256


@pytest.mark.covers("B1", "E6")
def test_the_key_of_a_campaign_is_in_the_names_of_its_collections(jira: Jira, site: Site) -> None:
    text = CAMPAIGN.format(flavour=f"named {site.flavour}").replace(
        "u/patient", "LSSTCam/runs/DRP/w_2026_47/{key}"
    )
    definition = campaign_file.read(text, "named.yaml")
    epic, *_ = create_patiently(settings(site), jira, definition, lambda _: None, lambda _: None)
    field = jira.field_id("Output root")
    assert jira.issue(epic)["fields"][field] == f"LSSTCam/runs/DRP/w_2026_47/{epic}"
    # Whoever names it otherwise keeps that, also when the same file is given again.
    jira.ensure_fields(epic, {"Output root": "u/other"})
    assert create_patiently(settings(site), jira, definition, lambda _: None, lambda _: None)[0] == epic
    assert jira.issue(epic)["fields"][field] == "u/other"
