"""Which field may be edited in which status, and what an edit then means (requirement V16)."""

from __future__ import annotations

from enum import StrEnum

from cmbot.jira_schema.fields import FIELDS
from cmbot.models.issues import Status


class Effect(StrEnum):
    """What an edit of a field means once something of it was submitted; until then all count at once."""

    AT_ONCE = "at once"
    """It counts from the next pass on."""
    NEXT_ATTEMPT = "at the next attempt"
    """What was submitted goes on as it was; the next attempt uses it."""
    REFUSED = "not used"
    """cmbot goes on with what it had, and says so once."""


#: Names and data: what was made under them would be lost, or parts of a step would mean different data.
FIXED = frozenset(
    {
        "Butler repository",
        "Data query",
        "DataIds excluded",
        "DataIds included",
        "Input collections",
        "Output root",
        "Split rule",
        "Step name",
        "WMS",
    }
)

#: How it is processed.
METHOD = frozenset(
    {
        "BPS options",
        "Campaign kind",
        "Campaign mode",
        "Campaign stage",
        "Compute site",
        "Custom setup",
        "Data specification",
        "Data specification version",
        "Environment",
        "LSST version",
        "Pipeline YAML",
        "Processing specification",
        "Processing specification version",
        "Software image",
        "WMS priority",
        "pex_config overrides",
    }
)

DEFINITION = FIXED | METHOD
"""Fields that decide what an attempt runs; the others (people, verdict, pace, links) always count at once."""

_FIXED = dict.fromkeys(Status, Effect.REFUSED)
_METHOD = {
    status: Effect.REFUSED if status.closed else Effect.NEXT_ATTEMPT
    # What is closed shows how it was made.
    for status in Status
}
_OTHER = dict.fromkeys(Status, Effect.AT_ONCE)

#: The table: field of people's -> status of its issue -> what an edit means.
EDITING: dict[str, dict[Status, Effect]] = {
    field.name: _FIXED if field.name in FIXED else _METHOD if field.name in METHOD else _OTHER
    for field in FIELDS
    if not field.by_bot
}
