"""The tables of the sandbox Jira's store.

Times are integers: milliseconds since 1970-01-01 UTC. What a person can write into an issue is one JSON
object (``issues.fields``: field id to stored value, system and custom alike), so that editing is one code
path and a new field needs no new column.
"""

from __future__ import annotations

VERSION = 1

TABLES = """
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    display_name TEXT NOT NULL, email TEXT NOT NULL, time_zone TEXT NOT NULL,
    admin INTEGER NOT NULL, active INTEGER NOT NULL DEFAULT 1);
CREATE TABLE statuses (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, category TEXT NOT NULL);
CREATE TABLE custom_fields (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, type TEXT NOT NULL);
CREATE TABLE options (
    id INTEGER PRIMARY KEY AUTOINCREMENT, field_id INTEGER NOT NULL REFERENCES custom_fields,
    value TEXT NOT NULL, UNIQUE (field_id, value));
CREATE TABLE issue_types (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, level INTEGER NOT NULL);
CREATE TABLE link_types (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    inward TEXT NOT NULL, outward TEXT NOT NULL);
CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, lead TEXT NOT NULL,
    initial_status INTEGER NOT NULL REFERENCES statuses, last_number INTEGER NOT NULL DEFAULT 0);
CREATE TABLE project_issue_types (
    project_id INTEGER NOT NULL REFERENCES projects, issue_type_id INTEGER NOT NULL REFERENCES issue_types,
    position INTEGER NOT NULL, PRIMARY KEY (project_id, issue_type_id));
CREATE TABLE transitions (
    project_id INTEGER NOT NULL REFERENCES projects, id INTEGER NOT NULL, name TEXT NOT NULL,
    to_status INTEGER NOT NULL REFERENCES statuses, from_status INTEGER REFERENCES statuses,
    screen TEXT NOT NULL DEFAULT '[]', PRIMARY KEY (project_id, id));
CREATE TABLE issues (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
    project_id INTEGER NOT NULL REFERENCES projects, number INTEGER NOT NULL,
    type_id INTEGER NOT NULL REFERENCES issue_types, status_id INTEGER NOT NULL REFERENCES statuses,
    parent_id INTEGER REFERENCES issues ON DELETE CASCADE,
    creator TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, resolved INTEGER,
    fields TEXT NOT NULL);
CREATE INDEX issues_by_update ON issues (project_id, updated);
CREATE INDEX issues_by_status ON issues (status_id);
CREATE INDEX issues_by_parent ON issues (parent_id);
CREATE TABLE histories (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    author TEXT NOT NULL, created INTEGER NOT NULL, metadata TEXT);
CREATE INDEX histories_by_issue ON histories (issue_id);
CREATE TABLE history_items (
    history_id INTEGER NOT NULL REFERENCES histories ON DELETE CASCADE, position INTEGER NOT NULL,
    field TEXT NOT NULL, field_type TEXT NOT NULL, field_id TEXT,
    from_id TEXT, from_text TEXT, to_id TEXT, to_text TEXT, PRIMARY KEY (history_id, position));
CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    author TEXT NOT NULL, update_author TEXT NOT NULL, body TEXT NOT NULL, visibility TEXT,
    created INTEGER NOT NULL, updated INTEGER NOT NULL);
CREATE INDEX comments_by_issue ON comments (issue_id);
CREATE TABLE issue_properties (
    owner_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (owner_id, key));
CREATE TABLE comment_properties (
    owner_id INTEGER NOT NULL REFERENCES comments ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (owner_id, key));
CREATE TABLE issue_links (
    id INTEGER PRIMARY KEY AUTOINCREMENT, type_id INTEGER NOT NULL REFERENCES link_types,
    inward_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    outward_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, UNIQUE (type_id, inward_id, outward_id));
CREATE INDEX issue_links_by_outward ON issue_links (outward_id);
CREATE INDEX issue_links_by_inward ON issue_links (inward_id);
CREATE TABLE remote_links (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    global_id TEXT, body TEXT NOT NULL, UNIQUE (issue_id, global_id));
CREATE TABLE attachments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    author TEXT NOT NULL, created INTEGER NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL,
    size INTEGER NOT NULL, content BLOB NOT NULL);
CREATE INDEX attachments_by_issue ON attachments (issue_id);
CREATE TABLE watchers (
    issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, user TEXT NOT NULL,
    PRIMARY KEY (issue_id, user));
"""

NUMBERED_FROM_10000 = (
    "users",
    "statuses",
    "custom_fields",
    "options",
    "issue_types",
    "link_types",
    "projects",
    "issues",
    "histories",
    "comments",
    "issue_links",
    "remote_links",
    "attachments",
)
"""Tables whose ids begin at 10000, as those of a real Jira do for what people added."""
