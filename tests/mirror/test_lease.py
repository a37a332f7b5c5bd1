"""One writer: who holds the lease writes, whoever lost it does not, and the dead hold nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cmbot.exceptions import RemoteError
from cmbot.mirror import Mirror, lease

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
LENGTH = timedelta(minutes=5)
HOLDER = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from cmbot.mirror import Mirror

mirror = Mirror(Path(sys.argv[1]))
mirror.take_lease(datetime.fromisoformat(sys.argv[2]), timedelta(minutes=5))
print("held", flush=True)
for line in sys.stdin:
    try:
        mirror.remember("by", "the other")
        print("written", flush=True)
    except Exception as error:
        print(error, flush=True)
"""


@contextmanager
def another(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another cmbot on this host that holds the lease; a line of input makes it write."""
    command = [sys.executable, "-c", HOLDER, str(file), NOW.isoformat()]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as child:  # type: ignore[call-overload]  # the pipes
        assert child.stdout.readline() == "held\n"
        try:
            yield child
        finally:
            child.kill()


def write_in(child: subprocess.Popen[str]) -> str:
    """Make the other one write; what it says."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("write\n")
    child.stdin.flush()
    return child.stdout.readline().strip()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cmbot.sqlite"


@pytest.mark.covers("W7")
def test_a_second_cmbot_is_refused_while_the_first_may_live(file: Path) -> None:
    with another(file) as first, closing(Mirror(file)) as second:
        with pytest.raises(RemoteError, match=r"held by .* until 2026-11-20T08:05"):
            second.take_lease(NOW + timedelta(minutes=4), LENGTH)
        assert write_in(first) == "written"


@pytest.mark.covers("W7", "W8")
def test_the_lease_of_a_dead_one_is_taken_at_once(file: Path) -> None:
    with another(file) as first, closing(Mirror(file)) as second:
        first.send_signal(signal.SIGKILL)
        first.wait()
        second.take_lease(NOW + timedelta(seconds=1), LENGTH)
        second.remember("by", "me")
        assert second.note("by") == "me"


@pytest.mark.covers("W7")
def test_one_that_slept_too_long_cannot_write_any_more(file: Path) -> None:
    with another(file) as first, closing(Mirror(file)) as second:
        second.take_lease(NOW + timedelta(minutes=6), LENGTH)
        second.remember("by", "me")
        assert "another cmbot has taken over" in write_in(first)
        assert second.note("by") == "me"


@pytest.mark.covers("W7")
def test_one_that_slept_cannot_write_even_after_the_next_one_gave_its_lease_back(file: Path) -> None:
    with another(file) as first, closing(Mirror(file)) as second:
        for _ in range(3):
            second.take_lease(NOW + timedelta(minutes=6), LENGTH)
            second.release_lease()
        assert "another cmbot has taken over" in write_in(first)
        second.take_lease(NOW + timedelta(minutes=6), LENGTH)
        assert "another cmbot has taken over" in write_in(first)
        assert second.note("by") == ""


def test_a_lease_is_renewed_and_given_back(file: Path) -> None:
    with closing(Mirror(file)) as mirror:
        mirror.take_lease(NOW, LENGTH)
        mirror.take_lease(NOW + timedelta(minutes=4), LENGTH)
        mirror.remember("a", "b")
        mirror.release_lease()
    with another(file) as next_one:
        assert write_in(next_one) == "written"


def test_one_process_holds_one_lease(file: Path) -> None:
    # Two mirrors in one process, as two passes that got mixed up: the newer one writes.
    with closing(Mirror(file)) as one, closing(Mirror(file)) as two:
        one.take_lease(NOW, LENGTH)
        two.take_lease(NOW, LENGTH)
        two.remember("by", "two")
        with pytest.raises(RemoteError, match="another cmbot has taken over"):
            one.remember("by", "one")
        assert two.note("by") == "two"


def test_a_holder_is_known_by_more_than_its_number() -> None:
    me = lease.this_process()
    host, boot, number, started = me.split(":")
    assert number == str(os.getpid())
    assert not lease.is_gone(me)
    assert lease.is_gone(f"{host}:{boot}:{number}:{int(started) + 1}")  # the number was used again
    assert lease.is_gone(f"{host}:another-boot:{number}:{started}")
    assert not lease.is_gone(f"elsewhere:{boot}:{number}:{started}")  # it cannot be seen from here
    assert not lease.is_gone("")
    assert not lease.is_gone("nonsense")
