"""Failures of a step, explained by the catalogue (reference/predecessors.md section 4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmbot.models.failures import Action, Explained, Failure, JobError, share
from cmbot.wms.errors import shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmbot.models.failures import FailureKind
    from cmbot.wms.catalogue import Catalogue, Rule


@dataclass(frozen=True)
class _Known:
    """What the catalogue knows about one failure."""

    error: JobError
    rule: Rule | None
    passive: Rule | None


class Explaining:
    """Explains the failures of one step: what is tolerated is counted over all of it (requirement G7).

    Parameters
    ----------
    catalogue : `~cmbot.wms.catalogue.Catalogue`
        The rules.
    failures : `~collections.abc.Iterable` [`~cmbot.models.failures.FailureKind`]
        Of the newest attempts of all groups of the step.
    expected : `~collections.abc.Mapping` [`str`, `int`]
        Inputs of each label in all groups, as far as they are known.
    """

    def __init__(
        self, catalogue: Catalogue, failures: Iterable[FailureKind], expected: Mapping[str, int]
    ) -> None:
        self._catalogue = catalogue
        self._expected = expected
        self._met: Counter[tuple[str, str]] = Counter()
        for kind in failures:
            known = self._known(kind.example)
            for rule in (known.rule, known.passive):
                if rule is not None:
                    self._met[rule.name, kind.example.label] += kind.count

    def explain(self, failures: Iterable[FailureKind]) -> tuple[Explained, ...]:
        """Group failures by reason.

        Parameters
        ----------
        failures : `~collections.abc.Iterable` [`~cmbot.models.failures.FailureKind`]
            Those of the step, or of some of its groups.

        Returns
        -------
        explained : `tuple` [`~cmbot.models.failures.Explained`, ...]
            The most inputs first.
        """
        counts: Counter[tuple[object, ...]] = Counter()
        examples: dict[tuple[object, ...], tuple[_Known, Failure]] = {}
        for kind in failures:
            known, failure = self._known(kind.example), kind.example
            key = (
                known.error.name,
                failure.label,
                shape(known.error.diag),
                known.rule and known.rule.name,
                known.passive and known.passive.name,
            )
            counts[key] += kind.count
            if key not in examples or (failure.used or 0) > (examples[key][1].used or 0):
                examples[key] = known, failure
        found = [self._explained(*examples[key], count) for key, count in counts.items()]
        return tuple(sorted(found, key=lambda each: (-each.count, each.label, each.error)))

    def _known(self, failure: Failure) -> _Known:
        """Of several errors of one job the worst that is known decides; what is not known is a repetition."""
        found = [_Known(error, *self._catalogue.best(failure, error)) for error in failure.errors]
        ruled = [each for each in found if each.rule is not None]
        if ruled:
            return max(ruled, key=lambda each: each.rule.action.severity if each.rule else -1)
        return next((each for each in found if each.passive is not None), found[0])

    def _explained(self, known: _Known, failure: Failure, count: int) -> Explained:
        action, note = self._action(known.rule, failure.label)
        would = self._action(known.passive, failure.label)[0] if known.passive else None
        return Explained(
            error=known.error,
            label=failure.label,
            count=count,
            expected=self._expected.get(failure.label, 0),
            example=failure,
            action=action,
            flavour=known.rule.flavour if known.rule else None,
            rule=known.rule.name if known.rule else "",
            note=note,
            tickets=known.rule.tickets if known.rule else (),
            tolerance=known.rule.tolerance if known.rule else 0.0,
            to_site=known.rule.to_site if known.rule else "",
            to_queue=known.rule.to_queue if known.rule else "",
            would=known.passive.name if known.passive else "",
            would_do=would,
        )

    def _action(self, rule: Rule | None, label: str) -> tuple[Action, str]:
        if rule is None:
            return Action.REVIEW, ""
        if rule.action is not Action.ACCEPT:
            return rule.action, rule.note
        if rule.resolved:
            return Action.REVIEW, "it was believed to be mended and came back"
        met, expected = self._met[rule.name, label], self._expected.get(label, 0)
        # 0.29 of 100 is 28.999… to a computer and 29 to people
        if met <= round(rule.tolerance * expected, 6):
            return Action.ACCEPT, rule.note
        much = f"{share(met, expected)} of the step's {label}" if expected else "an unknown share"
        return Action.REVIEW, f"{much}, and only {100 * rule.tolerance:g} % are tolerated"


def worst(explained: Iterable[Explained]) -> Action | None:
    """Find what is to be done about several failures together: the worst action wins.

    Parameters
    ----------
    explained : `~collections.abc.Iterable` [`~cmbot.models.failures.Explained`]
        The failures.

    Returns
    -------
    action : `~cmbot.models.failures.Action` or `None`
        `None` if there is no failure.
    """
    return max((each.action for each in explained), key=lambda action: action.severity, default=None)
