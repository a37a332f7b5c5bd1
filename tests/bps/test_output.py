"""The words of bps are read as they were recorded; the reasons of failures are told in few words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.bps.output import FailureKind, Submitted, explain, graph_size, parse_output, tail

if TYPE_CHECKING:
    from pathlib import Path

NAME = "u_sandbox_w_2026_47_panda_group0_20261120T070152Z"
NO_GRAPH = """\
lsst.ctrl.bps.pre_transform INFO: ValueError: something else
lsst.daf.butler.cli.utils ERROR: Caught an exception, details are in traceback:
Traceback (most recent call last):
  File "/stack/drivers.py", line 118, in acquire_qgraph_driver
lsst.ctrl.bps._exceptions.BpsSubprocessError: Generating quantum graph failed with non-zero exit code (1)
Check /submit/quantumGraphGeneration.out for more details.
"""
MISSING = """\
INFO 2026-11-20T08:52:48.490+00:00 lsst.pipe.base ()(x.py:1) - Adding nodes
lsst.daf.butler.cli.utils ERROR: Caught an exception, details are in traceback:
Traceback (most recent call last):
  File "/stack/x.py", line 1, in y
    raise MissingCollectionError(name)
lsst.daf.butler._exceptions.MissingCollectionError: No collection with name 'DemoCam/nowhere' found.
"""


@pytest.fixture(scope="module")
def runs(samples: Path) -> dict[str, dict[str, Any]]:
    """Recorded runs of bps, by name."""
    recorded = json.loads((samples / "panda/bps/cli_runs.json").read_text())
    return {run["name"]: run for run in recorded}


def test_a_submission_tells_directory_id_and_name(runs: dict[str, dict[str, Any]]) -> None:
    assert parse_output(runs["submit_qg"]["stdout"]) == Submitted(
        "/sandbox/run/submit/u/sandbox/w_2026_47/panda_group0/20261120T070152Z", 5, NAME
    )


def test_the_log_tells_the_id_when_bps_was_killed_before_it_could(runs: dict[str, dict[str, Any]]) -> None:
    assert parse_output("", runs["submit_qg"]["stderr"]).request_id == 5


def test_lines_are_found_among_the_noise_of_plugins(runs: dict[str, dict[str, Any]]) -> None:
    assert parse_output(runs["submitcmd"]["stdout"]).request_id == 1


def test_none_is_no_id_and_no_name() -> None:
    assert parse_output("Run Id: None\nRun Name: None\n") == Submitted()


def test_an_id_in_the_middle_of_a_line_is_not_believed() -> None:
    said = (
        "lsst.x INFO: where = 'lsst.ctrl.bps.panda.panda_service INFO: Submitted into iDDs with request id=7'"
    )
    assert parse_output(f"x Run Id: 7\nRun Id: 7 x\n{said}", said) == Submitted()


@given(st.text(), st.text())
def test_no_output_makes_it_stumble(stdout: str, stderr: str) -> None:
    parse_output(stdout, stderr)
    assert explain(stderr, stdout).reason


def test_the_reason_of_a_missing_graph_is_in_its_log() -> None:
    failure = explain(NO_GRAPH, MISSING)
    assert failure.kind is FailureKind.PERSON
    assert failure.reason == (
        "the quantum graph could not be made: lsst.daf.butler._exceptions.MissingCollectionError:"
        " No collection with name 'DemoCam/nowhere' found."
    )


def test_an_empty_graph_is_said_to_select_nothing() -> None:
    log = "INFO x - QuantumGraph contains no quanta.\nError: QuantumGraph was empty; ERROR logs above …"
    failure = explain(NO_GRAPH, log)
    assert failure.kind is FailureKind.NOTHING_SELECTED
    assert "selects nothing" in failure.reason
    assert graph_size(log) == 0


def test_an_empty_graph_of_a_rescue_means_that_nothing_is_left_to_do() -> None:
    log = """INFO x - Dropping task isr because no quanta remain (3 previously succeeded).
INFO x - Dropping task calibrate because no quanta remain (2 previously succeeded).
INFO x - QuantumGraph contains no quanta.
Error: QuantumGraph was empty; ERROR logs above should provide details."""
    failure = explain(NO_GRAPH, log)
    assert failure.kind is FailureKind.NOTHING_LEFT
    assert "all 5 quanta succeeded" in failure.reason


def test_the_size_of_a_graph_is_read_from_its_log() -> None:
    assert graph_size("INFO x (utils.py:253) - QuantumGraph contains 320 quanta for 2 tasks\n") == 320
    assert graph_size(MISSING) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [("iddsdown_submitcmd", "int() argument"), ("relaydown_cancel", "Connection refused")],
)
def test_recorded_failures_are_told_by_their_exception(
    runs: dict[str, dict[str, Any]], name: str, said: str
) -> None:
    failure = explain(runs[name]["stderr"])
    assert said in failure.reason
    assert len(failure.reason.splitlines()) <= 3


def test_an_unreachable_server_is_worth_another_try() -> None:
    said = "RuntimeError: Error ping PanDA service: PanDA relay service returns errors: (255, 'refused')"
    assert explain(said).kind is FailureKind.SERVER


@pytest.mark.covers("W16")
def test_of_several_exceptions_the_first_is_the_reason() -> None:
    said = """\
lsst.daf.butler.cli.utils ERROR: Caught an exception, details are in traceback:
Traceback (most recent call last):
  File "/stack/x.py", line 1, in y
KeyError: 'computeSite'
it is asked for by the submission

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/stack/x.py", line 2, in y
RuntimeError: the job log is missing
"""
    assert explain(said).reason == "KeyError: 'computeSite'\nit is asked for by the submission"


@pytest.mark.covers("W16")
def test_of_several_complaints_the_first_come_first() -> None:
    said = "".join(f"lsst.x ERROR: trouble {number}\n" for number in range(5))
    assert explain(said).reason.splitlines() == [f"lsst.x ERROR: trouble {number}" for number in range(3)]


@pytest.mark.covers("W16")
@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        (
            "ValueError: Output run 'u/a/a1_0' already exists, but --extend-run was not given.",
            "`cmbot retry KEY` makes the next attempt",
        ),
        (
            "ValueError: Output CHAINED collection 'u/a' exists and does not include […] Use --rebase to",
            "name another Output root",
        ),
        ("FileNotFoundError: [Errno 2] No such file or directory: '/stack/DRP.yaml'", "Pipeline YAML"),
        ("Error: Got unexpected extra argument (raw)", "Pipeline YAML"),
        ("Error: Option '-p' requires an argument.", "Pipeline YAML"),
    ],
)
def test_a_known_trouble_comes_with_what_to_do(said: str, remedy: str) -> None:
    reason = explain(NO_GRAPH, said).reason
    assert said in reason
    assert remedy in reason.partition("; ")[2]


def test_a_butler_that_is_not_there_is_not_taken_for_a_pipeline() -> None:
    said = "FileNotFoundError: [Errno 2] No such file or directory: '/repo/butler.yaml'"
    assert explain(said).reason == said


def test_a_program_that_is_not_there_is_named() -> None:
    assert explain("cmbot: 1: bps: not found\n").reason == "cmbot: 1: bps: not found"


def test_progress_is_no_reason() -> None:
    said = "lsst.ctrl.bps INFO: working\nlsst.utils WARNING: Unable to import eups\nQuanta   Tasks\n"
    assert explain(said).reason == "bps ended without giving a reason"


def test_reasons_and_logs_hold_no_token() -> None:
    said = r"httpx.LocalProtocolError: Illegal header value b'Bearer 0123456789abcdef\n'"
    assert "0123456789abcdef" not in explain(said).reason + tail(said)


@pytest.mark.covers("W16")
def test_the_end_of_a_log_is_kept() -> None:
    assert tail("\n".join(map(str, range(100))) + "\n\n").splitlines() == [str(n) for n in range(60, 100)]
    assert tail("\x1b[2Ja\tb") == "[2Ja   b"
