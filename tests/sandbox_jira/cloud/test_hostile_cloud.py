"""Whatever is sent to the Cloud flavour is answered as the vendor answers: never a 500, never a crash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from conftest import Cloud

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "jql",
        "fields",
        "expand",
        "properties",
        "nextPageToken",
        "maxResults",
        "reconcileIssues",
        "issueIdsOrKeys",
        "fieldIds",
        "changelogIds",
        "update",
        "body",
        "visibility",
        "parent",
        "description",
        "summary",
        "accountId",
        "comment",
        "historyMetadata",
        "transition",
        "issueUpdates",
        "type",
        "version",
        "content",
        "queries",
        "jqls",
        "issueIds",
        "ids",
        "bulkTransitionInputs",
        "selectedIssueIdsOrKeys",
        "transitionId",
        "filter",
        "entityIds",
        "currentValue",
        "value",
        "workflowNames",
        "projectAndIssueTypes",
        "statuses",
        "workflows",
        "transitions",
        "statusReference",
        "name",
        "projectId",
        "workflowSchemeId",
    ]
)
BODIES = st.recursive(
    ANYTHING
    | st.sampled_from(
        [
            "project = CM",
            "CM-1",
            [
                "CM-1",
            ],
            "doc",
            1,
            {"key": "CM-1"},
        ]
    ),
    lambda inner: st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)
PATHS = st.sampled_from(
    [
        ("POST", "search/jql"),
        ("POST", "search/approximate-count"),
        ("POST", "issue/bulkfetch"),
        ("POST", "changelog/bulkfetch"),
        ("POST", "issue/CM-1/changelog/list"),
        ("POST", "issue"),
        ("POST", "issue/bulk"),
        ("PUT", "issue/CM-1"),
        ("PUT", "issue/CM-1/assignee"),
        ("POST", "issue/CM-1/comment"),
        ("POST", "issue/CM-1/worklog"),
        ("POST", "issue/CM-1/transitions"),
        ("POST", "issue/CM-1/watchers"),
        ("POST", "issue/CM-1/remotelink"),
        ("POST", "issueLink"),
        ("POST", "user"),
        ("POST", "jql/parse"),
        ("POST", "jql/match"),
        ("POST", "comment/list"),
        ("POST", "bulk/issues/transition"),
        ("PUT", "issue/properties/p"),
        ("POST", "workflows"),
        ("POST", "workflows/create"),
        ("PUT", "workflowscheme/project"),
        ("PUT", "issue/unarchive"),
        ("POST", "worklog/list"),
    ]
)
QUERIES = st.sampled_from(
    [
        "user",
        "user/bulk",
        "user/search",
        "user/assignable/search",
        "users/search",
        "project/search",
        "mypermissions",
        "field/search",
        "statuses/search",
        "issue/CM-1/changelog",
        "search/jql",
        "issue/CM-1",
        "label",
        "workflow/search",
        "workflow",
        "workflowscheme",
        "workflowscheme/project",
        "configuration",
        "worklog/updated",
        "user/viewissue/search",
        "user/assignable/multiProjectSearch",
    ]
)
PARAMETERS = st.dictionaries(
    st.sampled_from(
        [
            "accountId",
            "query",
            "startAt",
            "maxResults",
            "project",
            "issueKey",
            "type",
            "id",
            "keys",
            "jql",
            "fields",
            "expand",
            "nextPageToken",
            "statusCategory",
            "reconcileIssues",
            "permissions",
            "queryString",
            "workflowName",
            "projectId",
            "projectKey",
            "projectKeys",
            "since",
            "status",
        ]
    ),
    st.text(max_size=12) | st.integers(-(2**70), 2**70).map(str) | st.just("CM"),
    max_size=3,
)
CALM = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(request=PATHS, body=BODIES, version=st.sampled_from([2, 3]))
@CALM
def test_no_body_breaks_it(calm_cloud: Cloud, request: tuple[str, str], body: Any, version: int) -> None:
    if not calm_cloud.search("project = CM"):
        calm_cloud.create()
    # a client would not send infinity and half characters, which Python's json can write
    headers = {"Content-Type": "application/json"}
    answer = calm_cloud.rest(*request, data=json.dumps(body), headers=headers, version=version)
    assert answer.status_code < 500, answer.text


@given(path=QUERIES, parameters=PARAMETERS)
@CALM
def test_no_query_breaks_it(calm_cloud: Cloud, path: str, parameters: dict[str, str]) -> None:
    answer = calm_cloud.rest("GET", path, params=parameters)
    assert answer.status_code < 500, answer.text
