"""The fields that every Jira has, as far as they are emulated."""

from __future__ import annotations

from .fielddefinition import Field

_FIELDS = (
    # those that can stand on a screen
    Field("summary", "Summary", "summary", clauses=("summary",)),
    Field("description", "Description", "paragraph", clauses=("description",)),
    Field("priority", "Priority", "priority", clauses=("priority",)),
    Field("resolution", "Resolution", "resolution", clauses=("resolution",)),
    Field("labels", "Labels", "labels", clauses=("labels",)),
    Field("components", "Component/s", "components", clauses=("component",)),
    Field("versions", "Affects Version/s", "versions", clauses=("affectedVersion",)),
    Field("fixVersions", "Fix Version/s", "versions", clauses=("fixVersion",)),
    Field("environment", "Environment", "paragraph", clauses=("environment",)),
    Field("duedate", "Due Date", "date", clauses=("due", "duedate")),
    Field("security", "Security Level", "securitylevel", clauses=("level",)),
    Field("timetracking", "Time Tracking", "timetracking", navigable=False),
    Field("assignee", "Assignee", "user", clauses=("assignee",)),
    Field("reporter", "Reporter", "user", clauses=("reporter",)),
    # those that Jira sets, or that other operations change
    Field("project", "Project", "project", clauses=("project",), writable=False),
    Field("issuetype", "Issue Type", "issuetype", clauses=("issuetype", "type"), writable=False),
    Field("status", "Status", "status", clauses=("status",), writable=False),
    Field("parent", "Parent", "issuelink", clauses=("parent",), writable=False),
    Field("creator", "Creator", "user", clauses=("creator",), writable=False),
    Field("created", "Created", "datetime", clauses=("created", "createdDate"), writable=False),
    Field("updated", "Updated", "datetime", clauses=("updated", "updatedDate"), writable=False),
    Field("resolutiondate", "Resolved", "datetime", clauses=("resolved", "resolutiondate"), writable=False),
    Field("issuelinks", "Linked Issues", "issuelinks", writable=False),
    Field("subtasks", "Sub-Tasks", "subtasks", writable=False),
    Field("watches", "Watchers", "watches", writable=False),
    Field("votes", "Votes", "votes", writable=False),
    Field("timeoriginalestimate", "Original Estimate", "seconds", writable=False),
    Field("timeestimate", "Remaining Estimate", "seconds", writable=False),
    Field("timespent", "Time Spent", "seconds", writable=False),
    Field("aggregatetimeoriginalestimate", "Σ Original Estimate", "seconds", writable=False),
    Field("aggregatetimeestimate", "Σ Remaining Estimate", "seconds", writable=False),
    Field("aggregatetimespent", "Σ Time Spent", "seconds", writable=False),
    Field("progress", "Progress", "progress", writable=False),
    Field("aggregateprogress", "Σ Progress", "progress", writable=False),
    Field("workratio", "Work Ratio", "number", writable=False),
    Field("lastViewed", "Last Viewed", "datetime", writable=False),
    Field(
        "statuscategorychangedate",
        "Status Category Changed",
        "category-change",
        clauses=("statusCategoryChangedDate",),
        writable=False,
    ),
    Field("archiveddate", "Archived", "archived-date", writable=False, navigable=False),
    Field("archivedby", "Archiver", "archived-by", writable=False, navigable=False),
    Field("worklog", "Log Work", "worklog", writable=False, navigable=False),
    Field("attachment", "Attachment", "attachment", writable=False, navigable=False),
    Field("comment", "Comment", "comments-page", writable=False, navigable=False),
)

SYSTEM_FIELDS = {field.id: field for field in _FIELDS}
