"""How a project is set up, as an account sees it; reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cmbot.exceptions import NotFound
from cmbot.jira import fields, screens, searching
from cmbot.jira.deployment import choose, server_info
from cmbot.jira.failures import strange
from cmbot.jira.people import People
from cmbot.jira.wire import Wire, issue_path
from cmbot.jira_schema import values
from cmbot.jira_schema.needs import type_names, workflow_name
from cmbot.jira_schema.place import Deployment, Place, TypePlace, TypeSeen, Webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from cmbot.models.issues import Role
    from cmbot.settings import JiraSettings


class Survey:
    """A Jira project as one account sees it.

    Parameters
    ----------
    settings : `~cmbot.settings.JiraSettings`
        Address, project and names.
    token : `~collections.abc.Callable`
        Reads the secret of the account that looks.

    Raises
    ------
    CredentialsError
        If the token is not accepted.
    RemoteError
        If Jira does not answer.
    """

    def __init__(self, settings: JiraSettings, token: Callable[[], str]) -> None:
        self._settings = settings
        self._wire = Wire(settings, token)
        self.server = server_info(self._wire, settings.url)
        """Answer of ``serverInfo``."""
        self._dialect = choose(self.server)
        self.deployment = (
            Deployment.CLOUD if self.server.get("deploymentType") == "Cloud" else Deployment.DATA_CENTER
        )
        """What kind of Jira it is."""

    def myself(self) -> dict[str, Any]:
        """Ask who the account is; Jira's JSON."""
        return self._wire.read(self._settings.url, "asking whose the token is", "myself")

    def server_time(self) -> datetime:
        """Ask for Jira's clock.

        Returns
        -------
        now : `datetime.datetime`
            With its zone.
        """
        info = self._wire.read(self._settings.url, "asking for its time", "serverInfo")
        try:
            return values.time(str(info["serverTime"]))
        except (KeyError, ValueError):
            raise strange(self._settings.url, "its time") from None

    def permissions(self, wanted: Sequence[str]) -> dict[str, bool]:
        """Ask what the account may do in the project.

        Parameters
        ----------
        wanted : `~collections.abc.Sequence` [`str`]
            Keys of permissions; Cloud answers only for those that are named.

        Returns
        -------
        held : `dict` [`str`, `bool`]
            By key.

        Raises
        ------
        NotFound
            If the project is not there, or hidden.
        RemoteError
            Otherwise.
        """
        answer = self._wire.read(
            self._settings.project,
            "asking for permissions",
            "mypermissions",
            projectKey=self._settings.project,
            permissions=",".join(wanted),
        )
        held = answer.get("permissions")
        known = held if isinstance(held, dict) else {}
        return {key: bool((known.get(key) or {}).get("havePermission")) for key in wanted}

    def roles(self) -> frozenset[Role]:
        """Ask which roles the account itself has: who may ask that may ask it of everybody.

        Returns
        -------
        roles : `frozenset` [`~cmbot.models.issues.Role`]
            By the settings.

        Raises
        ------
        RemoteError
            If Jira does not say.
        """
        return People(self._wire, self._dialect, self._settings).roles_of(values.person(self.myself()))

    def finds(self, since_ms: int) -> bool:
        """Search as a pass does.

        Parameters
        ----------
        since_ms : `int`
            Instant in milliseconds of the Unix epoch, by Jira's clock.

        Returns
        -------
        found : `bool`
            Whether issues of the project changed since.

        Raises
        ------
        RemoteError
            If Jira does not take the query.
        """
        clause = f"project = {searching.quoted(self._settings.project)} AND updated >= {since_ms:d}"
        return any(self._dialect.pages(self._wire, clause, "updated,status,issuetype", 1))

    def webhooks(self) -> list[Webhook]:
        """List the webhooks that administrators registered; they alone may (reference/jira.md section 9.1).

        Returns
        -------
        webhooks : `list` [`~cmbot.jira_schema.place.Webhook`]
            All of the site.

        Raises
        ------
        Refused
            If the account is no administrator's.
        RemoteError
            Otherwise.
        """
        numbers = self.server.get("versionNumbers") or [0]
        new = self.deployment is Deployment.DATA_CENTER and int(numbers[0]) >= 10
        path = "/rest/jira-webhook/1.0/webhooks" if new else "/rest/webhooks/1.0/webhook"
        listed = self._wire.read_list(self._settings.url, "reading the webhooks", path, "values")
        return [
            Webhook(
                str(one.get("url")),
                bool(one.get("active", one.get("enabled"))),
                frozenset(map(str, one.get("events") or ())),
            )
            for one in listed
        ]

    def look(self, chosen: Sequence[str] = ()) -> Place:
        """See what the project is.

        Parameters
        ----------
        chosen : `~collections.abc.Sequence` [`str`], optional
            Ids of the screens to which fields belong; else those that are named after the project, else
            the default one.

        Returns
        -------
        place : `~cmbot.jira_schema.place.Place`
            As far as this account can see it.

        Raises
        ------
        RemoteError
            If Jira does not answer.
        """
        try:
            return self._look(chosen)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise strange(self._settings.url, "its set-up") from None

    def _look(self, chosen: Sequence[str]) -> Place:
        key = self._settings.project
        where: dict[str, Any] = {
            "deployment": self.deployment,
            "url": self._settings.url.rstrip("/"),
            "key": key,
        }
        try:
            project = self._wire.read(key, "reading the project", f"project/{quote(key, safe='')}")
            administrator = self.permissions(["ADMINISTER"])["ADMINISTER"]
        except NotFound:
            return Place(**where)
        listed = screens.listed(self._wire, "the fields", "field")
        found = fields.resolve(listed, self._settings, self._dialect)
        kinds = self._types()
        cloud = administrator and self.deployment is Deployment.CLOUD
        return Place(
            **where,
            project_id=str(project.get("id") or ""),
            team_managed=bool(project.get("simplified")),
            administrator=administrator,
            site_types={kind.name.lower(): kind for kind in kinds},
            types=self._offered(),
            statuses={
                str(one["name"]).lower(): str(one["id"])
                for one in screens.listed(self._wire, "the statuses", "status")
            },
            link_types=frozenset(_names(self._link_types())),
            custom={
                str(one["id"]): (str(one.get("name")), str((one.get("schema") or {}).get("custom")))
                for one in listed
                if one.get("custom")
            },
            fields=found.ids,
            workflow=cloud and self._has_workflow(workflow_name(Place(**where))),
            options=screens.choices(self._wire, found.ids) if cloud else {},
            screens=screens.of_project(self._wire, key, chosen) if administrator else (),
        )

    def _has_workflow(self, name: str) -> bool:
        body = {"workflowNames": [name]}
        found = self._wire.query(self._settings.url, "looking for a workflow", "workflows", body)
        return bool(found.get("workflows"))

    def _types(self) -> list[TypeSeen]:
        return [
            TypeSeen(str(one["id"]), str(one["name"]), bool(one.get("subtask")))
            for one in screens.listed(self._wire, "the issue types", "issuetype")
        ]

    def _offered(self) -> dict[str, TypePlace]:
        """What the project offers for each of cmbot's issue types that it has."""
        key = quote(self._settings.project, safe="")
        wanted = {name.lower() for name in type_names(self._settings).values()}
        return {
            str(one["name"]).lower(): self._type_place(str(one["id"]), str(one["name"]), one["statuses"])
            for one in screens.listed(self._wire, "the project's statuses", f"project/{key}/statuses")
            if str(one["name"]).lower() in wanted
        }

    def _type_place(self, type_id: str, name: str, statuses: Iterable[Mapping[str, Any]]) -> TypePlace:
        create = screens.create_screen(self._wire, self._settings.project, type_id)
        project = searching.quoted(self._settings.project)
        clause = f"project = {project} AND issuetype = {searching.quoted(name)}"
        pages = self._dialect.pages(self._wire, clause, "updated,status,issuetype", 1)
        edit = targets = None
        for issue in next(filter(None, pages), []):
            ways = self._wire.read(
                str(issue["key"]), "reading its transitions", issue_path(issue["id"], "transitions")
            )
            edit = frozenset(
                self._wire.read(
                    str(issue["key"]), "reading its edit screen", issue_path(issue["id"], "editmeta")
                )["fields"]
            )
            targets = frozenset(
                {str(issue["fields"]["status"]["name"]).lower()}
                | {str(way["to"]["name"]).lower() for way in ways["transitions"]}
            )
        return TypePlace(frozenset(_names(statuses)), create, edit, targets)

    def _link_types(self) -> list[dict[str, Any]]:
        answer = self._wire.read(self._settings.url, "reading the link types", "issueLinkType")
        return list(answer.get("issueLinkTypes") or ())


def _names(listed: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return (str(one.get("name")).lower() for one in listed)
