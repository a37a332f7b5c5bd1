"""What an administrator set up as the JSON of Jira's REST, as Data Center shapes it."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from . import projectshapes
from .configuration import DEFAULT_PRIORITY, PRIORITIES, RESOLUTIONS
from .fieldtypes import TYPES
from .markup import Surroundings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .configuration import Configuration, IssueType, LinkType, Project, User
    from .fielddefinition import Field, Option
    from .security import SecurityLevel
    from .statusparts import Category, Status

Json = dict[str, Any]
AVATAR_SIZES = ("48x48", "24x24", "16x16", "32x32")


class SetupShapes:
    """Renders for one caller.

    Parameters
    ----------
    config : `Configuration`
        The site's configuration.
    base_url : `str`
        Address of the site with its context path, for ``self``.
    viewer : `User`, optional
        The caller, in whose time zone instants are written.
    version : `int`, optional
        Version of REST, for ``self`` and for the form of texts.
    """

    parents: ClassVar[bool] = False
    """Whether ``parent`` stands on the screens of standard issues."""

    def __init__(self, config: Configuration, base_url: str, viewer: User | None, version: int = 2) -> None:
        self.config = config
        self.base_url = base_url
        self.viewer = viewer
        self.version = version
        self._zone = zoneinfo.ZoneInfo(viewer.time_zone if viewer else "Etc/UTC")

    @cached_property
    def around(self) -> Surroundings:
        """What a text may refer to: people, issues."""
        keys = frozenset(project.key for project in self.config.projects.values())
        return Surroundings(self.base_url, self.people(), keys)

    def people(self) -> dict[str, str]:
        """Display names by what a mention names."""
        return {name: person.display_name for name, person in self.config.users.items()}

    def link(self, path: str) -> str:
        """The ``self`` address of a resource."""
        return f"{self.base_url}/rest/api/{self.version}/{path}"

    def instant(self, milliseconds: int | None) -> str | None:
        """A time stamp."""
        return None if milliseconds is None else instant(milliseconds, self._zone)

    def user(self, name: str | None) -> Json | None:
        """A user."""
        return None if name is None else self.person(self.config.users[name])

    def person(self, person: User) -> Json:
        """A user: ``name`` and ``key``, no ``accountId``."""
        return {
            "self": self.link(f"user?username={quote(person.name)}"),
            "name": person.name,
            "key": person.key,
            "emailAddress": person.email,
            "avatarUrls": self.pictures,
            "displayName": person.display_name,
            "active": person.active,
            "timeZone": person.time_zone,
        }

    @property
    def pictures(self) -> Json:
        """Addresses of the one picture there is, by size."""
        return dict.fromkeys(AVATAR_SIZES, f"{self.base_url}/static/icon.svg")

    def category(self, category: Category) -> Json:
        """A status category."""
        return {
            "self": self.link(f"statuscategory/{category.id}"),
            "id": category.id,
            "key": category.key,
            "colorName": category.colour,
            "name": category.name,
        }

    def status(self, status: Status) -> Json:
        """A status."""
        return {
            "self": self.link(f"status/{status.id}"),
            "description": "",
            "iconUrl": f"{self.base_url}/static/icon.svg",
            "name": status.name,
            "id": str(status.id),
            "statusCategory": self.category(status.category),
        }

    def issue_type(self, kind: IssueType) -> Json:
        """An issue type."""
        return {
            "self": self.link(f"issuetype/{kind.id}"),
            "id": str(kind.id),
            "description": "",
            "iconUrl": f"{self.base_url}/static/icon.svg",
            "name": kind.name,
            "subtask": kind.subtask,
        }

    def project(self, project: Project) -> Json:
        """A project, as issues carry it."""
        found: Json = {
            "self": self.link(f"project/{project.id}"),
            "id": str(project.id),
            "key": project.key,
            "name": project.name,
            "projectTypeKey": project.type_key,
            "avatarUrls": self.pictures,
        }
        if project.category is not None:
            found["projectCategory"] = projectshapes.category(self, project.category)
        return found

    def project_details(self, project: Project) -> Json:
        """A project with its lead and issue types."""
        return {
            **self.project(project),
            "expand": "description,lead,url,projectKeys",
            "description": project.description,
            "lead": self.user(project.lead),
            "components": [projectshapes.component(self, project, one) for one in project.components],
            "issueTypes": [self.issue_type(kind) for kind in project.issue_types],
            "url": project.url,
            "assigneeType": project.assignee_type,
            "versions": [projectshapes.version(self, project, one) for one in project.versions],
            "archived": project.archived is not None,
            "roles": {
                role.name: self.link(f"project/{project.id}/role/{role.id}")
                for role in self.config.roles.values()
            },
        }

    def link_type(self, kind: LinkType) -> Json:
        """A kind of issue link."""
        return {
            "id": str(kind.id),
            "name": kind.name,
            "inward": kind.inward,
            "outward": kind.outward,
            "self": self.link(f"issueLinkType/{kind.id}"),
        }

    def named(self, resource: str, number: str, name: str) -> Json:
        """A priority or resolution."""
        return {
            "self": self.link(f"{resource}/{number}"),
            "id": number,
            "name": name,
            "description": "",
            "iconUrl": f"{self.base_url}/static/icon.svg",
        }

    def security_level(self, level: SecurityLevel) -> Json:
        """A level of issue security."""
        return {
            "self": self.link(f"securitylevel/{level.id}"),
            "id": str(level.id),
            "description": level.description,
            "name": level.name,
        }

    def option(self, option: Option) -> Json:
        """A choice of a select field."""
        return {
            "self": self.link(f"customFieldOption/{option.id}"),
            "value": option.value,
            "id": str(option.id),
            "disabled": False,
        }

    def text(self, wiki: str) -> Any:
        """A text of several lines: the wiki markup itself."""
        return wiki

    def schema(self, field: Field) -> Json:
        """The type of a field."""
        schema: Json = {k: v for k, v in TYPES[field.type].schema.items() if k != "custom" or field.custom}
        return schema | ({"customId": field.number} if field.custom else {"system": field.id})

    def field(self, field: Field) -> Json:
        """A field as ``GET field`` lists it."""
        return {
            "id": field.id,
            "name": field.name,
            "custom": field.custom,
            "orderable": field.writable,
            "navigable": field.navigable,
            "searchable": bool(field.clauses),
            "clauseNames": list(field.clauses),
            "schema": self.schema(field),
        }

    def field_metadata(self, field: Field, *, required: bool) -> Json:
        """A field on a screen."""
        found = {
            "required": required,
            "schema": self.schema(field),
            "name": field.name,
            "fieldId": field.id,
            "hasDefaultValue": field.type == "priority",
            "operations": list(TYPES[field.type].operations),
        }
        if field.type == "priority":
            found["defaultValue"] = self.named("priority", DEFAULT_PRIORITY, PRIORITIES[DEFAULT_PRIORITY])
        allowed = self.allowed(field)
        return found if allowed is None else {**found, "allowedValues": allowed}

    def parent_metadata(self, kind: IssueType) -> Json | None:
        """The parent on the screens of a type; None if it does not stand there."""
        if not kind.subtask and not (self.parents and kind.level == 0):
            return None
        found = self.field_metadata(self.config.fields["parent"], required=kind.subtask)
        return {**found, "operations": ["set"]}

    def allowed(self, field: Field) -> list[Json] | None:
        """What may be chosen, if there is a list."""
        match field.type:
            case "select" | "multiselect":
                return [self.option(option) for option in field.options]
            case "components" | "versions":
                return [{**self.option(option), "name": option.value} for option in field.options]
            case "securitylevel":
                levels = map(self.config.security_level, (option.id for option in field.options))
                return [self.security_level(level) for level in levels]
            case "priority":
                return [self.named("priority", number, name) for number, name in PRIORITIES.items()]
            case "resolution":
                return [self.named("resolution", number, name) for number, name in RESOLUTIONS.items()]
            case _:
                return None

    def metadata_page(self, name: str, values: Sequence[Json], start: int, limit: int) -> Json:
        """A page of create metadata, under ``values`` whatever it holds."""
        del name
        page = values[start : start + limit]
        return {
            "maxResults": limit,
            "startAt": start,
            "total": len(values),
            "isLast": start + len(page) >= len(values),
            "values": page,
        }


def instant(milliseconds: int, zone: dt.tzinfo) -> str:
    """A time stamp as Jira writes it: milliseconds and an offset without a colon."""
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, zone)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}" + moment.strftime("%z")
