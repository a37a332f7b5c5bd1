"""What differs from one installation to another, or is not established (reference jira.md, section 16)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Habits(BaseModel):
    """Ways of a site that a client must cope with either way; steered by ``PUT /sandbox/strange``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ignore_properties: bool = False
    """Whether ``properties`` sent with transitions and comments are ignored."""
    property_moves_updated: bool = False
    """Whether writing an issue's property moves its ``updated``."""
    whole_seconds: bool = False
    """Whether time stamps are kept in whole seconds."""
    status_first: bool = False
    """Whether a move's history entry names the status before the fields."""
