"""Keys that are missing, unknown, misspelt, outdated or in the wrong place."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from cmbot.bps.lint import keys
from cmbot.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_REQUIRED = (
    "project",
    "campaign",
    "operator",
    "uniqProcName",
    "submitPath",
    "wmsServiceClass",
    "computeSite",
)
_REQUIRED_PAYLOAD = ("payloadName", "butlerConfig", "output", "outputRun")
_REQUIRED_FOR_GRAPH = ("inCollection", "dataQuery")
_PANDA, _PARSL = "lsst.ctrl.bps.panda", "lsst.ctrl.bps.parsl"


def structure_problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what is wrong with the keys.

    Parameters
    ----------
    config : `~collections.abc.Mapping`
        The configuration.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        One per key.
    """
    payload = config.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    yield from _missing(config, payload)
    if _PANDA in str(config.get("wmsServiceClass", "")) and "includeConfigs" not in config:
        yield from _panda({**config, **payload})
    if _PARSL in str(config.get("wmsServiceClass", "")) and "includeConfigs" not in config:
        yield from _parsl(config)
    if config.get("remoteBuild"):
        # Then bps keeps no local trace by which a lost submission could be judged.
        yield Problem("remoteBuild", "cannot be used with cmbot", "leave it out")
    used = _variables(config)
    for where, section, known in _sections(config):
        for key in section:
            yield from _key(where, str(key), known, used)


def _missing(config: Mapping[str, Any], payload: Mapping[str, Any]) -> Iterator[Problem]:
    if not config.get("pipelineYaml") and not config.get("qgraphFile"):
        yield Problem("pipelineYaml", "is missing", "write FILE.yaml#SUBSET")
    for key in _REQUIRED:
        if _empty(config.get(key)):
            yield Problem(key, "is missing", "set it")
    wanted = _REQUIRED_PAYLOAD if config.get("qgraphFile") else (*_REQUIRED_PAYLOAD, *_REQUIRED_FOR_GRAPH)
    for key in wanted:
        if _empty(payload.get(key)) and _empty(config.get(key)):
            why = "is missing, and BPS would process everything" if key == "dataQuery" else "is missing"
            yield Problem(f"payload.{key}", why, "set it")


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _panda(values: Mapping[str, Any]) -> Iterator[Problem]:
    if "_cmd_line_" not in str(values.get("runnerCommand", "")):
        yield Problem("runnerCommand", "does not hold _cmd_line_", "see templates/bps/panda.yaml")
    end_point = str(values.get("fileDistributionEndPoint") or "")
    name = str(values.get("uniqProcName", ""))
    if not end_point:
        yield Problem("fileDistributionEndPoint", "is missing", "set it in the site's wms_options")
    elif "{uniqProcName}" not in end_point and (not name or name not in end_point):
        yield Problem(
            "fileDistributionEndPoint",
            "is shared by all submissions, which overwrite each other's final_job.bash",
            "write …/{uniqProcName}/",
        )
    for key in ("fileDistributionEndPoint", "fileDistributionEndPointDefault"):
        if values.get(key) and not str(values[key]).endswith("/"):
            yield Problem(key, "does not end in /", "add the /")


def _parsl(config: Mapping[str, Any]) -> Iterator[Problem]:
    """The plugin takes what it runs on from here, and looks for it when the graph was made."""
    name, sites = str(config.get("computeSite", "")), config.get("site")
    site = sites.get(name) if isinstance(sites, dict) else None
    if not isinstance(site, dict) or _empty(site.get("class")):
        remedy = "set it in the site's wms_options: lsst.ctrl.bps.parsl.sites.Local, for one"
        yield Problem(f"site.{name}.class", "is missing", remedy)


def _sections(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, keys.Kind]]]:
    yield "", config, keys.TOP
    for name, known in (("payload", keys.PAYLOAD), ("finalJob", keys.FINAL_JOB)):
        if isinstance(config.get(name), dict):
            yield f"{name}.", config[name], known
    for name, known in (("pipetask", keys.JOB), ("cluster", keys.CLUSTER)):
        if isinstance(config.get(name), dict):
            for label, section in config[name].items():
                if isinstance(section, dict):
                    yield f"{name}.{label}.", section, known


def _key(where: str, key: str, known: Mapping[str, keys.Kind], used: frozenset[str]) -> Iterator[Problem]:
    if key in known:
        return
    camel = re.sub(r"_(\w)", lambda match: match[1].upper(), key)
    remedy = keys.REPLACED.get(key, camel if camel in known else "")
    if not remedy and key in used:
        return
    if not remedy:
        near = difflib.get_close_matches(key.lower(), [name.lower() for name in known], n=1, cutoff=0.8)
        remedy = next((name for name in known if [name.lower()] == near), "")
    if remedy:
        yield Problem(f"{where}{key}", "is no key of BPS, which would ignore or refuse it", f"write {remedy}")
    elif key in keys.TOP:
        yield Problem(f"{where}{key}", "does not belong here", "move it to the top level")
    else:
        yield Problem(f"{where}{key}", "is no key of BPS and no value uses it as a variable", "leave it out")


def _variables(value: object) -> frozenset[str]:
    """Collect the variables that any value uses."""
    if isinstance(value, dict):
        return frozenset().union(*map(_variables, value.values()))
    if isinstance(value, list):
        return frozenset().union(*map(_variables, value))
    return frozenset(re.findall(r"(?<!\$)\{(\w+)", value)) if isinstance(value, str) else frozenset()
