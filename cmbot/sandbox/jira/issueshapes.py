"""An issue as the JSON of Jira's REST: the fields asked for, and what ``expand`` adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import (
    attachments,
    comments,
    history,
    issuelinks,
    issues,
    properties,
    statusscheme,
    timesums,
    views,
    votes,
    watchers,
    worklogs,
)
from .markup import to_html
from .permissions import may
from .restriction import readable
from .screens import edit_screen, permitted, required

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .fielddefinition import Field
    from .issues import Issue
    from .shapes import Json, Shapes
    from .site import Site
    from .statusparts import Transition

EXPANDABLE = "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations"


class IssueShapes:
    """Renders issues for one request.

    Parameters
    ----------
    site : `Site`
        The site.
    shapes : `Shapes`
        The caller's shapes.
    fields : `~collections.abc.Sequence` [`Field`]
        Fields to show.
    expand : `~collections.abc.Iterable` [`str`], optional
        What to add.
    with_properties : `~collections.abc.Sequence` [`str`], optional
        Keys of issue properties to add.
    """

    def __init__(
        self,
        site: Site,
        shapes: Shapes,
        fields: Sequence[Field],
        expand: Iterable[str] = (),
        with_properties: Sequence[str] = (),
    ) -> None:
        self.site = site
        self.shapes = shapes
        self.fields = fields
        self.expand = frozenset(expand)
        self.with_properties = with_properties
        self._found_below: dict[int, list[Issue]] = {}

    def __call__(self, issue: Issue) -> Json:
        """The issue with everything that was asked for."""
        found: Json = {
            "expand": EXPANDABLE,
            "id": str(issue.id),
            "self": self.shapes.link(f"issue/{issue.id}"),
            "key": issue.key,
            "fields": {field.id: self._value(issue, field) for field in self.fields},
        }
        if found["fields"].get("parent", issue) is None:
            del found["fields"]["parent"]  # the one field that is left out where there is none
        if "changelog" in self.expand:
            found["changelog"] = self._changelog(issue)
        if "renderedFields" in self.expand:
            found["renderedFields"] = self._rendered(issue)
        if "transitions" in self.expand:
            found["transitions"] = [
                self.shapes.transition(one, with_fields=False) for one in self._moves(issue)
            ]
        if "editmeta" in self.expand:
            found["editmeta"] = edit_metadata(self.shapes, issue)
        if self.with_properties:
            found["properties"] = self._properties(issue)
        return found

    def about_fields(self) -> Json:
        """``names`` and ``schema``, where asked for."""
        found: Json = {}
        if "names" in self.expand:
            found["names"] = {field.id: field.name for field in self.fields}
        if "schema" in self.expand:
            found["schema"] = {field.id: self.shapes.schema(field) for field in self.fields}
        return found

    def _value(self, issue: Issue, field: Field) -> Any:  # noqa: C901, PLR0911, PLR0912 - one line per system field
        shapes, site = self.shapes, self.site
        match field.id:
            case "project":
                return shapes.project(issue.project)
            case "issuetype":
                return shapes.issue_type(issue.type)
            case "status":
                return shapes.status(issue.status)
            case "parent":
                above = issues.parent(site, issue)
                return (
                    None
                    if above is None or not issues.visible(site, shapes.viewer, above)
                    else self.brief(above)
                )
            case "creator":
                return shapes.user(issue.creator)
            case "created":
                return shapes.instant(issue.created)
            case "updated":
                return shapes.instant(issue.updated)
            case "resolutiondate":
                return shapes.instant(issue.resolved)
            case "issuelinks":
                return self._issue_links(issue)
            case "subtasks":
                return [self.brief(child) for child in self._below(issue)]
            case "statuscategorychangedate":
                return shapes.instant(issue.category_changed)
            case "lastViewed":
                return shapes.instant(views.last(site, shapes.viewer, issue))
            case "archiveddate":
                return shapes.instant(issue.archived)
            case "archivedby":
                return shapes.user(issue.archived_by)
            case "aggregatetimespent" | "aggregatetimeestimate" | "aggregatetimeoriginalestimate":
                return timesums.total([issue, *self._below(issue)], field.id.removeprefix("aggregate"))
            case "progress":
                return timesums.progress([issue])
            case "aggregateprogress":
                return timesums.progress([issue, *self._below(issue)])
            case "workratio":
                return timesums.work_ratio(issue)
            case "watches":
                return self.watches(issue)
            case "votes":
                return self.votes(issue)
            case "timetracking":
                return shapes.timetracking(issue.values)
            case "worklog":
                return self._worklog_page(issue)
            case "attachment":
                return [shapes.attachment(one) for one in attachments.listed(site, issue.id)]
            case "comment":
                return self._comment_page(issue)
            case _:
                return shapes.value(field, issue.values.get(field.id))

    def _below(self, issue: Issue) -> list[Issue]:
        """The sub-tasks, looked for once."""
        if issue.id not in self._found_below:
            self._found_below[issue.id] = issues.subtasks(self.site, issue)
        return self._found_below[issue.id]

    def brief(self, issue: Issue) -> Json:
        """An issue inside another: parent, sub-task, link."""
        fields = self.site.config.fields
        return {
            "id": str(issue.id),
            "key": issue.key,
            "self": self.shapes.link(f"issue/{issue.id}"),
            "fields": {
                "summary": issue.values["summary"],
                "status": self.shapes.status(issue.status),
                "priority": self.shapes.value(fields["priority"], issue.values.get("priority")),
                "issuetype": self.shapes.issue_type(issue.type),
            },
        }

    def watches(self, issue: Issue) -> Json:
        """How many watch, and whether the caller does."""
        people = watchers.of_issue(self.site, issue.id)
        return {
            "self": self.shapes.link(f"issue/{issue.key}/watchers"),
            "watchCount": len(people),
            "isWatching": self.shapes.viewer in people,
        }

    def votes(self, issue: Issue) -> Json:
        """How many voted, and whether the caller did."""
        people = votes.of_issue(self.site, issue.id)
        return {
            "self": self.shapes.link(f"issue/{issue.key}/votes"),
            "votes": len(people),
            "hasVoted": self.shapes.viewer in people,
        }

    def _worklog_page(self, issue: Issue) -> Json:
        viewer = self.shapes.viewer
        found = [] if viewer is None else worklogs.listed(self.site, viewer, issue)
        shown = [self.shapes.worklog(one) for one in found[:20]]
        return {"startAt": 0, "maxResults": 20, "total": len(found), "worklogs": shown}

    def _issue_links(self, issue: Issue) -> list[Json]:
        """The links to issues that the viewer sees."""
        found = []
        for link in issuelinks.of_issue(self.site, issue.id):
            word, number = (
                ("outwardIssue", link.outward) if link.inward == issue.id else ("inwardIssue", link.inward)
            )
            other = issues.find(self.site, str(number))
            if issues.visible(self.site, self.shapes.viewer, other):
                found.append(
                    {
                        "id": str(link.id),
                        "self": self.shapes.link(f"issueLink/{link.id}"),
                        "type": self.shapes.link_type(link.type),
                        word: self.brief(other),
                    }
                )
        return found

    def _moves(self, issue: Issue) -> list[Transition]:
        viewer = self.shapes.viewer
        return [] if viewer is None else statusscheme.available(self.site, viewer, issue)

    def _comment_page(self, issue: Issue) -> Json:
        found = [
            self.shapes.comment(one)
            for one in comments.listed(self.site, issue.id)
            if readable(self.site, self.shapes.viewer, issue.project, one.visibility)
        ]
        return {"comments": found, "maxResults": len(found), "total": len(found), "startAt": 0}

    def _changelog(self, issue: Issue) -> Json:
        return self.shapes.changelog(history.entries(self.site, issue.id))

    def _rendered(self, issue: Issue) -> Json:
        rendered: Json = {}
        for field in self.fields:
            if field.type == "paragraph":
                rendered[field.id] = to_html(issue.values.get(field.id) or "", self.shapes.around)
            elif field.id == "comment":
                page = self._comment_page(issue)
                for comment in page["comments"]:
                    comment["body"] = to_html(comment["body"], self.shapes.around)
                rendered[field.id] = page
        return rendered

    def _properties(self, issue: Issue) -> Json:
        keys = properties.keys(self.site, "issue", issue.id)
        if "*all" not in self.with_properties:
            keys = [key for key in keys if key in self.with_properties]
        return {key: properties.get(self.site, "issue", issue.id, key) for key in keys}


def edit_metadata(shapes: Shapes, issue: Issue) -> Json:
    """The fields of the edit screen; none for who may not edit the issue."""
    viewer = shapes.viewer
    if viewer is not None and not may(shapes.config, viewer, "EDIT_ISSUES", issue.project, issue):
        return {"fields": {}}
    screen = edit_screen(shapes.config, issue.project, issue.type)
    if viewer is not None:
        screen = permitted(shapes.config, viewer, issue.project, issue, screen)
    fields = {field.id: shapes.field_metadata(field, required=required(field)) for field in screen.values()}
    above = None if issue.type.subtask else shapes.parent_metadata(issue.type)
    return {"fields": fields if above is None else {**fields, "parent": above}}
