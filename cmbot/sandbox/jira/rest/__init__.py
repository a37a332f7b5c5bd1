"""REST v2 as Data Center speaks it; one module per group of resources."""

from __future__ import annotations
