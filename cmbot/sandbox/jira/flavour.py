"""The two Jiras: what differs between the deployments (reference jira.md, section 3), asked of one object.

`datacenter.DataCenter` and `cloud.Cloud` are the two; what their answers look like is in `shapes` and
`cloudshapes`. The store is the same for both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .configuration import Configuration, User
    from .shapes import Shapes


@dataclass(frozen=True)
class Caps:
    """Most things that one issue may hold; None is no cap."""

    comments: int | None = None
    """Comments."""
    worklogs: int | None = None
    """Worklogs."""
    attachments: int | None = None
    """Attachments."""
    issue_links: int | None = None
    """Links to other issues, either way."""
    remote_links: int | None = None
    """Links to other systems."""


class Flavour(ABC):
    """One kind of deployment."""

    name: ClassVar[str]
    """Word of the command line."""
    apis: ClassVar[tuple[str, ...]]
    """Prefixes of the REST resources."""
    shapes: ClassVar[type[Shapes]]
    """Renders answers."""
    hidden_types: ClassVar[frozenset[str]] = frozenset()
    """Types of fields that this deployment does not show."""
    refusals: ClassVar[Mapping[str, int]] = {}
    """Statuses of refusals by permission, where they are not Data Center's."""
    parents: ClassVar[bool] = False
    """Whether ``parent`` also leads from a standard issue to its epic."""
    creation_is_history: ClassVar[bool] = False
    """Whether creating an issue writes a history entry."""
    user_parameters: ClassVar[tuple[str, ...]] = ("username", "userName")
    """Query parameters that identify a user."""
    bearer: ClassVar[bool] = True
    """Whether a bearer token is accepted at the site's own address."""
    passwords: ClassVar[bool] = True
    """Whether basic authentication of REST takes a password, or else only a token in its place."""
    permissions_are_named: ClassVar[bool] = False
    """Whether ``mypermissions`` must be asked for permissions by name."""
    unknown_transition: ClassVar[int] = 500
    """Status of the answer to a transition id that exists nowhere."""
    conflict: ClassVar[int | None] = None
    """Status of the answer to the second of two writes that meet, if such are noticed."""
    silence_is_refused: ClassVar[bool] = True
    """Whether ``notifyUsers=false`` without the right to it is refused, or else ignored."""
    returns_issue: ClassVar[bool] = False
    """Whether ``returnIssue=true`` makes an edit answer with the issue."""
    bodyless_needs_type: ClassVar[bool] = False
    """Whether deleting a remote link without a content type is refused."""
    bulk_limit: ClassVar[int | None] = None
    """Most issues in one bulk create."""
    caps: ClassVar[Caps] = Caps()
    """Most things that one issue may hold."""

    def configured(self, config: Configuration) -> Configuration:
        """The configuration as this deployment shows it: without fields of the hidden types."""
        fields = {name: field for name, field in config.fields.items() if field.type not in self.hidden_types}
        hidden = {name: field for name, field in config.fields.items() if name not in fields}
        schemes = {
            number: replace(
                scheme,
                transitions=tuple(
                    replace(one, screen=tuple(item for item in one.screen if item.field.id in fields))
                    for one in scheme.transitions
                ),
            )
            for number, scheme in config.status_schemes.items()
        }
        projects = {
            number: replace(project, status_scheme=schemes[project.status_scheme.id])
            for number, project in config.projects.items()
        }
        return replace(
            config,
            fields=fields,
            hidden=hidden,
            status_schemes=schemes,
            projects=projects,
            refusals=self.refusals,
        )

    def contact(self, config: Configuration, url: str) -> dict[str, Any]:
        """What a client needs to know besides the address and the tokens."""
        del config, url
        return {}

    @abstractmethod
    def server_info(self, base_url: str, now: str) -> dict[str, Any]:
        """Answer of ``serverInfo`` (reference jira.md, section 4)."""

    @abstractmethod
    def identified(self, config: Configuration, text: str) -> User | None:
        """The user that a request identifies."""

    @abstractmethod
    def named_user(self, config: Configuration, text: str) -> User | None:
        """The user that a query names."""

    def login(self, person: User) -> str:
        """The name with which a person signs in."""
        return person.name

    @abstractmethod
    def signing_in(self, config: Configuration, text: str) -> User | None:
        """The user that the name of basic authentication means."""

    @abstractmethod
    def read_user(self, config: Configuration, raw: Any) -> str | None:
        """Login name out of a request's user object; None for nobody.

        Raises
        ------
        FieldProblem
            Raised for an unknown user or another shape.
        """
