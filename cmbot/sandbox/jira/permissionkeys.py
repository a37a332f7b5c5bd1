"""The permissions there are, and with what words and status the lack of one is refused."""

from __future__ import annotations

PERMISSIONS = {
    "ADMINISTER_PROJECTS": "Administer Projects",
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "EDIT_ISSUES": "Edit Issues",
    "ASSIGN_ISSUES": "Assign Issues",
    "ASSIGNABLE_USER": "Assignable User",
    "RESOLVE_ISSUES": "Resolve Issues",
    "CLOSE_ISSUES": "Close Issues",
    "TRANSITION_ISSUES": "Transition Issues",
    "SCHEDULE_ISSUES": "Schedule Issues",
    "MOVE_ISSUES": "Move Issues",
    "LINK_ISSUES": "Link Issues",
    "DELETE_ISSUES": "Delete Issues",
    "MODIFY_REPORTER": "Modify Reporter",
    "SET_ISSUE_SECURITY": "Set Issue Security",
    "ADD_COMMENTS": "Add Comments",
    "EDIT_ALL_COMMENTS": "Edit All Comments",
    "EDIT_OWN_COMMENTS": "Edit Own Comments",
    "DELETE_ALL_COMMENTS": "Delete All Comments",
    "DELETE_OWN_COMMENTS": "Delete Own Comments",
    "CREATE_ATTACHMENTS": "Create Attachments",
    "DELETE_ALL_ATTACHMENTS": "Delete All Attachments",
    "DELETE_OWN_ATTACHMENTS": "Delete Own Attachments",
    "WORK_ON_ISSUES": "Work On Issues",
    "EDIT_ALL_WORKLOGS": "Edit All Worklogs",
    "EDIT_OWN_WORKLOGS": "Edit Own Worklogs",
    "DELETE_ALL_WORKLOGS": "Delete All Worklogs",
    "DELETE_OWN_WORKLOGS": "Delete Own Worklogs",
    "MANAGE_WATCHERS": "Manage Watchers",
    "VIEW_VOTERS_AND_WATCHERS": "View Voters and Watchers",
}
"""Project permissions and their names."""

GLOBAL_PERMISSIONS = {
    "ADMINISTER": "Jira Administrators",
    "SYSTEM_ADMIN": "Jira System Administrators",
    "USER_PICKER": "Browse Users",
    "CREATE_SHARED_OBJECTS": "Create Shared Objects",
    "BULK_CHANGE": "Bulk Change",
}
"""Permissions over the whole site; the first two are an administrator's."""

# Words of the refusals and their statuses: what Data Center's description declares for the operation; where
# Cloud's says otherwise is in `cloud`.
REFUSALS = {
    "ADMINISTER_PROJECTS": (403, "You do not have permission to administer project '{project}'."),
    "CREATE_ISSUES": (400, "You do not have permission to create issues in this project."),
    "EDIT_ISSUES": (403, "You do not have permission to edit issues in this project."),
    "ASSIGN_ISSUES": (401, "You do not have permission to assign issues."),
    "LINK_ISSUES": (401, "No Link Issue Permission for issue '{issue}'"),
    "DELETE_ISSUES": (403, "You do not have permission to delete issues in this project."),
    "ADD_COMMENTS": (400, "{user}, you do not have the permission to comment on this issue."),
    "EDIT_OWN_COMMENTS": (400, "{user}, you do not have the permission to edit this comment."),
    "DELETE_OWN_COMMENTS": (400, "{user}, you do not have the permission to delete this comment."),
    "CREATE_ATTACHMENTS": (403, "You do not have permission to create attachments for this issue."),
    "DELETE_OWN_ATTACHMENTS": (403, "You do not have permission to delete this attachment."),
    "WORK_ON_ISSUES": (403, "You do not have permission to associate a worklog to this issue."),
    "EDIT_OWN_WORKLOGS": (403, "You do not have the permission to edit this worklog."),
    "DELETE_OWN_WORKLOGS": (403, "You do not have the permission to delete this worklog."),
    "VIEW_VOTERS_AND_WATCHERS": (404, "You do not have the permission to view the voters of this issue."),
    "MANAGE_WATCHERS": (401, "You do not have permission to manage the watcher list."),
}

READING = ("BROWSE_PROJECTS", "ADMINISTER_PROJECTS", "VIEW_VOTERS_AND_WATCHERS")
"""What can still be allowed where something is archived."""
