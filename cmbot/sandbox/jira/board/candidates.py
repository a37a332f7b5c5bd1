"""Issues as a list to choose from: epics and parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmbot.sandbox.jira.configuration import Project

    from .visit import Visit

LIMIT = 500
"""Most issues in a list, the newest; one that was chosen before is in it too."""


def listed(visit: Visit, level: int, chosen: str, project: Project | None = None) -> list[tuple[str, str]]:
    """Key and text of the issues of a level.

    Parameters
    ----------
    visit : `Visit`
        Who looks; sees what is in the list.
    level : `int`
        1 for epics, 0 for standard issues.
    chosen : `str`
        Key of the one that was chosen before; empty if none was.
    project : `Project`, optional
        Where they are; in all projects if not given.
    """
    places = [one.id for one in visit.projects if project in (None, one)]
    kinds = [kind.id for kind in visit.site.config.issue_types.values() if kind.level == level]
    inside, of_kind = (", ".join(map(str, numbers)) for numbers in (places, kinds))
    sql = f"""SELECT key, json_extract(fields, '$.summary') AS summary FROM issues
              WHERE project_id IN ({inside}) AND type_id IN ({of_kind})
              ORDER BY key = ? DESC, id DESC LIMIT ?"""  # noqa: S608 - numbers of our own
    return [
        (row["key"], f"{row['key']} {row['summary']}") for row in visit.site.store.rows(sql, chosen, LIMIT)
    ]
