"""Values of the wrong type or range, variables nobody defines, placeholders left."""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING, Any

from cmbot.bps.hazards import LONGEST_NAME
from cmbot.bps.lint import keys
from cmbot.bps.lint.keys import Kind
from cmbot.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Written into templates by earlier tools and filled by search and replace (predecessors.md 2.2).
_PLACEHOLDER = re.compile(
    r"(?<![A-Za-z])(?:GNUM|BAND|(?:LOW|HIGH|MIN|MAX)(?:EXP|EXPOSURE|VISIT|DET|DETECTOR|TRACT|PATCH)|TODO|FIXME"
    r"|CHANGE_?ME|XXX+)(?![A-Za-z])|\{\{.*?\}\}|@@\w+@@"
)
_VERSION = re.compile(r"w_\d{4}_\d{2}|d_\d{4}_\d{2}_\d{2}|(?<![A-Za-z0-9])v\d+_\d+(?:_\d+)?(?:_rc\d+)?")


def value_problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what is wrong with the values, wherever they stand.

    Parameters
    ----------
    config : `~collections.abc.Mapping`
        The configuration.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        One per value.
    """
    kinds = {**keys.TOP, **keys.CLUSTER, **keys.FINAL_JOB}
    defined = _defined(config)
    for path, value in _leaves(config, ""):
        key = path.rpartition(".")[2].partition("[")[0]
        if path in {key, f"payload.{key}"} or path.split(".")[0] in {"pipetask", "cluster", "finalJob"}:
            yield from _kind(path, value, kinds.get(key))
        if isinstance(value, str):
            yield from _placeholders(path, value)
            if "includeConfigs" not in config:
                yield from _undefined(path, value, defined)
    yield from _memory(config)
    yield from _versions(config)
    name = config.get("uniqProcName")
    if isinstance(name, str) and len(name) > LONGEST_NAME:
        yield Problem(
            "uniqProcName", f"has {len(name)} characters", f"shorten the names to {LONGEST_NAME} in all"
        )


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _kind(path: str, value: Any, kind: Kind | None) -> Iterator[Problem]:
    if (
        kind is None
        or value is None
        or (isinstance(value, str) and "{" in value and kind is not Kind.MAPPING)
    ):
        return
    if not _fits(value, kind):
        yield Problem(path, f"cannot be {value!r}", f"give {kind.value}")
    elif path.rpartition(".")[2] in keys.POSITIVE and not isinstance(value, str) and value <= 0:
        yield Problem(path, f"cannot be {value!r}", "give a number above 0")


def _fits(value: Any, kind: Kind) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    match kind:
        case Kind.TEXT:
            # YAML reads a text of digits as a number; BPS takes both.
            return isinstance(value, (str, int, float)) and not isinstance(value, bool)
        case Kind.WHOLE:
            return whole
        case Kind.NUMBER:
            return whole or isinstance(value, float)
        case Kind.FLAG:
            return isinstance(value, bool)
        case Kind.MAPPING:
            return isinstance(value, dict)
        case Kind.TEXTS:
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case Kind.CODES:
            return whole or (isinstance(value, list) and all(isinstance(item, int) for item in value))
        case Kind.TIME:
            return whole or (isinstance(value, str) and value.isdecimal())


def _placeholders(path: str, value: str) -> Iterator[Problem]:
    if found := _PLACEHOLDER.search(value):
        yield Problem(path, f"still holds the placeholder {found.group()}", "fill it")


def _defined(config: Mapping[str, Any]) -> frozenset[str]:
    """Collect the names that BPS finds when it replaces variables: at any level, and its own."""
    names = {str(key) for key in config}
    for value in config.values():
        if isinstance(value, dict):
            names |= _defined(value)
    return frozenset(names) | keys.SET_BY_BPS | keys.DEFAULTED | keys.DIMENSIONS


def _undefined(path: str, value: str, defined: frozenset[str]) -> Iterator[Problem]:
    without_environment = re.sub(r"\$\{[^}]*\}", "", value)
    try:
        fields = [field for _, field, _, _ in Formatter().parse(without_environment) if field is not None]
    except ValueError:
        yield Problem(path, "holds a brace without its other half", "correct or remove it")
        return
    for field in fields:
        if re.split(r"[.\[!:]", field)[0] not in defined:
            yield Problem(
                path,
                f"uses {{{field}}}, which nothing defines: BPS would make it empty",
                "define or remove it",
            )


def _memory(config: Mapping[str, Any]) -> Iterator[Problem]:
    limit = config.get("memoryLimit")
    for path, value in _leaves(config, ""):
        too_much = isinstance(limit, int) and isinstance(value, int) and value > limit
        if path.rpartition(".")[2] == "requestMemory" and too_much:
            yield Problem(path, f"{value} is above memoryLimit {limit}", "lower it or raise the limit")


def _versions(config: Mapping[str, Any]) -> Iterator[Problem]:
    payload = config.get("payload")
    image = payload.get("sw_image", "") if isinstance(payload, dict) else ""
    texts = [
        config.get("LSST_VERSION", ""),
        config.get("setupLSSTEnv", ""),
        config.get("sw_image", ""),
        image,
    ]
    versions = sorted({version for text in texts for version in _VERSION.findall(str(text))})
    if len(versions) > 1:
        yield Problem("LSST_VERSION", f"{' and '.join(versions)} are mixed", "use one version throughout")
