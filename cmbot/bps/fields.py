"""Where people change what the linter finds: the Jira field for a BPS key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.bps.submission import Submission
    from cmbot.exceptions import Problem

FIELDS: Mapping[str, str] = {
    "LSST_VERSION": "LSST version",
    "computeSite": "Compute site",
    "custom_lsst_setup": "Custom setup",
    "extraQgraphOptions": "pex_config overrides",
    "payload.butlerConfig": "Butler repository",
    "payload.dataQuery": "Data query",
    "payload.inCollection": "Input collections",
    "payload.output": "Output root",
    "payload.outputRun": "Output root",
    "payload.sw_image": "Software image",
    "pipelineYaml": "Pipeline YAML",
    "priority": "WMS priority",
    "wmsServiceClass": "WMS",
}
"""BPS key -> the field that it comes from."""


def in_jira(problem: Problem, submission: Submission) -> Problem:
    """Say a problem of a configuration by what people can change.

    Parameters
    ----------
    problem : `~cmbot.exceptions.Problem`
        Of the linter, by BPS key.
    submission : `~cmbot.bps.submission.Submission`
        What was rendered.

    Returns
    -------
    problem : `~cmbot.exceptions.Problem`
        By Jira field or setting, with the key where the field holds many.
    """
    path, top = problem.field, problem.field.partition(".")[0]
    if path in FIELDS:
        return replace(problem, field=FIELDS[path])
    if top in submission.options:
        return replace(problem, field=f"BPS options {path}")
    if top in submission.site_options:
        return replace(problem, field=f"settings sites.{submission.site}.wms_options.{path}")
    return replace(problem, field=f"BPS template {path}")
