"""The group of commands. It imports none of them: ``cmbot --help`` must be quick."""

from __future__ import annotations

from importlib import import_module

import click

#: Verb -> module and one line of help; a test compares the lines with the commands' own.
COMMANDS = {
    "accept": ("cmbot.cli.accept", "Take what ended without its whole result as its result."),
    "archive": ("cmbot.cli.archive", "Show, check and copy what was run: YAML, logs, reports."),
    "cancel": ("cmbot.cli.cancel", "Abort what runs of a campaign, step or group; what it made stays."),
    "check": ("cmbot.cli.check", "Check a campaign, or files before they are used."),
    "clean": ("cmbot.cli.clean", "Remove from the Butler what a campaign made and no chain holds."),
    "clone": ("cmbot.cli.clone", "Create a campaign in Jira from another one, with something changed."),
    "collections": (
        "cmbot.cli.collections",
        "Show the collections of a campaign, or take back what it made.",
    ),
    "coverage": ("cmbot.cli.coverage", "Show which inputs were processed, and which were not and why."),
    "create": ("cmbot.cli.create", "Create a campaign in Jira from a YAML file."),
    "dataids": ("cmbot.cli.dataids", "Check, compare, list and convert sets of DataIds."),
    "delete": ("cmbot.cli.delete", "Remove from the Butler everything that a campaign made."),
    "diff": ("cmbot.cli.diff", "Compare campaigns, steps, groups, attempts or files, side by side."),
    "doctor": ("cmbot.cli.doctor", "Check everything that cmbot depends on."),
    "demo": ("cmbot.cli.demo", "Try cmbot on this machine: a whole small world, with a board to click on."),
    "errors": ("cmbot.cli.errors", "Add up why jobs failed: by step, site and day, and by rule."),
    "explain": ("cmbot.cli.explain", "Say what a campaign, step or group waits for, and what to do."),
    "history": ("cmbot.cli.history", "Show who did what and why, for a campaign, step or group."),
    "invalidate": (
        "cmbot.cli.invalidate",
        "Judge the data of a campaign, step or group bad: nothing more is made of them.",
    ),
    "jira": ("cmbot.cli.jira", "Set up a Jira project."),
    "launch": (
        "cmbot.cli.launch",
        "Start a campaign, step or group, go on after a pause, or retry what failed.",
    ),
    "mirror": ("cmbot.cli.mirror", "Look after the local mirror: make it again when it is lost."),
    "jobs": ("cmbot.cli.jobs", "List the jobs that failed: DataId, site, code, log."),
    "logs": ("cmbot.cli.logs", "Show what matters of the logs: first traceback, last lines."),
    "pause": ("cmbot.cli.pause", "Submit nothing new of a campaign, step or group; what runs goes on."),
    "pages": ("cmbot.cli.pages", "Write the pages of campaigns as files, for a file server or to keep."),
    "plan": ("cmbot.cli.plan", "Show what a launch would do: groups, collections, YAML. Writes nothing."),
    "prepare": ("cmbot.cli.prepare", "Write the BPS files of the next launch, to look at and edit."),
    "production": ("cmbot.cli.production", "Show productions with their campaigns, rolled up."),
    "reconcile": (
        "cmbot.cli.reconcile",
        "Show what Jira, journal and PanDA do not agree on, and mend it.",
    ),
    "products": ("cmbot.cli.products", "Find finished campaigns and their collections again."),
    "record-run": ("cmbot.cli.record_run", "Record a workflow that somebody else ran; it is only counted."),
    "reject": ("cmbot.cli.reject", "Take nothing of what was made so far; the next attempt makes it anew."),
    "report": ("cmbot.cli.report", "Show tasks by state, as `bps report` does, and why jobs failed."),
    "restart": ("cmbot.cli.restart", "Run what failed again, in the same request of PanDA."),
    "retry": ("cmbot.cli.retry", "Make the next attempt: rescue what exists, run the rest."),
    "sandbox": ("cmbot.cli.sandbox", "Run one part of the sandbox alone: Jira, PanDA or Butler."),
    "shift": ("cmbot.cli.shift", "Show who is on shift, and hand over."),
    "site": ("cmbot.cli.site", "Show what runs at a compute site; hold and release new work there."),
    "schedule": ("cmbot.cli.schedule", "Create campaigns from templates at certain times."),
    "skip": ("cmbot.cli.skip", "Abandon a campaign, step or group: go on without it."),
    "status": ("cmbot.cli.status", "Show how campaigns are, from the last pass."),
    "steps": ("cmbot.cli.steps", "Show the steps of a pipeline, ready for a campaign file."),
    "summary": ("cmbot.cli.summary", "Sum up what came of a campaign, a step or a production."),
    "sync": ("cmbot.cli.sync", "Follow Jira and PanDA: the service."),
    "workflows": (
        "cmbot.cli.workflows",
        "List workflows: request, status, tasks by state, jobs, run name.",
    ),
    "validate": ("cmbot.cli.validate", "Judge the data of a campaign, step or group good."),
}


class Commands(click.Group):
    """Imports a command when it is called."""

    def list_commands(self, _: click.Context) -> list[str]:
        """List the verbs."""
        return sorted(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Import one verb."""
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[name][0]).command
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])


@click.command("cmbot", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cmbot", message="%(prog)s %(version)s")
def main() -> None:
    """Run data-processing campaigns from Jira.

    People define campaigns as epics, steps as issues, and move them to Launch. cmbot checks the
    definition, splits the data, submits with bps, follows PanDA, and reports in comments.

    First steps: `cmbot demo` on a laptop; with a real Jira: write a settings file (see
    config/settings.yaml), `cmbot jira setup`, `cmbot doctor`, `cmbot create campaign.yaml`,
    `cmbot plan KEY`, `cmbot sync`.
    """
