"""Stored things as the JSON of Jira's REST, as Data Center shapes it; see `cloudshapes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import durations, projectshapes
from .configuration import PRIORITIES, RESOLUTIONS
from .setupshapes import Json, SetupShapes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .attachments import Attachment
    from .comments import Comment
    from .configuration import Project
    from .fielddefinition import Field
    from .fieldinput import Stored
    from .history import Entry, Item
    from .projectparts import Component, Version
    from .remotelinks import RemoteLink
    from .statusparts import Transition
    from .worklogs import Worklog

__all__ = ["Json", "Shapes"]


class Shapes(SetupShapes):
    """Renders issues and what hangs on them for one caller; parameters as of `SetupShapes`."""

    def value(self, field: Field, stored: Stored) -> Any:
        """A field's value."""
        if stored is None:
            return [] if field.type in ("labels", "components", "versions") else None
        shaped: dict[str, Callable[[], Any]] = {
            "select": lambda: next(self.option(o) for o in field.options if o.id == stored),
            "multiselect": lambda: [self.option(o) for o in field.options if o.id in stored],
            "user": lambda: self.user(stored),
            "users": lambda: [self.user(name) for name in stored],
            "components": lambda: [projectshapes.component(self, *self._component(n)) for n in stored],
            "versions": lambda: [projectshapes.version(self, *self._version(n)) for n in stored],
            "datetime": lambda: self.instant(stored),
            "paragraph": lambda: self.text(stored),
            "priority": lambda: self.named("priority", stored, PRIORITIES[stored]),
            "securitylevel": lambda: self.security_level(self.config.security_level(stored)),
            "resolution": lambda: self.named("resolution", stored, RESOLUTIONS[stored]),
        }
        return shaped[field.type]() if field.type in shaped else stored

    def _component(self, number: int) -> tuple[Project, Component]:
        places = self.config.projects.values()
        return next((place, one) for place in places for one in place.components if one.id == number)

    def _version(self, number: int) -> tuple[Project, Version]:
        places = self.config.projects.values()
        return next((place, one) for place in places for one in place.versions if one.id == number)

    def history(self, entry: Entry) -> Json:
        """A history entry."""
        found = {
            "id": str(entry.id),
            "author": self.user(entry.author),
            "created": self.instant(entry.created),
            "items": [self.history_item(item) for item in entry.items],
        }
        return found if entry.metadata is None else {**found, "historyMetadata": dict(entry.metadata)}

    def history_item(self, item: Item) -> Json:
        """One changed thing: without ``fieldId``."""
        return {
            "field": item.field,
            "fieldtype": item.kind,
            "from": item.old[0],
            "fromString": item.old[1],
            "to": item.new[0],
            "toString": item.new[1],
        }

    def changelog(self, entries: Sequence[Entry]) -> Json:
        """The history inside an issue: all of it, oldest first."""
        found = [self.history(entry) for entry in entries]
        return {"startAt": 0, "maxResults": len(found), "total": len(found), "histories": found}

    def transition(self, one: Transition, *, with_fields: bool) -> Json:
        """A transition, with its screen if asked for."""
        found: Json = {
            "id": str(one.id),
            "name": one.name,
            "opsbarSequence": 10,
            "to": self.status(one.to),
        }
        if with_fields:
            found["fields"] = {
                item.field.id: self.field_metadata(item.field, required=item.required) for item in one.screen
            }
        return found

    def comment(self, comment: Comment) -> Json:
        """A comment."""
        found = {
            "self": self.link(f"issue/{comment.issue}/comment/{comment.id}"),
            "id": str(comment.id),
            "author": self.user(comment.author),
            "body": self.text(comment.body),
            "updateAuthor": self.user(comment.update_author),
            "created": self.instant(comment.created),
            "updated": self.instant(comment.updated),
        }
        return found if comment.visibility is None else {**found, "visibility": dict(comment.visibility)}

    def worklog(self, one: Worklog) -> Json:
        """A piece of work."""
        found: Json = {
            "self": self.link(f"issue/{one.issue}/worklog/{one.id}"),
            "author": self.user(one.author),
            "updateAuthor": self.user(one.update_author),
            "comment": self.text(one.body),
            "created": self.instant(one.created),
            "updated": self.instant(one.updated),
            "started": self.instant(one.started),
            "timeSpent": durations.written(one.seconds),
            "timeSpentSeconds": one.seconds,
            "id": str(one.id),
            "issueId": str(one.issue),
        }
        return found if one.visibility is None else {**found, "visibility": dict(one.visibility)}

    def timetracking(self, values: Mapping[str, Stored]) -> Json:
        """Estimates and work: in words and in seconds, each if there is one."""
        found: Json = {}
        for name, field in (
            ("originalEstimate", "timeoriginalestimate"),
            ("remainingEstimate", "timeestimate"),
            ("timeSpent", "timespent"),
        ):
            seconds = values.get(field)
            if seconds is not None:
                found |= {name: durations.written(seconds), f"{name}Seconds": seconds}
        return found

    def attachment(self, attachment: Attachment) -> Json:
        """An attachment."""
        return {
            "self": self.link(f"attachment/{attachment.id}"),
            "id": str(attachment.id),
            "filename": attachment.name,
            "author": self.user(attachment.author),
            "created": self.instant(attachment.created),
            "size": attachment.size,
            "mimeType": attachment.media_type,
            "content": f"{self.base_url}/secure/attachment/{attachment.id}/file",
        }

    def remote_link(self, issue: str, link: RemoteLink) -> Json:
        """A link to another system."""
        found = {"id": link.id, "self": self.link(f"issue/{issue}/remotelink/{link.id}")}
        if link.global_id is not None:
            found["globalId"] = link.global_id
        return found | {name: value for name, value in link.body.items() if value is not None}
