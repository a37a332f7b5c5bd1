"""Who has which of cmbot's roles: asked of Jira's groups and project roles (requirement V16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cmbot.exceptions import NotFound, RemoteError
from cmbot.jira.failures import strange
from cmbot.models.issues import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.jira.dialect import Dialect
    from cmbot.jira.wire import Wire
    from cmbot.models.issues import Person
    from cmbot.settings import JiraSettings


class People:
    """Asks once for each person and project role, until it is told to forget.

    Parameters
    ----------
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    dialect : `~cmbot.jira.dialect.Dialect`
        How accounts are named.
    settings : `cmbot.settings.JiraSettings`
        The project, and who has which role.
    """

    def __init__(self, wire: Wire, dialect: Dialect, settings: JiraSettings) -> None:
        self._wire, self._dialect, self._settings = wire, dialect, settings
        self.forget()

    def forget(self) -> None:
        """Ask anew from now on."""
        self._roles: dict[str, frozenset[Role]] = {}
        self._actors: dict[str, frozenset[str]] = {}

    def roles_of(self, person: Person) -> frozenset[Role]:
        """Find the roles of a person.

        Parameters
        ----------
        person : `~cmbot.models.issues.Person`
            Whose.

        Returns
        -------
        roles : `frozenset` [`~cmbot.models.issues.Role`]
            Those that the settings give to everybody, and those of the person's groups and project roles.

        Raises
        ------
        RemoteError
            If Jira does not say: cmbot's account may lack the right to browse users or to see project roles,
            or the settings name a project role that does not exist.
        """
        if person.account not in self._roles:
            names = self._names_of(person)
            self._roles[person.account] = frozenset(role for role in Role if self._has(role, names))
        return self._roles[person.account]

    def _has(self, role: Role, names: frozenset[str]) -> bool:
        who = self._settings.roles.get(role)
        if who is None:
            return True
        groups = {_group(name) for name in who.groups}
        return not names.isdisjoint(groups) or any(
            not names.isdisjoint(self._members(name)) for name in who.project_roles
        )

    def _names_of(self, person: Person) -> frozenset[str]:
        """Everything by which a role may name a person: the account, and the groups it is in."""
        asked = {self._dialect.account_parameter: person.account, "expand": "groups"}
        try:
            data = self._wire.read(str(person), "reading the groups of a person", "user", **asked)
        except NotFound:
            # Left since: nobody's role.
            return frozenset()
        try:
            groups = list(data["groups"]["items"])
            if len(groups) < int(data["groups"]["size"]):
                raise strange(str(person), "a part of the groups of a person")
            own = {_user(str(data[name])) for name in ("accountId", "name", "key") if data.get(name)}
            named = [str(group[name]) for group in groups for name in ("name", "groupId") if group.get(name)]
            return frozenset(own | {_group(name) for name in named})
        except (KeyError, TypeError, ValueError, AttributeError):
            raise strange(str(person), "the groups of a person") from None

    def _members(self, role: str) -> frozenset[str]:
        if role not in self._actors:
            project = f"project/{quote(self._settings.project, safe='')}/role"
            subject = f"project role {role}"
            listed = self._wire.read(subject, "reading the project roles", project)
            address = next((url for name, url in listed.items() if name.casefold() == role.casefold()), None)
            if address is None:
                known = ", ".join(sorted(listed))
                # Not the issue's fault, and not for ever: an administrator may add the role.
                raise RemoteError("settings jira.roles", f"there is no project role {role!r}", f"use {known}")
            number = str(address).rpartition("/")[2]
            if not number.isdigit():
                raise strange(subject, "the address of a project role")
            data = self._wire.read(subject, "reading who has a project role", f"{project}/{number}")
            try:
                self._actors[role] = frozenset(
                    name for actor in data.get("actors") or () for name in _actor(actor)
                )
            except (KeyError, TypeError, AttributeError):
                raise strange(subject, "the members of a project role") from None
        return self._actors[role]


def _actor(actor: dict[str, Any]) -> Iterator[str]:
    if actor["type"] == "atlassian-group-role-actor":
        named = {"name": actor.get("name"), **(actor.get("actorGroup") or {})}
        yield from (_group(str(named[key])) for key in ("name", "groupId") if named.get(key))
    else:
        # Data Center gives the name or the key of the user, Cloud an object with the account id.
        account = (actor.get("actorUser") or {}).get("accountId") or actor.get("name")
        if account:
            yield _user(str(account))


def _group(name: str) -> str:
    return f"group {name.casefold()}"


def _user(account: str) -> str:
    return f"user {account}"
