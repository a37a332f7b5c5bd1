"""Sets of DataIds are checked and compared before a campaign uses them."""

from __future__ import annotations

import json
from typing import Any

import pytest

VISITS = [{"instrument": "LSSTCam", "visit": visit} for visit in (1, 2, 2)]


def write(terminal: Any, name: str, rows: list[dict[str, Any]]) -> str:
    file = terminal.place / name
    file.write_text(json.dumps(rows))
    return str(file)


@pytest.mark.covers("C3", "C4")
def test_a_set_is_told_by_keys_count_and_hash(terminal: Any) -> None:
    file = write(terminal, "bad.json", VISITS)
    said = json.loads(terminal.run("dataids", "check", file, "--json").output)
    assert (said["keys"], said["count"], said["repeated"]) == (["instrument", "visit"], 2, 1)
    lines = terminal.run("dataids", "check", file).output.splitlines()
    assert lines[0] == f"{file}: 2 DataIds of instrument, visit, 1 more than once"
    assert lines[1] == f"sha256: {said['sha256']}"


@pytest.mark.covers("C8")
def test_what_is_no_set_is_told_on_a_line(terminal: Any) -> None:
    file = write(terminal, "bad.json", [{"instrument": "LSSTCam", "seq_num": 5}])
    [line] = terminal.refused("dataids", "check", file)
    assert "'seq_num' is not a primary dimension key; convert it with the Registry" in line
    [line] = terminal.refused("dataids", "check", str(terminal.place / "none.json"))
    assert "No such file" in line


def test_two_sets_are_compared(terminal: Any) -> None:
    old = write(terminal, "old.json", VISITS)
    new = write(terminal, "new.json", [{"instrument": "LSSTCam", "visit": visit} for visit in (2, 3)])
    assert terminal.run("dataids", "diff", old, new).output == (
        '- {"instrument": "LSSTCam", "visit": 1}\n+ {"instrument": "LSSTCam", "visit": 3}\n'
    )


@pytest.mark.covers("V22")
def test_a_campaign_whose_sets_cannot_be_read_is_not_created(terminal: Any) -> None:
    file = terminal.place / "campaign.yaml"
    file.write_text(CAMPAIGN)
    lines = terminal.refused("create", str(file), "--dry-run")
    assert [line.split(": ")[1] for line in lines] == ["DataIds excluded", "step1 DataIds included"]
    write(terminal, "bad.json", VISITS)
    (terminal.place / "good.csv").write_text("instrument,visit\nLSSTCam,5\n")
    assert terminal.run("create", str(file), "--dry-run").exit_code == 0


CAMPAIGN = """
name: chosen
reason: a test
butler: /repo/main
inputs: [LSSTCam/defaults]
output: u/chosen
environment: stack
site: laptop
exclude: {file: bad.json, reason: clouds}
steps:
  - name: step1
    pipeline: p.yaml#isr
    query: instrument = 'LSSTCam'
    include: {file: good.csv, reason: the good ones}
"""
