-- Times are microseconds since 1970, UTC; 0 is no time. Bodies are JSON. The
-- types are those of PostgreSQL; SQLite takes them as they are.

-- +goose Up
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

-- Package connect: the pace of a vendor and credential, by the hash of both.
CREATE TABLE pace (
    credential TEXT NOT NULL PRIMARY KEY,
    next_at BIGINT NOT NULL,
    paused_until BIGINT NOT NULL
);

-- Gong's calls. They tell who spoke with whom, so they are not kept for ever.
CREATE TABLE gong_calls (
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    started BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (scope, id)
);
CREATE INDEX gong_calls_started ON gong_calls (scope, started);
CREATE TABLE gong_records (
    scope TEXT NOT NULL,
    record TEXT NOT NULL,
    call TEXT NOT NULL,
    PRIMARY KEY (scope, record, call)
);
CREATE INDEX gong_records_call ON gong_records (scope, call);
CREATE TABLE gong_synced (
    scope TEXT NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);

-- The watch on won deals: how far it heard, and what it started.
CREATE TABLE watches (
    name TEXT NOT NULL PRIMARY KEY,
    first BIGINT NOT NULL,
    polled BIGINT NOT NULL,
    replay BYTEA
);
CREATE TABLE started (
    watch TEXT NOT NULL,
    opportunity TEXT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (watch, opportunity, at, event)
);

-- Messages that were sent, so that none is sent twice.
CREATE TABLE sent (
    message TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL
);

-- Package lifecycle.
CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    opportunity TEXT NOT NULL,
    won BIGINT NOT NULL,
    stage TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX runs_opportunity ON runs (opportunity);
CREATE INDEX runs_won ON runs (won);
CREATE TABLE tasks (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    toward TEXT NOT NULL,
    number BIGINT NOT NULL,
    due BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    error TEXT NOT NULL,
    done BIGINT NOT NULL,
    PRIMARY KEY (run, name, toward, number)
);
CREATE INDEX tasks_open ON tasks (state, due);
CREATE TABLE moves (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, number)
);
CREATE TABLE words (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, number)
);
CREATE TABLE documents (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, version)
);
CREATE TABLE archives (
    run TEXT NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    print TEXT NOT NULL,
    body BYTEA NOT NULL
);
CREATE TABLE copies (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    destination TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, destination)
);

-- Package web. Secrets are kept as hashes.
CREATE TABLE links (
    link TEXT NOT NULL PRIMARY KEY,
    browser TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE TABLE sessions (
    browser TEXT NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);
CREATE TABLE tokens (
    token TEXT NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);

-- +goose Down
DROP TABLE tokens;
DROP TABLE sessions;
DROP TABLE links;
DROP TABLE copies;
DROP TABLE archives;
DROP TABLE documents;
DROP TABLE words;
DROP TABLE moves;
DROP TABLE tasks;
DROP TABLE runs;
DROP TABLE sent;
DROP TABLE started;
DROP TABLE watches;
DROP TABLE gong_synced;
DROP TABLE gong_records;
DROP TABLE gong_calls;
DROP TABLE pace;
DROP TABLE settings;
