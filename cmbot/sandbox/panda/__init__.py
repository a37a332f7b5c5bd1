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

``make test-panda`` asks this relay and the real one (panda-server 1.0.4, iDDS 2.6.21) the same questions.
What differs from it, and stays:

* a command is carried out at once; in reality iDDS's agents look every few seconds, and one that finds its
  request being worked on stays locked and is never done (``commands_lost`` of the settings does that here);
* an abort or retry ends as the settings say and the jobs decide; in reality what PanDA does decides;
* a transform has its number in PanDA from the beginning; in reality only when its task exists;
* there is no ``close`` and no ``abort_task`` (HTTP 405 in reality), and no ``additional_data_storage``;
* the address of another iDDS after a command is ignored: the sandbox calls nobody;
* ``get_status`` lays its table out by itself; it words refusals of workflows and Origins in its way.

Everything but the issuer and the login page asks for a token: that of the start, or an id token where the
relay is told to ask for one.
"""

from __future__ import annotations

from cmbot.sandbox.panda.server import Address, serve

__all__ = ["Address", "serve"]
