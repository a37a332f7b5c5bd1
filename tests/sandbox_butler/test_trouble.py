from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.sandbox.butler.quanta import Choice

DATA_ID = {"instrument": "DemoCam", "visit": 12, "detector": 1}
PRELUDE = """
from cmbot.sandbox.butler.trouble import TroubleConfig, make_trouble
config = TroubleConfig()
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PRELUDE + script], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("", False),
        ("all", True),
        ("visit=12 and detector=1", True),
        ("visit is 12 and detector is 2", False),
        ("visit<12 or detector>=1", True),
        ("instrument='DemoCam' and visit!=12", False),
        ("visit = 1 or visit = 2", False),
    ],
)
def test_an_expression_chooses_quanta(expression: str, chosen: bool) -> None:
    assert Choice.parse(expression).chooses(DATA_ID) is chosen


@pytest.mark.parametrize(
    "expression",
    ["visit", "visit==12", "visit=12 and", "(visit=12)", "__import__('os')", "visit=12; detector=1"],
)
def test_what_is_not_in_the_grammar_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="cannot read"):
        Choice.parse(expression)


@pytest.mark.parametrize("expression", ["patch=1", "instrument=1", "visit='12'"])
def test_a_comparison_that_does_not_fit_the_quantum_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match=r"not a dimension|cannot be compared"):
        Choice.parse(expression).chooses(DATA_ID)


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=5), st.integers(-100, 100))
def test_alternatives_choose_exactly_the_values_named(named: list[int], visit: int) -> None:
    choice = Choice.parse(" or ".join(f"visit={value}" for value in named))
    assert choice.chooses({"visit": visit}) is (visit in named)


def test_a_quantum_can_end_by_a_signal() -> None:
    done = run(
        "config.signalWhen = 'visit=12'; config.signalNumber = 15; make_trouble(config, {'visit': 12}, 'u')"
    )
    assert done.returncode == -signal.SIGTERM


def test_a_quantum_can_need_memory() -> None:
    done = run(
        "import psutil, cmbot.sandbox.butler.trouble as trouble\n"
        "resident = lambda: psutil.Process().memory_info().rss // 2**20\n"
        "before = resident()\n"
        "trouble.time.sleep = lambda seconds: print(seconds, resident() - before)\n"
        "config.memoryWhen = 'all'; config.memoryMB = 200; config.memorySeconds = 3.0\n"
        "make_trouble(config, {'visit': 12}, 'u/a1')\n"
    )
    seconds, megabytes = done.stdout.split()
    assert float(seconds) == 3.0
    assert int(megabytes) >= 190


def test_trouble_stays_in_the_runs_it_was_asked_for() -> None:
    done = run(
        "config.failWhen = 'all'; config.onlyInRuns = '*/a1_*'\n"
        "make_trouble(config, {'visit': 12}, 'demo/step1/g001/a2_0')\n"
        "print('fine')\n"
        "make_trouble(config, {'visit': 12}, 'demo/step1/g001/a1_0')\n"
    )
    assert done.stdout == "fine\n"
    assert "made to fail because of failWhen='all'" in done.stderr


def test_an_expression_that_cannot_be_read_is_refused_by_the_configuration() -> None:
    done = run("config.failWhen = 'visit =='")
    assert done.returncode == 1
    assert "FieldValidationError" in done.stderr
