"""Children outlive cmbot, say how they went, and get nothing that was not given to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmbot.children import Run, Runner
from cmbot.exceptions import RemoteError
from cmbot.settings import EnvironmentSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PLAIN = EnvironmentSettings()
PATIENCE = 20.0


def until(condition: Callable[[], bool]) -> None:
    """Poll with a deadline."""
    deadline = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < deadline, "it did not happen in time"
        sleep(0.005)


@dataclass
class Place:
    """A runner, and directories to run in."""

    root: Path
    runner: Runner = field(default_factory=Runner)

    def start(
        self, *argv: str, name: str = "run", environment: EnvironmentSettings = PLAIN, **variables: str
    ) -> Path:
        directory = self.root / name
        self.runner.start(directory, argv, environment, variables)
        return directory

    def finished(self, *argv: str, **more: str) -> tuple[Run, str, str]:
        """Run to the end: how it went, and what it wrote."""
        directory = self.start(*argv, **more)  # type: ignore[arg-type]  # variables and the name are texts
        until(lambda: not self.runner.look(directory).alive)
        out, err = ((directory / name).read_text() for name in ("stdout", "stderr"))
        return self.runner.look(directory), out, err

    def gate(self) -> Path:
        """A pipe that a child can wait at."""
        os.mkfifo(self.root / "gate")
        return self.root / "gate"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    for directory in list(made.runner._own):
        made.runner.stop(directory)


def open_gate(gate: Path) -> None:
    gate.write_text("go\n")


def test_output_goes_to_files_and_the_exit_status_is_kept(place: Place) -> None:
    run, out, err = place.finished("sh", "-c", "echo said; echo wrong >&2; exit 7")
    assert run == Run(alive=False, code=7, started=True)
    assert (out, err) == ("said\n", "wrong\n")


def test_a_directory_in_which_nothing_was_started_says_so(place: Place) -> None:
    assert place.runner.look(place.root / "nothing") == Run(alive=False, code=None, started=False)


def test_a_program_that_is_not_there_ends_with_the_status_of_the_shell(place: Place) -> None:
    run, _, err = place.finished("no-such-program-here")
    assert run.code == 127
    assert "no-such-program-here" in err


def test_a_child_is_alive_until_it_ends(place: Place) -> None:
    gate = place.gate()
    directory = place.start("sh", "-c", 'read line <"$1"; echo "$line"', "sh", str(gate))
    assert place.runner.look(directory) == Run(alive=True, code=None, started=True)
    assert place.runner.busy() == 1
    open_gate(gate)
    until(lambda: not place.runner.look(directory).alive)
    assert place.runner.look(directory).code == 0
    assert place.runner.busy() == 0
    assert (directory / "stdout").read_text() == "go\n"


@pytest.mark.covers("W7")
def test_what_a_child_started_keeps_it_alive(place: Place) -> None:
    gate = place.gate()
    directory = place.start("sh", "-c", '(read line <"$1"; echo late) & exit 3', "sh", str(gate))
    until((directory / "exit").exists)
    assert place.runner.look(directory) == Run(alive=True, code=None, started=True)
    open_gate(gate)
    until(lambda: not place.runner.look(directory).alive)
    assert place.runner.look(directory).code == 3
    assert (directory / "stdout").read_text() == "late\n"


PARENT = """
import sys
from pathlib import Path
from cmbot.children import Runner
from cmbot.settings import EnvironmentSettings

script = 'read line <"$1"; echo survived; exit 5'
Runner().start(Path(sys.argv[1]), ["sh", "-c", script, "sh", sys.argv[2]], EnvironmentSettings(), {})
print("started", flush=True)
sys.stdin.read()
"""


@pytest.mark.covers("W8", "W1")
def test_a_child_survives_cmbot_and_the_next_cmbot_finds_out_how_it_went(place: Place) -> None:
    gate, directory = place.gate(), place.root / "run"
    command = [sys.executable, "-c", PARENT, str(directory), str(gate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        parent.kill()
    assert place.runner.look(directory) == Run(alive=True, code=None, started=True)
    assert place.runner.busy() == 0  # not a child of this one
    open_gate(gate)
    until(lambda: not place.runner.look(directory).alive)
    assert place.runner.look(directory).code == 5
    assert (directory / "stdout").read_text() == "survived\n"


def test_a_child_that_was_killed_leaves_no_status(place: Place) -> None:
    directory = place.start("sh", "-c", "kill -9 $PPID; kill -9 $$")
    until(lambda: not place.runner.look(directory).alive)
    assert place.runner.look(directory) == Run(alive=False, code=None, started=True)


def test_a_second_start_in_a_directory_is_refused_and_changes_nothing(place: Place) -> None:
    place.finished("echo", "first")
    with pytest.raises(RemoteError, match="something was started here before"):
        place.start("echo", "second")
    assert (place.root / "run" / "stdout").read_text() == "first\n"


def test_a_place_that_cannot_be_used_is_an_error_with_a_remedy(place: Place) -> None:
    (place.root / "file").write_text("")
    with pytest.raises(RemoteError, match="cannot be started"):
        place.start("echo", name="file/run")


def test_what_could_not_be_started_was_never_started(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", refuse)
        with pytest.raises(RemoteError, match="temporarily unavailable"):
            place.start("echo", "x")
    assert not place.runner.look(place.root / "run").started
    assert place.finished("echo", "x")[0].code == 0


# ------------------------------------------------------------------------------------- what it gets

HOSTILE = ["; id", "$(id)", "`id`", "a b", "'", '"', "\\", "\n", "*", "-n", "", "$HOME", "é", "&", "|", "#"]


@pytest.mark.covers("B11")
@pytest.mark.parametrize("setup", ["", "/dev/null"])
def test_arguments_are_passed_as_they_are(place: Place, setup: str) -> None:
    show = "import json, sys; print(json.dumps(sys.argv[1:]))"
    directory = place.start(
        sys.executable, "-c", show, *HOSTILE, environment=EnvironmentSettings(setup=setup)
    )
    until(lambda: not place.runner.look(directory).alive)
    assert json.loads((directory / "stdout").read_text()) == HOSTILE


def test_a_child_gets_only_what_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMBOT_JIRA_TOKEN", "secret")
    monkeypatch.setenv("BASH_ENV", "/nowhere")
    environment = EnvironmentSettings(path=("/opt/one", "/opt/two"), variables={"DRP_PIPE_DIR": "/drp"})
    directory = place.start("env", "-0", environment=environment, PANDA_AUTH="token")
    until(lambda: not place.runner.look(directory).alive)
    lines = (directory / "stdout").read_text().split("\0")
    found = dict(line.split("=", 1) for line in lines if line)
    assert (found["DRP_PIPE_DIR"], found["PANDA_AUTH"]) == ("/drp", "token")
    assert found["PATH"] == f"/opt/one:/opt/two:{os.environ['PATH']}"
    allowed = {"PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "TZ", "PWD", "OLDPWD", "SHLVL", "_"}
    assert set(found) <= allowed | {"DRP_PIPE_DIR", "PANDA_AUTH"}


def test_a_setup_script_is_sourced_first_and_its_talk_is_not_output(place: Place) -> None:
    setup = place.root / "load stack.sh"
    setup.write_text('echo welcome\nexport STACK="w_2026_47 $#"\nset -- changed\ncd /\n')
    directory = place.start("sh", "-c", 'echo "$STACK"', environment=EnvironmentSettings(setup=str(setup)))
    until(lambda: not place.runner.look(directory).alive)
    # The arguments are none of its business, and it changes neither them nor the place.
    assert (directory / "stdout").read_text() == "w_2026_47 0\n"
    assert place.runner.look(directory).code == 0


def test_a_setup_script_that_is_not_there_is_a_failure(place: Place) -> None:
    directory = place.start("echo", "hi", environment=EnvironmentSettings(setup="/no/such/setup.sh"))
    until(lambda: not place.runner.look(directory).alive)
    assert place.runner.look(directory).code == 1
    assert "/no/such/setup.sh cannot be read" in (directory / "stderr").read_text()
    assert (directory / "stdout").read_text() == ""


def test_nothing_is_read_from_the_terminal(place: Place) -> None:
    run, out, _ = place.finished("cat")
    assert (run.code, out) == (0, "")


def test_stop_ends_a_child_and_all_it_started(place: Place) -> None:
    gate = place.gate()
    directory = place.start("sh", "-c", 'sh -c "read x <$1" & read x <"$1"', "sh", str(gate))
    assert place.runner.look(directory).alive
    place.runner.stop(directory)
    until(lambda: not place.runner.look(directory).alive)
    assert place.runner.look(directory) == Run(alive=False, code=None, started=True)
    place.runner.stop(directory)  # once more does no harm


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(st.integers(0, 255))
def test_every_exit_status_is_kept(place: Place, code: int) -> None:
    name = f"run{len(list(place.root.iterdir()))}"
    assert place.finished("sh", "-c", f"exit {code}", name=name)[0].code == code


@pytest.mark.parametrize("content", ["", "x", "1 2\n", "\n"])
def test_a_status_that_cannot_be_read_is_no_status(place: Place, content: str) -> None:
    place.finished("true")
    (place.root / "run" / "exit").write_text(content)
    assert place.runner.look(place.root / "run").code is None


def test_a_prefix_stands_before_the_setup_script_and_the_command(place: Place) -> None:
    script = place.root / "setup.sh"
    script.write_text('export RELEASE="$INSIDE-w_2026_47"\n')
    inside = EnvironmentSettings(
        prefix=("env", "INSIDE=in the image", "sh", "-c", '"$@"', "sh"), setup=str(script)
    )
    directory = place.start("sh", "-c", 'echo "$RELEASE $1"; exit 4', "sh", "a  'b", environment=inside)
    until(lambda: not place.runner.look(directory).alive)
    assert (directory / "stdout").read_text() == "in the image-w_2026_47 a  'b\n"
    assert place.runner.look(directory).code == 4


def test_a_child_that_is_seen_to_have_ended_is_not_left_behind(place: Place) -> None:
    # Its lock is free an instant before its status can be collected: look in that instant too.
    for number in range(50):
        directory = place.start("true", name=str(number))
        while place.runner.look(directory).alive:
            pass
        assert directory not in place.runner._own
