"""Cloud: REST v2 and v3, people by account id, ``parent`` at every level."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .cloudshapes import CloudShapes, email
from .configuration import first
from .errors import FieldProblem
from .fielddefinition import Field
from .flavour import Caps, Flavour

if TYPE_CHECKING:
    from .configuration import Configuration, User

CLOUD_ID = "5a4d2b0e-5bd1-4c0c-9d6f-0c1a5a2d0b0c"
"""The site's id, by which ``/ex/jira/{cloudId}`` knows it; every sandbox has the same."""
_EPIC = Field("epic", "Epic Link", "epic-link")
"""Where the epic of an issue is kept if the seed has no field for it."""


# What Cloud's description says of the operations for which one needs these permissions.
_REFUSALS = {
    "EDIT_ISSUES": 400,
    "ASSIGN_ISSUES": 403,
    "LINK_ISSUES": 404,
    "WORK_ON_ISSUES": 400,
    "EDIT_OWN_WORKLOGS": 400,
    "DELETE_OWN_WORKLOGS": 400,
    "MANAGE_WATCHERS": 403,
}


class Cloud(Flavour):
    """Jira Cloud."""

    name = "cloud"
    apis = ("/rest/api/2", "/rest/api/3", "/rest/api/latest")
    shapes = CloudShapes
    # Cloud says of an issue neither that it is archived nor by whom, as far as is documented
    hidden_types = frozenset({"epic-link", "epic-name", "archived-date", "archived-by"})
    refusals = _REFUSALS
    parents = True
    creation_is_history = True
    user_parameters = ("accountId",)
    bearer = False
    passwords = False
    permissions_are_named = True
    unknown_transition = 400
    conflict = 409
    silence_is_refused = False
    returns_issue = True
    bodyless_needs_type = True
    bulk_limit = 50
    caps = Caps(comments=5000, worklogs=10_000, attachments=2000, issue_links=2000, remote_links=2000)

    def configured(self, config: Configuration) -> Configuration:
        """Also with a field for epics, unseen, on which ``parent`` is kept."""
        shown = super().configured(config)
        if any(field.type == _EPIC.type for field in shown.hidden.values()):
            return shown
        return replace(shown, hidden={**shown.hidden, _EPIC.id: _EPIC})

    def contact(self, config: Configuration, url: str) -> dict[str, Any]:
        """E-mail and account id by login name, and the address of the gateway."""
        logins = {
            person.name: {"email": email(person), "accountId": person.account_id}
            for person in config.users.values()
        }
        return {"logins": logins, "gateway": f"{url}/ex/jira/{CLOUD_ID}"}

    def server_info(self, base_url: str, now: str) -> dict[str, Any]:
        """Answer of ``serverInfo``."""
        return {
            "baseUrl": base_url,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100204,
            "buildDate": "2025-01-01T00:00:00.000+0000",
            "serverTime": now,
            "scmInfo": "sandbox",
            "serverTitle": "Sandbox Jira (an emulator, not Atlassian's)",
            "defaultLocale": {"locale": "en_US"},
        }

    def identified(self, config: Configuration, text: str) -> User | None:
        """By account id."""
        return first(person for person in config.users.values() if person.account_id == text)

    def named_user(self, config: Configuration, text: str) -> User | None:
        """By account id, e-mail or full name, as JQL takes them."""
        wanted = text.casefold()
        return first(
            person
            for person in config.users.values()
            if wanted in (person.account_id, email(person).casefold(), person.display_name.casefold())
        )

    def login(self, person: User) -> str:
        """The e-mail."""
        return email(person)

    def signing_in(self, config: Configuration, text: str) -> User | None:
        """By e-mail."""
        wanted = text.casefold()
        return first(person for person in config.users.values() if wanted == email(person).casefold())

    def read_user(self, config: Configuration, raw: Any) -> str | None:
        """Out of ``{"accountId": ...}``; -1 is the default assignee, who is nobody."""
        if raw is None:
            return None
        if not isinstance(raw, dict):
            raise FieldProblem("data was not an object")
        account = raw.get("accountId", raw.get("id"))
        if account in (None, "-1"):
            if not {"accountId", "id"} & raw.keys():
                raise FieldProblem("expected Object containing an 'accountId' property")
            return None
        found = self.identified(config, str(account))
        if found is None or not found.active:
            raise FieldProblem(f"User '{account}' does not exist.")
        return found.name


CLOUD = Cloud()
