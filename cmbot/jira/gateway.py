"""The gateway: what the rest of cmbot may ask of Jira.

Reads give Jira's JSON; `cmbot.jira_schema` makes models of it. Each write is an *ensure*: it may be
asked for again and again and has its effect once (requirement W2). A write whose answer is lost is
looked for before anything else; if it is not found, `OutcomeUnknown` is raised and the next call looks again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from cmbot.jira import attachments, creation, reading, repeatable, searching, transitions
from cmbot.jira.comments import Comments
from cmbot.jira.deployment import choose, server_info
from cmbot.jira.dialect import EPIC_LINK
from cmbot.jira.failures import strange
from cmbot.jira.fields import resolve
from cmbot.jira.people import People
from cmbot.jira.wire import Wire
from cmbot.jira_schema import values
from cmbot.jira_schema.fields import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime, timedelta

    from cmbot.exceptions import Problem
    from cmbot.jira.dialect import Dialect
    from cmbot.models.issues import Person
    from cmbot.settings import JiraSettings

log = logging.getLogger(__name__)


class Jira:
    """A Jira project, connected.

    Parameters
    ----------
    settings : `cmbot.settings.JiraSettings`
        Address, project and names.
    wire : `~cmbot.jira.wire.Wire`
        The connection.
    dialect : `~cmbot.jira.dialect.Dialect`
        How this deployment wants to be spoken to.
    me : `~cmbot.models.issues.Person`
        cmbot's own account.
    """

    def __init__(self, settings: JiraSettings, wire: Wire, dialect: Dialect, me: Person) -> None:
        self._settings = settings
        self._wire = wire
        self._dialect = dialect
        self._comments = Comments(wire, me)
        self.people = People(wire, dialect, settings)
        self._issues = creation.Issues(wire, dialect, me, settings.project)
        self.me = me
        self.url = settings.url.rstrip("/")
        self.read_fields()

    @classmethod
    def connect(cls, settings: JiraSettings, token: Callable[[], str]) -> Jira:
        """Ask the server what it is, who we are and what its fields are called: three requests.

        Parameters
        ----------
        settings : `cmbot.settings.JiraSettings`
            Address, project and names.
        token : `~collections.abc.Callable`
            Reads the secret, see `~cmbot.jira.wire.Wire`.

        Returns
        -------
        jira : `Jira`
            Ready for use by several threads.

        Raises
        ------
        UserError
            If the settings are wrong.
        CredentialsError
            If the token is not accepted.
        RemoteError
            If Jira does not answer; worth waiting for.
        """
        wire = Wire(settings, token)
        dialect = choose(server_info(wire, settings.url))
        me = values.person(wire.read(settings.url, "asking who cmbot is", "myself"))
        if not me.account:
            raise strange(settings.url, "cmbot's own account")
        return cls(settings, wire, dialect, me)

    # ------------------------------------------------------------------------------ names

    def read_fields(self) -> None:
        """Read the list of fields, at the start and after an administrator changed it.

        Raises
        ------
        RemoteError
            If it cannot be read.
        """
        listed = self._wire.read_list(self._settings.url, "reading the list of fields", "field")
        self._fields = resolve(listed, self._settings, self._dialect)
        if self._fields.problems:
            lacking = ", ".join(self._fields.problems)
            log.warning("%s: fields missing or ambiguous: %s", self._settings.url, lacking)
        self._wire.field_names = {site_id: name for name, site_id in self._fields.ids.items()}

    @property
    def field_ids(self) -> Mapping[str, str]:
        """Ids of the fields of `cmbot.jira_schema.fields` here, by name, as far as they exist."""
        return {name: site_id for name, site_id in self._fields.ids.items() if name in BY_NAME}

    @property
    def field_problems(self) -> Mapping[str, Problem]:
        """What is wrong with the fields that are missing or ambiguous here, by name."""
        return self._fields.problems

    @property
    def epic_link(self) -> str:
        """Id of the Epic Link field; empty where there is none."""
        return self._fields.ids.get(EPIC_LINK, "")

    def field_id(self, name: str) -> str:
        """Give the id of a field.

        Parameters
        ----------
        name : `str`
            cmbot's name, or the id of a system field.

        Returns
        -------
        id : `str`
            Its id here.

        Raises
        ------
        UserError
            If the site has no such field, or several; the list is read once more before.
        """
        if name in self._fields.problems:
            self.read_fields()
        return self._fields.id(name)

    def epic_fields(self, *, epic_key: str = "", name: str = "") -> dict[str, Any]:
        """Give the fields by which this deployment ties epics and issues.

        Parameters
        ----------
        epic_key : `str`, optional
            For an issue: the epic that it belongs to.
        name : `str`, optional
            For an epic: its name.

        Returns
        -------
        fields : `dict` [`str`, `Any`]
            For `ensure_issue`.
        """
        fields = self._dialect.in_epic(epic_key) if epic_key else {}
        return {**fields, **(self._dialect.named_epic(name) if name else {})}

    @property
    def paused_until(self) -> datetime | None:
        """Until when Jira wants no requests at all; `None` if it does not say so."""
        return self._wire.paused_until

    @property
    def settling(self) -> timedelta:
        """After this long a search here knows what was made, or else it was not made."""
        return self._dialect.settling

    @property
    def mention_prefix(self) -> str:
        """What stands before an account in a mention here."""
        return self._dialect.mention_prefix

    def raw(self, name: str, value: Any) -> Any:
        """Write a value of one of cmbot's fields as this deployment wants it; see `values.to_jira`."""
        return values.to_jira(name, value, self._dialect.account_key)

    # ------------------------------------------------------------------------------ reads

    def server_time(self) -> datetime:
        """Ask for Jira's own clock, the only one to compare its time stamps with.

        Returns
        -------
        now : `datetime.datetime`
            With its zone.

        Raises
        ------
        RemoteError
            If it does not answer.
        """
        return reading.server_time(self._wire, self._settings.url)

    def changed(self, since_ms: int | None) -> list[searching.Changed]:
        """Find the project's issues that changed since an instant; see `searching.changed`."""
        return searching.changed(self._wire, self._dialect, self._settings.project, since_ms)

    def issue(self, id_or_key: str) -> reading.Read:
        """Read one issue with its history and attempts; see `reading.issue`."""
        return reading.issue(self._wire, self._dialect, self._fields, id_or_key)

    def issues(self, rows: Iterable[searching.Changed]) -> Iterator[reading.Read]:
        """Read many issues with few requests; see `reading.issues`."""
        holder = self._settings.issue_types.get("step", "")
        return reading.issues(self._wire, self._dialect, self._fields, rows, holder)

    def expect(self, issue_id: str) -> None:
        """Make the next searches know an issue that is said to have changed, however far the index lags."""
        self._wire.written.add(issue_id)

    def comments(self, issue_id: str) -> list[dict[str, Any]]:
        """Read all comments of an issue, oldest first; see `reading.comments`."""
        return reading.comments(self._wire, issue_id)

    def properties(self, issue_id: str, prefix: str = reading.ATTEMPTS) -> dict[str, Any]:
        """Read the properties whose keys begin with a prefix; see `reading.properties`."""
        return reading.properties(self._wire, issue_id, prefix)

    def told(self, issue_id: str) -> dict[str, tuple[str, str]]:
        """Read our comments on an issue by their markers; see `Comments.told`."""
        return self._comments.told(issue_id)

    def attachment(self, issue_id: str, name: str, sha256: str = "") -> bytes:
        """Read the newest file of a name; see `attachments.read`."""
        return attachments.read(self._wire, self._dialect, issue_id, name, sha256)

    # ------------------------------------------------------------------------------ ensures

    def ensure_comment(self, issue_id: str, marker: str, body: str, *, known_id: str | None = None) -> str:
        """See that one comment with the marker exists, with this text; see `Comments.keep`."""
        return self._comments.keep(issue_id, marker, body, known_id)

    def post_comment_once(self, issue_id: str, marker: str, body: str) -> str:
        """Write a comment unless one with the marker exists; see `Comments.once`."""
        return self._comments.once(issue_id, marker, body)

    def ensure_transition(self, issue_id: str, source: str, target: str, *, cause: str) -> bool:
        """Move an issue if it still is where it was seen; see `transitions.ensure`.

        ``source`` and ``target`` are cmbot's names; the settings say what they are called here.
        """
        own = self._settings.statuses
        return transitions.ensure(
            self._wire, self._dialect, issue_id, own.get(source, source), own.get(target, target), cause
        )

    def ensure_issue(self, marker: str, fields: Mapping[str, Any]) -> tuple[str, str]:
        """See that the issue with the marker exists; see `creation.Issues.ensure`.

        ``fields`` are raw values by cmbot's field names; the project and the label are added.
        """
        return self._issues.ensure(marker, self._by_id(fields))

    def ensure_link(self, blocker_key: str, blocked_key: str) -> None:
        """See that one issue is blocked by the other; see `creation.ensure_link`."""
        creation.ensure_link(self._wire, self._settings.blocks, blocker_key, blocked_key)

    def ensure_fields(self, issue_id: str, field_values: Mapping[str, Any]) -> bool:
        """Set fields, all in one request; `False` if there are none; see `repeatable.set_fields`.

        ``field_values`` are raw values by cmbot's field names; `None` empties a field.
        """
        return repeatable.set_fields(self._wire, issue_id, self._by_id(field_values))

    def ensure_label(self, issue_id: str, label: str) -> None:
        """Add a label to those that people gave; see `repeatable.add_label`."""
        repeatable.add_label(self._wire, issue_id, label)

    def ensure_property(self, issue_id: str, key: str, value: Any) -> None:
        """Set a property, whole; see `repeatable.set_property`."""
        repeatable.set_property(self._wire, issue_id, key, value)

    def ensure_remote_link(self, issue_id: str, global_id: str, url: str, title: str) -> None:
        """Set a link to a page elsewhere; see `repeatable.set_remote_link`."""
        repeatable.set_remote_link(self._wire, issue_id, global_id, url, title)

    def ensure_attachment(self, issue_id: str, name: str, content: bytes) -> str:
        """See that one file of a name is attached, with this content; see `attachments.ensure`."""
        return attachments.ensure(self._wire, self.me, issue_id, name, content)

    def _by_id(self, field_values: Mapping[str, Any]) -> dict[str, Any]:
        return {self.field_id(name): value for name, value in field_values.items()}
