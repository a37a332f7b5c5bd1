"""Create a campaign in Jira from a file."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from time import sleep
from typing import TYPE_CHECKING, Any

from cmbot import credentials
from cmbot.definition import check, freeze, issues
from cmbot.exceptions import DefinitionError, OutcomeUnknown, UserError
from cmbot.jira.gateway import Jira
from cmbot.models.campaign import KEY
from cmbot.models.issues import Status
from cmbot.operations import twins
from cmbot.operations.check import references
from cmbot.operations.dataid_files import gather

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cmbot.models.campaign import CampaignDefinition, StepDefinition
    from cmbot.operations.dataid_files import Files
    from cmbot.settings import Settings

_ROOT = "Output root"
_LOOKS = 5
"""How often to wait for an issue that may have been made."""


def create(
    settings: Settings,
    jira: Jira,
    definition: CampaignDefinition,
    say: Callable[[str], None],
    files: Files | None = None,
) -> tuple[str, ...]:
    """Make the epic, the steps and their links; made once, however often it is asked (requirement V23).

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        With the names that campaigns may use.
    jira : `~cmbot.jira.gateway.Jira`
        The gateway.
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.
    say : `~collections.abc.Callable`
        Told about each issue.
    files : `dict`, optional
        What is attached to the campaign (by an empty name) and to steps, by name of the file.

    Returns
    -------
    keys : `tuple` [`str`, ...]
        Key of the campaign, then of its steps.

    Raises
    ------
    DefinitionError
        If it may not be created as it is: nothing was created.
    UserError
        If all is made and cmbot cannot follow it, because the project's issues begin elsewhere.
    RemoteError
        If Jira did not do it; asking again goes on from there.
    """
    require_valid(settings, definition)
    marker = f"campaign:{freeze.definition_hash(definition)}"
    # All before anything is created: each says which field the project lacks.
    bodies = {step.name: step_fields(settings, jira, definition, step) for step in definition.steps}
    fields = {
        "summary": definition.name,
        "issuetype": {"name": settings.jira.issue_types["campaign"]},
        "description": definition.description,
        **_present(jira, issues.campaign_fields(definition)),
        **jira.epic_fields(name=definition.name),
    }
    if not definition.definer and "Definer" in jira.field_ids:
        fields["Definer"] = jira.raw("Definer", jira.me)
    number, epic = jira.ensure_issue(marker, fields)
    _name_root(jira, number, epic, definition)
    _attach(jira, number, (files or {}).get("", {}))
    say(f"{epic} campaign {definition.name}")
    keys = {}
    for name, body in bodies.items():
        number, keys[name] = jira.ensure_issue(f"{marker}:{name}", body | jira.epic_fields(epic_key=epic))
        _attach(jira, number, (files or {}).get(name, {}))
        say(f"{keys[name]} step {name}")
    for step in definition.steps:
        for name in step.after:
            jira.ensure_link(keys[name], keys[step.name])
    made = (epic, *keys.values())
    _require_followed(settings, jira, made[:2])
    return made


def _name_root(jira: Jira, number: str, epic: str, definition: CampaignDefinition) -> None:
    """Put the key into the output root, unless a person wrote another one since."""
    if KEY not in definition.output:
        return
    if jira.issue(number)["fields"].get(jira.field_id(_ROOT)) == definition.output:
        jira.ensure_fields(number, {_ROOT: definition.created_as(epic).output})


def create_patiently(
    settings: Settings,
    jira: Jira,
    definition: CampaignDefinition,
    say: Callable[[str], None],
    wait: Callable[[float], None] = sleep,
    files: Files | None = None,
) -> tuple[str, ...]:
    """Do as `create`, and where an answer is lost, wait until what was made would be found.

    Parameters
    ----------
    settings, jira, definition, say
        As in `create`.
    wait : `~collections.abc.Callable`, optional
        Waits so many seconds.
    files : `dict`, optional
        As in `create`.

    Returns
    -------
    keys : `tuple` [`str`, ...]
        As from `create`.

    Raises
    ------
    DefinitionError
        As from `create`.
    RemoteError
        As from `create`.
    """
    said: set[str] = set()

    def say_once(line: str) -> None:
        if line not in said:
            said.add(line)
            say(line)

    for _ in range(_LOOKS):
        try:
            return create(settings, jira, definition, say_once, files)
        except OutcomeUnknown as error:
            if error.retry_at is None:
                raise
            say(f"{error} at {error.retry_at:%H:%M:%S} UTC")
            wait(max(0.0, (error.retry_at - datetime.now(UTC)).total_seconds()))
    return create(settings, jira, definition, say_once, files)


def connect(settings: Settings) -> Jira:
    """Connect to Jira, to make something there.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        Which Jira, and where its token is.

    Returns
    -------
    jira : `~cmbot.jira.gateway.Jira`
        The gateway.

    Raises
    ------
    UserError
        If there is no token.
    RemoteError
        If Jira does not answer.
    """
    return Jira.connect(settings.jira, partial(credentials.read, settings.jira.token, "jira.token"))


def prepare(
    settings: Settings, definition: CampaignDefinition, directory: Path, *, again: bool = False
) -> tuple[CampaignDefinition, Files]:
    """Do everything that comes before a campaign is made: check it, and read what is attached to it.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        With the names that campaigns may use.
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.
    directory : `pathlib.Path`
        Where the sets of DataIds are that it names.
    again : `bool`, optional
        Whether it may do what another campaign does already.

    Returns
    -------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        With hash and count of every set.
    files : `dict`
        What is to be attached.

    Raises
    ------
    DefinitionError
        With all problems.
    """
    require_valid(settings, definition)
    definition, files = gather(definition, directory)
    if not again:
        twins.require_none(settings, definition)
    return definition, files


def require_valid(settings: Settings, definition: CampaignDefinition) -> None:
    """Check a definition as far as it can be checked without a Butler; its git tags are asked about (B9).

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        With the names that campaigns may use.
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Raises
    ------
    DefinitionError
        With all problems.
    """
    problems = check.check(definition, environments=settings.environments, sites=settings.systems)
    # A reference is asked about only if it can be one.
    if problems := problems or tuple(references(definition, settings.git)):
        raise DefinitionError(definition.name or "campaign", problems)


def _require_followed(settings: Settings, jira: Jira, keys: Sequence[str]) -> None:
    """See that the project's issues, the campaign and a step, begin in a status that cmbot knows."""
    names = {status: settings.jira.statuses.get(status, str(status)) for status in Status}
    known = {name.casefold() for name in names.values()}
    for key in keys:
        begun = str(jira.issue(key)["fields"]["status"]["name"])
        if begun.casefold() not in known:
            draft = names[Status.DRAFT]
            raise UserError(
                key,
                f"began in {begun}, which is none of cmbot's statuses",
                f"move what was made to {draft}, and let the Create transition of the project's workflow "
                f"lead to {draft}; or map {begun} in the settings (jira.statuses)",
            )


def _attach(jira: Jira, issue_id: str, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        jira.ensure_attachment(issue_id, name, content)


def step_fields(
    settings: Settings, jira: Jira, definition: CampaignDefinition, step: StepDefinition
) -> dict[str, Any]:
    """Give what the issue of a step is made with.

    Parameters
    ----------
    settings : `~cmbot.settings.Settings`
        With the name of the issue type.
    jira : `~cmbot.jira.gateway.Jira`
        The gateway.
    definition, step
        The campaign and the step.

    Returns
    -------
    fields : `dict`
        Raw values by name.

    Raises
    ------
    UserError
        If the project lacks a field.
    """
    return {
        "summary": f"{step.name} of {definition.name}",
        "issuetype": {"name": settings.jira.issue_types["step"]},
        "description": step.description,
        **_present(jira, issues.step_fields(step)),
    }


def _present(jira: Jira, fields: dict[str, Any]) -> dict[str, Any]:
    for name in fields:
        jira.field_id(name)  # says which field is missing
    return {name: jira.raw(name, value) for name, value in fields.items() if value not in ("", None)}
