"""Edit a field of a campaign, step or group by a command, where people may edit it (requirement V16)."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from cmbot.dataids import DataIdSet
from cmbot.definition.issues import file_field
from cmbot.exceptions import UserError
from cmbot.jira_schema.editing import DEFINITION, EDITING, Effect
from cmbot.jira_schema.fields import BY_NAME, FieldType
from cmbot.mirror import events, outbox
from cmbot.models.campaign import DataIdFile
from cmbot.models.issues import VERDICT, Level, Person
from cmbot.operations.moving import issue_of
from cmbot.operations.status import epic_of
from cmbot.reconcile import views

if TYPE_CHECKING:
    from cmbot.jira_schema.fields import Field
    from cmbot.models.attempts import Cause
    from cmbot.models.issues import Issue
    from cmbot.models.views import CampaignView
    from cmbot.reconcile.edges import Edges

_MENTION = re.compile(r"\[~(?:accountid:)?([^\]\s|]{1,128})\]|@?([\w.@:+-]{1,128})")
_JUDGED = (VERDICT, "Verdict reason")


def set_field(edges: Edges, key: str, name: str, value: str, cause: Cause) -> tuple[str, ...]:
    """Write down that a field is to have another value; a pass writes it into Jira.

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world; nothing is asked of it.
    key : `str`
        Key of the campaign, step or group.
    name : `str`
        The field, in any case.
    value : `str`
        Its value as people write it; empty to empty it.
    cause : `~cmbot.models.attempts.Cause`
        The human act.

    Returns
    -------
    lines : `tuple` [`str`, ...]
        From when on it counts.

    Raises
    ------
    UserError
        If there is no such field there, people may not edit it now, or it cannot have that value.
    """
    with edges.mirror.writing() as connection:
        view = views.campaign(edges, epic_of(edges, key))
        issue = issue_of(view, key)
        field = _field(issue, name)
        effect = _effect(view, issue, field)
        raw = edges.jira.raw(field.name, _read(field, value)) if value else None
        marker = f"set:{cause.id}:{field.name}"
        outbox.say(connection, (issue.id, issue.key), "fields", marker, {field.name: raw}, cause.at)
        what = f"sets {field.name} of {issue.key} to {value!r}"
        events.add(connection, cause.at, issue.key, str(cause.by), what, f"{cause.what} ({cause.id})")
    return (f"{field.name} of {issue.key} is set to {value or 'nothing'}; it counts {effect}",)


def choose(edges: Edges, key: str, kind: str, words: str, cause: Cause) -> tuple[str, ...]:
    """Write down that only a set of DataIds is processed, or all but that (requirements C2, C4, V22).

    Parameters
    ----------
    edges : `~cmbot.reconcile.edges.Edges`
        The outside world: the file is read from Jira.
    key : `str`
        Key of the campaign or step that it is attached to.
    kind : `str`
        ``include`` or ``exclude``.
    words : `str`
        Name of the file, and the reason.
    cause : `~cmbot.models.attempts.Cause`
        The human act.

    Returns
    -------
    lines : `tuple` [`str`, ...]
        How many there are, and from when on it counts.

    Raises
    ------
    UserError
        If it is not attached, is no set of DataIds, has no reason, or may not be edited any more.
    RemoteError
        If Jira does not give it.
    """
    name, _, reason = words.partition(" ")
    if not reason.strip():
        raise UserError(name[:100], "needs a reason", f"write /cmbot {kind} FILE REASON")
    issue = issue_of(views.campaign(edges, epic_of(edges, key)), key)
    found = DataIdSet.read(edges.jira.attachment(issue.id, name), name, f"{key} {name[:100]}")
    file = DataIdFile(name, reason.strip(), found.sha256, len(found))
    lines = set_field(edges, key, *file_field(kind, file), cause)
    return (f"{name} holds {len(found)} DataIds", *(line.replace("\n", "; ") for line in lines))


def account_of(text: str) -> str:
    """Read whom a person means.

    Parameters
    ----------
    text : `str`
        A mention as Jira writes it, or a name.

    Returns
    -------
    account : `str`
        The account.

    Raises
    ------
    UserError
        If it names nobody.
    """
    found = _MENTION.fullmatch(text.strip())
    if found is None:
        raise UserError(text[:50], "is no account", "mention one person: @name")
    return found[1] or found[2]


def _field(issue: Issue, name: str) -> Field:
    there = {
        field.name.casefold(): field
        for field in BY_NAME.values()
        if issue.level in field.levels and not field.by_bot
    }
    field = there.get(name.strip().casefold())
    if field is None:
        near = get_close_matches(name.strip().casefold()[:50], list(there), 1)
        hint = f"did you mean {there[near[0]].name}?" if near else "see the fields of the issue"
        raise UserError(name[:50], f"is no field of a {issue.level} that people edit", hint)
    if field.name in _JUDGED:
        raise UserError(
            field.name, "is a person's word", "write /cmbot validate, or /cmbot invalidate REASON"
        )
    return field


def _effect(view: CampaignView, issue: Issue, field: Field) -> Effect:
    if issue.level is Level.GROUP and field.name in DEFINITION:
        raise UserError(
            field.name, "is not read from a group", f"set it on {issue.parent}, for all its groups"
        )
    made = any(issue in view.path(step, group) and group.attempts for step, group in view.groups)
    effect = EDITING[field.name][issue.status] if made else Effect.AT_ONCE
    if effect is Effect.REFUSED:
        used = "it was used" if not issue.status.closed else f"{issue.key} is {issue.status}"
        raise UserError(field.name, f"cannot be edited any more: {used}", "make a clone for another value")
    return effect


def _read(field: Field, value: str) -> Any:
    match field.type:
        case FieldType.SELECT:
            known = {option.casefold(): option for option in field.options}
            if value.casefold() not in known:
                raise UserError(field.name, f"cannot be {value!r}", f"use {', '.join(field.options)}")
            return known[value.casefold()]
        case FieldType.NUMBER:
            if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", value):
                raise UserError(field.name, f"{value!r} is no number", "write one")
            return float(value)
        case FieldType.USER:
            return Person(account_of(value))
        case FieldType.USERS:
            return tuple(Person(account_of(one)) for one in value.replace(",", " ").split())
        case FieldType.DATETIME:
            raise UserError(field.name, "is a time, which cmbot sets", "set another field")
        case FieldType.TEXT | FieldType.PARAGRAPH | FieldType.URL:
            return value
