"""cmbot: data-processing campaigns, steered from Jira."""

__version__ = "0.1.0"
