"""What is rendered is what was asked for: nothing from Jira is interpreted on the way."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cmbot.bps.hazards import hazard
from cmbot.bps.lint import lint
from cmbot.bps.render import render, to_yaml
from cmbot.exceptions import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmbot.bps.submission import Submission


@pytest.mark.covers("D12", "C14")
def test_a_submission_renders_as_before(
    submission: Submission, base: dict[str, Any], golden: Callable[[str, str], None]
) -> None:
    golden("bps/step1_g001.yaml", to_yaml(render(submission, base)))


def test_a_rendered_submission_passes_the_linter(submission: Submission, base: dict[str, Any]) -> None:
    assert lint(render(submission, base), labels={"isr", "calibrate", "characterizeImage"}) == ()


def test_the_yaml_reads_back_as_the_configuration(submission: Submission, base: dict[str, Any]) -> None:
    config = render(submission, base)
    assert yaml.safe_load(to_yaml(config)) == config


def test_the_order_of_options_changes_nothing(submission: Submission, base: dict[str, Any]) -> None:
    turned = replace(submission, site_options=dict(reversed(submission.site_options.items())))
    assert to_yaml(render(turned, base)) == to_yaml(render(submission, base))


SCALARS = st.one_of(st.text(), st.integers(), st.booleans(), st.floats(allow_nan=False), st.none())


@given(st.dictionaries(st.text(), st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3))))
def test_any_text_survives_yaml(config: dict[str, Any]) -> None:
    assert yaml.safe_load(to_yaml(config)) == config


def test_the_same_part_used_twice_is_written_twice() -> None:
    part = {"requestMemory": 4096}
    assert "&" not in to_yaml({"pipetask": {"isr": part, "calibrate": part}})


def test_the_steps_options_win_over_the_sites_and_these_over_the_template(
    submission: Submission, base: dict[str, Any]
) -> None:
    changed = replace(
        submission,
        site_options={**submission.site_options, "maxJobsPerTask": 70, "requestMemory": 1000},
        options={"requestMemory": 3000},
    )
    config = render(changed, base)
    assert (config["maxJobsPerTask"], config["requestMemory"]) == (70, 3000)


def test_extra_options_reach_pipetask_one_by_one(submission: Submission, base: dict[str, Any]) -> None:
    changed = replace(submission, extra_qgraph_options=("--data-id-table", "/a b/ids.csv"))
    config = render(changed, base)
    assert shlex.split(config["extraQgraphOptions"]) == ["--data-id-table", "/a b/ids.csv"]


@pytest.mark.covers("B7", "B8", "E1")
def test_software_and_overrides_reach_bps(submission: Submission, base: dict[str, Any]) -> None:
    changed = replace(
        submission,
        image="ghcr.io/lsst/scipipe:w_2026_47",
        setup=("/sdf/group/rubin/pipe_tasks", "obs_lsst tickets-DM-1"),
        overrides={"isr": {"doFlat": False, "x.y": "a b"}, "calibrate": "${OBS_DIR}/config/calibrate.py"},
        extra_qgraph_options=(),
    )
    config = render(changed, base)
    assert config["payload"]["sw_image"] == "ghcr.io/lsst/scipipe:w_2026_47"
    assert config["custom_lsst_setup"] == (
        "setup -k -r /sdf/group/rubin/pipe_tasks && setup -k obs_lsst tickets-DM-1"
    )
    assert shlex.split(config["extraQgraphOptions"]) == [
        *("-c", "isr:doFlat=False", "-c", "isr:x.y=a b"),
        *("-C", "calibrate:${OBS_DIR}/config/calibrate.py"),
    ]
    assert lint(config, labels={"isr", "calibrate"}) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"image": "a;b"},
        {"setup": ("/x && id",)},
        {"overrides": {"isr": {"a": "{b}"}}},
        {"overrides": {"isr": "x.py; id"}},
    ],
)
def test_software_that_would_be_interpreted_is_refused(
    submission: Submission, base: dict[str, Any], change: dict[str, Any]
) -> None:
    with pytest.raises(DefinitionError):
        render(replace(submission, **change), base)


@pytest.mark.parametrize("key", ["uniqProcName", "submitPath", "payload", "wmsServiceClass", "makeIdLink"])
def test_nobody_overrides_what_cmbot_computes(submission: Submission, base: dict[str, Any], key: str) -> None:
    with pytest.raises(DefinitionError, match=key):
        render(replace(submission, options={key: "x"}), base)
    with pytest.raises(DefinitionError, match=key):
        render(replace(submission, site_options={key: "x"}), base)


@pytest.mark.parametrize(
    "key", ["runQuantumCommand", "createQuantumGraph", "runnerCommand", "includeConfigs", "bpsGenerateConfig"]
)
def test_a_step_cannot_choose_what_is_executed(
    submission: Submission, base: dict[str, Any], key: str
) -> None:
    with pytest.raises(DefinitionError, match=key):
        render(replace(submission, options={key: "touch /x"}), base)


def test_a_step_cannot_have_python_imported(submission: Submission, base: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match="clusterAlgorithm"):
        render(replace(submission, options={"clusterAlgorithm": "os.system"}), base)


HOSTILE = [
    "visit = bpsEval(os.system, 'id')",
    "band = '{operator}'",
    "band = '$HOME'",
    "band = '<ENV:PANDA_AUTH_ID_TOKEN>'",
    "band = 'r\" -C isr:/evil.py -d \"x'",
    "band = 'r'\nvisit = 1",
    "band = 'r\\'",
    "",
]


@pytest.mark.parametrize("query", HOSTILE)
def test_a_query_that_bps_would_interpret_is_refused(
    submission: Submission, base: dict[str, Any], query: str
) -> None:
    with pytest.raises(DefinitionError, match="Data query"):
        render(replace(submission, data_query=query), base)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a/b"),
        ("name", "x" * 201),
        ("site", "SLAC queue"),
        ("campaign", "{operator}"),
        ("payload", "a b"),
        ("operator", "$USER"),
        ("lsst_version", "w;id"),
        ("butler", "/repo; rm -rf /"),
        ("output", "u/../x"),
        ("output_run", "u/{timestamp}"),
        ("pipeline", "DRP.yaml#a --config-file x:y"),
        ("submit_path", "/data/my dir"),
        ("in_collections", ()),
        ("in_collections", ("a b",)),
        ("extra_qgraph_options", ("-c", "isr:x={label}")),
        ("wms", "Slurm"),
    ],
)
def test_names_that_a_command_line_would_split_are_refused(
    submission: Submission, base: dict[str, Any], field: str, value: Any
) -> None:
    with pytest.raises(DefinitionError):
        render(replace(submission, **{field: value}), base)


def test_all_problems_are_told_at_once(submission: Submission, base: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError) as caught:
        render(replace(submission, data_query="", in_collections=(), operator=""), base)
    assert [problem.field for problem in caught.value.problems] == [
        "Operators",
        "Data query",
        "Input collections",
    ]


@given(st.text())
def test_what_passes_as_harmless_is_not_changed_by_bps(text: str) -> None:
    if hazard(text) is None:
        assert text.format() == text
        assert "bpsEval" not in text
        assert "$" not in text
