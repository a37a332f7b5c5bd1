"""The monitor: the JSON that BigPanDA answers, with its traps, and the same addresses as pages for people.

JSON comes with ``json`` in the query or ``Accept: application/json`` alone; without it a page. Filters are
those of reference/panda.md section 3; names that are not known are ignored. What one host asks in an hour is
limited.

==============================================  =========================================================
``/idds/wfprogress/``                           workflows: a list
``/tasks/``                                     tasks: a list, the newest first
``/task/<id>/``                                 ``{"task", "taskparams", "datasets"}``
``/taskstatuslog/<id>/``, ``/jobstatuslog/<id>/``  what they went through: lists
``/jobs/``                                      ``{"selectionsummary", "jobs", "errsByCount"}``
``/job?pandaid=<id>``, ``/job/<id>/``           ``{"files", "job", "dsfiles"}``
``/errors/``                                    ``{"jobSummary", "errsByCount", "errsBySite", ...}``
``/api/joberrordescriptions/``                  ``{"error_descriptions": []}``
``/idds/getiddsfortask/?jeditaskid=<id>``       ``{"data": [...]}``; not limited
``/filebrowser/?pandaid=<id>``                  ``{"error": ...}``: logs are not where it looks
``/idds/daggraph/?idds_request_id=<id>``        a page, never JSON
``/logs/<queue>/PandaJob_<id>/<file>``          log files, as ``pilotid`` names them; not of the monitor
``/cache/schedconfig/pandaqueues.json``         queue table by name; not of the monitor
==============================================  =========================================================

Different from the real one, on purpose: a token is asked for (unless the setting ``anonymous``), and pages
opened with the cookie of a browser are not counted. A job has no PandaID before it begins, and so no row.
"""
