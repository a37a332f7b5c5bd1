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
    assert "'seq_num' is not a primary dimension key; convert it: `cmbot dataids convert`" in line
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


@pytest.mark.covers("B17")
def test_a_campaign_whose_groups_cannot_be_read_is_not_created(terminal: Any) -> None:
    file = terminal.place / "campaign.yaml"
    whole = CAMPAIGN.replace("exclude: {file: bad.json, reason: clouds}\n", "")
    whole = whole.replace(
        "include: {file: good.csv, reason: the good ones}", "split: {dimension: visit, file: g.csv}"
    )
    file.write_text(whole)
    [line] = terminal.refused("create", str(file), "--dry-run")
    assert "step1 Split rule: " in line
    assert "cannot be read" in line
    (terminal.place / "g.csv").write_text("group,visit\na,1\n")
    assert terminal.run("create", str(file), "--dry-run").exit_code == 0
    file.write_text(whole.replace("file: g.csv", f"file: g.csv, sha256: {'a' * 64}"))
    [line] = terminal.refused("create", str(file), "--dry-run")
    assert "g.csv holds other groups than it says" in line
    file.write_text(whole + "    include: {file: g.json, reason: the good ones}\n")
    write(terminal, "g.json", VISITS)
    [line] = terminal.refused("create", str(file), "--dry-run")
    assert "g.json is a set of DataIds too" in line


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


@pytest.fixture
def butler(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was asked of the Butler; it says that there is one DataId."""
    asked: list[dict[str, Any]] = []

    def answered(_: Any, question: Any, __: str) -> str:
        asked.append(json.loads(question.request) | {"environment": question.environment})
        return json.dumps({"rows": [{"instrument": "LSSTCam", "exposure": 7}], "files": ["/raw/7.fits"]})

    monkeypatch.setattr("cmbot.operations.dataids.answered", answered)
    return asked


@pytest.mark.covers("C13")
def test_a_query_is_dumped_as_a_set_or_with_its_files(terminal: Any, butler: list[dict[str, Any]]) -> None:
    words = ("dataids", "dump", "--repo", "/repo/main", "--collections", "a, b")
    assert terminal.run(*words, "--csv").output == "exposure,instrument\n7,LSSTCam\n"
    set_file = terminal.place / "night.json"
    set_file.write_text(terminal.run(*words, "--query", "instrument = 'LSSTCam'").output)
    assert terminal.run("dataids", "check", str(set_file)).exit_code == 0
    asked = butler[-1]
    assert (asked["collections"], asked["environment"], asked["dataset_type"]) == (["a", "b"], "stack", "raw")
    [row] = json.loads(terminal.run(*words, "--files").output)
    assert row == {"instrument": "LSSTCam", "exposure": 7, "file": "/raw/7.fits"}
    assert terminal.run(*words, "--files", "--csv").output.splitlines()[1] == "7,/raw/7.fits,LSSTCam"
    [line] = terminal.refused(*words, "--files", "--dimensions", "visit")
    assert "are of datasets, not of some of their dimensions" in line
    [line] = terminal.refused(*words, "--query", "a; rm")
    assert line.startswith("query: ")
    [line] = terminal.refused(*words[:3], "a b", *words[4:])
    assert "is no path or URI" in line


@pytest.mark.covers("C8")
def test_other_keys_are_converted(terminal: Any, butler: list[dict[str, Any]]) -> None:
    words = ("--repo", "/repo/main")
    file = write(terminal, "other.json", [{"instrument": "LSSTCam", "day_obs": 20261119, "seq_num": 12}])
    assert (
        terminal.run("dataids", "convert", file, *words).output
        == '[\n{"exposure": 7, "instrument": "LSSTCam"}\n]\n'
    )
    table = terminal.place / "other.csv"
    table.write_text("instrument,seq_num,detector_name\nLSSTCam,12,R22\n")
    assert terminal.run("dataids", "convert", str(table), *words).exit_code == 0
    assert butler[1]["rows"] == [{"instrument": "LSSTCam", "seq_num": 12, "detector_name": "R22"}]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{}", "is no list of DataIds"),
        ("a.json", "[", "is no list of DataIds"),
        ("a.csv", "instrument,seq_num\nLSSTCam\n", "as many values as there are keys"),
        ("a.csv", "instrument,seq_num\nLSSTCam,x\n", "is no list of DataIds"),
        ("a.json", '[{"seq_num": 1}]', "entry 1: has the keys seq_num"),
        ("a.json", '[{"instrument": "L", "x": 1}, {"instrument": "L"}]', "entry 2: has the keys instrument"),
        ("a.json", '[{"instrument": "L", "x": [1]}]', "entry 1: x cannot be [1]"),
        ("a.json", '[{"instrument": "L", "X; y": 1}]', "entry 1: X; y cannot be 1"),
    ],
)
def test_what_cannot_be_converted_is_named(
    terminal: Any, butler: list[dict[str, Any]], name: str, text: str, said: str
) -> None:
    (terminal.place / name).write_text(text)
    [line] = terminal.refused("dataids", "convert", str(terminal.place / name), "--repo", "/repo/main")
    assert said in line
    assert butler == []


def test_which_environment_asks_is_said_where_there_are_several(
    terminal: Any, butler: list[dict[str, Any]]
) -> None:
    terminal.write_settings(environments={"old": {}, "new": {}})
    words = ("dataids", "dump", "--repo", "/repo/main", "--collections", "a")
    [line] = terminal.refused(*words)
    assert "say --environment, one of new, old" in line
    assert terminal.run(*words, "--environment", "new").exit_code == 0
    assert butler[0]["environment"] == "new"
