"""The excerpt of a log: the first traceback, the last lines, nothing that a terminal would obey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.wms.excerpts import TRACEBACK, excerpt, shown

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED = f"""lsst.ctrl.mpexec INFO: Preparing execution of quantum for label=isr dataId={{exposure: 1}}.
lsst.isr INFO: Loading 12 calibrations
lsst.ctrl.mpexec ERROR: Execution of task 'isr' on quantum {{exposure: 1}} failed. Exception MatchError:
{TRACEBACK}
  File "/opt/lsst/match.py", line 12, in match
    return table[key]
KeyError: (380, 40)

During handling of the above exception, another exception occurred:

{TRACEBACK}
  File "/opt/lsst/isr.py", line 80, in run
    raise MatchError("no matches")
lsst.match.MatchError: no matches
lsst.ctrl.mpexec.mpGraphExecutor ERROR: Task failed; token Bearer abcdef0123456789
{TRACEBACK}
  File "/opt/lsst/later.py", line 1, in later
RuntimeError: 1 quantum failed
"""
KILLED = "".join(f"lsst.isr INFO: row {n}\n" for n in range(200)) + "\x1b[31mKilled\x1b[0m\x07\n\n"
DEEP = f"{TRACEBACK}\n" + '  File "x.py", line 1, in f\n    f()\n' * 500 + "RecursionError: too deep\nbye\n"
WIDE = "x" * 5000 + "\n\tindented\u202e\n"


@pytest.mark.covers("F12")
@pytest.mark.parametrize(
    ("name", "text"),
    [("failed", FAILED), ("killed", KILLED), ("deep", DEEP), ("wide", WIDE), ("empty", "\n\n")],
)
def test_what_a_person_reads_first(name: str, text: str, golden: Callable[[str, str], None]) -> None:
    golden(f"logs/{name}.txt", shown(excerpt(text)) + "\n")


def test_a_traceback_ends_with_its_error_and_holds_what_it_was_chained_to() -> None:
    found = excerpt(FAILED)
    assert found.first == 4
    assert found.traceback[-1] == "lsst.match.MatchError: no matches"
    assert "KeyError: (380, 40)" in found.traceback


@given(
    st.text(max_size=500)
    | st.lists(st.sampled_from([TRACEBACK, "  File", "E: x", "", "\x1b[2J", "b"])).map("\n".join)
)
def test_any_text_has_an_excerpt_that_is_small_and_harmless(text: str) -> None:
    found = excerpt(text)
    assert len(found.traceback) <= 41
    assert len(found.last) <= 15
    lines = shown(found).split("\n")
    assert all(line.isprintable() and len(line) <= 300 for line in lines)
    assert bool(found.traceback) == any(TRACEBACK in line for line in text.splitlines())
