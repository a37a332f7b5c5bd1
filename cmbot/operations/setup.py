"""Set up a Jira project: make what can be made, and say what people must click."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cmbot.exceptions import Conflict, NotFound, Refused
from cmbot.jira_schema.clicks import clicks
from cmbot.jira_schema.needs import What, lacking
from cmbot.jira_schema.place import Deployment
from cmbot.models.issues import Level, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cmbot.jira.administration import Administration
    from cmbot.jira_schema.needs import Lack
    from cmbot.jira_schema.place import Place
    from cmbot.settings import JiraSettings

_ROUNDS = 3
"""Looks after which nothing new can show up: fields, then what is seen of them on screens, then nothing."""
_ID = re.compile(r"customfield_\d+")


@dataclass(frozen=True)
class Task:
    """Something for a person."""

    what: What
    """What kind of thing is lacking."""
    names: tuple[str, ...]
    """Which ones."""
    steps: tuple[str, ...]
    """What to click and enter."""
    refused: str = ""
    """Why Jira did not let cmbot do it, if it tried."""


@dataclass(frozen=True)
class Plan:
    """What is lacking, and who makes it."""

    place: Place
    """The project as it is."""
    doable: tuple[Lack, ...]
    """What cmbot makes, in this order."""
    tasks: tuple[Task, ...]
    """What people make."""

    @property
    def complete(self) -> bool:
        """Whether nothing is lacking."""
        return not self.doable and not self.tasks

    def to_json(self) -> dict[str, Any]:
        """Give it to a script.

        Returns
        -------
        data : `dict`
            By field; of the project its key and kind.
        """
        return {
            "project": self.place.key,
            "deployment": self.place.deployment,
            "administrator": self.place.administrator,
            "doable": [
                {"what": lack.what, "name": lack.name, "details": lack.details, "screen": lack.screen}
                for lack in self.doable
            ],
            "tasks": [asdict(task) for task in self.tasks],
        }


def plan(place: Place, settings: JiraSettings, refused: Mapping[Lack, str] | None = None) -> Plan:
    """Compare a project with what it needs and say who makes what.

    Parameters
    ----------
    place : `~cmbot.jira_schema.place.Place`
        The project as it is.
    settings : `~cmbot.settings.JiraSettings`
        With the names that this site uses.
    refused : `~collections.abc.Mapping`, optional
        What Jira refused to cmbot, with its reason: left to people.

    Returns
    -------
    plan : `Plan`
        In the order in which it can be done.
    """
    refused = refused or {}
    lacks = lacking(place, settings)
    doable = tuple(lack for lack in lacks if lack not in refused and _possible(lack, place))
    left: dict[What, list[Lack]] = {}
    for lack in lacks:
        if lack not in doable:
            left.setdefault(lack.what, []).append(lack)
    draft = settings.statuses.get(Status.DRAFT, str(Status.DRAFT))
    tasks = tuple(
        Task(
            what,
            tuple(dict.fromkeys(lack.name for lack in some)),
            clicks(what, some, place, draft),
            next((refused[lack] for lack in some if lack in refused), ""),
        )
        for what, some in left.items()
    )
    return Plan(place, doable, tasks)


def _possible(lack: Lack, place: Place) -> bool:
    """Tell whether reference/jira.md documents a call for it that this account may make."""
    if not place.administrator:
        return False
    match lack.what:
        case What.ISSUE_TYPE:
            # An epic has a level of its own, which only Jira Software gives.
            return lack.name.lower() not in place.site_types and Level.CAMPAIGN not in lack.details
        case What.FIELD:
            return not _ID.fullmatch(lack.name)
        case What.OPTIONS:
            return place.deployment is Deployment.CLOUD
        case What.SCREEN:
            return lack.field in place.fields or not _ID.fullmatch(lack.name)
        case _:
            return lack.what in (What.LINK_TYPE, What.WORKFLOW)


def set_up(
    administration: Administration,
    settings: JiraSettings,
    screens: Sequence[str],
    say: Callable[[str], None],
) -> Plan:
    """Make everything that can be made; asked again, it makes what is still lacking.

    Parameters
    ----------
    administration : `~cmbot.jira.administration.Administration`
        Jira in the hands of an administrator.
    settings : `~cmbot.settings.JiraSettings`
        With the names that this site uses.
    screens : `~collections.abc.Sequence` [`str`]
        Ids of the screens to which fields belong; empty for those found by name.
    say : `~collections.abc.Callable`
        Told about each thing that was made.

    Returns
    -------
    plan : `Plan`
        What is left for people.

    Raises
    ------
    RemoteError
        If Jira stops answering, or a call's outcome is not known: asking again goes on from there.
    """
    refused: dict[Lack, str] = {}
    found = plan(administration.look(screens), settings)
    for _ in range(_ROUNDS):
        if not found.doable:
            break
        ids = dict(found.place.fields)
        for lack in found.doable:
            try:
                _make(administration, lack, found.place, ids)
            except (Refused, NotFound, Conflict) as error:
                refused[lack] = str(error)
                say(f"refused: {error}")
            else:
                say(f"made {heading(lack, found.place)}: {lack.name}")
        found = plan(administration.look(screens), settings, refused)
    return found


def heading(lack: Lack, place: Place) -> str:
    """Say what kind of thing is made, and where.

    Parameters
    ----------
    lack : `~cmbot.jira_schema.needs.Lack`
        What is lacking.
    place : `~cmbot.jira_schema.place.Place`
        The project.

    Returns
    -------
    text : `str`
        What the names of the things follow.
    """
    screens = {screen.id: screen.name for screen in place.screens}
    return f"field on {screens[lack.screen]}" if lack.what is What.SCREEN else lack.what


def _make(administration: Administration, lack: Lack, place: Place, ids: dict[str, str]) -> None:
    match lack.what:
        case What.ISSUE_TYPE:
            administration.make_issue_type(lack.name, subtask=Level.GROUP in lack.details)
        case What.LINK_TYPE:
            administration.make_link_type(lack.name)
        case What.WORKFLOW:
            administration.make_workflow(lack.name, place.statuses)
        case What.FIELD:
            ids[lack.field] = administration.make_field(lack.name, lack.field, place.project_id)
        case _ if lack.field not in ids:
            raise NotFound(f"field {lack.name}", "is not there", "see why it was not made")
        case What.OPTIONS:
            administration.add_options(ids[lack.field], lack.details, place.project_id)
        case What.SCREEN:
            (screen,) = (screen for screen in place.screens if screen.id == lack.screen)
            administration.add_to_screen(ids[lack.field], screen)
