"""Attempts as the issue property holds them, hostile until checked: who may edit an issue may edit it too."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmbot.definition import grammar
from cmbot.models.attempts import AttemptState, Cause, Withdrawal
from cmbot.models.issues import Person
from cmbot.models.systems import System

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_GROUP = re.compile(r"g[0-9]{3,6}")
_NAME = re.compile(r"[A-Z][A-Z0-9_]*-[0-9]+_[A-Za-z0-9]+_g[0-9]{3,6}_a[0-9]+_[0-9a-f]{8}")
_NONCE = re.compile(r"[0-9a-f]{8}")
_MOST = 2**32


def sound(entry: Mapping[str, Any]) -> bool:
    """Tell whether an attempt can be what cmbot wrote.

    Parameters
    ----------
    entry : `~collections.abc.Mapping`
        From the property.

    Returns
    -------
    sound : `bool`
        Whether it can be brought back.
    """
    # Names become paths.
    texts = ("group", "state", "cause", "by", "at", "what", "nonce", "name")
    if not all(isinstance(entry.get(key), str) for key in texts):
        return False
    request = entry.get("request")
    return (
        _GROUP.fullmatch(entry["group"]) is not None
        and _is_number(entry.get("number"))
        and (request is None or _is_number(request))
        and entry["state"] in set(AttemptState)
        and _is_instant(entry["at"])
        and entry.get("wms", System.PANDA) in set(System)
        and isinstance(entry.get("site", ""), str)
        and (not entry["nonce"] or (_is_recorded(entry) if "recorded" in entry else _is_name(entry)))
    )


def restarts(entry: Mapping[str, Any]) -> Iterator[Cause]:
    """Read the acts behind the restarts of an attempt.

    Parameters
    ----------
    entry : `~collections.abc.Mapping`
        From the property; sound otherwise.

    Yields
    ------
    cause : `~cmbot.models.attempts.Cause`
        What cmbot cannot have written is left out: the attempt itself must not be lost for that.
    """
    found = entry.get("restarts")
    for each in found if isinstance(found, list) else ():
        match each:
            case {"cause": str(cause), "by": str(by), "at": str(at)} if _is_instant(at):
                yield Cause(cause, Person(by, by), datetime.fromisoformat(at), "had it restarted")
            case _:
                continue


def withdrawal(entry: Mapping[str, Any]) -> Withdrawal | None:
    """Read that what an attempt made was taken back.

    Parameters
    ----------
    entry : `~collections.abc.Mapping`
        From the property; sound otherwise.

    Returns
    -------
    withdrawal : `~cmbot.models.attempts.Withdrawal` or `None`
        Not seen to be done, so that the chains are arranged again; nothing is removed from a Butler because
        an issue property says so. `None` for what cmbot cannot have written.
    """
    match entry.get("withdrawn"):
        case {"cause": str(cause), "by": str(by), "at": str(at), "what": str(what)} if _is_instant(at):
            return Withdrawal(Cause(cause, Person(by, by), datetime.fromisoformat(at), what))
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_name(entry: Mapping[str, Any]) -> bool:
    name, end = entry["name"], f"_{entry['group']}_a{entry['number']}_{entry['nonce']}"
    return _NAME.fullmatch(name) is not None and name.endswith(end)


def _is_recorded(entry: Mapping[str, Any]) -> bool:
    """Whether it can be what `cmbot.operations.record_run` wrote: it reaches paths, and pipetask."""
    match entry["recorded"]:
        case {"run": str(run), "graph": str(graph), "expected": dict(expected)}:
            numbers = all(grammar.is_label(label) and _is_number(n) for label, n in expected.items())
            names = grammar.is_run_name(entry["name"]) and grammar.is_collection(run)
            known = len(entry["recorded"]) == 3 and _NONCE.fullmatch(entry["nonce"]) is not None
            return numbers and names and known and (not graph or grammar.is_graph(graph))
        case _:
            return False
