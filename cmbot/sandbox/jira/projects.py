"""Projects: create, change, delete."""

from __future__ import annotations

import logging
import re
from itertools import count
from typing import TYPE_CHECKING, Any

from .blueprints import BLUEPRINTS, BY_TYPE, Blueprint
from .errors import FieldProblem, JiraError
from .permissions import administer, need
from .seeding import add_members

if TYPE_CHECKING:
    from .configuration import Project, User
    from .site import Site

log = logging.getLogger(__name__)
KEY = re.compile(r"[A-Z][A-Z0-9_]{1,9}")
NAME_LIMIT = 80
ASSIGNEE_TYPES = ("PROJECT_LEAD", "UNASSIGNED")


def create(site: Site, caller: User, body: dict[str, Any]) -> Project:
    """Make a project with what its template says.

    Raises
    ------
    JiraError
        Raised with 400 and one message for each part that cannot be, 403 for who is no administrator.
    """
    administer(caller, "create projects")
    blueprint = _blueprint(body)
    key, name = body.get("key"), body.get("name")
    problems = _problems(site, key, name)
    try:
        lead = _lead(site, body)
        if lead is None:
            problems["projectLead"] = "You must specify a valid project lead."
    except FieldProblem as problem:
        problems["projectLead"] = str(problem)
    if problems:
        raise JiraError(400, errors=problems)
    scheme = next(iter(site.config.permission_schemes))
    with site.administering():
        statuses = {one: _status(site, one, category) for one, category in blueprint.statuses.items()}
        number = site.store.insert(
            "projects",
            key=key,
            name=name,
            lead=lead,
            status_scheme=_known(
                site.config.status_schemes, body.get("workflowScheme"), "workflow scheme", None
            )
            or _own_status_scheme(site, str(key), statuses),
            security_scheme=_known(
                site.config.security_schemes, body.get("issueSecurityScheme"), "issue security scheme", None
            ),
            permission_scheme=_known(
                site.config.permission_schemes, body.get("permissionScheme"), "permission scheme", scheme
            ),
            category_id=_known(site.config.categories, body.get("categoryId"), "project category", None),
            type_key=blueprint.type_key,
            description=_text(body, "description"),
            url=_text(body, "url"),
            assignee_type=_assignee_type(body, "UNASSIGNED"),
        )
        for position, (kind, level) in enumerate(blueprint.issue_types.items()):
            site.store.insert(
                "project_issue_types",
                project_id=number,
                issue_type_id=_issue_type(site, kind, level),
                position=position,
            )
        add_members(site.store, number, {role.name: role.id for role in site.config.roles.values()}, {})
    log.info("project %s created by %s", key, caller.name)
    return site.config.projects[number]


def change(site: Site, caller: User, project: Project, body: dict[str, Any]) -> Project:
    """Change what a project says of itself."""
    need(site.config, caller, "ADMINISTER_PROJECTS", project)
    if "key" in body and body["key"] != project.key:
        raise JiraError(400, errors={"projectKey": "The sandbox does not rename project keys."})
    name = body.get("name", project.name)
    problems = {} if name == project.name else _problems(site, None, name)
    problems.pop("projectKey", None)
    try:
        lead = _lead(site, body) or project.lead
    except FieldProblem as problem:
        problems["projectLead"] = str(problem)
    if problems:
        raise JiraError(400, errors=problems)
    category = None if project.category is None else project.category.id
    with site.administering():
        site.store.run(
            "UPDATE projects SET name = ?, lead = ?, description = ?, url = ?, assignee_type = ?, "
            "category_id = ?, permission_scheme = ?, security_scheme = ? WHERE id = ?",
            name,
            lead,
            _text(body, "description", project.description),
            _text(body, "url", project.url),
            _assignee_type(body, project.assignee_type),
            _known(site.config.categories, body.get("categoryId"), "project category", category),
            _known(
                site.config.permission_schemes,
                body.get("permissionScheme"),
                "permission scheme",
                project.permission_scheme,
            ),
            _known(
                site.config.security_schemes,
                body.get("issueSecurityScheme"),
                "issue security scheme",
                None if project.security is None else project.security.id,
            ),
            project.id,
        )
    return site.config.projects[project.id]


def follow(site: Site, caller: User, project: Project, raw: Any) -> None:
    """Let a project without issues follow another status scheme."""
    administer(caller, "assign workflow schemes")
    number = _known(site.config.status_schemes, raw, "workflow scheme", None)
    if number is None:
        raise JiraError(400, "A workflow scheme is expected.")
    if site.store.row("SELECT 1 FROM issues WHERE project_id = ?", project.id) is not None:
        raise JiraError(400, f"Project '{project.key}' has issues: its workflow scheme cannot be changed.")
    with site.administering():
        site.store.run("UPDATE projects SET status_scheme = ? WHERE id = ?", number, project.id)


def delete(site: Site, caller: User, project: Project) -> None:
    """Delete a project with all its issues, for ever."""
    need(site.config, caller, "ADMINISTER_PROJECTS", project)
    administer(caller, "delete projects")
    if project.archived is not None:  # documented for Cloud
        raise JiraError(400, f"Project '{project.key}' is archived: restore it before it is deleted.")
    with site.administering():
        link = site.config.field_of_type("epic-link")
        if link:
            site.store.run(
                "UPDATE issues SET fields = json_remove(fields, ?) WHERE json_extract(fields, ?) IN "
                "(SELECT key FROM issues WHERE project_id = ?)",
                f"$.{link.id}",
                f"$.{link.id}",
                project.id,
            )
        for table in ("issues", "project_issue_types"):
            site.store.run(f"DELETE FROM {table} WHERE project_id = ?", project.id)  # noqa: S608 - names from the code
        site.store.run("DELETE FROM projects WHERE id = ?", project.id)
    log.info("project %s deleted by %s", project.key, caller.name)


def _blueprint(body: dict[str, Any]) -> Blueprint:
    template, kind = body.get("projectTemplateKey"), body.get("projectTypeKey")
    if template is not None:
        found = BLUEPRINTS.get(str(template))
        if found is None:
            known = ", ".join(BLUEPRINTS)
            raise JiraError(
                400,
                errors={"projectTemplateKey": f"Unknown project template '{template}'; emulated: {known}."},
            )
        return found
    if kind is not None and str(kind) not in BY_TYPE:
        raise JiraError(400, errors={"projectTypeKey": "An invalid project type was specified."})
    return BY_TYPE[str(kind or "software")]


def _problems(site: Site, key: Any, name: Any) -> dict[str, str]:
    found = {}
    projects = site.config.projects.values()
    if not isinstance(key, str) or not KEY.fullmatch(key):
        found["projectKey"] = (
            "Project keys must start with an uppercase letter, followed by one or more uppercase "
            "alphanumeric characters, at most 10 in all."
        )
    elif any(project.key == key for project in projects):
        other = next(project.name for project in projects if project.key == key)
        found["projectKey"] = f"Project '{other}' uses this project key."
    if not isinstance(name, str) or not 2 <= len(name.strip()) <= NAME_LIMIT:
        found["projectName"] = f"You must specify a valid project name of 2 to {NAME_LIMIT} characters."
    elif any(project.name.casefold() == name.casefold() for project in projects):
        found["projectName"] = "A project with that name already exists."
    return found


def _lead(site: Site, body: dict[str, Any]) -> str | None:
    if body.get("leadAccountId") is not None:
        return site.flavour.read_user(site.config, {"accountId": body["leadAccountId"]})
    return None if body.get("lead") is None else site.flavour.read_user(site.config, {"name": body["lead"]})


def _assignee_type(body: dict[str, Any], default: str) -> str:
    found = body.get("assigneeType", default)
    if found not in ASSIGNEE_TYPES:
        raise JiraError(400, errors={"assigneeType": "Invalid default assignee."})
    return str(found)


def _known(table: dict[int, Any], raw: Any, what: str, default: int | None) -> int | None:
    if raw is None or raw == -1:
        return default
    found = next((number for number in table if str(number) == str(raw)), None)
    if found is None:
        raise JiraError(400, f"A {what} with id '{raw}' does not exist.")
    return found


def _text(body: dict[str, Any], name: str, default: str = "") -> str:
    found = body.get(name, default)
    if found is None:
        return ""
    if not isinstance(found, str) or len(found) > 32_767:
        raise JiraError(400, errors={name: f"'{name}' must be a text."})
    return found


def _own_status_scheme(site: Site, key: str, statuses: dict[str, int]) -> int:
    """A status scheme in which each status can be reached from everywhere."""
    taken = {scheme.name.casefold() for scheme in site.config.status_schemes.values()}
    names = (f"{key} Workflow" + (f" ({n})" if n > 1 else "") for n in count(1))
    name = next(name for name in names if name.casefold() not in taken)
    initial = next(iter(statuses.values()))
    scheme = site.store.insert("status_schemes", name=name, initial_status=initial)
    for position, (status, to) in enumerate(statuses.items(), start=1):
        site.store.insert("transitions", scheme_id=scheme, id=10 * position + 1, name=status, to_status=to)
    return scheme


def _status(site: Site, name: str, category: str) -> int:
    found = next((s.id for s in site.config.statuses.values() if s.name.casefold() == name.casefold()), None)
    return found or site.store.insert("statuses", name=name, category=category)


def _issue_type(site: Site, name: str, level: int) -> int:
    found = site.config.first_type(name)
    return found.id if found else site.store.insert("issue_types", name=name, level=level)
