"""What a request to the monitor asks for.

Source: reference/panda.md section 2. Parameters come from the address, a form or a JSON body; what nobody
asks for is ignored without a word, as by the real one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import translate
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONGEST = 36500  # days
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?)?")


class BadQuestion(Exception):
    """A parameter cannot be used: 400 with this text."""


@dataclass(frozen=True)
class Question:
    """One request to the monitor."""

    parameters: Mapping[str, str]
    """What was sent, by name."""
    wants_json: bool
    """Whether the answer is to be JSON."""
    now: datetime
    """When it was asked, by the sandbox's clock."""

    def integer(self, name: str) -> int | None:
        """One number; `None` if it was not sent.

        Raises
        ------
        BadQuestion
            If it is no number.
        """
        numbers = self.integers(name)
        return None if numbers is None else min(numbers)

    def integers(self, name: str) -> frozenset[int] | None:
        """Numbers separated by ``|`` or commas; `None` if the parameter was not sent.

        Raises
        ------
        BadQuestion
            If one is no number.
        """
        text = self.parameters.get(name, "")
        if not text:
            return None
        parts = [part.strip() for part in re.split(r"[|,]", text)]
        if not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
            raise BadQuestion(f"Illegal value '{text[:200]}' for {name}")
        return frozenset(int(part) for part in parts)

    def matcher(self, name: str) -> Callable[[object], bool] | None:
        """Test for a text: ``*`` any text, ``|`` and commas or, a leading ``!`` not; case is ignored.

        Parameters
        ----------
        name : `str`
            The parameter.

        Returns
        -------
        matches : callable or `None`
            `None` if the parameter was not sent.

        Raises
        ------
        BadQuestion
            If ``%`` is used in a name of a task or job.
        """
        text = self.parameters.get(name, "")
        if not text:
            return None
        if "%" in text and name in {"taskname", "jobname"}:
            raise BadQuestion(f"Use * symbol for pattern search instead of % for {name}")
        wanted = not text.startswith("!")
        parts = re.split(r"[|,]", text.removeprefix("!").lower())
        # only the star is wild: brackets and question marks are escaped
        globs = [re.sub(r"([\[?])", r"[\1]", part) for part in parts]
        pattern = re.compile("|".join(translate(glob) for glob in globs))
        return lambda value: bool(pattern.match("" if value is None else str(value).lower())) is wanted

    def window(self, hours: float, *, lifted_by: tuple[str, ...] = ()) -> tuple[str, str]:
        """First and last instant that are looked at, as they are stored.

        Parameters
        ----------
        hours : `float`
            How far back it goes when nothing is said.
        lifted_by : `tuple` [`str`, ...]
            Parameters that make it 180 days, when neither ``days`` nor ``hours`` is sent.

        Returns
        -------
        since, until : `str`
            Both inclusive.

        Raises
        ------
        BadQuestion
            If a limit cannot be read.
        """
        sent_days, sent_hours = self.integer("days"), self.integer("hours")
        if sent_days is not None:
            hours = min(sent_days, _LONGEST) * 24
        elif sent_hours is not None:
            hours = min(sent_hours, _LONGEST * 24)
        elif any(self.parameters.get(name) for name in lifted_by):
            hours = 180 * 24
        since = max(self.now - timedelta(hours=hours), datetime(1900, 1, 1, tzinfo=UTC))
        return _stored(self._date("date_from") or since), _stored(self._date("date_to") or self.now)

    def _date(self, name: str) -> datetime | None:
        """Read a date; the parser guesses, and takes the month first wherever it can."""
        text = self.parameters.get(name, "").strip()
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            found = _guessed(text, name)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def read(query: bytes, body: bytes, content_type: str, accept: str, now: datetime) -> Question:
    """Make a question of what was sent.

    Parameters
    ----------
    query : `bytes`
        Query of the address.
    body : `bytes`
        Body of a POST.
    content_type, accept : `str`
        Headers.
    now : `datetime.datetime`
        The sandbox's clock.

    Returns
    -------
    question : `Question`
        The question.
    """
    found = _pairs(query)
    if body and content_type.partition(";")[0].strip() == "application/json":
        found |= _json_parameters(body)
    elif body:
        found |= _pairs(body)
    clean = {key: value.replace("'", "").replace("#", "").replace("+", " ") for key, value in found.items()}
    return Question(clean, "json" in clean or accept in {"application/json", "text/json"}, now)


def _pairs(text: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(text.decode(errors="replace"), keep_blank_values=True))
    except ValueError:  # far too many fields
        return {}


def _json_parameters(body: bytes) -> dict[str, str]:
    """Parameters of a JSON body: an object, or one below ``params``; what cannot be read asks for nothing."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(value, dict) and isinstance(value.get("params"), dict):
        value = value["params"]
    return {str(key): str(text) for key, text in value.items()} if isinstance(value, dict) else {}


def _guessed(text: str, name: str) -> datetime:
    match = _DAY_FIRST.fullmatch(text)
    if match is None:
        raise BadQuestion(f"Illegal value '{text[:200]}' for {name}")
    first, second, year, hour, minute, second_of = (int(part or 0) for part in match.groups())
    month, day = (first, second) if first <= 12 else (second, first)
    try:
        return datetime(year, month, day, hour, minute, second_of, tzinfo=UTC)
    except ValueError as error:
        raise BadQuestion(f"Illegal value '{text[:200]}' for {name}") from error


def _stored(instant: datetime) -> str:
    try:
        return instant.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:
        return instant.replace(tzinfo=UTC).isoformat(timespec="microseconds")
