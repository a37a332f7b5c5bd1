"""Labels and places are read from names that may hold digits and underscores themselves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cmbot.panda.names import TaskName, panda_task_name, transform_name

RUN = "CM-7_step1_g001_a1_0a1b2c3d"
LABELS = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True)


@given(LABELS, st.integers(1, 999), st.integers(1, 99), st.integers(1, 10**6), st.integers(1, 10**6))
def test_any_label_survives_both_kinds_of_name(
    label: str, order: int, chunk: int, request: int, task: int
) -> None:
    name = f"{RUN}_{order:02d}_{label}_{chunk:02d}"
    assert transform_name(name, RUN) == TaskName(order, label, chunk)
    assert panda_task_name(f"{name}_{request}_{task}", RUN, request) == TaskName(order, label, chunk)


def test_the_run_name_is_compared_without_case() -> None:
    assert transform_name(f"{RUN.lower()}_03_isr_01", RUN) == TaskName(3, "isr", 1)


def test_a_name_of_another_form_is_a_label_in_front() -> None:
    assert transform_name("build_task", RUN) == TaskName(0, "build_task")
