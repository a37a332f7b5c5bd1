"""Which field may be edited in which status, as a table."""

from __future__ import annotations

import pytest

from cmbot.jira_schema.editing import DEFINITION, EDITING, FIXED, METHOD, Effect
from cmbot.jira_schema.fields import BY_NAME, FIELDS
from cmbot.models.issues import Status

# Once something was submitted; o: counts at once, n: at the next attempt, -: not used.
TABLE = """
                 Draft Launch Running Paused Failed Completed Abandoned
Data query       -     -      -       -      -      -         -
Split rule       -     -      -       -      -      -         -
Output root      -     -      -       -      -      -         -
Step name        -     -      -       -      -      -         -
BPS options      n     n      n       n      n      -         -
Pipeline YAML    n     n      n       n      n      -         -
Environment      n     n      n       n      n      -         -
Tolerance        o     o      o       o      o      o         o
Pause policy     o     o      o       o      o      o         o
Verdict          o     o      o       o      o      o         o
"""
EFFECTS = {"o": Effect.AT_ONCE, "n": Effect.NEXT_ATTEMPT, "-": Effect.REFUSED}


@pytest.mark.covers("V16")
def test_the_table_says_what_an_edit_means() -> None:
    header, *rows = TABLE.strip("\n").splitlines()
    for row in rows:
        field, cells = row[:17].strip(), row[17:].split()
        assert EDITING[field] == {
            Status(name): EFFECTS[cell] for name, cell in zip(header.split(), cells, strict=True)
        }


@pytest.mark.covers("V16")
def test_every_field_of_peoples_is_in_the_table_and_no_other() -> None:
    assert set(EDITING) == {field.name for field in FIELDS if not field.by_bot}
    assert all(set(row) == set(Status) for row in EDITING.values())
    assert set(BY_NAME) > DEFINITION == FIXED | METHOD
    assert not FIXED & METHOD
