"""Git references: a tag must mean what was written down, and a branch is refused (requirement B9)."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from cmbot.exceptions import Problem, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmbot.models.campaign import CampaignDefinition, Specification
    from cmbot.settings import GitSettings

_LINE = re.compile(r"([0-9a-f]{40})\t(refs/(?:tags|heads)/\S+?)(\^\{\})?", re.ASCII)
# Nothing is asked of a person, and no other transport of git's runs a command.
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:ssh:file", "LC_ALL": "C"}


def references(definition: CampaignDefinition) -> dict[str, Specification]:
    """Find what a campaign refers to by a tag.

    Parameters
    ----------
    definition : `~cmbot.models.campaign.CampaignDefinition`
        The campaign.

    Returns
    -------
    references : `dict` [`str`, `~cmbot.models.campaign.Specification`]
        By Jira field; a specification without a tag is a link and no reference.
    """
    found = {"Data specification": definition.data, "Processing specification": definition.processing}
    return {field: one for field, one in found.items() if one is not None and one.tag}


def problems(field: str, found: Specification, settings: GitSettings) -> Iterator[Problem]:
    """Find what is wrong with a reference, by asking its repository.

    Parameters
    ----------
    field : `str`
        Name of the Jira field.
    found : `~cmbot.models.campaign.Specification`
        The reference, without problems of its own.
    settings : `~cmbot.settings.GitSettings`
        Which repositories may be asked.

    Yields
    ------
    problem : `~cmbot.exceptions.Problem`
        At most one.

    Raises
    ------
    RemoteError
        If the repository cannot be asked.
    """
    if not any(found.link.startswith(prefix) for prefix in settings.repositories):
        known = ", ".join(settings.repositories) or "none"
        yield Problem(
            field, f"{found.link} is no repository that may be asked", f"git.repositories has {known}"
        )
        return
    refs = _refs(found.link, found.tag, settings.timeout)
    meant = refs.get(f"refs/tags/{found.tag}", set())
    if not meant and f"refs/heads/{found.tag}" in refs:
        yield Problem(f"{field} version", f"{found.tag} is a branch, which moves", "name a tag")
    elif not meant:
        yield Problem(f"{field} version", f"{found.link} has no tag {found.tag}", "push it, or correct it")
    elif found.sha not in meant:
        now = ", ".join(sorted(meant))
        yield Problem(
            f"{field} version",
            f"{found.tag} is {now} there, not {found.sha}",
            "find out why, and correct it",
        )


def _refs(repository: str, name: str, timeout: float) -> dict[str, set[str]]:
    """Ask for tags and branches of a name: of an annotated tag both the tag and what it points to."""
    argv = ["git", "ls-remote", "--tags", "--heads", "--", repository, name, f"{name}^{{}}"]
    try:
        child = subprocess.run(
            argv,
            env=os.environ | _ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RemoteError(repository, f"git did not answer ({type(error).__name__})", "try again") from error
    if child.returncode:
        said = child.stderr.strip().splitlines()
        raise RemoteError(
            repository, f"git: {said[0][:300] if said else 'no reason given'}", "check address and access"
        )
    refs: dict[str, set[str]] = {}
    for line in child.stdout.splitlines():
        if match := _LINE.fullmatch(line):
            refs.setdefault(match[2], set()).add(match[1])
    return refs
