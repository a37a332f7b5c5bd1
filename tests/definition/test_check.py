"""Everything that can be seen to be wrong without a Butler is said, with field and remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.definition import options
from cmbot.models.campaign import DataIdFile, Specification, SplitRule, StepDefinition

LINK, SHA = "https://github.com/lsst-dm/lists", "0123456789abcdef0123456789abcdef01234567"
DEEP = SplitRule("detector", 5, by=SplitRule("tract", 5))


def test_a_sound_campaign_has_no_problems(defining: Any) -> None:
    assert defining.problems(defining.campaign) == {}


@pytest.mark.covers("B3", "B33")
@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"reason": "  "}, "Reason", "is empty"),
        ({"name": " "}, "Summary", "characters"),
        ({"name": "x" * 201}, "Summary", "has 201 characters"),
        ({"butler": "/repo; id"}, "Butler repository", "no path or URI"),
        ({"inputs": ()}, "Input collections", "is empty"),
        ({"inputs": ("ok", "a b")}, "Input collections", "'a b' cannot be a collection"),
        ({"inputs": ("x" * 200, "y" * 200)}, "Input collections", "longer than 255"),
        ({"output": ""}, "Output root", "cannot be a collection"),
        ({"output": "../x"}, "Output root", "cannot be a collection"),
        ({"kind": "Fun"}, "Campaign kind", "'Fun' is not known"),
        ({"stage": ""}, "Campaign stage", "is empty"),
        ({"mode": "fast"}, "Campaign mode", "'fast' is not known"),
        ({"lsst_version": "w 47"}, "LSST version", "no tag"),
        ({"image": "a b"}, "Software image", "no image"),
        ({"setup": ("/x; id",)}, "Custom setup", "cannot be set up"),
        ({"setup": ("pipe_tasks $(id)",)}, "Custom setup", "cannot be set up"),
        ({"data": Specification("just text")}, "Data specification", "is no address"),
        ({"data": Specification(LINK, "v1", "abc")}, "Data specification version", "'abc' is no SHA"),
        ({"processing": Specification(LINK, "--x", SHA)}, "Processing specification version", "is no tag"),
        ({"wms": "Slurm"}, "WMS", "'Slurm' is not known"),
        ({"wms": "Parsl"}, "WMS", "is Parsl, and SLAC runs PanDA"),
        ({"environment": "w_1999_01"}, "Environment", "is not known"),
        ({"site": "mars"}, "Compute site", "'mars' is not known"),
        ({"steps": ()}, "steps", "there are none"),
    ],
)
def test_a_problem_of_the_campaign_is_named(
    defining: Any, changes: dict[str, Any], field: str, said: str
) -> None:
    found = defining.problems(replace(defining.campaign, **changes))
    assert list(found) == [field]
    assert said in found[field]


@pytest.mark.covers("B33", "B36", "B11", "V22")
@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"pipeline": "DRP"}, "step1 Pipeline YAML", "cannot be used"),
        ({"query": ""}, "step1 Data query", "BPS would process everything"),
        ({"query": "visit IN ({GNUM})"}, "step1 Data query", "cannot be read"),
        ({"query": "visit > 0 " * 4000}, "step1 Data query", "longer than 32767"),
        ({"after": ("step9",)}, "step1 is blocked by", "'step9' is no step"),
        ({"split": SplitRule("visit", 0)}, "step1 Split rule", "needs a dimension and one of size"),
        ({"split": SplitRule("visit", 5, count=5)}, "step1 Split rule", "needs a dimension and one of size"),
        ({"split": SplitRule("visit", 5, by=SplitRule("visit", 5))}, "step1 Split rule", "visit twice"),
        ({"split": SplitRule("visit", 5, by=DEEP)}, "step1 Split rule", "has more below `by`"),
        ({"split": SplitRule("", 5)}, "step1 Split rule", "needs a dimension and one of size"),
        ({"split": SplitRule("seq_num", 5)}, "step1 Split rule", "not a primary dimension key"),
        ({"max_groups": -1}, "step1 Max concurrent groups", "cannot be -1"),
        ({"priority": -1}, "step1 WMS priority", "cannot be -1"),
        ({"overrides": {"is r": {}}}, "step1 pex_config overrides", "is no task label"),
        ({"overrides": {"isr": "x.sh"}}, "step1 pex_config overrides", "no file of overrides"),
        ({"overrides": {"isr": {"a b": 1}}}, "step1 pex_config overrides", "'a b' is no field"),
        ({"overrides": {"isr": {"a": "$(id)"}}}, "step1 pex_config overrides", "a cannot be"),
        ({"exclude": DataIdFile("bad.json", " ")}, "step1 DataIds excluded", "has no reason"),
        ({"include": DataIdFile("../x.json", "r")}, "step1 DataIds included", "no name of a file"),
        ({"include": DataIdFile("x.json", "r", "abc")}, "step1 DataIds included", "'abc' is no hash"),
        (
            {"include": DataIdFile("x.json", "r", dataset_type="raw")},
            "step1 DataIds included",
            "names no collections",
        ),
        (
            {"include": DataIdFile("x.json", "r", dataset_type="a b", collections=("x",))},
            "step1 DataIds included",
            "'a b' is no dataset type",
        ),
        (
            {"include": DataIdFile("x.json", "r", dataset_type="raw", collections=("a b",))},
            "step1 DataIds included",
            "'a b' cannot be a collection",
        ),
        (
            {"exclude": DataIdFile("x.json", "r", dataset_type="raw", collections=("x",))},
            "step1 DataIds excluded",
            "cannot be a TAGGED collection",
        ),
        ({"image": "a;b"}, "step1 Software image", "no image"),
        ({"options": {"payload": {}}}, "step1 BPS options", "payload is not an option"),
        ({"environment": "x"}, "step1 Environment", "is not known"),
        ({"site": "x"}, "step1 Compute site", "is not known"),
    ],
)
def test_a_problem_of_a_step_is_named(defining: Any, changes: dict[str, Any], field: str, said: str) -> None:
    found = defining.problems(defining.with_step(**changes))
    assert list(found) == [field]
    assert said in found[field]


@pytest.mark.covers("D8")
def test_a_checkpoint_follows_a_step_and_processes_nothing(defining: Any) -> None:
    campaign, (first, *_) = defining.campaign, defining.campaign.steps

    def found(**more: Any) -> dict[str, str]:
        look = StepDefinition("look", after=(first.name,), description="Look.", checkpoint=True)
        said: dict[str, str] = defining.problems(replace(campaign, steps=(first, replace(look, **more))))
        return said

    assert found() == {}
    assert "has to follow a step" in found(after=())["look is blocked by"]
    assert "processes nothing" in found(query="visit > 0")["look Checkpoint"]
    alone = replace(campaign, steps=(StepDefinition("look", checkpoint=True),))
    assert "there are none" in defining.problems(alone)["steps"]


def test_step_names_are_told_apart_ignoring_case(defining: Any) -> None:
    step = defining.step
    twice = replace(defining.campaign, steps=(step, replace(step, name="STEP1")))
    assert defining.problems(twice) == {"Step name": "STEP1 is used twice step1 is used twice"}
    strange = replace(defining.campaign, steps=(replace(step, name="../step"),))
    assert list(defining.problems(strange)) == ["../step Step name"]


@pytest.mark.covers("V13")
def test_all_problems_are_told_together(defining: Any) -> None:
    bad = defining.with_step(query="", pipeline="", options={"x": 1})
    found = defining.problems(replace(bad, reason="", site="mars"))
    assert set(found) == {
        "Reason",
        "Compute site",
        *(f"step1 {field}" for field in ("Data query", "Pipeline YAML", "BPS options")),
    }


# ------------------------------------------------------------------------------------ dependencies

graphs = st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=1, max_size=6)


def circular(graph: list[list[int]]) -> bool:
    """Whether some step comes back to itself, by walking every way."""

    def reaches(start: int, here: int, seen: set[int]) -> bool:
        following = [after for after in graph[here] if after < len(graph)]
        return start in following or any(
            reaches(start, after, seen | {after}) for after in following if after not in seen
        )

    return any(reaches(start, start, set()) for start in range(len(graph)))


@pytest.mark.covers("B33", "B35", "C13")
@given(graphs)
def test_a_circle_is_found_wherever_there_is_one(defining: Any, graph: list[list[int]]) -> None:
    steps = tuple(
        StepDefinition(
            f"s{n}", "DRP.yaml#a", "visit > 0", tuple(f"s{m}" for m in sorted(set(after)) if m < len(graph))
        )
        for n, after in enumerate(graph)
    )
    found = defining.problems(replace(defining.campaign, steps=steps))
    assert set(found) == ({"is blocked by"} if circular(graph) else set())


def test_a_long_chain_of_steps_is_checked_quickly(defining: Any) -> None:
    steps = tuple(
        StepDefinition(f"s{n}", "DRP.yaml#a", "visit > 0", tuple(f"s{m}" for m in range(max(0, n - 3), n)))
        for n in range(300)
    )
    assert defining.problems(replace(defining.campaign, steps=steps)) == {}


# ----------------------------------------------------------------------------------------- options


@pytest.mark.covers("D11", "D12", "B8")
def test_options_on_the_list_pass(defining: Any) -> None:
    allowed = {
        "requestMemory": 4096,
        "memoryMultiplier": 1.5,
        "preemptible": True,
        "clusterAlgorithm": "lsst.ctrl.bps.quantum_clustering_funcs.dimension_clustering",
        "pipetask": {"isr": {"requestMemory": 2048, "requestWalltime": 60}},
        "cluster": {"visits": {"pipetasks": "isr,calibrateImage", "dimensions": "visit,detector"}},
        "finalJob": {"requestMemory": 2048, "whenRun": "ALWAYS"},
    }
    assert list(options.problems(allowed, "BPS options")) == []
    assert set(allowed) <= set(options.OPTIONS)


@pytest.mark.parametrize(
    ("given_options", "field", "said"),
    [
        ({"wmsServiceClass": "os.system"}, "BPS options", "wmsServiceClass is not an option"),
        ({"runQuantumCommand": "id"}, "BPS options", "runQuantumCommand is not an option"),
        ({"finalJob": {"command1": "id"}}, "BPS options finalJob", "command1 is not an option"),
        ({"pipetask": {"isr": {"runQuantumCommand": "id"}}}, "BPS options pipetask isr", "is not an option"),
        ({"includeConfigs": ["x"]}, "BPS options", "includeConfigs is not an option"),
        ({"request_memory": 5}, "BPS options", "request_memory is not an option"),
        ({"clustering": {}}, "BPS options", "clustering is not an option"),
        ({"requestMemory": "5"}, "BPS options", "requestMemory cannot be '5'"),
        ({"requestMemory": True}, "BPS options", "requestMemory cannot be True"),
        ({"requestMemory": 2.5}, "BPS options", "give a whole number"),
        ({"requestMemory": -1}, "BPS options", "requestMemory cannot be -1"),
        ({"requestMemory": 10**400}, "BPS options", "requestMemory cannot be"),
        ({"memoryMultiplier": float("nan")}, "BPS options", "memoryMultiplier cannot be nan"),
        ({"memoryMultiplier": float("inf")}, "BPS options", "memoryMultiplier cannot be inf"),
        ({"preemptible": 1}, "BPS options", "give true or false"),
        ({"queue": "x; id"}, "BPS options", "characters that are not allowed"),
        ({"queue": "{payload}"}, "BPS options", "characters that are not allowed"),
        ({"queue": "bpsEval(os.system, x)"}, "BPS options", "characters that are not allowed"),
        ({"queue": "<ENV:HOME>"}, "BPS options", "characters that are not allowed"),
        ({"queue": "a\nb"}, "BPS options", "characters that are not allowed"),
        ({"pipetask": [1]}, "BPS options pipetask", "is not a mapping of labels"),
        ({"pipetask": {"is r": {}}}, "BPS options pipetask", "'is r' is not a label"),
        ({"pipetask": {"isr": 5}}, "BPS options pipetask isr", "is not a mapping"),
        ({"finalJob": 5}, "BPS options finalJob", "is not a mapping"),
        ({None: 5}, "BPS options", "None is not an option"),
    ],
)
def test_options_that_could_run_something_or_mean_nothing_are_refused(
    given_options: dict[Any, Any], field: str, said: str
) -> None:
    [problem] = options.problems(given_options, "BPS options")
    assert problem.field == field
    assert said in f"{problem.problem}; {problem.remedy}"
