"""``/metrics``: how cmbot is, for Prometheus (requirement V8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, generate_latest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmbot.pages.overviews import SystemPage


def text(page: SystemPage) -> bytes:
    """Write what the system page shows as Prometheus reads it.

    Parameters
    ----------
    page : `~cmbot.pages.overviews.SystemPage`
        The page.

    Returns
    -------
    text : `bytes`
        In the text format of Prometheus.
    """
    registry, one, mirror = CollectorRegistry(), page.system, page.system.mirror

    def gauge(name: str, help_: str, value: float) -> None:
        Gauge(f"cmbot_{name}", help_, registry=registry).set(value)

    def gauges(name: str, help_: str, label: str, values: Mapping[str, float]) -> None:
        made = Gauge(f"cmbot_{name}", help_, [label], registry=registry)
        for key, value in values.items():
            made.labels(key).set(value)

    gauge("stale", "1 once no pass has begun, or Jira has not answered, for three polls", page.fresh.stale)
    if page.fresh.passed is not None:
        gauge("last_pass_timestamp_seconds", "When the last pass began", page.fresh.passed.timestamp())
    if mirror.oldest is not None:
        gauge(
            "outbox_oldest_timestamp_seconds",
            "Since when the oldest of what is to be told to Jira waits",
            mirror.oldest.timestamp(),
        )
    gauges("issues", "Issues that are followed", "level", mirror.issues)
    gauges("attempts", "Attempts", "state", mirror.attempts)
    gauges("outbox", "What is to be told to Jira, or was", "state", mirror.outbox)
    gauges("requests_last_hour", "Requests of the last hour", "host", mirror.requests)
    gauges("requests_limit", "Requests that may be sent in an hour", "host", one.limits)
    gauges("trouble", "Servers that do not answer", "server", dict.fromkeys(one.troubles, 1.0))
    gauge("dead_letters", "Issues that are not followed now", len(one.dead))
    gauge("untold", "What Jira does not take", len(one.untold))
    gauge("unread", "Issues that are still to be read", mirror.unread)
    gauge("commands", "Commands in comments that are not carried out yet", mirror.commands)
    gauge("mirror_bytes", "Size of the mirror", mirror.size)
    return generate_latest(registry)
