"""The settings: one frozen model, loaded once by the door and handed down in parts.

Secrets are never in the file: a setting names the environment variable or the file that holds one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from cmbot.exceptions import DefinitionError, Problem
from cmbot.models.attempts import AttemptState
from cmbot.models.issues import Role
from cmbot.models.systems import System


class Part(BaseModel):
    """What all parts share: unknown keys are refused and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(Part):
    """Where a secret is; never the secret itself."""

    variable: str = ""
    """Name of the environment variable that holds it."""
    file: str = ""
    """File that holds it; surrounding white space is removed."""


class RoleSettings(Part):
    """Who has a role: the members of any of these."""

    groups: tuple[str, ...] = ()
    """Names of Jira groups; on Cloud also their ids."""
    project_roles: tuple[str, ...] = ()
    """Names of project roles, such as Developers."""

    @model_validator(mode="after")
    def _somebody(self) -> RoleSettings:
        if not self.groups and not self.project_roles:
            raise ValueError("name a group or a project role; leave the role out if everybody has it")
        return self


class JiraSettings(Part):
    """How Jira is reached and what a campaign looks like there."""

    url: str
    """Base URL, with the context path if there is one; links for people begin with it."""
    api: str = ""
    """Base URL of the REST resources where it is another: scoped tokens of Cloud work only at
    ``https://api.atlassian.com/ex/jira/{cloudId}``."""
    project: str = "CM"
    """Key of the project that holds the campaigns."""
    token: Secret
    """Personal access token (Data Center) or API token (Cloud)."""
    user: str = ""
    """E-mail on Cloud; on Data Center only for basic authentication. Without it the token is sent as a
    bearer token."""
    former_accounts: tuple[str, ...] = ()
    """Accounts that cmbot had here before (user names, on Cloud account ids): what they did, cmbot did."""
    connect_timeout: float = 5.0
    """Seconds to wait for a connection."""
    read_timeout: float = 30.0
    """Seconds to wait for an answer."""
    patience: float = Field(default=10.0, ge=0)
    """Seconds that one request may wait for Jira's limits, or to be tried again after a failure; what would
    take longer is left to a later pass."""
    connections: int = Field(default=4, ge=1)
    """Requests at once."""
    overlap: timedelta = timedelta(minutes=2)
    """How far each search looks back behind the newest change seen: what Jira's index may lag."""
    resync: timedelta = timedelta(hours=1)
    """Time between full listings, which find what the searches between them cannot: issues that are gone.
    So long a deleted issue may go unnoticed where no webhook says so."""
    command_age: timedelta = timedelta(days=7)
    """A command in a comment that is older when cmbot reads it is not carried out (requirement W22)."""
    comment_interval: timedelta = timedelta(seconds=60)
    """A status comment is edited at most this often (requirement V11)."""
    issue_types: Mapping[str, str] = Field(
        default_factory=lambda: {"campaign": "Epic", "step": "CM Step", "group": "CM Group"}
    )
    """Names of the issue types of the three levels."""
    statuses: Mapping[str, str] = Field(default_factory=dict)
    """cmbot's status name -> the project's own, where they differ."""
    fields: Mapping[str, str] = Field(default_factory=dict)
    """cmbot's field name -> the site's own, where they differ."""
    roles: Mapping[Role, RoleSettings] = Field(default_factory=dict)
    """Who is a definer and who an operator; a role that is left out is everybody's (requirement V16)."""
    blocks: str = "Blocks"
    """Name of the link type whose inward side says "is blocked by"."""


class PandaSettings(Part):
    """How PanDA is followed."""

    relay: str
    """URL of the server, ending in ``/server/panda``."""
    monitor: str = ""
    """URL of the BigPanDA monitor, which is asked about all workflows at once; empty for none: each is asked
    about at the relay."""
    monitor_token: Secret | None = None
    """Token of the monitor's; most monitors ask for none."""
    requests_per_hour: int = Field(default=500, ge=1)
    """Requests that the monitor's host is sent in an hour at most, by all of cmbot (requirement H1)."""
    relay_requests_per_hour: int = Field(default=3600, ge=1)
    """The same for the relay's host; if it is the same host, the smaller number counts."""
    reserve: int = Field(default=50, ge=0)
    """How many of these are kept for people's own commands."""
    cycle: timedelta = timedelta(minutes=5)
    """Time between two looks at what runs."""
    days: int = Field(default=7, ge=1)
    """How far back the monitor lists workflows at most (requirement H3); what runs longer is asked about at
    the relay. Jobs are asked for since their workflow was submitted."""
    reread: timedelta = timedelta(hours=1)
    """Time between two looks at what has ended: a person may have restarted it in PanDA."""
    reread_for: timedelta = timedelta(days=7)
    """How long after its end a workflow is still looked at."""
    stale: timedelta = timedelta(minutes=30)
    """What was not heard of for so long is shown as old in Jira."""
    token: Secret | None = None
    """OIDC id token; or the token file of panda-client (``~/.panda/.token``), which is then renewed."""
    vo: str = "Rubin"
    """Virtual organisation, sent as Origin."""
    timeout: float = 60.0
    """Seconds to wait for an answer."""
    ca_bundle: str = ""
    """File of certificate authorities; empty for the system's."""


class EnvironmentSettings(Part):
    """A named environment: what campaigns may be run with."""

    path: tuple[str, ...] = ()
    """Directories put before PATH."""
    prefix: tuple[str, ...] = ()
    """Words before every command: how it is run inside a container (``[apptainer, exec, /images/lsst.sif]``).
    It must keep the working directory, the environment variables, the files below ``work`` and the exit
    status."""
    setup: str = ""
    """Shell script that is sourced first, inside the prefix (a stack's ``loadLSST.bash``); empty for none."""
    variables: Mapping[str, str] = Field(default_factory=dict)
    """Environment variables; no secrets."""
    python: str = "python"
    """Python of the environment, for Butler scripts."""


class GitSettings(Part):
    """Which git repositories may be asked what a tag means (requirement B9)."""

    repositories: tuple[str, ...] = ()
    """Beginnings of their addresses, such as ``https://github.com/lsst-dm/``."""
    timeout: float = Field(default=30.0, gt=0)
    """Seconds to wait for an answer."""


class SiteSettings(Part):
    """A compute site that campaigns may name."""

    wms: System = System.PANDA
    """What executes workflows there: PanDA, HTCondor or Parsl (docs/workload_systems.md)."""
    environment: str = ""
    """Named environment in which ``bps report`` and the like run; HTCondor needs one."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds that they may take, all together, before cmbot goes on without an answer."""
    wms_options: Mapping[str, JsonValue] = Field(default_factory=dict)
    """BPS keys of the site: computeCloud, queue, fileDistributionEndPoint …; for Parsl ``site.<name>``."""
    max_groups: int = 20
    """Groups in flight at once at this site (requirement V18)."""
    queues: Mapping[str, int] = Field(default_factory=dict)
    """Its queues that a retry may name, each with the most memory of a job there (MB): what failed for its
    memory asks for no more than the largest has. Empty if that is not known."""
    slots: int = Field(default=0, ge=0)
    """Jobs of a campaign that run there at once, to estimate how long a group takes; 0 if not known."""
    quantum_time: timedelta = timedelta(seconds=60)
    """Mean time of a quantum there, for the same."""

    @model_validator(mode="after")
    def _can_be_used(self) -> SiteSettings:
        if self.wms is System.ELSEWHERE:
            raise ValueError("cmbot submits to PanDA, HTCondor and Parsl only")
        if self.wms is System.HTCONDOR and not self.environment:
            raise ValueError("HTCondor is followed by bps report: name the environment it runs in")
        # They count where memory is raised, with those of the step above them.
        labels = [self.wms_options.get(section, {}) for section in ("pipetask", "cluster")]
        parts: list[object] = [dict(self.wms_options), self.wms_options.get("finalJob", {}), *labels]
        parts += [each for section in labels if isinstance(section, dict) for each in section.values()]
        if not all(
            isinstance(part, dict) and isinstance(part.get("requestMemory", 0), int) for part in parts
        ):
            raise ValueError("wms_options: each task is a mapping, and requestMemory a whole number of MB")
        return self


DEADLINES: Mapping[AttemptState, timedelta] = {
    AttemptState.RESERVED: timedelta(hours=2),
    # A new workflow takes up to 20 minutes to appear; its tasks come soon after.
    AttemptState.SUBMITTED: timedelta(hours=6),
    AttemptState.RUNNING: timedelta(hours=48),
    AttemptState.HELD: timedelta(hours=24),
    AttemptState.CANCELLING: timedelta(hours=2),
    AttemptState.MERGE_PENDING: timedelta(hours=3),
    AttemptState.UNKNOWN: timedelta(hours=1),
}
"""How long an attempt may stay in each transient state without progress."""


class WorkSettings(Part):
    """Where cmbot works and how patiently."""

    state: str
    """Directory of the mirror, the captured output and the as-run archive."""
    submit: str
    """Directory of BPS submit directories; seen by the WMS's workers if the site needs that."""
    launch: str = ""
    """Directory of the launching area: what `cmbot prepare` writes and people edit; empty for ``launch`` in
    the state directory."""
    poll: timedelta = timedelta(seconds=60)
    """Time between passes."""
    grace: timedelta = timedelta(minutes=10)
    """How long a submission whose outcome is unknown may still appear in the WMS."""
    group_time: timedelta = timedelta(hours=24)
    """How long a group should take at most: a plan warns of one that is estimated to take longer (B18)."""
    lookups: int = 2
    """Look-ups that must find nothing before a submission counts as not made."""
    child_timeout: timedelta = timedelta(minutes=30)
    """Longest run of a Butler query or data report."""
    lease: timedelta = timedelta(minutes=5)
    """After this long without a pass another instance may take over."""
    max_groups: int = 50
    """Groups in flight at once, in all (requirement V18)."""
    submissions_per_minute: int = Field(default=20, ge=0)
    """Submissions that begin in a minute at most (requirement V18); 0 for no limit."""
    many_groups: int = Field(default=20, ge=0)
    """A launch that starts more groups of a step than this begins after `launch_grace`; 0 if none waits."""
    launch_grace: timedelta = timedelta(minutes=2)
    """How long a launch of many groups can be taken back before the first of them is submitted (V17)."""
    max_children: int = 4
    """bps, butler and pipetask processes at once."""
    group_issues: int = 100
    """Steps with more groups get rows in the comment instead of sub-tasks."""
    max_tries: int = 3
    """Submissions of one attempt, when earlier ones were shown not to have happened."""
    launch_deadline: timedelta = timedelta(hours=6)
    """How long an issue may stay in Launch before a person is told that nothing of it has started."""
    waiting_deadline: timedelta = timedelta(hours=2)
    """How long a step may wait for a server before a person is told; its status comment says so at once."""
    deadlines: Mapping[AttemptState, timedelta] = Field(default_factory=dict)
    """How long an attempt may stay in a state without progress before a person is told (requirement W5);
    states that are not named keep their defaults: see `DEADLINES`."""

    def deadline(self, state: AttemptState) -> timedelta:
        """Tell how long an attempt may stay in a state.

        Parameters
        ----------
        state : `~cmbot.models.attempts.AttemptState`
            Not an end.

        Returns
        -------
        length : `datetime.timedelta`
            As set, else the default.
        """
        return self.deadlines.get(state, DEADLINES[state])


class FailureSettings(Part):
    """What is known about failures, and how often cmbot tries again by itself."""

    catalogue: str = ""
    """File of the error catalogue, checked by `cmbot check`; empty for the one that ships with cmbot."""
    max_attempts: int = Field(default=3, ge=1)
    """Attempts of a group after which cmbot makes no further one by itself; people may."""


_PLACES = re.compile(r"\{([^{}]*)\}")


class LinkSettings(Part):
    """Where links for people lead.

    ``{request_id}`` stands for the workflow's id; in links of a job there are also ``{run}``, ``{pandaid}``,
    ``{jeditaskid}`` and ``{site}``. Links that need what is not known yet are left out until it is.
    """

    request: str = ""
    """Address of a workflow's page; empty for the monitor's own."""
    logs: str = ""
    """Address of a workflow's logs; empty for the monitor's list of tasks."""
    job: Mapping[str, str] = Field(default_factory=dict)
    """More addresses of a failed job, by the words that are shown: its page in the monitor and its log are
    linked without them."""
    system: Mapping[str, str] = Field(default_factory=dict)
    """Addresses of plots of how PanDA and what it needs are, by the words that are shown; `cmbot status
    --attention` and `cmbot doctor` show them (requirement F24)."""

    campaign: Mapping[str, str] = Field(default_factory=dict)
    """Addresses that every campaign is linked to in Jira, by the words that are shown: metrics, plots, the
    collection in a Butler browser (requirements F22, F23). With ``{campaign}``, its key, and
    ``{collection}``."""
    step: Mapping[str, str] = Field(default_factory=dict)
    """The same for steps; also with ``{step}``, its key."""
    group: Mapping[str, str] = Field(default_factory=dict)
    """The same for groups; also with ``{group}``, and of its newest attempt ``{attempt}``, ``{run}``,
    ``{request_id}`` and ``{archive}``, the hash that pins it in the archive."""

    @model_validator(mode="after")
    def _known_places(self) -> LinkSettings:
        of_workflow = {"request_id"}
        of_job = of_workflow | {"run", "pandaid", "jeditaskid", "site"}
        of_campaign = {"campaign", "collection"}
        of_step = of_campaign | {"step"}
        of_group = of_step | {"group", "attempt", "run", "request_id", "archive"}
        for address, known in (
            (self.request, of_workflow),
            (self.logs, of_workflow),
            *((address, of_job) for address in self.job.values()),
            *((address, set[str]()) for address in self.system.values()),
            *((address, of_campaign) for address in self.campaign.values()),
            *((address, of_step) for address in self.step.values()),
            *((address, of_group) for address in self.group.values()),
        ):
            if strange := set(_PLACES.findall(address)) - known:
                raise ValueError(
                    f"{address!r} asks for {strange.pop()!r}; known are {', '.join(sorted(known)) or 'none'}"
                )
            if address and not address.startswith(("https://", "http://")):
                raise ValueError(f"{address!r} is no web address; write https://HOST/...")
        return self


class ScheduleSettings(Part):
    """Campaigns that are created at certain times; a person launches them (requirements B27, V24)."""

    template: str
    """Campaign file; its name and output root hold a variable, or it is the same campaign each time."""
    cron: str
    """When: minute, hour, day of month, month, day of week (``mon`` to ``sun``), as in ``30 8 * * *``."""
    timezone: str = "America/Santiago"
    """Time zone in which that is meant: the observatory's."""
    variables: Mapping[str, str] = Field(default_factory=dict)
    """Values of the template's variables. ``{night}`` stands for the night that began the evening before
    (YYYYMMDD, as day_obs has it), ``{date}`` for the day itself, ``{week}`` for its ISO week (2026_47)."""
    catch_up: int = Field(default=1, ge=1)
    """How many campaigns are made up for after a time without cmbot: the newest; older ones are left out."""


class RosterSettings(Part):
    """Who is on shift when (requirements D7, V21)."""

    file: str
    """YAML, ``shifts: [{start: 2026-11-20 08:00, end: 2026-11-20 16:00, operators: [anna], notes: ...}]``; or
    iCalendar if it ends in ``.ics``: the attendees of an event, else its title, are its operators, and its
    description its notes. It is read anew at every pass."""
    time_zone: str = "UTC"
    """IANA name of the zone of times that have none of their own."""
    people: Mapping[str, str] = Field(default_factory=dict)
    """Name or address in the roster -> Jira account (user name, on Cloud account id). Empty if the roster
    names accounts."""

    @property
    def is_calendar(self) -> bool:
        """Whether it is an iCalendar file."""
        return self.file.lower().endswith(".ics")

    @model_validator(mode="after")
    def _known_zone(self) -> RosterSettings:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"time zone {self.time_zone!r} is not known; use an IANA name") from error
        return self


class WebSettings(Part):
    """What is served: ``/healthz``, ``/readyz``, pages, and with secrets what Jira and programs post."""

    host: str = "127.0.0.1"
    """Address to listen on; whoever lets others reach it puts a proxy with TLS in front."""
    port: int = Field(default=8480, ge=0, le=65535)
    """Port; 0 takes a free one, which the log names."""
    webhook_secret: Secret | None = None
    """What Jira signs webhooks with; without it none are taken, and changes are seen at the next pass."""
    api_token: Secret | None = None
    """What programs show to create campaigns by ``POST /api/campaigns``; without it none may."""
    pages: bool = False
    """Whether pages are served that show campaigns to whoever reaches the address; they change nothing. With
    them comes ``/metrics``, for Prometheus."""
    names: tuple[str, ...] = ()
    """Host names by which people reach the pages through a proxy, without port; `host` and ``localhost`` are
    always answered, other names never, so that no foreign site can read the pages."""


class Settings(Part):
    """Everything that can be set."""

    jira: JiraSettings
    """Jira."""
    panda: PandaSettings
    """PanDA."""
    work: WorkSettings
    """Directories, intervals and limits."""
    environments: Mapping[str, EnvironmentSettings]
    """Named environments; Jira and campaign files may only name one."""
    sites: Mapping[str, SiteSettings]
    """Compute sites; Jira and campaign files may only name one."""
    git: GitSettings = GitSettings()
    """Which git repositories campaigns may refer to by tag."""
    failures: FailureSettings = FailureSettings()
    """What is known about failures."""
    links: LinkSettings = LinkSettings()
    """Where links for people lead."""
    schedules: Mapping[str, ScheduleSettings] = Field(default_factory=dict)
    """Campaigns that are created at certain times, by name: `cmbot schedule list`."""
    roster: RosterSettings | None = None
    """Who is on shift; without it people are told as operators of the step, or who launched."""
    web: WebSettings | None = None
    """What is served over HTTP; without it nothing is."""

    @property
    def systems(self) -> Mapping[str, System]:
        """What executes workflows, by site."""
        return {name: site.wms for name, site in self.sites.items()}

    @model_validator(mode="after")
    def _known_environments(self) -> Settings:
        for name, site in self.sites.items():
            if site.environment and site.environment not in self.environments:
                raise ValueError(f"sites.{name}.environment: {site.environment!r} is not among environments")
        return self


_SAID = {"missing": "is missing", "extra_forbidden": "is not a setting"}
"""Words for pydantic's commonest errors; its own say no more for the others."""


def parse(data: object, source: str) -> Settings:
    """Check settings that were read from a file.

    Parameters
    ----------
    data : `object`
        What the YAML file holds.
    source : `str`
        Name of the file, for messages.

    Returns
    -------
    settings : `Settings`
        The settings.

    Raises
    ------
    DefinitionError
        With every problem, if there are any.
    """
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        problems = tuple(
            Problem(
                ".".join(str(part) for part in item["loc"]) or "file",
                _SAID.get(item["type"], item["msg"]),
                "see docs/settings.md and config/settings.yaml",
            )
            for item in error.errors()
        )
        raise DefinitionError(source, problems) from error
