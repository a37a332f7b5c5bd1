"""Making status schemes (Jira's workflows) as Cloud's ``workflows/create`` asks.

Of the vendor's rules those are taken that the sandbox can follow: fields that a transition requires, and
roles that may make it. Others are refused by their key.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field

from .asked import checked
from .errors import JiraError
from .permissions import administer
from .statusparts import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .configuration import User
    from .site import Site
    from .statusparts import StatusScheme

log = logging.getLogger(__name__)
CATEGORY_WORDS = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE"}
"""The words of Cloud's status resources for the categories."""
SCREEN_RULE = "system:transition-screen"
REQUIRED_RULE = "system:validate-field-value"
ROLES_RULE = "system:restrict-issue-transition"
_KEYS = {word: key for key, word in CATEGORY_WORDS.items()}
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"\S")]


class _Link(BaseModel):
    fromStatusReference: str  # noqa: N815 - the vendor's word


class _Rule(BaseModel):
    ruleKey: str  # noqa: N815 - the vendor's word
    parameters: dict[str, str] = {}


class _Conditions(BaseModel):
    conditions: tuple[_Rule, ...] = ()
    conditionGroups: tuple[Any, ...] = Field((), max_length=0)  # noqa: N815 - the vendor's word


class _Transition(BaseModel):
    id: Annotated[str, Field(pattern=r"^[0-9]{1,9}$")]
    name: Name
    type: Literal["INITIAL", "GLOBAL", "DIRECTED"]
    toStatusReference: str  # noqa: N815 - the vendor's word
    links: tuple[_Link, ...] = ()
    transitionScreen: _Rule | None = None  # noqa: N815 - the vendor's word
    validators: tuple[_Rule, ...] = ()
    conditions: _Conditions | None = None
    actions: tuple[_Rule, ...] = ()


class _Status(BaseModel):
    statusReference: str  # noqa: N815 - the vendor's word
    name: Name
    statusCategory: Literal["TODO", "IN_PROGRESS", "DONE"]  # noqa: N815 - the vendor's word
    id: str | None = None


class _StatusPlace(BaseModel):
    statusReference: str  # noqa: N815 - the vendor's word


class _Workflow(BaseModel):
    name: Name
    description: str = ""
    statuses: Annotated[tuple[_StatusPlace, ...], Field(min_length=1)]
    transitions: tuple[_Transition, ...]


class _Creation(BaseModel):
    statuses: Annotated[tuple[_Status, ...], Field(min_length=1)]
    workflows: Annotated[tuple[_Workflow, ...], Field(min_length=1, max_length=20)]


def create(site: Site, caller: User, body: Mapping[str, Any]) -> list[StatusScheme]:
    """Make status schemes, with the statuses that are new; everything or nothing.

    Raises
    ------
    JiraError
        Raised with 400 for what cannot be, 403 for who is no administrator.
    """
    administer(caller, "create workflows")
    asked = checked(_Creation, body)
    with site.administering():
        references = {one.statusReference: _status(site, one) for one in asked.statuses}
        made = [_insert(site, one, references) for one in asked.workflows]
    for number in made:
        log.info("workflow %s created by %s", site.config.status_schemes[number].name, caller.name)
    return [site.config.status_schemes[number] for number in made]


def _status(site: Site, asked: _Status) -> int:
    for known in site.config.statuses.values():
        if str(known.id) == asked.id:
            return known.id
        if asked.id is None and known.name.casefold() == asked.name.casefold():
            raise JiraError(400, f"The status name '{known.name}' is already in use: send its id.")
    if asked.id is not None:
        raise JiraError(400, f"The status with id '{asked.id}' does not exist.")
    category = CATEGORIES[_KEYS[asked.statusCategory]]
    if site.store.row("SELECT 1 FROM statuses WHERE name = ?", asked.name) is not None:
        raise JiraError(400, f"The status name '{asked.name}' is given twice.")
    return site.store.insert("statuses", name=asked.name, category=category.key)


def _insert(site: Site, asked: _Workflow, references: Mapping[str, int]) -> int:
    named = {place.statusReference for place in asked.statuses}
    used = {link.fromStatusReference for one in asked.transitions for link in one.links}
    used |= {one.toStatusReference for one in asked.transitions}
    if lost := (named - references.keys()) | (used - named):
        raise JiraError(400, f"Workflow '{asked.name}': unknown status reference '{min(lost)}'.")
    initial = [one for one in asked.transitions if one.type == "INITIAL"]
    others = [one for one in asked.transitions if one.type != "INITIAL"]
    if len(initial) != 1:
        raise JiraError(400, f"Workflow '{asked.name}': exactly one INITIAL transition is needed.")
    if len({int(one.id) for one in others}) != len(others):
        raise JiraError(400, f"Workflow '{asked.name}': the ids of its transitions are not unique.")
    if site.store.row("SELECT 1 FROM status_schemes WHERE name = ?", asked.name) is not None:
        raise JiraError(400, f"A workflow with the name '{asked.name}' already exists.")
    scheme = site.store.insert(
        "status_schemes",
        name=asked.name,
        description=asked.description,
        initial_status=references[initial[0].toStatusReference],
    )
    for one in others:
        if (one.type == "DIRECTED") != bool(one.links):
            raise JiraError(400, f"Transition '{one.name}': DIRECTED ones have links, GLOBAL ones have none.")
        site.store.insert(
            "transitions",
            scheme_id=scheme,
            id=int(one.id),
            name=one.name,
            to_status=references[one.toStatusReference],
            from_statuses=json.dumps([references[link.fromStatusReference] for link in one.links]),
            **_rules(site, one),
        )
    return scheme


def _rules(site: Site, asked: _Transition) -> dict[str, Any]:
    """Screen, required fields and roles out of a transition's rules."""
    conditions = asked.conditions.conditions if asked.conditions else ()
    screen = (asked.transitionScreen,) if asked.transitionScreen else ()
    for rules, known in ((conditions, ROLES_RULE), (asked.validators, REQUIRED_RULE), (screen, SCREEN_RULE)):
        for rule in rules:
            if rule.ruleKey != known:
                raise JiraError(400, f"Transition '{asked.name}': no such rule here as '{rule.ruleKey}'.")
    if asked.actions:
        raise JiraError(400, f"Transition '{asked.name}': the sandbox has no post functions.")
    screens = {str(row["id"]): row["id"] for row in site.store.rows("SELECT id FROM screens")}
    roles = {str(number): number for number in site.config.roles}
    fields = {name: name for name in site.config.fields}
    shown = [_known(screens, rule.parameters.get("screenId", ""), "screen") for rule in screen]
    return {
        "screen_id": shown[0] if shown else None,
        "required": json.dumps(_listed(fields, asked.validators, "fieldsRequired", "field")),
        "roles": json.dumps(_listed(roles, conditions, "roleIds", "project role")),
    }


def _listed(known: Mapping[str, Any], rules: tuple[_Rule, ...], parameter: str, what: str) -> list[Any]:
    words = [word for rule in rules for word in rule.parameters.get(parameter, "").split(",")]
    return [_known(known, word.strip(), what) for word in words]


def _known(known: Mapping[str, Any], word: str, what: str) -> Any:
    if word not in known:
        raise JiraError(400, f"The {what} '{word}' does not exist.")
    return known[word]
