"""What BPS accepts in silence and cmbot does not (reference/bps.md section 6).

Of twenty broken configurations BPS noticed half, most of them after the quantum graph was built; a missing
data query processed everything. The linter looks at the configuration alone and needs neither BPS nor Butler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmbot.bps.lint.selection import selection_problems
from cmbot.bps.lint.structure import structure_problems
from cmbot.bps.lint.values import value_problems

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cmbot.exceptions import Problem


def lint(config: Mapping[str, Any], *, labels: Collection[str] | None = None) -> tuple[Problem, ...]:
    """Check a BPS configuration.

    Parameters
    ----------
    config : `~collections.abc.Mapping`
        Parsed YAML, rendered by cmbot or written by hand.
    labels : `~collections.abc.Collection` [`str`], optional
        Labels of the pipeline's tasks; without them, labels are not checked.

    Returns
    -------
    problems : `tuple` [`~cmbot.exceptions.Problem`, ...]
        Everything found, keys as ``payload.dataQuery``; empty if the configuration is good.
    """
    return (
        *structure_problems(config),
        *value_problems(config),
        *selection_problems(config, labels),
    )
