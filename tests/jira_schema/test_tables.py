"""The tables of statuses, fields and names, as the design and the predecessors' lesson say."""

from __future__ import annotations

from typing import Any

import pytest

from cmbot.exceptions import UserError
from cmbot.jira_schema.fields import BY_NAME, FIELDS, FieldType
from cmbot.jira_schema.names import names
from cmbot.jira_schema.statuses import BY_CMBOT, BY_PEOPLE, CATEGORIES, refusal, who_may
from cmbot.models.campaign import PausePolicy
from cmbot.models.issues import Level, Role, Status, Verdict

# From (row) to (column); p: people may, c: cmbot may, b: both may, a dot: nobody.
MOVES = """
            Draft Launch Running Paused Failed Completed Abandoned
Draft       .     p      c       b      b      b         p
Launch      b     .      c       b      b      b         b
Running     c     c      .       b      b      b         b
Paused      p     p      c       .      p      b         p
Failed      p     p      c       p      .      b         p
Completed   .     p      c       b      b      .         p
Abandoned   p     p      .       p      .      .         .
"""


def table() -> list[tuple[Status, Status, str]]:
    """Every pair of statuses, with who may."""
    header, *rows = MOVES.strip().splitlines()
    targets = [Status(name) for name in header.split()]
    cells = [(Status(row.split()[0]), row.split()[1:]) for row in rows]
    return [(source, target, who) for source, row in cells for target, who in zip(targets, row, strict=True)]


@pytest.mark.covers("V16", "W13")
@pytest.mark.parametrize(("source", "target", "who"), table())
def test_every_pair_of_statuses_has_somebody_who_may_or_nobody(
    source: Status, target: Status, who: str
) -> None:
    assert (target in BY_PEOPLE[source]) is (who in "pb")
    assert (target in BY_CMBOT[source]) is (who in "cb")
    if source is not target:
        assert (refusal(Level.STEP, source, target) is None) is (who in "pb")


def test_a_refusal_says_what_to_do_instead() -> None:
    assert "Launch" in (refusal(Level.STEP, Status.DRAFT, Status.RUNNING) or "")
    assert "Launch" in (refusal(Level.STEP, Status.RUNNING, Status.DRAFT) or "")
    assert "Running" in (refusal(Level.STEP, Status.RUNNING, Status.LAUNCH) or "")
    assert refusal(Level.STEP, None, Status.RUNNING) is None


# Which people move to where; d: definers, o: operators.
ROLES = """
          Draft Launch Paused Failed Completed Abandoned
campaign  do    o      do     o      o         do
step      do    o      do     o      o         do
group     o     o      o      o      o         o
"""


def roles() -> list[tuple[Level, Status, set[Role]]]:
    """Every level and status that people move to, with the roles of which one is needed."""
    header, *rows = ROLES.strip().splitlines()
    letters = {"d": Role.DEFINER, "o": Role.OPERATOR}
    return [
        (Level(row.split()[0]), Status(name), {letters[letter] for letter in cell})
        for row in rows
        for name, cell in zip(header.split(), row.split()[1:], strict=True)
    ]


@pytest.mark.covers("V16", "W13")
@pytest.mark.parametrize(("level", "target", "needed"), roles())
def test_only_who_has_a_role_moves(level: Level, target: Status, needed: set[Role]) -> None:
    for source in Status:
        if source is target:
            continue
        allowed = target in BY_PEOPLE[source]
        assert who_may(level, source, target) == (needed if allowed else set())
        for had in ({Role.DEFINER}, {Role.OPERATOR}, set(Role), set()):
            may = allowed and bool(had & needed)
            assert (refusal(level, source, target, frozenset(had)) is None) is may
    # From elsewhere a role is needed too.
    said = refusal(level, None, target, frozenset())
    assert said is not None
    assert " or ".join(sorted(needed)) in said


def test_only_people_launch_except_to_turn_a_refused_move_back() -> None:
    assert {source for source in Status if Status.LAUNCH in BY_CMBOT[source]} == {Status.RUNNING}


@pytest.mark.covers("W3")
def test_no_status_is_a_dead_end_for_people() -> None:
    assert all(BY_PEOPLE[status] for status in Status)


def test_every_status_has_a_category_of_jiras() -> None:
    assert set(CATEGORIES) == set(Status)
    assert set(CATEGORIES.values()) == {"new", "indeterminate", "done"}
    assert {status for status, category in CATEGORIES.items() if category == "done"} == {
        status for status in Status if status.closed
    }


# ------------------------------------------------------------------------------------------ fields

C, S, G = Level.CAMPAIGN, Level.STEP, Level.GROUP
T = FieldType
# Rows of reference/predecessors.md 7.2; the campaign id is the key, the short name the summary.
WANTED: list[tuple[str, tuple[FieldType, ...], set[Level]]] = [
    ("Campaign kind|Campaign stage|Campaign mode", (T.SELECT,), {C}),
    ("Reason", (T.PARAGRAPH,), {C}),
    ("Production|Sign-off roles", (T.TEXT, T.PARAGRAPH), {C}),
    ("Definer", (T.USER,), {C}),
    ("Operators", (T.USERS,), {C, S, G}),
    ("Data specification|Processing specification", (T.URL,), {C}),
    ("Data specification version|Processing specification version", (T.TEXT,), {C}),
    ("LSST version|Software image|Custom setup", (T.TEXT, T.PARAGRAPH), {C, S, G}),
    ("Pipeline YAML|pex_config overrides|BPS options", (T.TEXT, T.PARAGRAPH), {S}),
    ("Butler repository|Input collections|Output root", (T.TEXT,), {C, S}),
    ("Output run", (T.TEXT,), {G}),
    ("WMS|Compute site", (T.SELECT, T.TEXT), {C, S, G}),
    ("Split rule|Rule exception", (T.PARAGRAPH,), {S}),
    ("Data query", (T.PARAGRAPH,), {S, G}),
    ("DataIds included|DataIds excluded", (T.PARAGRAPH,), {C, S}),
    ("Max concurrent groups|WMS priority", (T.NUMBER,), {C, S}),
    ("Pause policy", (T.SELECT,), {C}),
    ("Tolerance", (T.PARAGRAPH,), {S}),
    ("WMS id|Rescue of|As-run hash|Archive hash", (T.TEXT,), {G}),
    ("Error summary", (T.PARAGRAPH,), {G}),
    ("Submitted at", (T.DATETIME,), {G}),
    ("Started at|Ended at", (T.DATETIME,), {C, S, G}),
    ("Graph size|Attempt", (T.NUMBER,), {G}),
    ("Quanta total|Quanta done|Quanta failed|Quanta running|Percent done", (T.NUMBER,), {C, S, G}),
    ("Verdict", (T.SELECT,), {C, S, G}),
    ("Verdict by", (T.USER,), {C, S, G}),
    ("Verdict at", (T.DATETIME,), {C, S, G}),
    ("Verdict reason", (T.PARAGRAPH,), {C, S, G}),
    ("PanDA link|iDDS link|Logs link|Metrics link|QA link|Grafana link", (T.URL,), {C, S, G}),
]


@pytest.mark.covers("A1", "B2", "B6", "D7", "D12", "E1", "V15", "F22")
@pytest.mark.parametrize(("listed", "types", "levels"), WANTED)
def test_every_field_of_the_reference_exists(
    listed: str, types: tuple[FieldType, ...], levels: set[Level]
) -> None:
    for name in listed.split("|"):
        assert BY_NAME[name].type in types
        assert set(BY_NAME[name].levels) >= levels


def test_field_names_are_unique_and_fit_jira() -> None:
    folded = [field.name.casefold() for field in FIELDS]
    assert len(folded) == len(set(folded))
    assert all(0 < len(field.name) <= 255 and field.requirement for field in FIELDS)


def test_select_fields_hold_the_values_that_the_models_have() -> None:
    assert set(BY_NAME["Pause policy"].options) == set(PausePolicy)
    assert set(BY_NAME["Verdict"].options) == set(Verdict)
    assert all(field.options for field in FIELDS if field.type is FieldType.SELECT)
    assert not any(field.options for field in FIELDS if field.type is not FieldType.SELECT)


# ------------------------------------------------------------------------------------------- names


@pytest.mark.covers("W21")
def test_a_project_may_have_names_of_its_own(settings: Any) -> None:
    own = settings.model_copy(
        update={
            "statuses": {"Draft": "Backlog", "Completed": "Done"},
            "issue_types": {"campaign": "Initiative", "step": "Task", "group": "Sub-task"},
        }
    )
    found = names(own, {"Reason": "customfield_1", "Somebody else's": "customfield_2"})
    assert found.status("BACKLOG") is Status.DRAFT
    assert found.status("done") is Status.COMPLETED
    assert found.status("Draft") is None
    assert found.status("Paused") is Status.PAUSED
    assert found.site_statuses[Status.DRAFT] == "Backlog"
    assert found.levels == {"initiative": C, "task": S, "sub-task": G}
    assert found.managed("Task")
    assert not found.managed("CM Step")
    assert found.fields == {"customfield_1": "Reason"}


@pytest.mark.covers("W21")
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"statuses": {"Doing": "Running"}}, "Doing"),
        ({"issue_types": {"epic": "Epic"}}, "epic"),
        ({"statuses": {"Failed": "Done", "Completed": "done"}}, "Done"),
        ({"statuses": {"Draft": "Paused"}}, "Paused"),
        ({"issue_types": {"step": "Task", "group": "task"}}, "Task"),
    ],
)
def test_a_wrong_name_in_the_settings_is_named(settings: Any, wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named):
        names(settings.model_copy(update=wrong), {})
