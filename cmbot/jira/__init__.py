"""The only room that speaks to Jira: the wire, the dialects, reading, and writes that look first."""
