"""Queries that people write pass; what a shell, BPS or a path would act on does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmbot.definition import grammar

QUERIES = [
    "visit > 0",
    "instrument = 'LSSTCam' AND skymap = 'lsst_cells_v1'",
    "instrument='HSC' and tract in (9813, 9615) and skymap='hsc_rings_v1'",
    "instrument = 'LSSTCam-imSim' AND visit IN (1..20:2) AND detector NOT IN (0, 188)",
    "(exposure.day_obs >= 20251101 AND day_obs < 20251201) AND exposure.observation_type = 'science'",
    "exposure.science_program IN ('BLOCK-320', 'BLOCK-365')",
    "visit.exposure_time > 29.5 OR visit.zenith_angle <= .75e-3",
    "visit.timespan OVERLAPS (T'2026-11-01T00:00:00', T'2026-11-02')",
    "visit_detector_region.region OVERLAPS POINT(53.1, -28.1)",
    "NOT (band = 'y') AND patch != 12 AND day_obs - 1 > 20260101",
    "instrument = 'DemoCam' AND (visit IN (100..199)) AND band IN ('g', 'r')",
    "GLOB(exposure.target_name, 'COSMOS*')",
    "tract = 5063\n  AND skymap = 'DC2'",
]
HOSTILE = [
    ("", "is empty"),
    (" \n ", "is empty"),
    ("bpsEval(os.system, 'id')", "BPS would execute"),
    ("xbpsEval(builtins.exec, 1)", "BPS would execute"),
    ("visit > 0 AND band = 'bpsEval(a, b)'", "BPS would execute"),
    ("bpsGenerateConfig(os.getcwd)", "BPS would execute"),
    ("band = '<ENV:HOME>'", "cannot be read"),
    ("band = <ENV:HOME>", "cannot be read"),
    ("band = '{payload}'", "cannot be read"),
    ("visit IN ({visits})", "cannot be read"),
    ("band = '$HOME'", "cannot be read"),
    ("visit > $(id)", "cannot be read"),
    ("visit > ${HOME}", "cannot be read"),
    ("band = '`id`'", "cannot be read"),
    ("visit > 0; rm -r /", "cannot be read"),
    ("visit > 0 | tee x", "cannot be read"),
    ("visit > 0 & id", "cannot be read"),
    ("visit > 0 # AND FALSE", "cannot be read"),
    ('band = "g"', "cannot be read"),
    ("band = 'g\" -c x'", "cannot be read"),
    ("band = 'g\\'", "cannot be read"),
    ("band = 'g\n'", "cannot be read"),
    ("band = 'g", "cannot be read"),
    ("visit > 0\0", "cannot be read"),
    ("visit > \u0665", "cannot be read"),
    ("vis\u0456t > 0", "cannot be read"),
    ("visit \u2265 0", "cannot be read"),
    ("visit = :bound", "cannot be read"),
    ("visit IN (1..2", "leaves a parenthesis open"),
    ("visit > 0) OR (1 = 1", "closes a parenthesis that was not opened"),
]


@pytest.mark.covers("C14")
@pytest.mark.parametrize("query", QUERIES)
def test_what_people_ask_the_butler_is_accepted(query: str) -> None:
    assert grammar.query_problem(query) is None


@pytest.mark.covers("B11", "B36")
@pytest.mark.parametrize(("query", "said"), HOSTILE)
def test_what_is_no_query_is_refused(query: str, said: str) -> None:
    assert said in (grammar.query_problem(query) or "accepted")


@given(st.text(max_size=40) | st.text("visit IN(1..2) AND'{}$`\\\"<>\n;|&", max_size=40))
def test_nothing_that_is_accepted_means_anything_to_bps_or_a_shell(text: str) -> None:
    if grammar.query_problem(text) is None:
        assert not set(text) & set('{}$`\\"\0')
        assert "bpsEval" not in text
        assert "<ENV" not in text
        assert text.count("'") % 2 == 0
        assert grammar.query_problem(f"({text})") is None


@given(st.sampled_from(QUERIES), st.integers(0, 60), st.sampled_from(list('{}$`\\"\0;&|#[]@%?~^')))
def test_one_hostile_character_outside_quotes_spoils_a_query(query: str, place: int, bad: str) -> None:
    place = min(place, len(query))
    if query[:place].count("'") % 2 == 0:
        assert grammar.query_problem(query[:place] + bad + query[place:]) is not None


def test_reading_a_hostile_query_takes_no_long_time() -> None:
    for text in ("(" * 20_000, "1." * 20_000, "'a' " * 20_000, "a." * 20_000, " " * 20_000 + "{"):
        grammar.query_problem(text)


@pytest.mark.parametrize("name", ["step1", "A", "drpStep2a", "a" * 30])
def test_step_names_that_fit_run_names_pass(name: str) -> None:
    assert grammar.is_step_name(name)


@pytest.mark.parametrize("name", ["", "1step", "step 1", "step_1", "../x", "a" * 31, "é", "a\n", "a/b", "$A"])
def test_step_names_that_do_not_fit_are_refused(name: str) -> None:
    assert not grammar.is_step_name(name)


@pytest.mark.parametrize("name", ["LSSTCam/defaults", "u/anna/DM-1.2", "refcats", "skymaps", "2.2i/raw/all"])
def test_collections_pass(name: str) -> None:
    assert grammar.is_collection(name)


@pytest.mark.parametrize(
    "name", ["", "/a", "a/", "a//b", "../a", "a/../b", "-a", "a b", "a,b", "a{x}", "a*", "$A", "a\n", "a;b"]
)
def test_what_is_no_collection_is_refused(name: str) -> None:
    assert not grammar.is_collection(name)


@pytest.mark.parametrize(
    "name",
    [
        "DRP.yaml",
        "DRP.yaml#step1",
        "DRP.yml#isr,calibrateImage",
        "$DRP_PIPE_DIR/pipelines/LSSTCam/DRP.yaml#step1",
        "${DRP_PIPE_DIR}/pipelines/DRP.yaml#step1,analysis:core",
        "/sdf/pipelines/DRP.yaml#step2",
    ],
)
def test_pipelines_pass(name: str) -> None:
    assert grammar.is_pipeline(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "DRP",
            "DRP.yaml#",
            "DRP.yaml#a b",
            "../DRP.yaml",
            "a/../DRP.yaml",
            "DRP.yaml\n",
            "DRP.yaml;x.yaml",
        ),
        *("${A/DRP.yaml", "$A}/DRP.yaml", "{A}/DRP.yaml", "<ENV:A>/DRP.yaml", "$(id)/DRP.yaml", "`id`.yaml"),
        *("DRP.yaml#step1{x}", "DRP.yaml#$A", "http://e.org/DRP.yaml", "DRP.yaml -c x.yaml"),
    ],
)
def test_what_is_no_pipeline_is_refused(name: str) -> None:
    assert not grammar.is_pipeline(name)


@pytest.mark.parametrize(
    "text", ["/repo/main", "demo", "~/repo", "s3://bucket/repo/butler.yaml", "https://e.org/r"]
)
def test_repositories_pass(text: str) -> None:
    assert grammar.is_repository(text)


@pytest.mark.parametrize("text", ["", "a b", "../repo", "{x}", "$HOME/repo", "a;b", "<ENV:A>", "a\nb", "a'b"])
def test_what_is_no_repository_is_refused(text: str) -> None:
    assert not grammar.is_repository(text)
