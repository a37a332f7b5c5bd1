"""Create campaigns for schedules and other programs: once for each key, told on the epic, never launched."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cmbot.definition import file as campaign_file
from cmbot.exceptions import UserError
from cmbot.jira_schema import parse
from cmbot.jira_schema.names import names
from cmbot.mirror import creations, events, outbox
from cmbot.models.attempts import Cause
from cmbot.models.issues import Person
from cmbot.models.notices import Notice, NoticeKind
from cmbot.operations.create import create, prepare
from cmbot.reconcile.opening import comments

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cmbot.jira.gateway import Jira
    from cmbot.mirror import Mirror
    from cmbot.mirror.creations import Creation
    from cmbot.models.campaign import CampaignDefinition
    from cmbot.settings import Settings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    """A campaign that somebody asked for."""

    campaign: str
    """Key of the epic."""
    new: bool
    """Whether it was made now; otherwise this key had made it before."""


class AnotherCampaign(UserError):
    """A key was used before, for another campaign."""


def begin(
    mirror: Mirror,
    settings: Settings,
    wanted: Creation,
    definition: CampaignDefinition,
    directory: Path,
    *,
    again: bool = False,
) -> Creation:
    """Check what is asked for and write it down, before anything of it is made.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    settings : `~cmbot.settings.Settings`
        With the names that campaigns may use.
    wanted : `~cmbot.mirror.creations.Creation`
        Who asks, by which key.
    definition : `~cmbot.models.campaign.CampaignDefinition`
        What for.
    directory : `pathlib.Path`
        Where the sets of DataIds are that it names.
    again : `bool`, optional
        Whether it may do what another campaign does already.

    Returns
    -------
    creation : `~cmbot.mirror.creations.Creation`
        As it was written down; what was asked for by this key before, if anything was.

    Raises
    ------
    AnotherCampaign
        If the key was used for something else.
    DefinitionError
        With everything that is wrong with it.
    """
    wanted = replace(wanted, definition=campaign_file.write(definition))
    known = creations.find(mirror, wanted.key)
    if known is not None and not known.problem:
        if known.definition != wanted.definition:
            problem = f"was used for another campaign{f', {known.campaign}' if known.campaign else ''}"
            raise AnotherCampaign(wanted.key, problem, "use a new key for every campaign")
        return known
    prepare(settings, definition, directory, again=again)
    creations.begin(mirror, wanted)
    return wanted


def finish(
    mirror: Mirror, settings: Settings, jira: Jira, wanted: Creation, directory: Path, now: datetime
) -> Made:
    """Make what was written down.

    Parameters
    ----------
    mirror : `~cmbot.mirror.Mirror`
        The database.
    settings : `~cmbot.settings.Settings`
        All settings.
    jira : `~cmbot.jira.gateway.Jira`
        The gateway.
    wanted : `~cmbot.mirror.creations.Creation`
        As `begin` gave it.
    directory : `pathlib.Path`
        Where the sets of DataIds are that it names.
    now : `datetime.datetime`
        The time.

    Returns
    -------
    made : `Made`
        The campaign, in Draft.

    Raises
    ------
    DefinitionError
        If it may not be made any more.
    RemoteError
        If Jira did not do it; asking again goes on from there.
    """
    if wanted.campaign:
        return Made(wanted.campaign, new=False)
    definition = campaign_file.read(wanted.definition, wanted.key)
    definition, files = prepare(settings, definition, directory, again=True)
    key, *_ = create(settings, jira, definition, lambda _: None, files)
    issue = parse.issue(jira.issue(key), names(settings.jira, jira.field_ids, jira.epic_link, jira.me))
    cause = Cause(f"creation:{wanted.key}", Person(wanted.source), wanted.due_at, "asked for it")
    notice = Notice(NoticeKind.CREATED, issue, f"created:{issue.id}", cause)
    text = comments(settings, jira).notice(notice)
    with mirror.writing() as connection:
        creations.made(connection, wanted.key, key)
        outbox.say(connection, (issue.id, key), "comment", notice.marker, {"text": text}, now)
        events.add(connection, now, key, "cmbot", f"created {key}", f"{wanted.source}, {wanted.key}")
    _LOG.info("%s created for %s", key, wanted.key)
    return Made(key, new=True)
