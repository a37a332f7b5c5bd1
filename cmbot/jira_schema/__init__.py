"""What a campaign looks like in Jira: fields, statuses, who may move what, JSON to models. Pure."""
