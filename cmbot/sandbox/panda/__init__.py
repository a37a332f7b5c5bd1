"""A laptop-sized PanDA for learning and testing; an emulator, not PanDA.

It speaks what the real PanDA plugin of BPS speaks, and runs the jobs that are posted to it as processes of
this machine. It imports nothing else of cmbot. All of it answers at one address on loopback, over one store:

=========================================  ========================================  ========================
address                                    what                                      more in
=========================================  ========================================  ========================
``POST /server/panda/relay_idds_command``  iDDS's commands, as PanDA relays them     `relay`, `commands`
``GET /api/v1/task/get_tasks_...``         tasks changed since an instant            `serverapi`
``/idds/...``, ``/tasks/``, ``/jobs/`` ..  the monitor: JSON, or pages for people    `monitor`
``/logs/...``                              log files, as ``pilotid`` names them      `logs`
``/cache/schedconfig/pandaqueues.json``    queue table                               `queues`
``/auth/...``, ``/.well-known/...`` ..     OIDC issuer                               `issuerpaths`
``/``, ``/workflows/<id>``, ``/queues``    pages of the sandbox's own                `pages`
``/sandbox/...``                           what goes wrong, and how it behaves       `adminpaths`, `controls`
=========================================  ========================================  ========================

Everything but the issuer and the login page asks for a token: that of the start, or an id token where the
relay is told to ask for one.
"""

from __future__ import annotations

from cmbot.sandbox.panda.server import Address, serve

__all__ = ["Address", "serve"]
