"""What ``bps submit`` says, read from its captured output; pure (reference/bps.md sections 3 and 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

from cmbot.wms.masking import masked

# HTCondor writes CLUSTER.PROCESS; the process of a workflow is always 0.
_RUN_ID = re.compile(r"^Run Id: ([0-9]+)(?:\.0)?$", re.MULTILINE)
_SUBMIT_DIR = re.compile(r"^Submit dir: (.+)$", re.MULTILINE)
_RUN_NAME = re.compile(r"^Run Name: (\S+)$", re.MULTILINE)
# Logged between the answer of iDDS and the line on stdout, where a killed bps may have ended.
_LOGGED_ID = re.compile(
    r"^lsst\.ctrl\.bps\.panda\.panda_service INFO: Submitted into iDDs with request id=([0-9]+)$",
    re.MULTILINE,
)
_QUANTA = re.compile(r"- QuantumGraph contains (no|[0-9]+) quanta")
# Printed under the headings "Quanta" and "Tasks" when the graph is made.
_TABLE = re.compile(r"^\s*Quanta\s+Tasks\s*\n[- ]+\n", re.MULTILINE)
_ROW = re.compile(r"^\s*([0-9]+)\s+([A-Za-z]\w*)\s*$", re.MULTILINE)
_EMPTY = re.compile(r"QuantumGraph was empty|Initial data ID query returned no rows")
_SUCCEEDED_BEFORE = re.compile(r"\(([0-9]+) previously succeeded\)")
_PROGRESS = re.compile(r"^(?:\S+ )?(?:TRACE|VERBOSE|DEBUG|INFO)\b")
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Failure)\b(?:: .+)?$")
_COMPLAINT = re.compile(r"\b(?:ERROR|CRITICAL|FATAL|[Ee]rror|[Nn]ot found|No such file|Killed)\b")
# What follows an exception without belonging to it: another one, or what was logged later.
_OTHER = re.compile(
    r"^(?:Traceback \(|During handling|The above exception|\S+ (?:WARNING|ERROR|CRITICAL|FATAL)\b)"
)
_LONGEST_REASON = 600


@dataclass(frozen=True)
class Submitted:
    """What the lines for people say; each is missing if bps ended before it."""

    submit_dir: str = ""
    """Directory that BPS made."""
    request_id: int | None = None
    """Request id in the WMS; Parsl gives none."""
    run_name: str = ""
    """Run name."""


class FailureKind(StrEnum):
    """What follows from the failure of a submission that was shown not to have happened."""

    NOTHING_SELECTED = "nothing selected"
    """The query selects no data: a person corrects it."""
    NOTHING_LEFT = "nothing left"
    """Everything succeeded in earlier attempts."""
    SERVER = "server"
    """A server or disk was not there: worth another try."""
    PERSON = "person"
    """Anything else: a person looks at it."""


@dataclass(frozen=True)
class Failure:
    """Why ``bps submit`` failed; says nothing on whether a request exists."""

    kind: FailureKind
    """What follows from it."""
    reason: str
    """For people, in a few lines, without secrets; never empty."""


# Signatures of troubles that pass by themselves; the rest needs a person.
_SERVER = re.compile(
    r"Error ping PanDA service|Error submitting to PanDA service: PanDA relay|Connection refused"
    r"|server closed the connection|database is locked|timed out|Temporary failure in name resolution"
    r"|Name or service not known|No space left on device|Stale file handle"
)
# Signatures of what cmbot knows a remedy for (requirement W16); the words are those of pipetask.
_REMEDIES = (
    (
        re.compile(r"Output run '.*' already exists, but --extend-run was not given"),
        "something was written there before: `cmbot retry KEY` makes the next attempt, in a run of its own",
    ),
    (
        re.compile(r"Use --rebase"),
        "the output collection was made with other inputs: name another Output root, or remove it",
    ),
    (
        re.compile(r"FileNotFoundError: .*(?<!butler)\.ya?ml|Got unexpected extra argument|'-p' requires"),
        "correct Pipeline YAML: it names no file that the environment has",
    ),
)


def parse_output(stdout: str, stderr: str = "") -> Submitted:
    """Read the output of ``bps submit``.

    Parameters
    ----------
    stdout, stderr : `str`
        As captured; other lines are passed over, since plugins print what they like.

    Returns
    -------
    submitted : `Submitted`
        What was found. Whoever adopts the request id compares the request's name first.
    """
    directory, name = _SUBMIT_DIR.search(stdout), _RUN_NAME.search(stdout)
    number = _RUN_ID.search(stdout) or _LOGGED_ID.search(stderr)
    return Submitted(
        submit_dir=directory[1].strip() if directory else "",
        request_id=int(number[1]) if number else None,
        run_name=name[1] if name and name[1] != "None" else "",
    )


def graph_size(graph_log: str) -> int | None:
    """Read the number of quanta.

    Parameters
    ----------
    graph_log : `str`
        Text of ``quantumGraphGeneration.out`` from the submit directory.

    Returns
    -------
    quanta : `int` or `None`
        Quanta in the graph; `None` if it was not finished.
    """
    found = _QUANTA.findall(graph_log)
    if not found:
        return None
    return 0 if found[-1] == "no" else int(found[-1])


def graph_tasks(graph_log: str) -> dict[str, int]:
    """Read the number of quanta of each task.

    Parameters
    ----------
    graph_log : `str`
        Text of ``quantumGraphGeneration.out`` from the submit directory.

    Returns
    -------
    quanta : `dict` [`str`, `int`]
        By task label, in pipeline order; empty if the graph was not finished.
    """
    table = graph_log[found[-1].end() :] if (found := list(_TABLE.finditer(graph_log))) else ""
    return {label: int(quanta) for quanta, label in _ROW.findall(table)}


def explain(stderr: str, graph_log: str = "") -> Failure:
    """Say why ``bps submit`` failed.

    Parameters
    ----------
    stderr : `str`
        As captured.
    graph_log : `str`
        Text of ``quantumGraphGeneration.out`` from the submit directory; empty if there is none.

    Returns
    -------
    failure : `Failure`
        The reason.
    """
    if _EMPTY.search(graph_log) or _EMPTY.search(stderr):
        return _empty_graph(graph_log)
    reason = _first(stderr)
    if "Generating quantum graph failed" in stderr and (cause := _first(graph_log)):
        reason = f"the quantum graph could not be made: {cause}"
    kind = FailureKind.SERVER if _SERVER.search(reason) else FailureKind.PERSON
    known = (remedy for signature, remedy in _REMEDIES if signature.search(reason))
    return Failure(kind, "; ".join((reason or "bps ended without giving a reason", *known)))


def tail(text: str, lines: int = 40) -> str:
    """Give the last lines of a log, without secrets and what no terminal should get (requirement W16).

    Parameters
    ----------
    text : `str`
        The log.
    lines : `int`
        How many.

    Returns
    -------
    tail : `str`
        The lines.
    """
    last = text.rstrip().splitlines()[-lines:]
    return masked("\n".join("".join(filter(str.isprintable, line.expandtabs())) for line in last))


def _empty_graph(graph_log: str) -> Failure:
    # With --skip-existing-in an empty graph is good news.
    before = sum(int(number) for number in _SUCCEEDED_BEFORE.findall(graph_log))
    if before:
        return Failure(
            FailureKind.NOTHING_LEFT,
            f"nothing is left to do: all {before} quanta succeeded in earlier attempts",
        )
    return Failure(
        FailureKind.NOTHING_SELECTED,
        "the quantum graph is empty: the data query selects nothing that the pipeline could process",
    )


def _first(text: str) -> str:
    """Find the first exception, or else the first lines that complain (requirement W16)."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    said = [line for line in lines if not line[0].isspace() and not _PROGRESS.search(line)]
    exception = next((number for number, line in enumerate(said) if _EXCEPTION.match(line)), None)
    if exception is None:
        chosen = [line for line in said if _COMPLAINT.search(line)]
    else:
        more = takewhile(lambda line: not _OTHER.match(line), said[exception + 1 :])
        chosen = [said[exception], *more]
    return masked("\n".join(chosen[:3]))[:_LONGEST_REASON]
