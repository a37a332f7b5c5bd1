"""What goes wrong with webhooks on purpose."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=1e6)]


class Mischief(BaseModel):
    """A part of ``PUT /sandbox/strange``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
