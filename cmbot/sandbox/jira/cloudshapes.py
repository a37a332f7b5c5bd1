"""What Cloud's answers look like where they differ from Data Center's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .markup import Surroundings, to_document
from .shapes import Json, Shapes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .attachments import Attachment
    from .comments import Comment
    from .configuration import IssueType, Project, User
    from .fielddefinition import Field, Option
    from .history import Entry, Item
    from .statusparts import Transition

CHANGELOG_LIMIT = 40
"""Most entries that ``expand=changelog`` shows (documented for bulk-fetched issues)."""
FIELD_PAGE_LIMIT = 200
"""Most fields on a page of create metadata."""
_EPIC_CHANGE = "IssueParentAssociation"
"""Name of the history item when an issue comes under another parent; it has no ``fieldId``."""


def email(person: User) -> str:
    """The address an account has; every Cloud account has one."""
    return person.email or f"{person.name}@sandbox.invalid"


class CloudShapes(Shapes):
    """Renders for one caller of Cloud."""

    parents = True

    def people(self) -> dict[str, str]:
        """Display names by ``accountid:...``."""
        return {f"accountid:{one.account_id}": one.display_name for one in self.config.users.values()}

    def person(self, person: User) -> Json:
        """A user: ``accountId``, neither ``name`` nor ``key``."""
        return {
            "self": self.link(f"user?accountId={person.account_id}"),
            "accountId": person.account_id,
            "emailAddress": email(person),
            "avatarUrls": self.pictures,
            "displayName": person.display_name,
            "active": person.active,
            "timeZone": person.time_zone,
            "accountType": "atlassian",
        }

    def issue_type(self, kind: IssueType) -> Json:
        """An issue type, with its level."""
        return {**super().issue_type(kind), "hierarchyLevel": kind.level}

    def project(self, project: Project) -> Json:
        """A project, as issues carry it."""
        return {**super().project(project), "simplified": False}

    def project_details(self, project: Project) -> Json:
        """A project with its lead and issue types."""
        found = {**super().project_details(project), "style": "classic", "isPrivate": False, "properties": {}}
        if project.archived is not None:
            found["archivedDate"] = self.instant(project.archived)
            found["archivedBy"] = self.user(project.archived_by)
        return found

    def option(self, option: Option) -> Json:
        """A choice of a select field."""
        return {name: value for name, value in super().option(option).items() if name != "disabled"}

    def text(self, wiki: str) -> Any:
        """A text of several lines: wiki markup in v2, an Atlassian document in v3."""
        return wiki if self.version < 3 else to_document(wiki, Surroundings(people=self.people()))

    def field(self, field: Field) -> Json:
        """A field as ``GET field`` lists it."""
        found = super().field(field)
        return {"id": field.id, "key": field.id, "untranslatedName": field.name, **found}

    def field_metadata(self, field: Field, *, required: bool) -> Json:
        """A field on a screen."""
        return {**super().field_metadata(field, required=required), "key": field.id}

    def metadata_page(self, name: str, values: Sequence[Json], start: int, limit: int) -> Json:
        """A page of create metadata, under the name of what it holds."""
        limit = min(limit, FIELD_PAGE_LIMIT)
        page = values[start : start + limit]
        return {"maxResults": limit, "startAt": start, "total": len(values), name: page}

    def transition(self, one: Transition, *, with_fields: bool) -> Json:
        """A transition, with what it is."""
        found = {
            **super().transition(one, with_fields=with_fields),
            "hasScreen": bool(one.screen),
            "isGlobal": not one.sources,
            "isInitial": False,
            "isAvailable": True,
            "isConditional": False,
            "looped": one.sources == (one.to,),
        }
        del found["opsbarSequence"]
        return found

    def comment(self, comment: Comment) -> Json:
        """A comment."""
        found = {**super().comment(comment), "jsdPublic": True}
        if comment.visibility is not None:
            # groups have no other id here than their name
            found["visibility"] = {**comment.visibility, "identifier": comment.visibility["value"]}
        return found

    def attachment(self, attachment: Attachment) -> Json:
        """An attachment."""
        return {**super().attachment(attachment), "content": self.link(f"attachment/content/{attachment.id}")}

    def history_item(self, item: Item) -> Json:
        """One changed thing: with ``fieldId``, and people by account id."""
        found = super().history_item(item)
        hidden = self.config.hidden.get(item.field_id or "")
        if hidden is not None and hidden.type == "epic-link":
            return found | {"field": _EPIC_CHANGE, "fieldtype": "jira"}
        if item.field_id is None:
            return found
        found = {"field": found["field"], "fieldtype": found["fieldtype"], "fieldId": item.field_id, **found}
        field = self.config.fields.get(item.field_id)
        if field is not None and field.type == "user":
            found["from"] = found["tmpFromAccountId"] = self._account(item.old[0])
            found["to"] = found["tmpToAccountId"] = self._account(item.new[0])
        elif field is not None and field.type == "users":
            found |= {"from": self._accounts(item.old[0]), "fromString": self._names(item.old[0])}
            found |= {"to": self._accounts(item.new[0]), "toString": self._names(item.new[0])}
        return found

    def changelog(self, entries: Sequence[Entry]) -> Json:
        """The history inside an issue: newest first, and not all of it."""
        shown = [self.history(entry) for entry in entries[: -CHANGELOG_LIMIT - 1 : -1]]
        return {"startAt": 0, "maxResults": len(shown), "total": len(entries), "histories": shown}

    def _account(self, key: str | None) -> str | None:
        person = None if key is None else self.config.user(key)
        return None if person is None else person.account_id

    def _listed(self, trace: str | None) -> list[User]:
        """The people in a history's ``[name, name]``."""
        names = [] if trace is None else trace.strip("[]").split(", ")
        return [person for person in map(self.config.user, names) if person is not None]

    def _accounts(self, trace: str | None) -> str | None:
        return (
            None if trace is None else f"[{', '.join(person.account_id for person in self._listed(trace))}]"
        )

    def _names(self, trace: str | None) -> str | None:
        return None if trace is None else ", ".join(person.display_name for person in self._listed(trace))
