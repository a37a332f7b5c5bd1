"""Commands in comments: where they stand, their grammar and who may give them (requirements W4, W22).

A command is a line that begins with ``/cmbot``, outside of quotes and code. Comments are wiki markup on both
deployments (reference/jira.md section 3); what editors make of a typed line is undone.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

from cmbot.jira_schema.statuses import ROLES as MOVERS
from cmbot.models.commands import Command, Do, Unclear
from cmbot.models.issues import Role, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.models.issues import Level

MOST = 10
"""Commands of one comment that are carried out."""
LONGEST = 500
"""Characters of a command."""
_LONGEST_BODY = 40_000
_COMMAND = re.compile(r" {0,3}/cmbot(?:\s|$)", re.IGNORECASE)
_MACRO = re.compile(r"(?<!\\)\{(quote|code|noformat)(?::[^{}]*)?\}", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([^A-Za-z0-9\s\\])")
_DASH = re.compile(r"^(?:[\u2013\u2014]|--)")
_NUMBER = re.compile(r"g?([0-9]{1,6})", re.IGNORECASE)
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_AMOUNT = re.compile(r"(?:([A-Za-z_][A-Za-z0-9_]{0,199})[:=])?([0-9]{1,9})(?:MB)?", re.IGNORECASE)


class Rest(StrEnum):
    """What may follow at the end of a command."""

    NOTHING = "nothing"
    MAY = "may"
    MUST = "must"


@dataclass(frozen=True)
class Shape:
    """How one verb is written."""

    usage: str
    """What follows the verb; empty for nothing."""
    help: str
    """What it does, for people."""
    words: tuple[str, ...] = ()
    """Those of ``failed``, ``group`` and ``task`` that may follow."""
    flags: tuple[str, ...] = ()
    """Those of ``--fresh`` that may follow."""
    options: tuple[str, ...] = ()
    """Those of ``memory=``, ``site=`` and ``queue=`` that may follow."""
    rest: Rest = Rest.NOTHING
    """Whether free text may follow."""


#: The verbs, in the order of the help.
SHAPES: Mapping[Do, Shape] = {
    Do.HELP: Shape("", "show what can be written here"),
    Do.STATUS: Shape("", "show how far it is"),
    Do.EXPLAIN: Shape("", "say what it waits for, and what to do"),
    Do.PLAN: Shape("", "show what a launch would begin now"),
    Do.LOG: Shape(
        "[group 3] [task isr]", "show the log of an example of what failed", words=("group", "task")
    ),
    Do.LAUNCH: Shape("[REASON]", "start it, go on after a pause, or retry what failed", rest=Rest.MAY),
    Do.PAUSE: Shape("[REASON]", "submit nothing new of it; what runs goes on", rest=Rest.MAY),
    Do.RETRY: Shape(
        "[failed | group 3 | task isr] [--fresh] [memory=8000] [site=NAME] [queue=NAME]",
        "make the next attempt of what failed: use what exists, run the rest",
        words=("failed", "group", "task"),
        flags=("--fresh",),
        options=("memory", "site", "queue"),
    ),
    Do.RESTART: Shape("[group 3]", "run what failed again, in the same request", words=("group",)),
    Do.CANCEL: Shape("[group 3] [REASON]", "abort what runs; what it made stays", ("group",), rest=Rest.MAY),
    Do.ACCEPT: Shape("[group 3] [REASON]", "take what was made as the result", ("group",), rest=Rest.MAY),
    Do.REJECT: Shape(
        "[group 3] REASON",
        "take nothing of what was made; the next attempt makes it anew",
        ("group",),
        rest=Rest.MUST,
    ),
    Do.VALIDATE: Shape("[REASON]", "judge its data good, also for a role that signs for it", rest=Rest.MAY),
    Do.INVALIDATE: Shape(
        "REASON | confirm HASH", "judge its data bad; then, if confirmed, remove them", rest=Rest.MUST
    ),
    Do.SKIP: Shape("REASON", "abandon it: go on without; what runs is left alone", rest=Rest.MUST),
    Do.SET: Shape("FIELD=VALUE", "edit a field, where people may edit it now", rest=Rest.MUST),
    Do.INCLUDE: Shape("FILE REASON", "process only the DataIds of an attached file", rest=Rest.MUST),
    Do.EXCLUDE: Shape("FILE REASON", "process all but the DataIds of an attached file", rest=Rest.MUST),
    Do.OPERATOR: Shape("@user", "name who looks after it", rest=Rest.MUST),
    Do.DIFF: Shape("KEY", "compare it with another campaign, step or group", rest=Rest.MUST),
}

READING = frozenset({Do.LOG, Do.DIFF, Do.INCLUDE, Do.EXCLUDE})
"""The commands that ask a server or read many files first, and change nothing or the same again."""
#: The commands that count as a move of the issue, to be made by whoever may make that.
MOVES: Mapping[Do, Status] = {
    Do.LAUNCH: Status.LAUNCH,
    Do.PAUSE: Status.PAUSED,
    Do.SKIP: Status.ABANDONED,
}
_WORK = frozenset({Role.OPERATOR})
#: Which people: verb -> roles of which one is needed; what is missing here may be asked by everybody.
ROLES: Mapping[Do, frozenset[Role]] = dict.fromkeys(
    (Do.RETRY, Do.RESTART, Do.CANCEL, Do.ACCEPT, Do.REJECT, Do.VALIDATE, Do.INVALIDATE), _WORK
) | dict.fromkeys((Do.SET, Do.INCLUDE, Do.EXCLUDE, Do.OPERATOR), frozenset(Role))


class _UnclearError(Exception):
    """Part of a command is not understood."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def needed(verb: Do, level: Level) -> frozenset[Role]:
    """Say who may give a command.

    Parameters
    ----------
    verb : `~cmbot.models.commands.Do`
        Which.
    level : `~cmbot.models.issues.Level`
        Of what it is about.

    Returns
    -------
    roles : `frozenset` [`~cmbot.models.issues.Role`]
        One of them is needed; empty if everybody may who can comment.
    """
    if verb in MOVES:
        return MOVERS[level][MOVES[verb]]
    return ROLES.get(verb, frozenset())


def refusal(verb: Do, level: Level, roles: frozenset[Role] | None) -> str:
    """Say why a person may not give a command.

    Parameters
    ----------
    verb, level
        As for `needed`.
    roles : `frozenset` [`~cmbot.models.issues.Role`] or `None`
        Roles of the person; `None` if they do not matter.

    Returns
    -------
    reason : `str`
        Empty if the person may.
    """
    wanted = needed(verb, level)
    if roles is None or not wanted or roles & wanted:
        return ""
    return f"only people with the role {' or '.join(sorted(wanted))} may {verb} a {level}; ask one of them"


def lines(body: str) -> tuple[str, ...]:
    """Find the commands in a comment.

    Parameters
    ----------
    body : `str`
        Wiki markup; hostile.

    Returns
    -------
    lines : `tuple` [`str`, ...]
        As they were written, at most one more than `MOST`; for `command`.
    """
    found = [line for line in _plain(body[:_LONGEST_BODY]) if _COMMAND.match(_visible(line))]
    return tuple(line[: LONGEST + 1] for line in found[: MOST + 1])


def command(line: str) -> Command | Unclear:
    """Read one command.

    Parameters
    ----------
    line : `str`
        One of `lines`.

    Returns
    -------
    command : `~cmbot.models.commands.Command` or `~cmbot.models.commands.Unclear`
        What it asks for.
    """
    written = " ".join(_visible(line).split())
    if len(line) > LONGEST:
        return Unclear(written[:100] + "…", f"is longer than {LONGEST} characters", "write less")
    _, *words = _ESCAPED.sub(r"\1", written).split()
    try:
        verb = _verb(words[0]) if words else Do.HELP
        return replace(_read(verb, words[1:]), words=written)
    except _UnclearError as error:
        return Unclear(written, error.problem, error.remedy)


def usage(verb: Do) -> str:
    """Show how a command is written.

    Parameters
    ----------
    verb : `~cmbot.models.commands.Do`
        Which.

    Returns
    -------
    text : `str`
        ``/cmbot help``.
    """
    return f"/cmbot {verb} {SHAPES[verb].usage}".rstrip()


# ------------------------------------------------------------------------------------------ where it stands


def _visible(line: str) -> str:
    """Leave out what cannot be seen, and take every blank for one."""
    kept = (" " if unicodedata.category(char) == "Zs" else char for char in line)
    return "".join(char for char in kept if unicodedata.category(char) != "Cf")


def _plain(body: str) -> Iterator[str]:
    """Lines that begin outside of quotes and code; what is never closed goes on to the end."""
    open_: list[str] = []
    fenced = quoted = False
    for line in re.split(r"\r\n|\r|\n", body):
        start = _visible(line).lstrip()
        if not open_ and (fenced or start.startswith("```")):
            fenced ^= line.count("```") % 2 == 1
            continue
        outside = not open_
        _follow(open_, line)
        # A quoted paragraph ends with an empty line.
        quoted = bool(start) and (quoted or start.lower().startswith("bq."))
        if outside and not quoted:
            yield line


def _follow(open_: list[str], line: str) -> None:
    """Keep which macros are open; in code nothing but its own end counts."""
    for mark in _MACRO.finditer(line):
        name = mark[1].lower()
        if open_ and open_[-1] == name:
            open_.pop()
        elif not open_ or open_[-1] == "quote":
            open_.append(name)


# ------------------------------------------------------------------------------------------ what it says


def _verb(word: str) -> Do:
    for verb in SHAPES:
        if verb == word.lower():
            return verb
    near = get_close_matches(word.lower()[:50], list(SHAPES), 1)
    hint = f"write /cmbot {near[0]}" if near else "write /cmbot help to see what there is"
    raise _UnclearError(f"{word[:50]!r} is no command", hint)


def _read(verb: Do, words: list[str]) -> Command:
    shape, found, place = SHAPES[verb], Command(verb, ""), 0
    while place < len(words):
        word, after = words[place], words[place + 1 : place + 2]
        low = _DASH.sub("--", word.lower())
        if low in shape.words and low != "failed":
            found = _chosen(found, low, after)
            place += 1
        elif low in shape.words:
            # What failed is meant in any case.
            pass
        elif low in shape.flags:
            found = replace(found, fresh=True)
        elif low.partition("=")[0] in shape.options and "=" in low:
            found = _option(found, word)
        elif shape.rest is not Rest.NOTHING and not low.startswith("--"):
            return replace(found, rest=" ".join(words[place:]))
        else:
            raise _unknown(verb, low)
        place += 1
    if shape.rest is Rest.MUST:
        raise _UnclearError("something is missing at the end", f"write {usage(verb)}")
    return found


def _unknown(verb: Do, word: str) -> _UnclearError:
    shape = SHAPES[verb]
    known = [*shape.words, *shape.flags, *(f"{name}=" for name in shape.options)]
    near = get_close_matches(word[:50], known, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    return _UnclearError(f"{word[:50]!r} is not understood", f"{hint}write {usage(verb)}")


def _chosen(found: Command, what: str, after: list[str]) -> Command:
    value = after[0] if after else ""
    if what == "group":
        if number := _NUMBER.fullmatch(value):
            return replace(found, group=f"g{int(number[1]):03}")
        raise _UnclearError(f"{value[:50]!r} is no group", "write group 3")
    labels = tuple(value.split(","))
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _UnclearError(f"{value[:50]!r} is no task", "write task isr, or task isr,calibrate")
    return replace(found, tasks=labels)


def _option(found: Command, word: str) -> Command:
    name, _, value = word.partition("=")
    match name.lower():
        case "memory":
            amounts = [_AMOUNT.fullmatch(part) for part in value.split(",")]
            memory = {amount[1] or "": int(amount[2]) for amount in amounts if amount}
            if len(memory) < len(amounts):
                raise _UnclearError(
                    f"{value[:50]!r} is no memory in MB", "write memory=8000 or memory=isr:8000"
                )
            return replace(found, memory=memory)
        case "site":
            return replace(found, site=value)
        case _:
            return replace(found, queue=value)
