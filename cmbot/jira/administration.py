"""What an administrator's account makes: issue types, link types, fields, options, places on screens.

Only `cmbot jira setup` writes through it. Nothing is kept of what was made: the next look finds it by name,
also when the answer was lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

from cmbot.exceptions import Refused
from cmbot.jira import screens
from cmbot.jira.failures import unknown
from cmbot.jira.survey import Survey
from cmbot.jira_schema.fields import BY_NAME
from cmbot.jira_schema.needs import VENDOR
from cmbot.jira_schema.place import Deployment
from cmbot.jira_schema.statuses import CATEGORIES
from cmbot.models.issues import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmbot.jira_schema.place import Screen

_CATEGORY = {"new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE"}
"""Words of Cloud's workflow resource for Jira's categories."""


class Administration(Survey):
    """A Jira project in the hands of an administrator; parameters as of `~cmbot.jira.survey.Survey`."""

    def make_issue_type(self, name: str, *, subtask: bool) -> None:
        """Make an issue type, which no project has yet.

        Parameters
        ----------
        name : `str`
            Its name.
        subtask : `bool`
            Whether it lives below a parent.

        Raises
        ------
        RemoteError
            If it was not made, or nobody knows.
        """
        body = {"name": name, "description": "Made for cmbot", "type": "subtask" if subtask else "standard"}
        self._make(name, "making the issue type", "issuetype", body)

    def make_link_type(self, name: str) -> None:
        """Make the link type by which steps wait for each other.

        Parameters
        ----------
        name : `str`
            Its name.

        Raises
        ------
        RemoteError
            If it was not made, or nobody knows.
        """
        body = {"name": name, "inward": "is blocked by", "outward": "blocks"}
        self._make(name, "making the link type", "issueLinkType", body)

    def make_field(self, name: str, field: str, project_id: str) -> str:
        """Make a custom field that JQL can search.

        Parameters
        ----------
        name : `str`
            Its name here.
        field : `str`
            cmbot's name of it.
        project_id : `str`
            The project it is for; Data Center takes it at once, on Cloud a new field applies everywhere.

        Returns
        -------
        id : `str`
            Jira's id of it.

        Raises
        ------
        RemoteError
            If it was not made, or nobody knows.
        """
        vendor = VENDOR[BY_NAME[field].type]
        body: dict[str, Any] = {
            "name": name,
            "description": "Written by cmbot" if BY_NAME[field].by_bot else "Read by cmbot",
            "type": vendor.type,
            "searcherKey": vendor.searcher,
        }
        if self.deployment is Deployment.DATA_CENTER:
            body["projectIds"] = [int(project_id)]
        return self._make(name, "making the field", "field", body)

    def add_options(self, field_id: str, options: Sequence[str], project_id: str) -> None:
        """Add choices to a select field; Cloud only.

        Parameters
        ----------
        field_id : `str`
            The field.
        options : `~collections.abc.Sequence` [`str`]
            Choices that must be there.
        project_id : `str`
            The project; a field that has only contexts of other projects gets one for it.

        Raises
        ------
        Refused
            If the project has a context that setup did not make: that may be another project's as well.
        RemoteError
            If they were not all made, or nobody knows.
        """
        context = screens.own_context(self._wire, field_id)
        if not context:
            body = {"name": screens.CONTEXT, "projectIds": [project_id]}
            context = self._make(field_id, "making a context", f"field/{field_id}/context", body)
        known = screens.options(self._wire, field_id, context)
        lacking = [{"value": option} for option in options if option not in known]
        if not lacking:
            # They are there, and yet no screen of the project shows them.
            raise Refused(f"field {field_id}", "has another context for the project", "add the options to it")
        path = f"field/{field_id}/context/{context}/option"
        self._wire.write(field_id, "making options", "POST", path, {"options": lacking})

    def add_to_screen(self, field_id: str, screen: Screen) -> None:
        """Put a field on the first tab of a screen.

        Parameters
        ----------
        field_id : `str`
            The field.
        screen : `~cmbot.jira_schema.place.Screen`
            The screen.

        Raises
        ------
        RemoteError
            If it was not put there, or nobody knows.
        """
        if screen.id == screens.DEFAULT:
            path, body = f"screens/addToDefault/{field_id}", {}
        else:
            path = f"screens/{quote(screen.id, safe='')}/tabs/{screen.tab}/fields"
            body = {"fieldId": field_id}
        self._wire.write(field_id, f"putting it on {screen.name}", "POST", path, body)

    def make_workflow(self, name: str, known: Mapping[str, str]) -> None:
        """Make a workflow with a global transition into each status, with the statuses; Cloud only.

        No project follows it yet. The body is that of Cloud's description, as public clients of it have it
        (not established on a live site).

        Parameters
        ----------
        name : `str`
            Its name.
        known : `~collections.abc.Mapping` [`str`, `str`]
            Statuses of the site: name in lower case -> id.

        Raises
        ------
        RemoteError
            If it was not made, or nobody knows.
        """
        own = self._settings.statuses
        statuses = [_status(own.get(status, str(status)), CATEGORIES[status], known) for status in Status]
        references = [status["statusReference"] for status in statuses]
        ways = [
            {"id": str(10 * number + 1), "name": status["name"], "type": "GLOBAL", "toStatusReference": to}
            for number, (status, to) in enumerate(zip(statuses, references, strict=True), start=1)
        ]
        first = {"id": "1", "name": "Create", "type": "INITIAL", "toStatusReference": references[0]}
        workflow = {
            "name": name,
            "description": "Made for cmbot, which decides itself who may move what.",
            "statuses": [
                {"statusReference": one, "layout": {"x": 200.0 * place, "y": 0.0}, "properties": {}}
                for place, one in enumerate(references)
            ],
            "transitions": [{**way, "links": []} for way in (first, *ways)],
        }
        body = {"scope": {"type": "GLOBAL"}, "statuses": statuses, "workflows": [workflow]}
        self._wire.write(name, "making the workflow", "POST", "workflows/create", body)

    def _make(self, subject: str, doing: str, path: str, body: Mapping[str, Any]) -> str:
        """Make something and give its id."""
        made = self._wire.write(subject, doing, "POST", path, body, answer=True)
        if "id" not in made:
            raise unknown(subject, f"{doing} was answered without an id", write=True)
        return str(made["id"])


def _status(name: str, category: str, known: Mapping[str, str]) -> dict[str, str]:
    """A status of a new workflow: one that exists is named by its id."""
    about = {"name": name, "statusCategory": _CATEGORY[category], "description": ""}
    if name.lower() in known:
        return {**about, "id": known[name.lower()], "statusReference": known[name.lower()]}
    return {**about, "statusReference": str(uuid4())}
