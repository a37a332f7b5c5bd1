"""Times as PanDA writes them; stored ones are ISO 8601, UTC, with six digits of seconds."""

from __future__ import annotations

from datetime import datetime

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(stored: str) -> str:
    """Time as iDDS writes it, for example ``Fri, 20 Nov 2026 05:51:40 UTC``."""
    # strftime would follow the locale
    moment = datetime.fromisoformat(stored)
    month = _MONTHS[moment.month - 1]
    return f"{_DAYS[moment.weekday()]}, {moment:%d} {month} {moment:%Y %H:%M:%S} UTC"


def listed(stored: str | None) -> str | None:
    """Time as the monitor's lists write it, for example ``2026-11-20T06:16:54.731405``."""
    return None if stored is None else stored[:26]


def single(stored: str | None) -> str | None:
    """Time as the monitor's single tasks and jobs write it, for example ``2026-11-20 06:08:52``."""
    return None if stored is None else stored[:19].replace("T", " ")


def seconds(begin: str | None, end: str) -> float:
    """Seconds between two stored instants; 0 where there is no first one."""
    if begin is None:
        return 0.0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def clock_face(length: float) -> str:
    """Length of time as the monitor writes it, ``d:hh:mm:ss`` with one digit for hours."""
    whole = int(max(length, 0))
    days, rest = divmod(whole, 86400)
    return f"{days}:{rest // 3600}:{rest % 3600 // 60:02}:{rest % 60:02}"
