"""How the whole site misbehaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict
from starlette.requests import HTTPConnection

from cmbot.sandbox.jira.asked import checked
from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.habits import Habits
from cmbot.sandbox.jira.rest.call import SESSION_COOKIE
from cmbot.sandbox.jira.searchindex import IndexTrouble
from cmbot.sandbox.jira.webhooks.mischief import Mischief

from .faults import Disturber, Fault
from .limits import Limiter, Limits
from .profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cmbot.sandbox.jira.access import Access
    from cmbot.sandbox.jira.site import Site
    from cmbot.sandbox.jira.webhooks.delivery import Deliverer


class Strangeness(BaseModel):
    """Body of ``PUT /sandbox/strange``: what is not named is calm."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 0
    """Decides everything that is left to chance."""
    users: tuple[str, ...] = ()
    """Login names of those whom faults (the ones armed singly too), search and limits meet; everybody if
    empty. A test names its bot, so that the hand of its person stays steady."""
    faults: tuple[Fault, ...] = ()
    """Faults, most of them with a ``rate``."""
    search: IndexTrouble = IndexTrouble()
    """Lag and regress of the search."""
    limits: Limits = Limits()
    """Rate limits that count."""
    webhooks: Mischief = Mischief()
    """What goes wrong with webhooks."""
    habits: Habits = Habits()
    """What differs from one installation to another."""


class Strange:
    """Everything that can go wrong on purpose.

    Parameters
    ----------
    site : `Site`
        The site.
    deliverer : `Deliverer`
        Sends webhooks.
    access : `Access`
        Recognises who asks, and lets others act meanwhile.
    """

    def __init__(self, site: Site, deliverer: Deliverer, access: Access) -> None:
        self._site = site
        self._deliverer = deliverer
        self._access = access
        self._now = Strangeness()
        self.disturber = Disturber(site.store.clock, access.credentials, self._meets)
        self.limiter = Limiter(site)
        self._become(self._now)

    def disturb(self, asked: Mapping[str, Any]) -> None:
        """Arm one fault for the requests that come next, on top of everything else."""
        self.disturber.arm(checked(Fault, asked))

    def calm(self) -> None:
        """Take back the faults that were armed one by one; those of the settings begin anew."""
        self.disturber.clear()
        for fault in self._now.faults:
            self.disturber.arm(fault)

    def become(self, asked: Mapping[str, Any]) -> None:
        """Misbehave like this from now on.

        Raises
        ------
        JiraError
            Raised with 400 for what it does not know.
        """
        profile = asked.get("profile", "calm")
        rest = {name: value for name, value in asked.items() if name != "profile"}
        known = PROFILES.get(profile) if isinstance(profile, str) else None
        # an unknown profile is told like any other key that is not known
        wanted = checked(Strangeness, dict(asked) if known is None else {**known, **rest})
        if unknown := [name for name in wanted.users if name not in self._site.config.users]:
            raise JiraError(400, f"users: nobody is called {', '.join(unknown)}.")
        self._become(wanted)

    def restart(self) -> None:
        """Begin anew with the same settings, after the store was filled anew."""
        self._become(self._now)

    def report(self) -> dict[str, Any]:
        """How it misbehaves, as JSON that can be sent back."""
        return self._now.model_dump(mode="json")

    def _become(self, strangeness: Strangeness) -> None:
        self._now = strangeness
        # one for each part: how often one is asked must not change what another decides
        self.disturber.seed(f"{strangeness.seed}:faults")
        self._site.index.seed(f"{strangeness.seed}:search")
        self._deliverer.seed(f"{strangeness.seed}:webhooks")
        self._site.unlucky = frozenset(strangeness.users)
        self._site.habits = strangeness.habits
        self._site.store.whole_seconds = strangeness.habits.whole_seconds
        self.limiter.clear()
        self.limiter.limits = strangeness.limits
        self._site.index.set(strangeness.search)
        self._deliverer.mischief = strangeness.webhooks
        self.calm()

    def _meets(self, scope: Scope) -> bool:
        return not self._site.unlucky or self._site.is_strange_to(self._asking(scope))

    def _asking(self, scope: Scope) -> str | None:
        """Who makes a request, as far as one can tell before it is served."""
        asked = HTTPConnection(scope)
        if (header := asked.headers.get("authorization")) is not None:
            return self._access.by_header(header)
        page = self._access.session(asked.cookies.get(self._access.cookie))
        return self._access.client_session(asked.cookies.get(SESSION_COOKIE)) if page is None else page.user

    def around(self, app: ASGIApp) -> ASGIApp:
        """Let it happen around an application; limits put their headers on what was admitted."""

        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            async def telling(message: Message) -> None:
                if message["type"] == "http.response.start":
                    more = scope["state"].get("limits", {})
                    raw = [(name.lower().encode(), value.encode()) for name, value in more.items()]
                    message["headers"] = [*message["headers"], *raw]
                await send(message)

            await app(scope, receive, telling if scope["type"] == "http" else send)

        return self.disturber.around(limited)
