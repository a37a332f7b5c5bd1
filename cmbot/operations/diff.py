"""Compare campaigns, steps, groups, attempts and files (requirements B25, B26)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmbot.bps.lint import sameness
from cmbot.definition import file as campaign_file
from cmbot.definition import parts, yaml_text
from cmbot.exceptions import UserError
from cmbot.mirror import seen
from cmbot.models.views import Unlike
from cmbot.operations.report import chosen
from cmbot.operations.results import of_attempt, of_groups
from cmbot.operations.status import epic_of
from cmbot.reconcile import archiving, views

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from cmbot.archive.manifest import Manifest
    from cmbot.models.attempts import Attempt
    from cmbot.models.campaign import CampaignDefinition
    from cmbot.models.views import CampaignView, GroupView, StepView
    from cmbot.reconcile.edges import Local

    _There = Sequence[tuple[StepView, tuple[GroupView, ...]]]

SECTIONS = ("definition", "software", "inputs", "file", "results")
"""What is compared, in this order."""
_SOFTWARE = frozenset(
    ["environment", "lsst_version", "image", "setup", "pipeline", "processing", "overrides"]
)
_INPUTS = frozenset(["butler", "inputs", "include", "exclude", "data", "query", "split"])
_OF_PAYLOAD = ("butlerConfig", "inCollection", "dataQuery")


@dataclass(frozen=True)
class Side:
    """One of what is compared: values by path, section by section."""

    name: str
    """What it is called."""
    definition: Mapping[str, str] = field(default_factory=dict)
    """What was meant, as in campaign files."""
    software: Mapping[str, str] = field(default_factory=dict)
    """What it runs with, and the packages that BPS found."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """On which data."""
    file: Mapping[str, str] = field(default_factory=dict)
    """The BPS YAML of an attempt or file, without names, collections and query."""
    results: Mapping[str, str] = field(default_factory=dict)
    """What came of it."""


@dataclass(frozen=True)
class Compared:
    """Several, side by side."""

    sides: tuple[str, ...]
    """What they are called."""
    sections: Mapping[str, Mapping[str, tuple[str, ...]]]
    """By section and path a value for each: what is not the same in all, and all results."""


def compare(sides: Sequence[Side]) -> Compared:
    """Put sides together.

    Parameters
    ----------
    sides : `~collections.abc.Sequence` [`Side`]
        At least one.

    Returns
    -------
    compared : `Compared`
        What differs; of the results everything, so that iterations make one table.
    """
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for section in SECTIONS:
        values: list[Mapping[str, str]] = [getattr(side, section) for side in sides]
        for path in dict.fromkeys(path for one in values for path in one):
            row = tuple(one.get(path, "") for one in values)
            if section == "results" or len(set(row)) > 1:
                found.setdefault(section, {})[path] = row
    return Compared(tuple(side.name for side in sides), found)


def changes(before: CampaignDefinition, after: CampaignDefinition) -> tuple[Unlike, ...]:
    """List in what a campaign is another than one before.

    Parameters
    ----------
    before, after : `~cmbot.models.campaign.CampaignDefinition`
        Two campaigns.

    Returns
    -------
    changes : `tuple` [`~cmbot.models.views.Unlike`, ...]
        By path, as in campaign files; the usual is what was before.
    """
    was, is_ = _flat(before), _flat(after)
    return tuple(
        Unlike(path, is_.get(path, ""), was.get(path, ""))
        for path in dict.fromkeys([*was, *is_])
        if was.get(path) != is_.get(path)
    )


def side(local: Callable[[], Local], what: str) -> Side:
    """Read one of what is compared.

    Parameters
    ----------
    local : `~collections.abc.Callable`
        Gives what is known here; not called for a file.
    what : `str`
        A campaign file, a BPS file, or a key of a campaign, step or group; behind a key ``:g001`` names a
        group, and ``:a1`` behind that an attempt.

    Returns
    -------
    side : `Side`
        What is known of it.

    Raises
    ------
    UserError
        If it is not known or cannot be read.
    """
    if Path(what).suffix in {".yaml", ".yml"}:
        return _of_file(Path(what))
    key, group, label = (*what.split(":", 2), "", "")[:3]
    there = chosen(local(), key, group)
    view = views.campaign(local(), epic_of(local(), key))
    return _of_attempt(local(), view, there, what, label) if label else _of_key(local(), view, there, what)


def iterations(local: Local, key: str) -> tuple[str, ...]:
    """Find the campaigns that were cloned from each other (requirement B26).

    Parameters
    ----------
    local : `~cmbot.reconcile.edges.Local`
        What is known here.
    key : `str`
        Key of one of them.

    Returns
    -------
    keys : `tuple` [`str`, ...]
        Keys of all, in the order in which they were made.

    Raises
    ------
    UserError
        If the key is not known here.
    """
    renamed = seen.renamed(local.mirror)
    epics = views.epics(local)
    former = {each.key: str(each.fields.get("Cloned from", "")) for each in epics}
    ancestors = {each: renamed.get(ancestor, ancestor) for each, ancestor in former.items()}
    found = {epic_of(local, key).key}
    while (
        more := {
            other
            for each, ancestor in ancestors.items()
            for other in (each, ancestor)
            if {each, ancestor} & found and other in ancestors
        }
        - found
    ):
        found |= more
    return tuple(each.key for each in sorted(epics, key=lambda each: int(each.id)) if each.key in found)


def _of_file(file: Path) -> Side:
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(str(file), f"cannot be read ({error})", "name a YAML file") from error
    data = yaml_text.load(text, str(file))
    if isinstance(data, dict) and "payload" in data:
        return Side(str(file), inputs=_selected(data), file=_shared(data))
    return Side(str(file), **_sorted(_flat(campaign_file.read(text, str(file)))))


def _of_key(local: Local, view: CampaignView, there: _There, what: str) -> Side:
    if view.definition is None:
        raise UserError(view.issue.key, "cannot be read", f"run `cmbot check {view.issue.key}`")
    key = what.partition(":")[0]
    key = seen.renamed(local.mirror).get(key, key)
    # Also steps that have no groups yet.
    about = [step for step in view.steps if key in {view.issue.key, step.issue.key}]
    made = _sorted(_flat(view.definition, {step.name for step in (*about, *(step for step, _ in there))}))
    attempts = [attempt for _, groups in there for each in groups for attempt in each.attempts]
    newest = sorted(attempts, key=lambda each: each.created_at, reverse=True)
    # Of the newest that got so far that BPS listed them.
    made["software"] |= next(filter(None, (_packages(local, _manifest(local, each)) for each in newest)), {})
    said = next((issue for issue in view.issues if issue.key == key), None)
    judged = {"status": str(said.status), "verdict": str(said.fields.get("Verdict", ""))} if said else {}
    return Side(what, **made, results=judged | of_groups(there))


def _of_attempt(local: Local, view: CampaignView, there: _There, what: str, label: str) -> Side:
    found = [
        (step, attempt)
        for step, groups in there
        for each in groups
        for attempt in each.attempts
        if attempt.label == label
    ]
    if len(found) != 1:
        problem = f"stands for {len(found)} attempts" if found else f"has no attempt {label}"
        raise UserError(what, problem, "write KEY:g001:a1 with the key of the step")
    step, attempt = found[0]
    then, _ = views.at_attempt(local, view, step, attempt)
    # A lost mirror does not come back with it; what is defined now says nothing of then.
    known = then.definition if then is not view else None
    made = _sorted(_flat(known, {step.name}) if known else {})
    manifest = _manifest(local, attempt)
    made["software"] |= _packages(local, manifest)
    ran = _kept(local, manifest, archiving.YAML)
    made["inputs"] |= _selected(ran)
    return Side(what, **made, file=_shared(ran), results=of_attempt(local, attempt))


def _flat(definition: CampaignDefinition, names: Collection[str] | None = None) -> dict[str, str]:
    """A definition by path; of the steps only some, if they are named."""
    data = dict(parts.plain(definition))
    steps = [step for step in data.pop("steps", ()) if names is None or step["name"] in names]
    flat = {path: _text(value) for path, value in sameness.leaves(data, "")}
    for step in steps:
        flat |= {f"{step['name']}: {path}": _text(value) for path, value in sameness.leaves(step, "")}
    return flat


def _sorted(flat: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Part a definition into software, inputs and the rest."""
    made: dict[str, dict[str, str]] = {"definition": {}, "software": {}, "inputs": {}}
    for path, value in flat.items():
        key = path.rpartition(": ")[2].partition(".")[0]
        section = "software" if key in _SOFTWARE else "inputs" if key in _INPUTS else "definition"
        made[section][path] = value
    return made


def _selected(config: Mapping[str, Any]) -> dict[str, str]:
    payload = config.get("payload")
    data = payload if isinstance(payload, dict) else {}
    return {name: _text(data[name]) for name in _OF_PAYLOAD if name in data}


def _shared(config: Mapping[str, Any]) -> dict[str, str]:
    return {path: _text(value) for path, value in sameness.shared(config).items()}


def _packages(local: Local, manifest: Manifest | None) -> dict[str, str]:
    found = _kept(local, manifest, "packages.yaml")
    return {f"package {name}": _text(found[name]) for name in sorted(found)}


def _manifest(local: Local, attempt: Attempt) -> Manifest | None:
    item = attempt.last_try
    newest = archiving.open_archive(local.settings).newest(item.name) if item else None
    return newest[1] if newest else None


def _kept(local: Local, manifest: Manifest | None, name: str) -> dict[str, Any]:
    """A YAML file of the archive; empty if it is not there."""
    entry = manifest.entry(name) if manifest else None
    if manifest is None or entry is None:
        return {}
    text = archiving.open_archive(local.settings).read(entry).decode(errors="replace")
    data = yaml_text.load(text, f"{manifest.name} {name}")
    return data if isinstance(data, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return "" if value is None else str(value)
