"""Carry out what people command in comments, once, and answer each (requirement W22, decision 13).

First it is written down that a comment is begun, here and in Jira; what is done, its end and its answer are
one transaction. So a crash repeats nothing, and neither does a lost mirror.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from cmbot.exceptions import CmbotError, DefinitionError, NotFound, Refused, UserError
from cmbot.jira_schema import commands as grammar
from cmbot.mirror import commands, events, outbox
from cmbot.models.attempts import Cause
from cmbot.models.commands import Answer, Command, Unclear
from cmbot.reconcile import listening, looking

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cmbot.models.commands import Heard
    from cmbot.models.issues import Issue, Role
    from cmbot.reconcile.edges import Edges

    Wanted = tuple[Command, Cause]

_LOG = logging.getLogger(__name__)


class Obey(Protocol):
    """Does what a command asks for, in the mirror alone; of `cmbot.operations.commands`."""

    def __call__(self, edges: Edges, issue: Issue, command: Command, cause: Cause) -> tuple[str, ...]:
        """Do it.

        Parameters
        ----------
        edges : `~cmbot.reconcile.edges.Edges`
            The outside world.
        issue : `~cmbot.models.issues.Issue`
            What the command is about.
        command : `~cmbot.models.commands.Command`
            What is asked; the person may.
        cause : `~cmbot.models.attempts.Cause`
            The human act: who, when, and in which words.

        Returns
        -------
        lines : `tuple` [`str`, ...]
            What was done, for people.

        Raises
        ------
        UserError
            If it cannot be done.
        """
        ...


def everything(edges: Edges, obey: Obey, now: datetime, errors: list[str]) -> set[str]:
    """Carry out and answer all commands that were heard.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world.
    obey : `Obey`
        Does what is asked.
    now : `datetime.datetime`
        The time.
    errors : `list` [`str`]
        What did not work is added; it is tried again.

    Returns
    -------
    keys : `set` [`str`]
        Keys of the issues about which something was commanded.
    """
    keys = set()
    for heard in commands.waiting(edges.mirror):
        try:
            issue = _followed(edges, heard, now)
            if issue is None:
                continue
            wanted = _wanted(edges, issue, heard)
            _begin(edges, heard)
            _carry_out(edges, obey, issue, heard, wanted, now)
        except CmbotError as error:
            errors.append(str(error))
            _LOG.debug("%s", error)
            continue
        except Exception as error:  # noqa: BLE001 - a defect met in one comment must not stop the others
            errors.append(f"comment {heard.comment_id}: {error!r}; please report this")
            _LOG.exception("comment %s: a defect of cmbot", heard.comment_id)
            continue
        keys.add(issue.key)
    return keys


def _followed(edges: Edges, heard: Heard, now: datetime) -> Issue | None:
    """Look before acting; what is frozen says so itself, and is answered when it is followed again."""
    try:
        return looking.reread(edges, heard.issue_id, now)
    except UserError:
        return None


def _begin(edges: Edges, heard: Heard) -> None:
    """Write down here and in Jira that a comment is begun, before anything is done for it."""
    if heard.unfit:
        return
    with edges.mirror.writing() as connection:
        commands.take(connection, heard.comment_id)
    edges.jira.ensure_property(
        heard.issue_id, commands.PROPERTY, commands.to_property(edges.mirror, heard.issue_id)
    )


def _wanted(edges: Edges, issue: Issue, heard: Heard) -> list[Wanted | Answer]:
    """Read the commands of a comment, and ask Jira whether the person may give them."""
    roles = None
    if edges.settings.jira.roles and not heard.unfit:
        roles = edges.jira.people.roles_of(heard.by)
    return [
        _understood(issue, heard, number, line, roles) for number, line in enumerate(heard.lines, start=1)
    ]


def _carry_out(
    edges: Edges,
    obey: Obey,
    issue: Issue,
    heard: Heard,
    wanted: Sequence[Wanted | Answer],
    now: datetime,
) -> None:
    # Nobody else can write to the mirror during a transaction: servers are asked before.
    read = [_answer(edges, obey, issue, each) if _reads(each) else each for each in wanted]
    with edges.mirror.writing() as connection:
        answers = [_answer(edges, obey, issue, each) for each in read]
        commands.finish(connection, heard.comment_id)
        marker = listening.answer_marker(heard.comment_id)
        text = edges.comments.answer(marker, heard, answers)
        outbox.say(connection, (issue.id, issue.key), "comment", marker, {"text": text}, now)
        commands.keep_said(edges.mirror, connection, (issue.id, issue.key), now)
        for answer in answers:
            what = f"{'refuses' if answer.refused else 'answers'} {answer.words!r} of {heard.by}"
            events.add(connection, now, issue.key, "cmbot", what, "; ".join(answer.lines))
            _LOG.info("%s %s", issue.key, what)


def _reads(wanted: Wanted | Answer) -> bool:
    return not isinstance(wanted, Answer) and wanted[0].verb in grammar.READING


def _understood(
    issue: Issue, heard: Heard, number: int, line: str, roles: frozenset[Role] | None
) -> Wanted | Answer:
    """Read one command; what is not to be done has its answer already."""
    command = grammar.command(line)
    if heard.unfit:
        return _refused(command, f"{heard.unfit}; write it again if it is wanted")
    if number > grammar.MOST:
        most = grammar.MOST
        return _refused(
            command, f"cmbot carries out {most} commands of a comment; write the others in another one"
        )
    if isinstance(command, Unclear):
        return _refused(command, f"{command.problem}; {command.remedy}")
    if reason := grammar.refusal(command.verb, issue.level, roles):
        return _refused(command, reason)
    return command, cause_of(issue, heard, number, command)


def _refused(command: Command | Unclear, *why: str) -> Answer:
    return Answer(command.words, refused=True, lines=why)


def _answer(edges: Edges, obey: Obey, issue: Issue, wanted: Wanted | Answer) -> Answer:
    if isinstance(wanted, Answer):
        return wanted
    command, cause = wanted
    try:
        if command.verb in grammar.READING:
            return Answer(command.words, lines=obey(edges, issue, command, cause))
        # What is refused half-way leaves nothing.
        with edges.mirror.writing():
            return Answer(command.words, lines=obey(edges, issue, command, cause))
    except DefinitionError as error:
        return _refused(command, *map(str, error.problems))
    except (UserError, Refused, NotFound) as error:
        return _refused(command, str(error))


def cause_of(issue: Issue, heard: Heard, number: int, command: Command) -> Cause:
    """Make the cause of what follows from a command.

    Parameters
    ----------
    issue : `~cmbot.models.issues.Issue`
        What it is about.
    heard : `~cmbot.models.commands.Heard`
        The comment.
    number : `int`
        Which of its commands, from 1.
    command : `~cmbot.models.commands.Command`
        The command.

    Returns
    -------
    cause : `~cmbot.models.attempts.Cause`
        Named by issue id and comment id, and by the number of all but the first.
    """
    which = heard.comment_id + (f":{number}" if number > 1 else "")
    words = f"/cmbot {command.verb}" if heard.restricted else command.words
    return Cause(f"comment:{issue.id}:{which}", heard.by, heard.at, f"wrote {words} on {issue.key}")
