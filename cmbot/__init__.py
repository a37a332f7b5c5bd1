"""cmbot: data-processing campaigns, steered from Jira."""
