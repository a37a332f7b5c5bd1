"""The error catalogue: rules that know failures (reference/predecessors.md section 4)."""

from __future__ import annotations

import re
import warnings
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cmbot.exceptions import DefinitionError, Problem
from cmbot.models.failures import Action, Failure, Flavour, JobError
from cmbot.wms.errors import COMPONENTS, LONGEST_DIAG

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_RULES = 500
_LONGEST_PATTERN = 200
_MOST_REPEATS = 2
"""Of ``*``, ``+`` and ``{}`` in a pattern. What repeats a group is refused, so that matching a message of n
characters takes about n³ steps at most, whoever wrote the message."""
_MOST_CHOICES = 4
"""Of ``?``, and ``|`` in brackets: each may double the steps."""
_PARTS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?:|\(\?|\{[0-9,]*\}|.", re.DOTALL)
_NAME = r"^[A-Za-z0-9_.-]{0,100}$"
_CODE = re.compile(rf"(?:{'|'.join((*COMPONENTS, 'quantum', 'job'))}):[0-9]{{1,9}}")


_RESCUES = {Action.RESCUE, Action.RESCUE_WITH_MORE_MEMORY}


class Rule(BaseModel):
    """What is known about one sort of failure. Conditions that are left out are met by everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")
    """Short name, unique in the catalogue."""
    codes: tuple[str, ...] = ()
    """Component and code, ``pilot:1305``; any of these. ``quantum:1`` is what the data report says."""
    exit_codes: tuple[int, ...] = ()
    """Exit codes of the payload; any of these."""
    message: str = Field(default="", max_length=_LONGEST_PATTERN)
    """Regular expression that is found in the message, upper and lower case alike."""
    tasks: tuple[str, ...] = ()
    """Task labels; any of these; ``*`` stands for any text."""
    sites: tuple[str, ...] = ()
    """Sites; any of these; ``*`` stands for any text."""
    flavour: Flavour
    """Where such a failure comes from."""
    action: Action
    """What is to be done about it."""
    tolerance: float = Field(default=0.0, ge=0.0, le=1.0)
    """Fraction of a label's inputs in the whole step that ``accept`` covers (requirement G7)."""
    to_site: str = Field(default="", pattern=_NAME)
    """Site where a rescue runs; empty for the step's own."""
    to_queue: str = Field(default="", pattern=_NAME)
    """Queue where a rescue runs; empty for the workload system's choice."""
    tickets: tuple[str, ...] = ()
    """Where it is being worked on."""
    resolved: bool = False
    """Whether it is believed to be mended: if it comes back it is not accepted any more."""
    active: bool = False
    """Whether the rule decides; a passive one only counts what it would have done (requirement V5)."""
    note: str = Field(default="", max_length=300)
    """What people should know about it."""

    @field_validator("codes")
    @classmethod
    def _known_codes(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        for code in codes:
            if not _CODE.fullmatch(code):
                raise ValueError(f"{code!r} is no component and code, such as pilot:1305")
        return codes

    @field_validator("message")
    @classmethod
    def _harmless(cls, pattern: str) -> str:
        if problem := pattern_problem(pattern):
            raise ValueError(problem)
        return pattern

    @model_validator(mode="after")
    def _consistent(self) -> Rule:
        if not any(self.conditions):
            raise ValueError("would meet every failure; give codes, exit_codes, message, tasks or sites")
        if bool(self.tolerance) != (self.action is Action.ACCEPT):
            raise ValueError("accept needs a tolerance, and only accept has one")
        if (self.to_site or self.to_queue) and self.action not in _RESCUES:
            raise ValueError("only a rescue can go to another site or queue")
        if self.flavour is Flavour.CRITICAL and self.action.severity < Action.REVIEW.severity:
            raise ValueError("a critical failure needs a person: review or pause")
        return self

    @property
    def conditions(self) -> tuple[bool, ...]:
        """Which conditions it has, the most telling first."""
        return tuple(map(bool, (self.message, self.tasks, self.exit_codes, self.codes, self.sites)))

    @property
    def specificity(self) -> tuple[int, tuple[bool, ...]]:
        """How much it asks for: the most specific rule wins."""
        return sum(self.conditions), self.conditions

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.message, re.IGNORECASE)

    def meets(self, failure: Failure, error: JobError) -> bool:
        """Compare with one error of a failure.

        Parameters
        ----------
        failure : `~cmbot.models.failures.Failure`
            The failure.
        error : `~cmbot.models.failures.JobError`
            One of its errors.

        Returns
        -------
        meets : `bool`
            Whether every condition is met.
        """
        return (
            (not self.codes or error.name in self.codes)
            and (not self.exit_codes or failure.exit_code in self.exit_codes)
            and (not self.tasks or any(fnmatchcase(failure.label, task) for task in self.tasks))
            and (not self.sites or any(fnmatchcase(failure.site, site) for site in self.sites))
            and (not self.message or self._pattern.search(error.diag[:LONGEST_DIAG]) is not None)
        )


class Catalogue(BaseModel):
    """All rules, in the order of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = Field(default=(), max_length=_MOST_RULES)
    """Of two equally specific ones the first wins."""

    def best(self, failure: Failure, error: JobError) -> tuple[Rule | None, Rule | None]:
        """Find the rules for one error of a failure.

        Parameters
        ----------
        failure : `~cmbot.models.failures.Failure`
            The failure.
        error : `~cmbot.models.failures.JobError`
            One of its errors.

        Returns
        -------
        active, passive : `Rule` or `None`
            The rule that decides, and the passive one that would if it were active.
        """
        meeting = [rule for rule in self.rules if rule.meets(failure, error)]
        # max() keeps the first of equals
        first = max(meeting, key=lambda rule: rule.specificity, default=None)
        active = max(
            (rule for rule in meeting if rule.active), key=lambda rule: rule.specificity, default=None
        )
        return active, first if first is not None and not first.active else None


def pattern_problem(pattern: str) -> str:
    """Find what could make a pattern slow, or no pattern at all.

    Parameters
    ----------
    pattern : `str`
        A regular expression.

    Returns
    -------
    problem : `str`
        Empty if there is none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        return f"is no regular expression ({error})"
    repeats, choices, depth, before = 0, 0, 0, ""
    for part in _PARTS.findall(pattern):
        if part == "(?":
            return "holds (?, of which only (?: is allowed"
        if part[0] == "\\" and part[1:].isdecimal():
            return "refers back to a group, which can take for ever"
        repeat = part in {"*", "+"} or (part[0] == "{" and len(part) > 1)
        if repeat and before == ")":
            return "repeats a group, which can take for ever"
        repeats += repeat
        depth += (part in {"(", "(?:"}) - (part == ")")
        choices += part == "?" or (part == "|" and depth > 0)
        before = part
    if repeats > _MOST_REPEATS:
        return f"holds {repeats} repetitions (* + {{}}); {_MOST_REPEATS} are allowed"
    if choices > _MOST_CHOICES:
        return f"holds {choices} choices (? and | in brackets); {_MOST_CHOICES} are allowed"
    return ""


def parse(data: object, source: str) -> Catalogue:
    """Check a catalogue that was read from a file.

    Parameters
    ----------
    data : `object`
        What the YAML file holds: ``{rules: [...]}``.
    source : `str`
        Name of the file, for messages.

    Returns
    -------
    catalogue : `Catalogue`
        The rules.

    Raises
    ------
    DefinitionError
        With every problem, if there are any.
    """
    try:
        catalogue = Catalogue.model_validate(data)
    except ValidationError as error:
        found = tuple(
            Problem(_where(item["loc"], data), item["msg"], "see config/errors.yaml")
            for item in error.errors()
        )
        raise DefinitionError(source, found) from None
    if problems := tuple(_contradictions(catalogue)):
        raise DefinitionError(source, problems)
    return catalogue


def _where(path: tuple[int | str, ...], data: object) -> str:
    """Name a rule by its name where it has one, rather than by its number."""
    match path, data:
        case ["rules", int(number), *rest], {"rules": list(rules)} if number < len(rules):
            rule = rules[number]
            name = rule.get("name") if isinstance(rule, dict) else None
            return " ".join(map(str, (name or f"rule {number + 1}", *rest)))
    return ".".join(map(str, path)) or "file"


def _contradictions(catalogue: Catalogue) -> Iterator[Problem]:
    names: set[str] = set()
    asked: dict[tuple[object, ...], str] = {}
    for rule in catalogue.rules:
        if rule.name in names:
            yield Problem(rule.name, "is the name of two rules", "rename one")
        names.add(rule.name)
        same = (
            *(frozenset(each) for each in (rule.codes, rule.exit_codes, rule.tasks, rule.sites)),
            rule.message,
            rule.active,
        )
        if same in asked:
            yield Problem(rule.name, f"asks for the same as {asked[same]}, which wins", "remove one")
        asked.setdefault(same, rule.name)
