"""Texts of requests: v3 takes Atlassian documents where v2 takes wiki markup; wiki markup is what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.sandbox.jira.errors import JiraError
from cmbot.sandbox.jira.markup import NotADocument, to_wiki

if TYPE_CHECKING:
    from .call import SignedIn

_NO_DOCUMENT = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"


def issue_body(call: SignedIn, sent: dict[str, Any]) -> dict[str, Any]:
    """A create, edit or transition with its texts as wiki markup.

    Raises
    ------
    JiraError
        Raised with 400 and one message for every field of v3 whose text is no document.
    """
    if call.shapes.version < 3:
        return sent
    problems: dict[str, str] = {}
    fields, update = sent.get("fields"), sent.get("update")
    body = dict(sent)
    if isinstance(fields, dict):
        body["fields"] = {name: _field(call, name, raw, problems) for name, raw in fields.items()}
    if isinstance(update, dict):
        body["update"] = {name: _operations(call, name, raw, problems) for name, raw in update.items()}
    if problems:
        raise JiraError(400, errors=problems)
    return body


def comment_body(call: SignedIn, sent: Any, part: str = "body") -> Any:
    """A comment or worklog with its text as wiki markup."""
    if call.shapes.version < 3 or not isinstance(sent, dict) or sent.get(part) is None:
        return sent
    try:
        return {**sent, part: to_wiki(sent[part])}
    except NotADocument as problem:
        raise JiraError(400, errors={"comment": f"Comment body is not valid: {problem}."}) from None


def _field(call: SignedIn, name: str, raw: Any, problems: dict[str, str]) -> Any:
    field = call.site.config.fields.get(name)
    if field is None or field.type != "paragraph" or raw is None:
        return raw
    try:
        return to_wiki(raw)
    except NotADocument:
        problems[name] = _NO_DOCUMENT
        return None


def _operations(call: SignedIn, name: str, operations: Any, problems: dict[str, str]) -> Any:
    if not isinstance(operations, list):
        return operations
    done = []
    for operation in operations:
        if not isinstance(operation, dict):
            done.append(operation)
        elif name == "comment":
            done.append({verb: comment_body(call, raw) for verb, raw in operation.items()})
        else:
            done.append({verb: _field(call, name, raw, problems) for verb, raw in operation.items()})
    return done
