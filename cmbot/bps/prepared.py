"""BPS files that people may edit before they are submitted (requirements B22, B23).

A prepared file names its submission as a launch will, but for two things that only the launch knows: the
nonce, for which `NONCE` stands, and the operator, for whom `OPERATOR` stands.
"""

from __future__ import annotations

import re
import shlex
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from cmbot.bps.fields import FIELDS
from cmbot.bps.lint.sameness import leaves, parted
from cmbot.definition import grammar, overrides
from cmbot.exceptions import Problem
from cmbot.models.views import Unlike

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NONCE = "0" * 8
"""In the place of the nonce."""
OPERATOR = "whoever-launches"
"""In the place of the operator."""
_COMPUTED = frozenset(
    {
        # How cmbot finds the submission again, and what it says of itself.
        *("project", "campaign", "operator", "uniqProcName", "submitPath", "makeIdLink", "idLinkPath"),
        *("payloadName", "wmsServiceClass", "computeSite"),
        # Which data are read and where outputs go: groups, chains and rescues rely on it.
        *("butlerConfig", "inCollection", "dataQuery", "output", "outputRun", "updateOutputChain"),
        *("pipetaskInput", "pipetaskOutput", "pipetaskDataQuery", "createQuantumGraph", "qgraphFile"),
        # What stands elsewhere could say all of that otherwise, and would not be in the record.
        *("includeConfigs", "remoteBuild", "bps_cmdline", "bps_defined"),
    }
)
"""Keys that are as cmbot rendered them, wherever they stand."""


def at_launch(text: str, name: str, operator: str) -> str:
    """Fill in what only the launch knows; everything else stays as it is.

    Parameters
    ----------
    text : `str`
        A prepared file.
    name : `str`
        Run name of the submission, which ends in attempt and nonce.
    operator : `str`
        BPS's operator.

    Returns
    -------
    text : `str`
        What is submitted.
    """
    _, attempt, nonce = name.rsplit("_", 2)
    # So ends also the name of its output run.
    named = text.replace(f"{attempt}_{NONCE}", f"{attempt}_{nonce}")
    return re.sub(rf"""^(operator:[ '"]*){OPERATOR}\b""", rf"\g<1>{operator}", named, flags=re.MULTILINE)


def problems(edited: Any, rendered: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Find what must not be edited.

    Parameters
    ----------
    edited : `Any`
        Content of a prepared file, as `at_launch` gave it.
    rendered : `~collections.abc.Mapping`
        What cmbot rendered for the same launch.
    file : `str`
        Name of the file, for messages.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        One per key.
    """
    if not isinstance(edited, dict):
        yield Problem(file, "is no mapping", "prepare it again")
        return
    is_, was = (dict(leaves(config, "")) for config in (edited, rendered))
    for path in sorted(is_.keys() | was.keys()):
        if is_.get(path) != was.get(path) and _COMPUTED & set(path.split(".")):
            put_back = f"write {was[path]!r} again" if path in was else "leave it out"
            elsewhere = f"; the field {FIELDS[path]} in Jira changes it" if path in FIELDS else ""
            yield Problem(f"{file} {path}", "is computed by cmbot", f"{put_back}{elsewhere}")
    pipeline = edited.get("pipelineYaml")
    if not isinstance(pipeline, str) or not grammar.is_pipeline(pipeline):
        yield Problem(f"{file} pipelineYaml", f"{pipeline!r} cannot be used", "write PATH.yaml#SUBSET")
    yield from _options(edited.get("extraQgraphOptions", ""), rendered.get("extraQgraphOptions", ""), file)


def edits(edited: Mapping[str, Any], rendered: Mapping[str, Any]) -> tuple[Unlike, ...]:
    """List what was edited.

    Parameters
    ----------
    edited, rendered : `~collections.abc.Mapping`
        As it is, and as cmbot rendered it.

    Returns
    -------
    edits : `tuple` [`~cmbot.models.views.Unlike`, ...]
        By path; the usual is what was rendered.
    """
    is_, was = (dict(leaves(config, "")) for config in (edited, rendered))
    return tuple(
        Unlike(path, _text(is_.get(path)), _text(was.get(path)))
        for path in sorted(is_.keys() | was.keys())
        if is_.get(path) != was.get(path)
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _options(edited: Any, rendered: str, file: str) -> Iterator[Problem]:
    """Only overrides may be added: what comes later on a command line counts, as ``--output-run``."""
    field = f"{file} extraQgraphOptions"
    found = _parted(edited)
    if found is None:
        yield Problem(field, f"{edited!r} is no command line", "write a text, with its quotes closed")
        return
    own, kept = found
    before, computed = parted(rendered)
    if kept != computed:
        yield Problem(field, "lacks what cmbot computed", f"write {shlex.join(computed)} again")
    for pair in set(_pairs(own)) - set(_pairs(before)):
        if not _is_override(*pair):
            remedy = "write -c LABEL:FIELD=VALUE or -C LABEL:FILE, as in the field pex_config overrides"
            yield Problem(field, f"{shlex.join(pair)} cannot be used", remedy)


def _parted(options: Any) -> tuple[list[str], list[str]] | None:
    try:
        return parted(options) if isinstance(options, str) else None
    except ValueError:
        return None


def _is_override(flag: str, text: str) -> bool:
    label, _, rest = text.partition(":")
    name, equals, value = rest.partition("=")
    if flag in {"-C", "--config-file"}:
        return not any(overrides.problems({label: rest}, ""))
    return (
        flag in {"-c", "--config"}
        and bool(equals)
        and not any(overrides.problems({label: {name: value}}, ""))
    )


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip_longest(words[::2], words[1::2], fillvalue="")
