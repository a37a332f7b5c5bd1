"""Sets of trouble, by name."""

from __future__ import annotations

from typing import Any

_LOST = [
    {"kind": "lost_answer", "match": {"method": word, "path": "/rest/api/"}, "rate": 0.03}
    for word in ("POST", "PUT")
]
PROFILES: dict[str, dict[str, Any]] = {
    "calm": {},
    "data-center": {
        "faults": [
            *_LOST,
            {"kind": "refused", "match": {"path": "/rest/api/"}, "rate": 0.02},
            {"kind": "429-data-center", "match": {"path": "/rest/api/"}, "rate": 0.02},
            {"kind": "bad-gateway", "match": {"path": "/rest/api/"}, "rate": 0.01},
        ],
        "search": {"lag": 2.0, "regress": 0.02},
        "webhooks": {"lost": 0.1, "doubled": 0.1, "delayed": 0.2, "reordered": 0.2},
    },
    "cloud": {
        "faults": [
            *_LOST,
            {"kind": "refused", "match": {"path": "/rest/api/"}, "rate": 0.02},
            *(
                {"kind": kind, "match": {"path": "/rest/api/"}, "rate": 0.01}
                for kind in ("429-burst", "429-silent", "429-date", "503-retry-after")
            ),
        ],
        "search": {"lag": 10.0, "regress": 0.05, "short": 0.2},
        "limits": {"per_issue": True, "burst": True},
        "webhooks": {"doubled": 0.1, "delayed": 0.2, "reordered": 0.2},
    },
}
"""What a busy site is like, by name; ``{"profile": "cloud"}`` in the body, other keys replace its parts."""
