"""A Jira site: the store and what an administrator set up in it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .datacenter import DATA_CENTER
from .habits import Habits
from .loading import load
from .searchindex import SearchIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .configuration import Configuration, User
    from .flavour import Flavour
    from .happenings import Happening
    from .shapes import Shapes
    from .store import Store


@dataclass
class Common:
    """What the deployments over one store share."""

    listeners: list[Callable[[Happening], None]] = field(default_factory=list)
    """Told inside the transaction of what happens to issues."""
    begun_again: list[Callable[[Mapping[str, str]], None]] = field(default_factory=list)
    """Told once the store was filled anew, with a fresh token for every user."""
    revision: int = 0
    """How often the configuration was changed."""


class Site:
    """What every operation needs to know.

    Parameters
    ----------
    store : `Store`
        The store; its configuration is read after the seed was applied, and again when it was changed.
    flavour : `Flavour`, optional
        As which deployment it behaves; Data Center if not given.
    common : `Common`, optional
        What it shares with another deployment over the same store.
    """

    def __init__(self, store: Store, flavour: Flavour = DATA_CENTER, common: Common | None = None) -> None:
        self.store = store
        self.flavour = flavour
        #: Most things that one issue may hold; a test may lower them.
        self.caps = flavour.caps
        self.common = common or Common()
        self._config: tuple[int, Configuration] | None = None
        #: What differs from one installation to another.
        self.habits = Habits()
        #: Login names of those whom strange mode meets; everybody if empty.
        self.unlucky: frozenset[str] = frozenset()
        #: What searches read.
        self.index = SearchIndex(store, flavour.name.replace("-", "_"))

    def announce(self, happening: Happening) -> None:
        """Tell what happened to an issue."""
        for hear in self.common.listeners:
            hear(happening)

    def is_strange_to(self, user: str | None) -> bool:
        """Whether strange mode meets somebody."""
        return not self.unlucky or user in self.unlucky

    def shapes(self, base_url: str, viewer: User | None, version: int = 2) -> Shapes:
        """What renders for a caller; arguments as of `Shapes`."""
        return self.flavour.shapes(self.config, base_url, viewer, version)

    @property
    def config(self) -> Configuration:
        """People, types, statuses, fields, projects."""
        found = self._config
        if found is None or found[0] != self.common.revision:
            with self.store.transaction():  # nothing is changed while it is read
                found = self.common.revision, self.flavour.configured(load(self.store))
            self._config = found
        return found[1]

    @contextmanager
    def administering(self) -> Iterator[None]:
        """A change of the configuration: written together or not at all, and read again afterwards."""
        with self.store.transaction():
            try:
                yield
            finally:
                self.reread()

    def reread(self) -> None:
        """Forget the configuration; the next look reads it from the store."""
        self.common.revision += 1
