"""Project templates: which issue types and statuses a new project begins with."""

from __future__ import annotations

from dataclasses import dataclass

_SOFTWARE = {"Epic": 1, "Story": 0, "Task": 0, "Bug": 0, "Sub-task": -1}
_BUSINESS = {"Task": 0, "Sub-task": -1}
_PLAIN = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}
_KANBAN = {
    "Backlog": "new",
    "Selected for Development": "new",
    "In Progress": "indeterminate",
    "Done": "done",
}


@dataclass(frozen=True)
class Blueprint:
    """What a template makes."""

    name: str
    """Name for people."""
    type_key: str
    """Kind of project, in Jira's word."""
    issue_types: dict[str, int]
    """Level by name of issue type; types the site lacks are made."""
    statuses: dict[str, str]
    """Category by name of status, in the order of the board, the first for new issues; each can be reached
    from everywhere. Statuses the site lacks are made."""


_GREENHOPPER = "com.pyxis.greenhopper.jira:"
_CORE = "com.atlassian.jira-core-project-templates:"

BLUEPRINTS = {
    _GREENHOPPER + "gh-scrum-template": Blueprint("Scrum", "software", _SOFTWARE, _PLAIN),
    _GREENHOPPER + "gh-kanban-template": Blueprint("Kanban", "software", _SOFTWARE, _KANBAN),
    _GREENHOPPER + "basic-software-development-template": Blueprint(
        "Basic software development", "software", _SOFTWARE, _PLAIN
    ),
    _CORE + "jira-core-project-management": Blueprint("Project management", "business", _BUSINESS, _PLAIN),
    _CORE + "jira-core-task-management": Blueprint("Task management", "business", _BUSINESS, _PLAIN),
    # the words of Cloud
    _GREENHOPPER + "gh-simplified-basic": Blueprint("Basic", "software", _SOFTWARE, _PLAIN),
    _GREENHOPPER + "gh-simplified-scrum-classic": Blueprint("Scrum", "software", _SOFTWARE, _PLAIN),
    _GREENHOPPER + "gh-simplified-kanban-classic": Blueprint("Kanban", "software", _SOFTWARE, _KANBAN),
    _CORE + "jira-core-simplified-project-management": Blueprint(
        "Project management", "business", _BUSINESS, _PLAIN
    ),
    _CORE + "jira-core-simplified-task-tracking": Blueprint("Task tracking", "business", _BUSINESS, _PLAIN),
}
"""By template key."""

BY_TYPE = {
    "software": BLUEPRINTS[_GREENHOPPER + "basic-software-development-template"],
    "business": BLUEPRINTS[_CORE + "jira-core-project-management"],
}
"""What a project of a kind gets without a template."""
