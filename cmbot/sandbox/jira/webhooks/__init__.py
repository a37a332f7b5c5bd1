"""Webhooks: registered by administrators, filled as each vendor does, delivered in the background."""

from __future__ import annotations

from .delivery import Deliverer
from .desk import Desk
from .registration import Webhook
from .shipment import MANNERS

__all__ = ["MANNERS", "Deliverer", "Desk", "Webhook"]
