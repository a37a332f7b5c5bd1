"""How the whole site misbehaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from cmbot.sandbox.jira.asked import checked
from cmbot.sandbox.jira.habits import Habits
from cmbot.sandbox.jira.searchindex import IndexTrouble
from cmbot.sandbox.jira.webhooks.delivery import Mischief

from .faults import Disturber, Fault
from .limits import Limiter, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cmbot.sandbox.jira.site import Site
    from cmbot.sandbox.jira.webhooks.delivery import Deliverer

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=1e6)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebhookTrouble(_Part):
    """What goes wrong with webhooks."""

    lost: Share = 0.0
    """Share that is never sent."""
    doubled: Share = 0.0
    """Share that is sent twice."""
    delayed: Share = 0.0
    """Share that is sent later."""
    delay: tuple[Seconds, Seconds] = (1.0, 30.0)
    """How much later, in seconds of the sandbox's clock: from, to."""
    reordered: Share = 0.0
    """Share that is sent behind what happens next."""
    pace: tuple[Seconds, Seconds] | None = None
    """Seconds between retries, in place of the vendor's."""


class Strangeness(_Part):
    """Body of ``PUT /sandbox/strange``: what is not named is calm."""

    seed: int = 0
    """Decides everything that is left to chance."""
    faults: tuple[Fault, ...] = ()
    """Faults, most of them with a ``rate``."""
    search: IndexTrouble = IndexTrouble()
    """Lag and regress of the search."""
    limits: Limits = Limits()
    """Rate limits that count."""
    webhooks: WebhookTrouble = WebhookTrouble()
    """What goes wrong with webhooks."""
    habits: Habits = Habits()
    """What differs from one installation to another."""


_WRITES = {"method": "POST", "path": "/rest/api/"}
_LOST = [
    {"kind": "lost_answer", "match": {"method": word, "path": "/rest/api/"}, "rate": 0.03}
    for word in ("POST", "PUT")
]
PROFILES: dict[str, dict[str, Any]] = {
    "calm": {},
    "data-center": {
        "faults": [
            *_LOST,
            {"kind": "refused", "match": {"path": "/rest/api/"}, "rate": 0.02},
            {"kind": "429-data-center", "match": {"path": "/rest/api/"}, "rate": 0.02},
            {"kind": "bad-gateway", "match": {"path": "/rest/api/"}, "rate": 0.01},
        ],
        "search": {"lag": 2.0, "regress": 0.02},
        "webhooks": {"lost": 0.1, "doubled": 0.1, "delayed": 0.2, "reordered": 0.2},
    },
    "cloud": {
        "faults": [
            *_LOST,
            {"kind": "refused", "match": {"path": "/rest/api/"}, "rate": 0.02},
            *(
                {"kind": kind, "match": {"path": "/rest/api/"}, "rate": 0.01}
                for kind in ("429-burst", "429-silent", "429-date", "503-retry-after")
            ),
        ],
        "search": {"lag": 10.0, "regress": 0.05, "short": 0.2},
        "limits": {"per_issue": True, "burst": True},
        "webhooks": {"doubled": 0.1, "delayed": 0.2, "reordered": 0.2},
    },
}
"""What a busy site is like, by name; ``{"profile": "cloud"}`` in the body, other keys replace its parts."""


class Strange:
    """Everything that can go wrong on purpose.

    Parameters
    ----------
    site : `Site`
        The site.
    deliverer : `Deliverer`
        Sends webhooks.
    credentials : `~collections.abc.Callable`
        From a login name to an ``Authorization`` header, for those who act meanwhile.
    """

    def __init__(self, site: Site, deliverer: Deliverer, credentials: Callable[[str], str]) -> None:
        self._site = site
        self._deliverer = deliverer
        self._now = Strangeness()
        self.disturber = Disturber(site.store.clock, credentials)
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
        self._become(checked(Strangeness, dict(asked) if known is None else {**known, **rest}))

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
        self._site.habits = strangeness.habits
        self._site.store.whole_seconds = strangeness.habits.whole_seconds
        self.limiter.clear()
        self.limiter.limits = strangeness.limits
        self._site.index.set(strangeness.search)
        self._deliverer.mischief = Mischief(**dict(strangeness.webhooks))
        self.calm()

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
