"""Help is quick, complete and true."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from cmbot.cli import main
from cmbot.cli.main import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAVY = {
    "pydantic",
    "jira",
    "requests",
    "sqlite3",
    "yaml",
    "jinja2",
    "rich",
    "apscheduler",
    "lsst",
    "fastapi",
}


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    """Every command with its parents."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


ALL = list(commands(main))


def found(path: tuple[str, ...]) -> click.Command:
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)  # type: ignore[assignment]  # it is listed
    return command


def test_the_commands_of_the_main_job_are_there() -> None:
    assert {("sync",), ("create",), ("plan",), ("status",), ("history",), ("demo",)} <= set(ALL)
    assert {("sandbox", part) for part in ("jira", "panda", "butler")} <= set(ALL)


@pytest.mark.covers("E15")
def test_what_a_production_system_is_asked_for_has_a_command() -> None:
    """Add, get, start, clean, delete; add and list steps; validate; see what moves from where to where."""
    asked = ("create", "status", "launch", "clean", "delete", "steps", "check", "reconcile")
    assert {(verb,) for verb in asked} <= set(ALL)
    assert "--add-to" in {option for each in found(("create",)).params for option in each.opts}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_explains_itself_and_all_its_options(terminal: Any, path: tuple[str, ...]) -> None:
    result = terminal.run(*path, "--help")
    assert result.exit_code == 0
    command = found(path)
    assert command.help
    assert "\\b" not in result.output, "click's mark for lines that stay is one character"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.name} says nothing"
            assert all(name in result.output for name in parameter.opts)
        else:
            assert (parameter.name or "").upper() in result.output
    assert terminal.run(*path, "-h").output == result.output


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_list_of_commands_says_what_the_commands_say(name: str) -> None:
    module, line = COMMANDS[name]
    command = import_module(module).command
    assert (command.name, command.short_help) == (name, line)


def test_the_list_of_commands_shows_each_with_its_line(terminal: Any) -> None:
    output = " ".join(terminal.run("--help").output.split())
    for name, (_, line) in COMMANDS.items():
        assert f"{name} {line}" in output


def test_the_list_of_commands_is_answered_before_anything_heavy_is_loaded() -> None:
    script = (
        "import sys; sys.argv = ['cmbot', '--help']\n"
        "from cmbot.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    print('ended', end.code, *sys.modules, file=sys.stderr)\n"
    )
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    words = child.stderr.split()
    assert words[:2] == ["ended", "0"]
    assert "Commands:" in child.stdout
    assert {name.partition(".")[0] for name in words[2:]} & HEAVY == set()
    assert not [name for name in words[2:] if name.startswith("cmbot.") and not name.startswith("cmbot.cli")]


def test_the_version_is_told(terminal: Any) -> None:
    assert terminal.run("--version").output == f"cmbot {version('cmbot')}\n"


@pytest.mark.parametrize("argv", [("lunch",), ("sync", "--twice"), ("plan",), ("create", "/no/such/file")])
def test_a_mistyped_command_ends_with_usage(terminal: Any, argv: tuple[str, ...]) -> None:
    result = terminal.run(*argv)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr


def test_the_readme_names_every_command_and_no_other() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text()
    table = text.partition("## Commands")[2].partition("`cmbot --help`")[0]
    assert set(re.findall(r"`([a-z-]+)[ `]", table)) == set(COMMANDS)
