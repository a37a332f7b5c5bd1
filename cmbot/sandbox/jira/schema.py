"""The tables of the sandbox Jira's store.

Times are integers: milliseconds since 1970-01-01 UTC. What a person can write into an issue is one JSON
object (``issues.fields``: field id to stored value, system and custom alike), so that editing is one code
path and a new field needs no new column.
"""

from __future__ import annotations

VERSION = 6

TABLES = """
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    display_name TEXT NOT NULL, email TEXT NOT NULL, time_zone TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1, password TEXT);
CREATE TABLE groups (name TEXT PRIMARY KEY COLLATE NOCASE);
CREATE TABLE memberships (
    group_name TEXT NOT NULL REFERENCES groups ON DELETE CASCADE, user TEXT NOT NULL,
    PRIMARY KEY (group_name, user));
CREATE TABLE personal_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL,
    created INTEGER NOT NULL, expires INTEGER, used INTEGER);
CREATE TABLE statuses (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, category TEXT NOT NULL);
CREATE TABLE custom_fields (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, type TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '');
CREATE TABLE field_contexts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    field_id INTEGER NOT NULL REFERENCES custom_fields ON DELETE CASCADE,
    name TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
    projects TEXT NOT NULL DEFAULT '[]', issue_types TEXT NOT NULL DEFAULT '[]');
CREATE TABLE options (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    context_id INTEGER NOT NULL REFERENCES field_contexts ON DELETE CASCADE,
    value TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0, UNIQUE (context_id, value));
CREATE TABLE screens (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL);
CREATE TABLE screen_tabs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, screen_id INTEGER NOT NULL REFERENCES screens ON DELETE CASCADE,
    name TEXT NOT NULL, position INTEGER NOT NULL, UNIQUE (screen_id, name));
CREATE TABLE screen_fields (
    tab_id INTEGER NOT NULL REFERENCES screen_tabs ON DELETE CASCADE, field TEXT NOT NULL,
    position INTEGER NOT NULL, PRIMARY KEY (tab_id, field));
CREATE TABLE issue_types (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, level INTEGER NOT NULL);
CREATE TABLE link_types (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    inward TEXT NOT NULL, outward TEXT NOT NULL);
CREATE TABLE project_categories (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    description TEXT NOT NULL);
CREATE TABLE permission_schemes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    description TEXT NOT NULL);
CREATE TABLE grants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scheme_id INTEGER NOT NULL REFERENCES permission_schemes ON DELETE CASCADE,
    permission TEXT NOT NULL, holder TEXT NOT NULL, parameter TEXT);
CREATE TABLE status_schemes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    description TEXT NOT NULL DEFAULT '', initial_status INTEGER NOT NULL REFERENCES statuses);
CREATE TABLE security_schemes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    description TEXT NOT NULL DEFAULT '', default_level INTEGER);
CREATE TABLE security_levels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scheme_id INTEGER NOT NULL REFERENCES security_schemes ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE, description TEXT NOT NULL DEFAULT '', UNIQUE (scheme_id, name));
CREATE TABLE security_holders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    level_id INTEGER NOT NULL REFERENCES security_levels ON DELETE CASCADE,
    holder TEXT NOT NULL, parameter TEXT);
CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, lead TEXT NOT NULL,
    status_scheme INTEGER NOT NULL REFERENCES status_schemes, last_number INTEGER NOT NULL DEFAULT 0,
    description TEXT NOT NULL DEFAULT '', url TEXT NOT NULL DEFAULT '',
    type_key TEXT NOT NULL DEFAULT 'software', assignee_type TEXT NOT NULL DEFAULT 'UNASSIGNED',
    category_id INTEGER REFERENCES project_categories ON DELETE SET NULL,
    permission_scheme INTEGER NOT NULL REFERENCES permission_schemes,
    security_scheme INTEGER REFERENCES security_schemes ON DELETE SET NULL,
    archived INTEGER, archived_by TEXT);
CREATE TABLE roles (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    description TEXT NOT NULL);
CREATE TABLE role_actors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
    role_id INTEGER NOT NULL REFERENCES roles ON DELETE CASCADE, kind TEXT NOT NULL, name TEXT NOT NULL,
    UNIQUE (project_id, role_id, kind, name));
CREATE TABLE components (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE, description TEXT NOT NULL, lead TEXT, assignee_type TEXT NOT NULL,
    UNIQUE (project_id, name));
CREATE TABLE versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE, description TEXT NOT NULL, started TEXT, due TEXT,
    released INTEGER NOT NULL, archived INTEGER NOT NULL, UNIQUE (project_id, name));
CREATE TABLE project_issue_types (
    project_id INTEGER NOT NULL REFERENCES projects, issue_type_id INTEGER NOT NULL REFERENCES issue_types,
    position INTEGER NOT NULL, PRIMARY KEY (project_id, issue_type_id));
CREATE TABLE transitions (
    scheme_id INTEGER NOT NULL REFERENCES status_schemes ON DELETE CASCADE, id INTEGER NOT NULL,
    name TEXT NOT NULL, to_status INTEGER NOT NULL REFERENCES statuses,
    from_statuses TEXT NOT NULL DEFAULT '[]', screen_id INTEGER REFERENCES screens,
    required TEXT NOT NULL DEFAULT '[]', roles TEXT NOT NULL DEFAULT '[]', PRIMARY KEY (scheme_id, id));
CREATE TABLE issues (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
    project_id INTEGER NOT NULL REFERENCES projects, number INTEGER NOT NULL,
    type_id INTEGER NOT NULL REFERENCES issue_types, status_id INTEGER NOT NULL REFERENCES statuses,
    parent_id INTEGER REFERENCES issues ON DELETE CASCADE,
    creator TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, resolved INTEGER,
    category_changed INTEGER NOT NULL, archived INTEGER, archived_by TEXT, fields TEXT NOT NULL);
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
CREATE TABLE views (
    issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, user TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (issue_id, user));
CREATE TABLE votes (
    issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, user TEXT NOT NULL,
    PRIMARY KEY (issue_id, user));
CREATE TABLE worklogs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
    author TEXT NOT NULL, update_author TEXT NOT NULL, body TEXT NOT NULL, visibility TEXT,
    started INTEGER NOT NULL, seconds INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL);
CREATE INDEX worklogs_by_issue ON worklogs (issue_id);
CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, flavour TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL,
    events TEXT NOT NULL, jql TEXT NOT NULL, secret TEXT, exclude_body INTEGER NOT NULL,
    enabled INTEGER NOT NULL, updated INTEGER NOT NULL, updated_by TEXT NOT NULL,
    app TEXT, expires INTEGER, field_ids TEXT NOT NULL DEFAULT '[]');
CREATE TABLE webhook_failures (
    id INTEGER PRIMARY KEY AUTOINCREMENT, webhook INTEGER NOT NULL, app TEXT NOT NULL, url TEXT NOT NULL,
    body TEXT NOT NULL, failed INTEGER NOT NULL);
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, identifier TEXT NOT NULL, webhook INTEGER NOT NULL,
    event TEXT NOT NULL, issue TEXT NOT NULL, url TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL,
    attempt INTEGER NOT NULL, due INTEGER NOT NULL);
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user TEXT NOT NULL, description TEXT NOT NULL,
    created INTEGER NOT NULL, result TEXT NOT NULL);
CREATE TABLE sandbox_state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE filters (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, description TEXT NOT NULL, jql TEXT NOT NULL,
    owner TEXT NOT NULL, favourite INTEGER NOT NULL, UNIQUE (owner, name));
"""

NUMBERED_FROM_10000 = (
    "users",
    "statuses",
    "custom_fields",
    "field_contexts",
    "options",
    "screens",
    "screen_tabs",
    "issue_types",
    "link_types",
    "project_categories",
    "permission_schemes",
    "grants",
    "status_schemes",
    "security_schemes",
    "security_levels",
    "security_holders",
    "projects",
    "roles",
    "role_actors",
    "components",
    "versions",
    "issues",
    "histories",
    "comments",
    "issue_links",
    "remote_links",
    "attachments",
    "worklogs",
    "filters",
    "tasks",
)
"""Tables whose ids begin at 10000, as those of a real Jira do for what people added."""
