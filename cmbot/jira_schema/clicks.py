"""What an administrator clicks where Jira's REST cannot do it, step by step; pure.

The paths are those of Data Center 9 and 10 and of Cloud's company-managed projects; labels differ a little
between versions and languages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cmbot.jira_schema.fields import BY_NAME
from cmbot.jira_schema.needs import VENDOR, What
from cmbot.jira_schema.place import Deployment
from cmbot.jira_schema.statuses import CATEGORIES
from cmbot.models.issues import Level, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.jira_schema.needs import Lack
    from cmbot.jira_schema.place import Place


class _Way(NamedTuple):
    """Where to click, what to enter for each thing that is lacking, and what to click last."""

    first: tuple[str, ...]
    each: str = ""
    last: tuple[str, ...] = ()


_WORKFLOWS = "{project} > Project settings > Workflows > (the workflow of each issue type) > Edit"
_PUBLISH = "Publish (on Cloud: Update workflow)"
_ALL = "'Allow all statuses to transition to this one', without screens or conditions"

_WAYS: Mapping[What, _Way] = {
    What.PROJECT: _Way(
        (
            "Projects > Create project: {new_project}, key {key}; or correct jira.project in the settings",
            "if it exists: Project settings > Permissions > Browse Projects for cmbot's account",
        )
    ),
    What.TEAM_MANAGED: _Way(
        (
            "{key} is team-managed: its fields and statuses cannot be set up from outside",
            "Projects > Create project > Company-managed, and name its key in the settings (jira.project)",
        )
    ),
    What.ISSUE_TYPE: _Way(
        ("{menu} > Issue types > Add issue type, for each:",), "{name}: {level} issue type"
    ),
    What.PROJECT_TYPE: _Way(
        (
            "{project} > Project settings > Issue types > Actions > Edit issue types",
            "drag to the project's types, then Save:",
        ),
        "{name}",
    ),
    What.LINK_TYPE: _Way(
        ("{menu} > Issue linking: switch it on",),
        "Add link type: name {name}, outward 'blocks', inward 'is blocked by'",
    ),
    What.FIELD: _Way(
        ("{menu} > Custom fields > Add custom field (All field types), for each:",),
        "{name}: {label}{options}",
    ),
    What.AMBIGUOUS: _Way(
        ("{menu} > Custom fields: delete all but one of each, or name the right one in the settings:",),
        "jira.fields: {{{field}: <id of one of the fields named {name}>}}",
    ),
    What.FIELD_TYPE: _Way(
        ("make another field of the right type for each, and name it in the settings:",),
        "{name} is of type {details}, cmbot needs {label}: jira.fields: {{{field}: <the new field's name>}}",
    ),
    What.EPIC_FIELD: _Way(
        ("see that Jira Software is licensed and {key} is a software project; it brings:",), "{name}"
    ),
    What.OPTIONS: _Way(
        ("{menu} > Custom fields > (the field) > {edit_options}; add exactly, for each:",),
        "{name}: {details}",
    ),
    What.SCREEN: _Way(("{menu} > Screens > {screens} > Configure > Add field:",), "{name}"),
    What.OTHER_SCREEN: _Way(
        ("{project} > Project settings > Screens > (the create and edit screens) > Add field:",),
        "{name} (for {details})",
        (
            "or let cmbot do it: run it again with --screen and the number in the address of that page",
            "if one stands there already: {menu} > Custom fields > (the field) > Configure: add {key} to it",
        ),
    ),
    What.WORKFLOW: _Way(
        ("{menu} > Workflows > Add workflow, and in it:",),
        "name {name}, statuses {details}",
        (f"tick {_ALL} for each", "let the Create transition lead to {draft}", "Save"),
    ),
    What.FOLLOW: _Way(
        ("{project} > Project settings > Workflows > Add workflow > Add existing:",),
        "{name}, assigned to {details}",
        ("Finish, Publish; choose a status of its own for each that issues have now",),
    ),
    What.STATUS: _Way(("{menu} > Statuses > Add status, for each:",), "{name}, category {category}"),
    What.SCHEME: _Way(
        (_WORKFLOWS, f"Add status, tick {_ALL}:"),
        "{name} (for {details})",
        ("let the Create transition lead to {draft}", _PUBLISH),
    ),
    What.TRANSITION: _Way(
        (_WORKFLOWS, f"click the status, tick {_ALL}:"), "{name} (for {details})", (_PUBLISH,)
    ),
}
_MENU = {
    Deployment.DATA_CENTER: "Administration (cog wheel) > Issues",
    Deployment.CLOUD: "Settings (cog wheel) > Issues (Work items)",
}
_EDIT_OPTIONS = {
    Deployment.DATA_CENTER: "Configure > Edit Options",
    Deployment.CLOUD: "Contexts and default value > Edit options",
}
_NEW_PROJECT = {
    Deployment.DATA_CENTER: "a software project",
    Deployment.CLOUD: "a company-managed software project",
}
_CATEGORY = {"new": "To Do", "indeterminate": "In Progress", "done": "Done"}
_LEVEL = {Level.CAMPAIGN: "Epic-level", Level.STEP: "standard", Level.GROUP: "sub-task"}


def clicks(what: What, lacks: Sequence[Lack], place: Place, draft: str) -> tuple[str, ...]:
    """Say how a person makes what is lacking.

    Parameters
    ----------
    what : `~cmbot.jira_schema.needs.What`
        What kind of thing.
    lacks : `~collections.abc.Sequence` [`~cmbot.jira_schema.needs.Lack`]
        All that is lacking of this kind.
    place : `~cmbot.jira_schema.place.Place`
        The project.
    draft : `str`
        This site's name of Draft.

    Returns
    -------
    steps : `tuple` [`str`, ...]
        One click path or entry each.
    """
    way = _WAYS[what]
    screens = {screen.id: screen.name for screen in place.screens}
    common = {
        "key": place.key,
        "menu": _MENU[place.deployment],
        "project": f"{place.url}/projects/{place.key}",
        "new_project": _NEW_PROJECT[place.deployment],
        "edit_options": _EDIT_OPTIONS[place.deployment],
        "screens": ", ".join(dict.fromkeys(screens.get(lack.screen, lack.screen) for lack in lacks)),
        "draft": draft,
    }
    entries = dict.fromkeys(way.each.format(**_of(lack)) for lack in lacks if way.each)
    return (
        *(line.format(**common) for line in way.first),
        *(f"- {line}" for line in entries),
        *(line.format(**common) for line in way.last),
    )


def _of(lack: Lack) -> dict[str, str]:
    first = lack.details[0] if lack.details else ""
    wanted = BY_NAME.get(lack.field)
    details = first.rpartition(":")[2] if lack.what is What.FIELD_TYPE else ", ".join(lack.details)
    return {
        "name": lack.name,
        "field": lack.field,
        "details": details or "unknown",
        "label": VENDOR[wanted.type].label if wanted else "",
        "options": f", options: {', '.join(wanted.options)}" if wanted and wanted.options else "",
        "level": _LEVEL[Level(first)] if lack.what is What.ISSUE_TYPE else "",
        "category": _CATEGORY[CATEGORIES[Status(first)]] if lack.what is What.STATUS else "",
    }
