"""What commands in comments do: the same operations as on the command line."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from cmbot.exceptions import UserError
from cmbot.jira_schema import commands as grammar
from cmbot.models.attempts import Verb
from cmbot.models.commands import Command, Do
from cmbot.models.issues import Status, Verdict
from cmbot.operations import (
    cancel,
    diff,
    editing,
    explain,
    judging,
    logs,
    moving,
    ordering,
    restart,
    retry,
    status,
    verdicts,
)
from cmbot.reconcile import systems

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cmbot.models.attempts import Cause
    from cmbot.models.issues import Issue
    from cmbot.reconcile.edges import Edges, Local

    _Doing = Callable[[Edges, Issue, Command, Cause], tuple[str, ...]]

_ROWS = 20
"""Lines of an answer (requirement V11)."""
_LOG_LINES = 15
_COMPARED = re.compile(r"[A-Z][A-Z0-9_]{0,30}-[0-9]{1,9}(:g[0-9]{3,6}(:a[0-9]{1,4})?)?")


def obey(edges: Edges, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    """Do what a command asks for; see `cmbot.reconcile.commanding.Obey`."""
    lines = _DOING[command.verb](edges, issue, command, cause)
    more = len(lines) - _ROWS
    cut = more > 0 and command.verb is not Do.HELP
    return (*lines[:_ROWS], f"and {more} more lines") if cut else lines


def _help(_: Edges, issue: Issue, __: Command, ___: Cause) -> tuple[str, ...]:
    return tuple(
        f"{grammar.usage(verb)}: {shape.help}{_who(verb, issue)}" for verb, shape in grammar.SHAPES.items()
    )


def _who(verb: Do, issue: Issue) -> str:
    roles = grammar.needed(verb, issue.level)
    return f" ({' or '.join(sorted(roles))})" if roles else ""


def _status(edges: Local, issue: Issue, _: Command, __: Cause) -> tuple[str, ...]:
    return tuple(map(_line, status.below(edges, issue.key)))


def _line(line: status.Line) -> str:
    name = " ".join(filter(None, (line.key, line.name, line.attempt)))
    counts = (("jobs", line.jobs), ("quanta", line.quanta))
    far = [f"{each.done} of {each.total} {what}" for what, each in counts if each.total]
    failed = [f"{each.failed} {what} failed" for what, each in counts if each.failed]
    request = [f"request {line.request}"] if line.request else []
    return f"{name}: " + "; ".join(filter(None, (line.status, *far, *failed, *request, line.summary)))


def _plan(edges: Local, issue: Issue, _: Command, cause: Cause) -> tuple[str, ...]:
    return moving.would(edges, partial(moving.move, edges, issue.key, Status.LAUNCH, cause))


def _log(edges: Edges, issue: Issue, command: Command, _: Cause) -> tuple[str, ...]:
    reader = systems.logs_of(edges.settings, edges, person=False)
    task = command.tasks[0] if command.tasks else ""
    found = next(logs.jobs(edges, issue.key, reader, command.group, task, 1), None)
    # Where no job failed, bps may have.
    found = found or next(logs.submissions(edges, issue.key, command.group), None)
    if found is None:
        raise UserError(issue.key, "nothing of it has failed", f"see `cmbot logs {issue.key}`")
    said = found.text.splitlines()
    left_out = ("…",) if len(said) > _LOG_LINES else ()
    # The last lines say why.
    return (found.title, *filter(None, (found.address,)), *left_out, *said[-_LOG_LINES:])


def _move(edges: Local, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    return moving.move(edges, issue.key, grammar.MOVES[command.verb], cause)


def _retry(edges: Local, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    wanted = retry.Wanted(
        command.fresh,
        tasks=command.tasks,
        site=command.site,
        queue=command.queue,
        memory=command.memory,
    )
    return _asked(edges, retry.targets(edges, issue.key, command.group, wanted), cause)


def _restart(edges: Local, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    return _asked(edges, restart.targets(edges, issue.key, command.group), cause)


def _cancel(edges: Local, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    return _asked(edges, cancel.targets(edges, issue.key, command.group), cause)


def _accept(edges: Local, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    found = judging.targets(edges, Verb.ACCEPT, issue.key, command.group, command.rest)
    return _asked(edges, found, cause)


def _reject(edges: Local, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    found = judging.targets(edges, Verb.REJECT, issue.key, command.group, command.rest)
    return _asked(edges, found, cause)


def _validate(edges: Local, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    return verdicts.judge(edges, issue.key, Verdict.GOOD, command.rest, cause)


def _invalidate(edges: Local, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    if confirmed := re.fullmatch(r"confirm ([0-9a-f]+)", command.rest):
        return verdicts.confirm(edges, issue.key, confirmed[1], cause)
    return verdicts.judge(edges, issue.key, Verdict.BAD, command.rest, cause)


def _set(edges: Edges, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    name, equals, value = command.rest.partition("=")
    if not equals:
        raise UserError(command.rest[:50], "says no value", f"write {grammar.usage(Do.SET)}")
    return editing.set_field(edges, issue.key, name.strip(), value.strip(), cause)


def _choose(edges: Edges, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    return editing.choose(edges, issue.key, command.verb, command.rest, cause)


def _operator(edges: Edges, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
    return editing.set_field(edges, issue.key, "Operators", command.rest, cause)


def _diff(edges: Local, issue: Issue, command: Command, _: Cause) -> tuple[str, ...]:
    # A path would be read from this machine.
    if not _COMPARED.fullmatch(command.rest):
        raise UserError(
            command.rest[:50], "is no key", "write /cmbot diff CM-1, or CM-2:g001:a1 for an attempt"
        )
    compared = diff.compare([diff.side(lambda: edges, key) for key in (issue.key, command.rest)])
    rows = [
        f"{section} {path}: {one or 'nothing'} -> {other or 'nothing'}"
        for section, values in compared.sections.items()
        for path, (one, other) in values.items()
        if one != other
    ]
    return tuple(rows) or ("nothing differs",)


def _asked(edges: Local, targets: Sequence[ordering.Target], cause: Cause) -> tuple[str, ...]:
    ordering.give(edges, targets, cause)
    return tuple(map(_target, targets))


def _target(each: ordering.Target) -> str:
    details = "; ".join(f"{name}: {value}" for name, value in each.details.items())
    return f"{each.verb} of {each.key} {each.step} {each.group} {each.attempt}: {details}"


def _explain(edges: Local, issue: Issue, _: Command, __: Cause) -> tuple[str, ...]:
    return explain.explain(edges, issue.key)


_DOING: Mapping[Do, _Doing] = {
    Do.HELP: _help,
    Do.STATUS: _status,
    Do.EXPLAIN: _explain,
    Do.PLAN: _plan,
    Do.LOG: _log,
    Do.LAUNCH: _move,
    Do.PAUSE: _move,
    Do.RETRY: _retry,
    Do.RESTART: _restart,
    Do.CANCEL: _cancel,
    Do.ACCEPT: _accept,
    Do.REJECT: _reject,
    Do.VALIDATE: _validate,
    Do.INVALIDATE: _invalidate,
    Do.SKIP: _move,
    Do.SET: _set,
    Do.INCLUDE: _choose,
    Do.EXCLUDE: _choose,
    Do.OPERATOR: _operator,
    Do.DIFF: _diff,
}
