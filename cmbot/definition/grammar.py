"""What free text from Jira and files may look like before it reaches BPS (design.md section 6)."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""\s*(?:
        T?'[^'"<>{}\\`$\n]*'                 # quoted text or time; BPS would read more into the rest
      | \d+(?:\.\.\d+(?::\d+)?)?(?!\.\d)     # integer or range a..b:step
      | \d*\.\d+(?:[eE][-+]?\d+)?            # real number
      | [A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*   # name, keyword
      | <=|>=|!=|[=<>+\-*/(),]
    )""",
    re.VERBOSE | re.ASCII,
)
# BPS evaluates these in every value, also where they end a longer word (reference/bps.md section 6).
_EVALUATED = re.compile(r"bps(?:Eval|GenerateConfig)")
# What the tokens skip; str.strip alone would also take control characters away, which BPS would still get.
_SPACE = " \t\n\r\f\v"
_STEP_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,29}")
_COLLECTION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*(?:/[A-Za-z0-9_.\-]+)*")
_PIPELINE = re.compile(
    r"(?:\$[A-Z_][A-Z0-9_]*/|\$\{[A-Z_][A-Z0-9_]*\}/)?[A-Za-z0-9_./+\-]+\.ya?ml(?:\#[A-Za-z0-9_:]+(?:,[A-Za-z0-9_:]+)*)?"
)
_REPOSITORY = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[A-Za-z0-9_.:/~+@\-]+|[A-Za-z0-9_./~+\-]+")
_CONFIG_FILE = re.compile(r"(?:\$[A-Z_][A-Z0-9_]*/|\$\{[A-Z_][A-Z0-9_]*\}/)?[A-Za-z0-9_./+\-]+\.py", re.ASCII)
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*|\['[A-Za-z0-9_]+'\])*", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9_ .,:/@+\-]*", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+\-]*", re.ASCII)
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@\-]*", re.ASCII)
_SETUP = re.compile(r"/[A-Za-z0-9_./+\-]+|[A-Za-z][A-Za-z0-9_]* [A-Za-z0-9_][A-Za-z0-9_.+\-]*", re.ASCII)
_LINK = re.compile(r"(?:https?|ssh|file)://[A-Za-z0-9_.:/~+@%?=&\#\-]+", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+\-]*", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{40}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\- ]{0,99}\.(?:json|csv)", re.ASCII)
_RUN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}", re.ASCII)
_GRAPH = re.compile(r"/[A-Za-z0-9_./+\-]+", re.ASCII)
_OPERATOR = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


def query_problem(text: str) -> str | None:
    """Say what is wrong with a data query.

    The Butler decides whether the names exist; here only the form is checked, so that nothing else
    than a query can reach a command line or a BPS variable.

    Parameters
    ----------
    text : `str`
        A Butler query expression.

    Returns
    -------
    problem : `str` or `None`
        What is wrong, or `None`.
    """
    text, position, depth = text.strip(_SPACE), 0, 0
    if not text:
        return "is empty, and BPS would process everything"
    if found := _EVALUATED.search(text):
        return f"calls {found.group()}, which BPS would execute"
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return f"cannot be read at {text[position : position + 20]!r}"
        depth += {"(": 1, ")": -1}.get(token.group().strip(), 0)
        if depth < 0:
            return "closes a parenthesis that was not opened"
        position = token.end()
    return "leaves a parenthesis open" if depth else None


def is_step_name(text: str) -> bool:
    """Whether the text can name a step: it becomes part of run names, paths and collections."""
    return _STEP_NAME.fullmatch(text) is not None


def is_collection(text: str) -> bool:
    """Whether the text can name a collection."""
    return _COLLECTION.fullmatch(text) is not None and ".." not in text


def is_pipeline(text: str) -> bool:
    """Whether the text is a pipeline file with optional subsets or labels."""
    return _PIPELINE.fullmatch(text) is not None and ".." not in text


def is_repository(text: str) -> bool:
    """Whether the text is a path or URI of a Butler repository."""
    return _REPOSITORY.fullmatch(text) is not None and ".." not in text


def is_run_name(text: str) -> bool:
    """Whether the text can be the run name of a workflow, and a directory."""
    return _RUN_NAME.fullmatch(text) is not None


def is_graph(text: str) -> bool:
    """Whether the text is the whole path of a quantum graph."""
    return _GRAPH.fullmatch(text) is not None and ".." not in text


def is_operator(text: str) -> bool:
    """Whether the text can be BPS's operator."""
    return _OPERATOR.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Whether the text can be a Science Pipelines tag."""
    return _VERSION.fullmatch(text) is not None


def is_image(text: str) -> bool:
    """Whether the text can name a software image."""
    return _IMAGE.fullmatch(text) is not None


def is_setup(text: str) -> bool:
    """Whether the text is a directory, or a package and its version, to be set up on top of the stack."""
    return _SETUP.fullmatch(text) is not None and ".." not in text


def is_link(text: str) -> bool:
    """Whether the text is an address that people can open or git can clone."""
    return _LINK.fullmatch(text) is not None and ".." not in text


def is_tag(text: str) -> bool:
    """Whether the text can be a git tag; git's own rules are stricter still."""
    return _TAG.fullmatch(text) is not None and ".." not in text


def is_sha(text: str) -> bool:
    """Whether the text is a full git object name."""
    return _SHA.fullmatch(text) is not None


def is_config_file(text: str) -> bool:
    """Whether the text is a file of pex_config overrides."""
    return _CONFIG_FILE.fullmatch(text) is not None and ".." not in text


def is_label(text: str) -> bool:
    """Whether the text can be a task label."""
    return _LABEL.fullmatch(text) is not None


def is_config_field(text: str) -> bool:
    """Whether the text can be a field of a pex_config: ``measurement.plugins['base_Blob'].max``."""
    return _FIELD.fullmatch(text) is not None


def is_config_value(value: object) -> bool:
    """Whether a value can be given to a field of a pex_config on a command line."""
    return not isinstance(value, str) or (
        _VALUE.fullmatch(value) is not None and not _EVALUATED.search(value)
    )


def is_file(text: str) -> bool:
    """Whether the text is the name of a file of DataIds, without a directory."""
    return _FILE.fullmatch(text) is not None


def is_sha256(text: str) -> bool:
    """Whether the text is a SHA-256."""
    return _SHA256.fullmatch(text) is not None
