"""Pages with forms: creating and editing issues, transition screens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from cmbot.sandbox.jira import issuecreation, issues, statusscheme
from cmbot.sandbox.jira.configuration import DEFAULT_PRIORITY
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.permissions import may
from cmbot.sandbox.jira.screens import edit_screen, permitted, required

from . import above, forms
from .visit import Posted, Visit, Visiting  # noqa: TC001 - FastAPI reads the annotations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.sandbox.jira.configuration import IssueType, Project
    from cmbot.sandbox.jira.fielddefinition import Field
    from cmbot.sandbox.jira.issues import Issue
    from cmbot.sandbox.jira.statusparts import Transition

    from .forms import Control
    from .visit import Form

router = APIRouter()


@router.get("/create")
def creation(visit: Visiting) -> Response:
    """Ask what to create: project and type first, then the fields."""
    asked = visit.request.query_params
    project, kind = _chosen(visit, asked.get("project", ""), asked.get("type", ""))
    screen = _create_screen(visit, project, kind)
    parent = asked.get("parent", "")
    given = _given(visit) | above.as_epic(visit, kind, parent)
    before = above.controls(visit, project, kind, parent)
    return _creation(visit, project, kind, before + _controls(visit, screen, given))


@router.post("/create")
def create(visit: Visiting, form: Posted) -> Response:
    """Create an issue: the operation behind REST's ``issue``."""
    project, kind = _chosen(visit, form.get("project"), form.get("type"))
    screen = _create_screen(visit, project, kind)
    parent, before = above.controls(visit, project, kind), _controls(visit, screen, _given(visit))
    fields: dict[str, Any] = {"project": {"key": project.key}, "issuetype": {"id": str(kind.id)}}
    try:
        fields |= above.read(parent, form) | forms.read(visit, screen, before, form)
        made = issuecreation.create(visit.site, visit.user, {"fields": fields})
    except JiraError as error:
        return _creation(visit, project, kind, _filled(parent + before, form, error), error)
    return visit.to(f"/browse/{made.key}")


@router.get("/browse/{key}/edit")
def edition(visit: Visiting, key: str) -> Response:
    """Ask what to change."""
    issue = visit.issue(key, "EDIT_ISSUES")
    before = above.of_issue(visit, issue)
    return _edition(visit, issue, before + _controls(visit, _edit_screen(visit, issue), issue.values))


@router.post("/browse/{key}/edit")
def edit(visit: Visiting, form: Posted, key: str) -> Response:
    """Change fields: the operation behind REST's edit."""
    issue = visit.issue(key, "EDIT_ISSUES")
    screen = _edit_screen(visit, issue)
    parent, before = above.of_issue(visit, issue), _controls(visit, screen, issue.values)
    try:
        sent = above.read(parent, form) | forms.read(visit, screen, before, form)
        issues.edit(visit.site, visit.user, issue, {"fields": sent})
    except JiraError as error:
        return _edition(visit, issue, _filled(parent + before, form, error), error)
    return visit.to(f"/browse/{issue.key}")


@router.get("/browse/{key}/transition/{number}")
def transition_screen(visit: Visiting, key: str, number: str) -> Response:
    """Ask for the fields of a transition's screen."""
    issue = visit.issue(key)
    transition = _possible(visit, issue, number)
    return _transition(visit, issue, transition, _transition_controls(visit, issue, transition))


@router.post("/browse/{key}/transition/{number}")
def make_transition(visit: Visiting, form: Posted, key: str, number: str) -> Response:
    """Make a transition with what its screen was given."""
    issue = visit.issue(key)
    transition = _possible(visit, issue, number)
    before = _transition_controls(visit, issue, transition)
    screen = _transition_fields(issue, transition)
    body: dict[str, Any] = {"transition": {"id": number}}
    if form.get("comment").strip():
        body["update"] = {"comment": [{"add": {"body": form.get("comment").replace("\r\n", "\n")}}]}
    try:
        body["fields"] = forms.read(visit, screen, before, form)
        statusscheme.move(visit.site, visit.user, issue, body)
    except JiraError as error:
        return _transition(visit, issue, transition, _filled(before, form, error), error)
    return visit.to(f"/browse/{issue.key}")


def _chosen(visit: Visit, key: str, kind: str) -> tuple[Project, IssueType]:
    """Project and type of a new issue; the first ones if none are named."""
    places = [p for p in visit.projects if may(visit.site.config, visit.user, "CREATE_ISSUES", p)]
    project = next((p for p in places if p.key == key), places[0] if places and not key else None)
    if project is None:
        raise JiraError(400, "There is no project in which you can create issues.")
    standard = next((one for one in project.issue_types if one.level == 0), project.issue_types[0])
    return project, next((one for one in project.issue_types if str(one.id) == kind), standard)


def _create_screen(visit: Visit, project: Project, kind: IssueType) -> dict[str, Field]:
    screen = edit_screen(visit.site.config, project, kind)
    return permitted(visit.site.config, visit.user, project, None, screen)


def _given(visit: Visit) -> dict[str, str]:
    """What a new issue has if nobody says otherwise."""
    return {"priority": DEFAULT_PRIORITY, "reporter": visit.user.name}


def _edit_screen(visit: Visit, issue: Issue) -> dict[str, Field]:
    screen = edit_screen(visit.site.config, issue.project, issue.type)
    return permitted(visit.site.config, visit.user, issue.project, issue, screen)


def _controls(visit: Visit, screen: Mapping[str, Field], stored: Mapping[str, Any]) -> list[Control]:
    needed = frozenset(name for name, field in screen.items() if required(field))
    return forms.controls(visit, screen, stored, needed)


def _possible(visit: Visit, issue: Issue, number: str) -> Transition:
    for one in statusscheme.available(visit.site, visit.user, issue):
        if str(one.id) == number:
            return one
    raise JiraError(400, f"That transition of {issue.key} is not possible now.")


def _transition_fields(issue: Issue, transition: Transition) -> dict[str, Field]:
    return {
        item.field.id: item.field.within(issue.project, issue.type) or item.field
        for item in transition.screen
    }


def _transition_controls(visit: Visit, issue: Issue, transition: Transition) -> list[Control]:
    needed = frozenset(item.field.id for item in transition.screen if item.required)
    return forms.controls(visit, _transition_fields(issue, transition), issue.values, needed)


def _filled(before: list[Control], form: Form, error: JiraError) -> list[Control]:
    """The controls as they were sent, with what was refused."""
    return [
        replace(
            control,
            values=tuple(form.many(control.name)) if control.name in form else control.values,
            problem=error.errors.get(control.name, ""),
        )
        for control in before
    ]


def _texts(controls: list[Control], error: JiraError | None) -> list[str]:
    """What was refused that no control shows."""
    if error is None:
        return []
    shown = {control.name for control in controls}
    return [*error.messages, *(text for name, text in error.errors.items() if name not in shown)]


def _creation(
    visit: Visit,
    project: Project,
    kind: IssueType,
    controls: list[Control],
    error: JiraError | None = None,
) -> Response:
    places = [p for p in visit.projects if may(visit.site.config, visit.user, "CREATE_ISSUES", p)]
    return visit.page(
        "create.html",
        "Create an issue",
        200 if error is None else 400,
        places=places,
        project=project,
        kind=kind,
        controls=controls,
        parent=next((one.value for one in controls if one.name == above.NAME), ""),
        texts=_texts(controls, error),
    )


def _edition(visit: Visit, issue: Issue, controls: list[Control], error: JiraError | None = None) -> Response:
    return visit.page(
        "edit.html",
        f"Edit {issue.key}",
        200 if error is None else 400,
        issue=issue,
        controls=controls,
        texts=_texts(controls, error),
    )


def _transition(
    visit: Visit,
    issue: Issue,
    transition: Transition,
    controls: list[Control],
    error: JiraError | None = None,
) -> Response:
    return visit.page(
        "transition.html",
        f"{transition.name}: {issue.key}",
        200 if error is None else 400,
        issue=issue,
        transition=transition,
        controls=controls,
        texts=_texts(controls, error),
    )
