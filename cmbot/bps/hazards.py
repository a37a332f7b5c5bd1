"""What BPS or a command line would make of a text (reference/bps.md sections 6 and 8).

BPS replaces ``{name}``, ``$NAME`` and ``<ENV:NAME>`` in every value and *executes* ``bpsEval(...)``; it
puts the data query between double quotes and everything else bare on command lines. What comes from Jira
must hold none of that: this is the last gate before the YAML is written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmbot.bps.submission import WMS_CLASSES
from cmbot.definition import grammar, options, overrides, steps
from cmbot.exceptions import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.bps.submission import Submission

_REPLACED = (
    (re.compile(r"bpsEval|bpsGenerateConfig"), "BPS would execute it"),
    (re.compile(r"[{}]"), "BPS would take the braces for a variable"),
    (re.compile(r"\$|<(?:ENV|FILE|BPSTMP2?):"), "BPS would replace it by an environment variable or file"),
    (re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"), "it holds control characters or line breaks"),
)
_UNQUOTED = (re.compile(r'["\\`]'), "it would end the quotes around it on a command line")
_BARE = re.compile(r"[A-Za-z0-9_./:@%+,=~#\-]+")
_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
_CLUSTERING = "lsst.ctrl.bps.quantum_clustering_funcs."

LONGEST_NAME = 200
"""Characters of a run name (design.md rule 5); iDDS has room for 255."""


def hazard(text: str) -> str | None:
    """Say what BPS would make of a value that must reach the other side as it is.

    Parameters
    ----------
    text : `str`
        A value that is not to be interpreted.

    Returns
    -------
    problem : `str` or `None`
        What would happen, or `None` if nothing would.
    """
    return next((what for pattern, what in _REPLACED if pattern.search(text)), None)


def query_hazard(text: str) -> str | None:
    """Say what would happen to a data query, which BPS puts between double quotes."""
    return hazard(text) or (_UNQUOTED[1] if _UNQUOTED[0].search(text) else None)


def problems(submission: Submission) -> Iterator[Problem]:
    """Find everything in a submission that must not reach BPS.

    Parameters
    ----------
    submission : `~cmbot.bps.submission.Submission`
        What is to be rendered; the site's options come from the settings and are trusted.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        One per finding, under the name of the Jira field where there is one.
    """
    yield from _names(submission)
    yield from _data(submission)
    yield from _places(submission)
    yield from options.problems(submission.options, "BPS options")
    algorithm = submission.options.get("clusterAlgorithm")
    if isinstance(algorithm, str) and not algorithm.startswith(_CLUSTERING):
        yield Problem(
            "BPS options", f"clusterAlgorithm {algorithm!r} is not BPS's own", f"use {_CLUSTERING}…"
        )
    yield from overrides.problems(submission.overrides, "pex_config overrides")
    for text in submission.extra_qgraph_options:
        if what := hazard(text):
            yield Problem("extraQgraphOptions", f"{text!r} cannot be used: {what}", "leave it out")


def _names(submission: Submission) -> Iterator[Problem]:
    if submission.wms not in WMS_CLASSES:
        yield Problem("WMS", f"{submission.wms!r} is not known", f"use {', '.join(WMS_CLASSES)}")
    if not _NAME.fullmatch(submission.name) or len(submission.name) > LONGEST_NAME:
        yield Problem(
            "run name",
            f"{submission.name!r} is no run name",
            f"use letters, digits, _ . -, at most {LONGEST_NAME}",
        )
    for field, text in (
        ("Compute site", submission.site),
        ("project", submission.project),
        ("campaign", submission.campaign),
        ("payload name", submission.payload),
    ):
        if not _NAME.fullmatch(text):
            yield Problem(field, f"{text!r} is no name", "use letters, digits, _ . -")
    if not grammar.is_operator(submission.operator):
        yield Problem("Operators", f"{submission.operator!r} is no name", "use letters, digits, _ . -")
    yield from steps.software(submission)


def _data(submission: Submission) -> Iterator[Problem]:
    if what := grammar.query_problem(submission.data_query) or query_hazard(submission.data_query):
        yield Problem("Data query", f"cannot be used: {what}", "correct it")
    if not submission.in_collections:
        yield Problem("Input collections", "there are none", "name at least one")
    for name in submission.in_collections:
        if not grammar.is_collection(name):
            yield Problem("Input collections", f"{name!r} is no collection", "correct it")


def _places(submission: Submission) -> Iterator[Problem]:
    for field, name in (("output", submission.output), ("outputRun", submission.output_run)):
        if not grammar.is_collection(name):
            yield Problem(field, f"{name!r} is no collection", "correct the output root")
    if not grammar.is_pipeline(submission.pipeline):
        yield Problem("Pipeline YAML", f"{submission.pipeline!r} cannot be used", "write PATH.yaml#SUBSET")
    if not grammar.is_repository(submission.butler):
        yield Problem("Butler repository", f"{submission.butler!r} cannot be used", "write a path or URI")
    for field, path in (("submitPath", submission.submit_path), ("idLinkPath", submission.id_link_path)):
        if not _BARE.fullmatch(path):
            yield Problem(field, f"{path!r} holds characters that bps cannot take", "change work.submit")
