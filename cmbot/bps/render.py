"""A submission as BPS YAML (reference/bps.md sections 3 and 6)."""

from __future__ import annotations

import shlex
from functools import reduce
from typing import TYPE_CHECKING, Any

import yaml

from cmbot.bps import hazards
from cmbot.bps.submission import WMS_CLASSES
from cmbot.definition import overrides
from cmbot.definition.options import merged
from cmbot.exceptions import DefinitionError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmbot.bps.submission import Submission

_COMES_FIRST = (
    "includeConfigs",
    "LSST_VERSION",
    "custom_lsst_setup",
    "pipelineYaml",
    "project",
    "campaign",
    "operator",
    "uniqProcName",
    "submitPath",
    "makeIdLink",
    "idLinkPath",
    "wmsServiceClass",
    "computeSite",
    "computeCloud",
    "queue",
    "priority",
    "payload",
    "extraQgraphOptions",
)
_COMES_LAST = ("pipetask", "cluster", "finalJob", "site")


def render(submission: Submission, base: Mapping[str, Any]) -> dict[str, Any]:
    """Render a submission as a BPS configuration.

    The base comes first, then the site's options, then the step's, then what cmbot computes.

    Parameters
    ----------
    submission : `~cmbot.bps.submission.Submission`
        What is submitted.
    base : `~collections.abc.Mapping`
        Parsed content of ``templates/bps/<wms>.yaml``.

    Returns
    -------
    config : `dict`
        The configuration, its keys in the order people read them.

    Raises
    ------
    DefinitionError
        If anything from Jira would be interpreted by BPS, or options touch what cmbot computes.
    """
    if found := tuple(hazards.problems(submission)):
        raise DefinitionError(submission.name, found)
    computed = _computed(submission)
    if found := tuple(_replaced(submission, computed)):
        raise DefinitionError(submission.name, found)
    config = reduce(merged, (submission.site_options, submission.options, computed), base)
    return dict(sorted(config.items(), key=lambda item: _rank(item[0])))


def to_yaml(config: Mapping[str, Any]) -> str:
    """Write a configuration as YAML, always the same text for the same configuration.

    Parameters
    ----------
    config : `~collections.abc.Mapping`
        Plain mappings, lists, texts, numbers.

    Returns
    -------
    text : `str`
        YAML without aliases, keys in the order given.
    """
    return yaml.dump(dict(config), Dumper=_Dumper, sort_keys=False, width=110, default_flow_style=False)


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is yaml's
        return True


def _computed(submission: Submission) -> dict[str, Any]:
    computed: dict[str, Any] = {
        "pipelineYaml": submission.pipeline,
        "project": submission.project,
        "campaign": submission.campaign,
        "operator": submission.operator,
        "uniqProcName": submission.name,
        "submitPath": submission.submit_path,
        "makeIdLink": True,
        "idLinkPath": submission.id_link_path,
        "wmsServiceClass": WMS_CLASSES[submission.wms],
        "computeSite": submission.site,
        "payload": {
            "payloadName": submission.payload,
            "butlerConfig": submission.butler,
            "inCollection": ",".join(submission.in_collections),
            "dataQuery": submission.data_query,
            "output": submission.output,
            "outputRun": submission.output_run,
        },
    }
    if options := (*overrides.arguments(submission.overrides), *submission.extra_qgraph_options):
        computed["extraQgraphOptions"] = shlex.join(options)
    if submission.priority:
        computed["priority"] = submission.priority
    if submission.lsst_version:
        computed["LSST_VERSION"] = submission.lsst_version
    if submission.image:
        computed["payload"]["sw_image"] = submission.image
    if submission.setup:
        computed["custom_lsst_setup"] = " && ".join(map(_set_up, submission.setup))
    return computed


def _set_up(item: str) -> str:
    return f"setup -k -r {item}" if item.startswith("/") else f"setup -k {item}"


def _replaced(submission: Submission, computed: Mapping[str, Any]) -> Iterator[Problem]:
    # The step's options cannot do this: hazards lets only resources and clustering through.
    for key in submission.site_options:
        if key in computed and key != "priority":
            yield Problem(f"sites.{submission.site}.wms_options.{key}", "is set by cmbot", "leave it out")


def _rank(key: str) -> tuple[int, str]:
    if key in _COMES_FIRST:
        return _COMES_FIRST.index(key), key
    if key in _COMES_LAST:
        return len(_COMES_FIRST) + 1 + _COMES_LAST.index(key), key
    return len(_COMES_FIRST), key
