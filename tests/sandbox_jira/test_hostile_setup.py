"""Whatever is sent to what administrators do and to forms, the answer is a refusal or a safe one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Sandbox

CALM = settings(max_examples=200)
WORDS = st.text(max_size=20) | st.sampled_from(
    ["CM", "bob", "alice", "Developers", "role", "group", "projectRole", "BROWSE_PROJECTS", "10000", "10001"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "value", "type", "parameter", "holder", "permission", "disabled"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *("name", "key", "lead", "emailAddress", "displayName", "password", "active", "projectTemplateKey"),
        *("permissionScheme", "categoryId", "description", "url", "assigneeType", "project", "projectId"),
        *("leadUserName", "leadAccountId", "startDate", "releaseDate", "released", "archived", "user"),
        *("group", "categorisedActors", "permissions", "permission", "holder", "projectIds", "issueTypeIds"),
        *("type", "fieldId", "jql", "favourite", "timeSpent", "timeSpentSeconds", "started", "comment"),
        *("visibility", "inward", "outward", "expirationDuration", "username"),
        *("workflowScheme", "issueSecurityScheme"),
    ]
)
BODIES = st.dictionaries(KEYS, JSON, max_size=6) | JSON
NAMED = st.fixed_dictionaries(
    {"name": st.text(max_size=5)}, optional={"jql": WORDS, "project": st.just("CM")}
)
TARGETS = st.sampled_from(
    [
        *(("POST", "user"), ("PUT", "user?username=bob"), ("PUT", "user/password?username=bob")),
        *(("POST", "group"), ("POST", "group/user?groupname=g"), ("POST", "project"), ("PUT", "project/CM")),
        *(("POST", "component"), ("PUT", "component/10000"), ("POST", "version"), ("PUT", "version/10000")),
        *(("POST", "projectCategory"), ("PUT", "projectCategory/10000"), ("POST", "role")),
        *(("POST", "project/CM/role/10001"), ("PUT", "project/CM/role/10001"), ("PUT", "role/10000")),
        *(("POST", "permissionscheme"), ("POST", "permissionscheme/10000/permission")),
        *(("PUT", "project/CM/permissionscheme"), ("POST", "field"), ("POST", "screens")),
        *(("POST", "screens/10000/tabs"), ("PUT", "screens/10000/tabs/10000")),
        *(("POST", "screens/10000/tabs/10000/fields"), ("POST", "filter"), ("PUT", "filter/10000")),
        *(("POST", "issue/CM-1/worklog"), ("PUT", "issue/CM-1/worklog/10000"), ("POST", "issuetype")),
        *(("POST", "issueLinkType"), ("PUT", "issueLinkType/10000"), ("POST", "issue/CM-1/votes")),
    ]
)
ADDRESSES = [
    *("component/{}", "version/{}", "project/{}/role/{}", "project/{}/components", "projectCategory/{}"),
    *("role/{}", "permissionscheme/{}", "permissionscheme/10000/permission/{}", "customFields/{}/options"),
    *(
        "screens/{}/tabs",
        "screens/10000/tabs/{}/fields",
        "filter/{}",
        "issue/CM-1/worklog/{}",
        "group?groupname={}",
    ),
    *(
        "group/member?groupname={}&startAt={}",
        "mypermissions?permissions={}",
        "issuetype/{}",
        "issueLinkType/{}",
    ),
    *("issuesecurityschemes/{}", "securitylevel/{}", "workflow?workflowName={}", "notificationscheme/{}"),
    *("issue/CM-1/worklog?startAt={}", "groups/picker?query={}&maxResults={}", "user?username={}"),
]
FIELDS = st.sampled_from(
    [
        "summary",
        "description",
        "labels",
        "duedate",
        "priority",
        "assignee",
        "timetracking",
        "components",
        "parent",
        *("words", "other", "body"),
    ]
)
CUSTOM = st.integers(10000, 10012).map(lambda number: f"customfield_{number}")
FORMS = st.dictionaries(FIELDS | CUSTOM, st.lists(WORDS, max_size=2), max_size=5)
PAGES = ["/create", "/browse/CM-1/edit", "/browse/CM-1/transition/11", "/issues/save", "/browse/CM-1/comment"]
PAGES += ["/browse/CM-1/link", "/browse/CM-1/comment/10000", "/browse/CM-1/link/1/delete"]


@pytest.fixture(scope="module")
def target(calm: Sandbox) -> Sandbox:
    """A site with one of everything."""
    calm.create()
    for path in ("component", "version"):
        calm.rest("POST", path, json={"name": "one", "project": "CM"})
    calm.rest("POST", "projectCategory", json={"name": "one"})
    calm.rest("POST", "group", json={"name": "g"})
    calm.rest("POST", "filter", json={"name": "one", "jql": ""})
    calm.rest("POST", "issue/CM-1/worklog", json={"timeSpent": "1h"})
    return calm


@CALM
@given(where=TARGETS, body=BODIES | NAMED)
@example(where=("POST", "permissionscheme/10000/permission"), body={"permission": [], "holder": {"type": []}})
def test_no_json_breaks_it(target: Sandbox, where: tuple[str, str], body: Any) -> None:
    answer = target.rest(*where, data=json.dumps(body))
    assert answer.status_code < 500, answer.text
    # what was accepted can be read
    for path in ("project", "myself", "mypermissions"):
        assert target.rest("GET", path).status_code in (200, 401)


@CALM
@given(
    method=st.sampled_from(["GET", "GET", "PUT", "DELETE"]),
    path=st.sampled_from(ADDRESSES),
    word=st.text(min_size=1, max_size=12) | st.sampled_from(["..", "%00", "-1", "²", "9" * 30]),
)
def test_no_address_breaks_it(target: Sandbox, method: str, path: str, word: str) -> None:
    answer = target.rest(method, path.replace("{}", word))
    assert answer.status_code < 500, answer.text


@pytest.fixture(scope="module")
def browser(target: Sandbox) -> Iterator[tuple[requests.Session, str]]:
    """A browser that is signed in, and its forms' token."""
    with requests.Session() as session:
        session.headers["Accept"] = "text/html"
        token = target.app.access.tokens["alice"]
        page = session.get(f"{target.url}/?token={token}&next=/issues/", timeout=20)
        found = re.search(r'data-csrf="([^"]+)"', page.text)
        assert found is not None
        yield session, found[1]


@CALM
@given(path=st.sampled_from(PAGES), form=FORMS)
def test_no_form_breaks_it(
    target: Sandbox, browser: tuple[requests.Session, str], path: str, form: dict[str, list[str]]
) -> None:
    session, csrf = browser
    answer = session.post(
        target.url + path,
        data={"csrf": csrf, "project": "CM", "name": "n", "jql": "x", **form},
        allow_redirects=False,
        timeout=20,
    )
    assert answer.status_code < 500, answer.text
    for page in ("/projects", "/browse/CM-1", "/projects/CM/board", "/issues/"):
        assert session.get(target.url + page, timeout=20).status_code == 200


@CALM
@given(
    raw=st.binary(max_size=80),
    path=st.sampled_from(["/login", "/rest/auth/1/session", "/rest/pat/latest/tokens"]),
)
def test_no_bytes_break_signing_in(target: Sandbox, raw: bytes, path: str) -> None:
    assert target.ask("POST", path, data=raw).status_code < 500
