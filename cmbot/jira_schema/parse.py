"""Jira's JSON to models. What does not fit is a clear error that names the issue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.exceptions import UserError
from cmbot.jira_schema import changelog, values
from cmbot.models.issues import Comment, Issue, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cmbot.jira_schema.names import Names

ATTEMPTS = "cmbot.attempts"


def issue(data: Mapping[str, Any], names: Names) -> Issue:
    """Read one issue with its history and properties.

    Parameters
    ----------
    data : `~collections.abc.Mapping`
        ``id``, ``key``, ``fields``, ``histories`` (oldest first) and ``properties``.
    names : `~cmbot.jira_schema.names.Names`
        The site's names.

    Returns
    -------
    issue : `~cmbot.models.issues.Issue`
        The issue.

    Raises
    ------
    UserError
        If its type or status is none of cmbot's, or a field has the wrong shape.
    RemoteError
        If its history has an unknown form.
    """
    key, fields = str(data["key"]), data["fields"]
    type_name = str(fields["issuetype"]["name"])
    level = names.levels.get(type_name.lower())
    if level is None:
        raise UserError(
            key, f"is of type {type_name}, which cmbot does not manage", "see settings issue_types"
        )
    status = names.status(str(fields["status"]["name"]))
    if status is None:
        raise UserError(
            key,
            f"has status {fields['status']['name']}, which is none of cmbot's",
            "move it to Draft, or map it in the settings (jira.statuses)",
        )
    moves, edits = changelog.acts(str(data["id"]), key, data.get("histories") or (), names)
    return Issue(
        id=str(data["id"]),
        key=key,
        level=level,
        status=status,
        summary=str(fields.get("summary") or ""),
        updated=values.time(fields["updated"]),
        created=values.time(fields["created"]) if fields.get("created") else None,
        parent=parent(data, names),
        blocked_by=tuple(_blockers(fields.get("issuelinks") or (), names.blocks)),
        fields=_own_fields(key, fields, names),
        moves=moves,
        edits=edits,
        attempts=tuple(_attempts(data.get("properties") or {})),
        labels=tuple(fields.get("labels") or ()),
        assignee=values.person(fields["assignee"]) if fields.get("assignee") else None,
        description="\n".join(str(fields.get("description") or "").split("\r\n")).strip(),
    )


def parent(data: Mapping[str, Any], names: Names) -> str:
    """Read what an issue belongs to, also when the rest of it does not fit.

    Parameters
    ----------
    data, names
        As for `issue`.

    Returns
    -------
    key : `str`
        Key of the epic of a step, or of the step of a group; empty if there is none.
    """
    fields = data["fields"]
    level = names.levels.get(str(fields["issuetype"]["name"]).lower())
    if names.epic_link and level is Level.STEP and fields.get(names.epic_link):
        return str(fields[names.epic_link])
    return str((fields.get("parent") or {}).get("key") or "")


def comment(data: Mapping[str, Any]) -> Comment:
    """Read one comment.

    Parameters
    ----------
    data : `~collections.abc.Mapping`
        Jira's JSON.

    Returns
    -------
    comment : `~cmbot.models.issues.Comment`
        The comment.
    """
    author = values.person(data.get("author") or {})
    return Comment(
        id=str(data["id"]),
        author=author,
        at=values.time(data["created"]),
        body=str(data.get("body") or ""),
        edited_by=values.person(data.get("updateAuthor") or {}) if data.get("updateAuthor") else author,
        restricted=bool(data.get("visibility")),
    )


def _blockers(links: Sequence[Mapping[str, Any]], blocks: str) -> Iterator[str]:
    # An inward issue of a "Blocks" link is the one that blocks this one.
    for link in links:
        if link.get("type", {}).get("name") == blocks and link.get("inwardIssue"):
            yield str(link["inwardIssue"]["key"])


def _own_fields(key: str, fields: Mapping[str, Any], names: Names) -> dict[str, Any]:
    own, name = {}, ""
    try:
        for site_id, name in names.fields.items():
            value = fields.get(site_id)
            # Null, an empty text and an empty list are what nobody filled in; zero is a value.
            if value or value == 0:
                own[name] = values.from_jira(name, value)
    except UserError as error:
        raise UserError(key, f"{error.subject} {error.problem}", error.remedy) from error
    return own


def _attempts(properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in sorted(properties):
        # Whoever may edit the issue may edit its properties.
        if key.startswith(ATTEMPTS) and isinstance(properties[key], dict):
            entries = properties[key].get("attempts")
            if isinstance(entries, list):
                yield from (entry for entry in entries if isinstance(entry, dict))
