"""The custom fields of campaigns, steps and groups (reference/predecessors.md section 7.2).

Every field exists by name and type from the beginning, also those that are filled later.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cmbot.models.campaign import KINDS, MODES, STAGES, SYSTEMS, YES, PausePolicy, RetryPolicy
from cmbot.models.issues import Level

C, S, G = Level.CAMPAIGN, Level.STEP, Level.GROUP


class FieldType(StrEnum):
    """The kinds of Jira field that cmbot uses."""

    TEXT = "text"
    PARAGRAPH = "paragraph"
    NUMBER = "number"
    SELECT = "select"
    URL = "url"
    USER = "user"
    USERS = "users"
    DATETIME = "datetime"


@dataclass(frozen=True)
class Field:
    """One custom field."""

    name: str
    """Its name in Jira, unless the settings map it."""
    type: FieldType
    """Its type."""
    levels: tuple[Level, ...]
    """Where it appears."""
    by_bot: bool = False
    """Whether cmbot writes it; people's edits of it are overwritten."""
    options: tuple[str, ...] = ()
    """Values of a select field."""
    requirement: str = ""
    """Requirement ids it serves."""


FIELDS: tuple[Field, ...] = (
    Field("Campaign ID", FieldType.TEXT, (C,), by_bot=True, requirement="B1"),
    Field("Production", FieldType.TEXT, (C,), requirement="A2"),
    Field("Cloned from", FieldType.TEXT, (C,), requirement="B25"),
    Field("Campaign kind", FieldType.SELECT, (C,), options=KINDS, requirement="A1"),
    Field("Campaign stage", FieldType.SELECT, (C,), options=STAGES, requirement="B26"),
    Field("Campaign mode", FieldType.SELECT, (C,), options=MODES, requirement="D20"),
    Field("Reason", FieldType.PARAGRAPH, (C,), requirement="B3"),
    Field("Definer", FieldType.USER, (C,), requirement="B6"),
    Field("Operators", FieldType.USERS, (C, S, G), requirement="D7"),
    Field("Sign-off roles", FieldType.PARAGRAPH, (C,), requirement="A14"),
    Field("Data specification", FieldType.URL, (C,), requirement="B4"),
    Field("Data specification version", FieldType.TEXT, (C,), requirement="B9"),
    Field("Processing specification", FieldType.URL, (C,), requirement="B5"),
    Field("Processing specification version", FieldType.TEXT, (C,), requirement="B9"),
    Field("LSST version", FieldType.TEXT, (C, S, G), requirement="B7"),
    Field("Software image", FieldType.TEXT, (C, S, G), requirement="E1"),
    Field("Custom setup", FieldType.PARAGRAPH, (C, S, G), requirement="B7"),
    Field("Environment", FieldType.TEXT, (C, S), requirement="B7"),
    Field("Step name", FieldType.TEXT, (S,), requirement="A4"),
    Field("Pipeline YAML", FieldType.TEXT, (S,), requirement="A4 B14"),
    Field("pex_config overrides", FieldType.PARAGRAPH, (S,), requirement="B8"),
    Field("BPS options", FieldType.PARAGRAPH, (S,), requirement="B8 B11 D12"),
    Field("Butler repository", FieldType.TEXT, (C, S), requirement="A11"),
    Field("Input collections", FieldType.TEXT, (C, S), requirement="A11"),
    Field("Output root", FieldType.TEXT, (C, S), requirement="A11"),
    Field("Public collection", FieldType.TEXT, (C,), requirement="A12"),
    Field("Output run", FieldType.TEXT, (G,), by_bot=True, requirement="A11 B16"),
    Field("WMS", FieldType.SELECT, (C, S, G), options=SYSTEMS, requirement="D17"),
    Field("Compute site", FieldType.TEXT, (C, S, G), requirement="D18"),
    Field("Split rule", FieldType.PARAGRAPH, (S,), requirement="B17"),
    Field("Data query", FieldType.PARAGRAPH, (S, G), requirement="C14"),
    Field("DataIds included", FieldType.PARAGRAPH, (C, S), requirement="C2 C4"),
    Field("DataIds excluded", FieldType.PARAGRAPH, (C, S), requirement="C2 C4"),
    Field("Rule exception", FieldType.PARAGRAPH, (S,), requirement="B15"),
    Field("Max concurrent groups", FieldType.NUMBER, (C, S), requirement="D1 V18"),
    Field("WMS priority", FieldType.NUMBER, (C, S), requirement="D1"),
    Field("Checkpoint", FieldType.SELECT, (S,), options=(YES, "no"), requirement="D8"),
    Field("First group alone", FieldType.SELECT, (S,), options=(YES, "no"), requirement="W12"),
    Field("Pause policy", FieldType.SELECT, (C,), options=tuple(map(str, PausePolicy)), requirement="D8"),
    Field("Retry policy", FieldType.SELECT, (C, S), options=tuple(map(str, RetryPolicy)), requirement="D15"),
    Field("Tolerance", FieldType.PARAGRAPH, (S,), requirement="G7"),
    Field("WMS id", FieldType.TEXT, (G,), by_bot=True, requirement="D5"),
    Field("Submitted at", FieldType.DATETIME, (G,), by_bot=True, requirement="E1"),
    Field("Started at", FieldType.DATETIME, (C, S, G), by_bot=True, requirement="E1"),
    Field("Ended at", FieldType.DATETIME, (C, S, G), by_bot=True, requirement="E1"),
    Field("Graph size", FieldType.NUMBER, (G,), by_bot=True, requirement="E4"),
    Field("Quanta total", FieldType.NUMBER, (C, S, G), by_bot=True, requirement="F8"),
    Field("Quanta done", FieldType.NUMBER, (C, S, G), by_bot=True, requirement="F8"),
    Field("Quanta failed", FieldType.NUMBER, (C, S, G), by_bot=True, requirement="F8"),
    Field("Quanta running", FieldType.NUMBER, (C, S, G), by_bot=True, requirement="F8"),
    Field("Percent done", FieldType.NUMBER, (C, S, G), by_bot=True, requirement="F8 V15"),
    Field("Attempt", FieldType.NUMBER, (G,), by_bot=True, requirement="A5"),
    Field("Rescue of", FieldType.TEXT, (G,), by_bot=True, requirement="A5"),
    Field("Error summary", FieldType.PARAGRAPH, (G,), by_bot=True, requirement="D5"),
    Field("As-run hash", FieldType.TEXT, (G,), by_bot=True, requirement="E4"),
    Field("Archive hash", FieldType.TEXT, (G,), by_bot=True, requirement="E4 E5"),
    Field("Verdict", FieldType.SELECT, (C, S, G), options=("good", "bad", "none"), requirement="G1 G2"),
    Field("Verdict by", FieldType.USER, (C, S, G), by_bot=True, requirement="G1"),
    Field("Verdict at", FieldType.DATETIME, (C, S, G), by_bot=True, requirement="G1"),
    Field("Verdict reason", FieldType.PARAGRAPH, (C, S, G), requirement="G2"),
    Field("PanDA link", FieldType.URL, (C, S, G), by_bot=True, requirement="F21"),
    Field("iDDS link", FieldType.URL, (C, S, G), by_bot=True, requirement="F21"),
    Field("Logs link", FieldType.URL, (C, S, G), by_bot=True, requirement="F22"),
    Field("Metrics link", FieldType.URL, (C, S, G), requirement="F22"),
    Field("QA link", FieldType.URL, (C, S, G), requirement="F22"),
    Field("Grafana link", FieldType.URL, (C, S, G), requirement="F22"),
)

BY_NAME = {field.name: field for field in FIELDS}
