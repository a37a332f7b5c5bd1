"""What a Jira project needs, compared with what is there (requirement W21); pure.

`cmbot jira setup` makes what is lacking, `cmbot doctor` names it: both from this one comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from cmbot.jira_schema.fields import FIELDS, FieldType
from cmbot.jira_schema.place import Deployment
from cmbot.models.issues import Level, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.jira_schema.place import Place, TypePlace
    from cmbot.settings import JiraSettings

_CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"


class Vendor(NamedTuple):
    """How Jira calls a field type."""

    type: str
    """Key of the type."""
    searcher: str
    """Key of the searcher, without which JQL cannot search the field (requirement V15)."""
    label: str
    """What the administrator's page calls it."""


VENDOR: dict[FieldType, Vendor] = {
    FieldType.TEXT: Vendor(_CUSTOM + "textfield", _CUSTOM + "textsearcher", "Text Field (single line)"),
    FieldType.PARAGRAPH: Vendor(_CUSTOM + "textarea", _CUSTOM + "textsearcher", "Text Field (multi-line)"),
    FieldType.NUMBER: Vendor(_CUSTOM + "float", _CUSTOM + "exactnumber", "Number Field"),
    FieldType.SELECT: Vendor(
        _CUSTOM + "select", _CUSTOM + "multiselectsearcher", "Select List (single choice)"
    ),
    FieldType.URL: Vendor(_CUSTOM + "url", _CUSTOM + "exacttextsearcher", "URL Field"),
    FieldType.USER: Vendor(
        _CUSTOM + "userpicker", _CUSTOM + "userpickergroupsearcher", "User Picker (single user)"
    ),
    FieldType.USERS: Vendor(
        _CUSTOM + "multiuserpicker", _CUSTOM + "userpickergroupsearcher", "User Picker (multiple users)"
    ),
    FieldType.DATETIME: Vendor(_CUSTOM + "datetime", _CUSTOM + "datetimerange", "Date Time Picker"),
}
"""cmbot's field types as Jira's."""

_AS_GOOD = {FieldType.SELECT: _CUSTOM + "radiobuttons"}
"""Other types whose values look the same."""

_EPIC_FIELDS = {"Epic Link": Level.STEP, "Epic Name": Level.CAMPAIGN}
"""Jira Software's own fields on Data Center, and where they must stand."""


class What(StrEnum):
    """Kinds of things that can be lacking, in the order in which they are made."""

    PROJECT = "project"
    TEAM_MANAGED = "team-managed project"
    ISSUE_TYPE = "issue type"
    LINK_TYPE = "link type"
    FIELD = "field"
    AMBIGUOUS = "ambiguous field"
    FIELD_TYPE = "field type"
    EPIC_FIELD = "field of Jira Software"
    OPTIONS = "options"
    SCREEN = "field on a screen"
    OTHER_SCREEN = "field on an unknown screen"
    PROJECT_TYPE = "issue type in the project"
    WORKFLOW = "workflow"
    STATUS = "status"
    FOLLOW = "workflow in the project"
    SCHEME = "status in the project"
    TRANSITION = "global transition"


@dataclass(frozen=True)
class Lack:
    """One thing that is lacking."""

    what: What
    """What kind of thing."""
    name: str
    """Its name here, as the settings say it."""
    field: str = ""
    """cmbot's name of the field, if it is about one."""
    details: tuple[str, ...] = ()
    """Options that are lacking, or the issue types for which something is lacking."""
    screen: str = ""
    """Id of the screen, if it is about one."""


def lacking(place: Place, settings: JiraSettings) -> tuple[Lack, ...]:
    """Compare a project with what cmbot needs.

    Parameters
    ----------
    place : `Place`
        The project as it is.
    settings : `~cmbot.settings.JiraSettings`
        With the names that this site uses.

    Returns
    -------
    lacks : `tuple` [`Lack`, ...]
        In the order in which they can be made; empty if all is there.
    """
    if not place.project_id:
        return (Lack(What.PROJECT, place.key),)
    if place.team_managed:
        return (Lack(What.TEAM_MANAGED, place.key),)
    found = [*_kinds(place, settings), *_fields(place, settings), *_statuses(place, settings)]
    order = list(What)
    return tuple(sorted(found, key=lambda lack: order.index(lack.what)))


def type_names(settings: JiraSettings) -> dict[Level, str]:
    """Name the issue types of the three levels here.

    Parameters
    ----------
    settings : `~cmbot.settings.JiraSettings`
        With the names that this site uses.

    Returns
    -------
    names : `dict` [`Level`, `str`]
        All three.
    """
    return {level: settings.issue_types[level] for level in Level if level in settings.issue_types}


def _kinds(place: Place, settings: JiraSettings) -> Iterator[Lack]:
    for level, name in type_names(settings).items():
        seen = place.site_types.get(name.lower())
        if seen is None or seen.subtask != (level is Level.GROUP):
            yield Lack(What.ISSUE_TYPE, name, details=(level,))
        if name.lower() not in place.types:
            yield Lack(What.PROJECT_TYPE, name, details=(level,))
    if settings.blocks.lower() not in place.link_types:
        yield Lack(What.LINK_TYPE, settings.blocks)


def workflow_name(place: Place) -> str:
    """Name the workflow that setup makes for a project on Cloud.

    Parameters
    ----------
    place : `Place`
        The project.

    Returns
    -------
    name : `str`
        With its key: workflows belong to the site.
    """
    return f"cmbot {place.key}"


def _statuses(place: Place, settings: JiraSettings) -> Iterator[Lack]:
    types = type_names(settings).values()
    named = {status: settings.statuses.get(status, str(status)) for status in Status}
    used = frozenset().union(*(there.statuses for there in place.types.values()))
    # A project that has none of the statuses gets a workflow with all; one that has some, the others.
    ours = place.deployment is Deployment.CLOUD and used.isdisjoint(name.lower() for name in named.values())
    makes = ours and place.administrator and not place.workflow
    if makes:
        yield Lack(What.WORKFLOW, workflow_name(place), details=tuple(named.values()))
    if makes or (ours and place.workflow):
        yield Lack(What.FOLLOW, workflow_name(place), details=tuple(types))
        return
    for status, name in named.items():
        if name.lower() not in place.statuses:
            yield Lack(What.STATUS, name, details=(status,))
        without = tuple(kind for kind in types if name.lower() not in _statuses_of(place, kind))
        if without:
            yield Lack(What.SCHEME, name, details=without)
        unreached = [kind for kind in types if kind not in without and not _reached(place, kind, name)]
        if unreached:
            yield Lack(What.TRANSITION, name, details=tuple(unreached))


def _statuses_of(place: Place, kind: str) -> frozenset[str]:
    there = place.types.get(kind.lower())
    return there.statuses if there else frozenset()


def _reached(place: Place, kind: str, status: str) -> bool:
    targets = place.types[kind.lower()].targets
    return targets is None or status.lower() in targets


def _fields(place: Place, settings: JiraSettings) -> Iterator[Lack]:
    names = type_names(settings)
    for wanted in FIELDS:
        here = settings.fields.get(wanted.name, wanted.name)
        field_id = place.fields.get(wanted.name, "")
        if not field_id and any(here in (number, name) for number, (name, _) in place.custom.items()):
            yield Lack(What.AMBIGUOUS, here, wanted.name)
            continue
        if not field_id:
            yield Lack(What.FIELD, here, wanted.name)
        elif (kind := place.custom[field_id][1]) not in {VENDOR[wanted.type].type, _AS_GOOD.get(wanted.type)}:
            yield Lack(What.FIELD_TYPE, here, wanted.name, (kind,))
            continue
        kinds = [names[level] for level in wanted.levels if level in names]
        if wanted.type is FieldType.SELECT and (
            options := _options_lacking(place, field_id, kinds, wanted.options)
        ):
            yield Lack(What.OPTIONS, here, wanted.name, options)
        yield from _on_screens(place, here, wanted.name, field_id, kinds)
    if place.deployment is Deployment.DATA_CENTER:
        for name, level in _EPIC_FIELDS.items():
            if name not in place.fields:
                yield Lack(What.EPIC_FIELD, settings.fields.get(name, name), name)
            elif level in names:
                yield from _on_screens(place, name, name, place.fields[name], [names[level]])


def _options_lacking(
    place: Place, field_id: str, kinds: list[str], wanted: tuple[str, ...]
) -> tuple[str, ...]:
    types = [place.types[kind.lower()] for kind in kinds if kind.lower() in place.types]
    shown = [choices for kind in types if (choices := kind.create.get(field_id)) is not None]
    # What a screen of the project shows counts before what the field has in general.
    there = frozenset.intersection(*shown) if shown else place.options.get(field_id)
    if there is None:
        # Data Center shows choices on screens only: of a field that is there they are seen once it is on one.
        return () if field_id else wanted
    return tuple(option for option in wanted if option not in there)


def _on_screens(place: Place, here: str, name: str, field_id: str, kinds: list[str]) -> Iterator[Lack]:
    # A type that the project lacks has no screens to look at; its own lack is told.
    there = [kind for kind in kinds if kind.lower() in place.types]
    without = tuple(kind for kind in there if not _shown(place.types[kind.lower()], field_id))
    addable = [screen for screen in place.screens if field_id not in screen.fields]
    if without or not there:
        for screen in addable:
            yield Lack(What.SCREEN, here, name, without, screen.id)
    if without and not addable:
        yield Lack(What.OTHER_SCREEN, here, name, without)


def _shown(there: TypePlace, field_id: str) -> bool:
    return field_id in there.create and (there.edit is None or field_id in there.edit)
