-- One file for both dialects. SQLite takes PostgreSQL's names of types. Times are BIGINT:
-- microseconds since 1970 UTC, so that they compare and come back the same everywhere.

-- +goose Up
CREATE TABLE gong_calls (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    started BIGINT NOT NULL,
    entry TEXT NOT NULL, -- JSON; who took part stands only here
    PRIMARY KEY (workspace, id)
);
CREATE INDEX gong_calls_started ON gong_calls (workspace, started);

CREATE TABLE gong_call_records (
    workspace TEXT NOT NULL,
    record TEXT NOT NULL, -- as gong.RecordKey makes it
    call TEXT NOT NULL,
    PRIMARY KEY (workspace, record, call),
    FOREIGN KEY (workspace, call) REFERENCES gong_calls (workspace, id) ON DELETE CASCADE
);
CREATE INDEX gong_call_records_call ON gong_call_records (workspace, call);

CREATE TABLE gong_synced (
    workspace TEXT PRIMARY KEY,
    until BIGINT NOT NULL
);

CREATE TABLE starts (
    org TEXT NOT NULL,
    opportunity TEXT NOT NULL,
    won_at BIGINT NOT NULL,
    event TEXT NOT NULL, -- of the history's row; empty where none says so
    source TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    PRIMARY KEY (org, opportunity, won_at, event)
);

CREATE TABLE watches (
    org TEXT PRIMARY KEY,
    first_looked BIGINT NOT NULL,
    polled BIGINT NOT NULL,
    replay BYTEA
);

CREATE TABLE sent_messages (
    message TEXT PRIMARY KEY,
    sent BIGINT NOT NULL
);

CREATE TABLE copies (
    destination TEXT NOT NULL,
    publication TEXT NOT NULL,
    id TEXT NOT NULL,
    url TEXT NOT NULL,
    version BIGINT NOT NULL,
    published BIGINT NOT NULL,
    PRIMARY KEY (destination, publication)
);

CREATE TABLE paces (
    credential TEXT PRIMARY KEY, -- a hash of vendor and credential
    asked BIGINT NOT NULL,       -- last
    due BIGINT NOT NULL,         -- when a full bucket would stand again
    paused BIGINT NOT NULL,      -- nobody goes before
    wait BIGINT NOT NULL         -- what the last to ask was told
);

-- +goose Down
DROP TABLE paces;
DROP TABLE copies;
DROP TABLE sent_messages;
DROP TABLE watches;
DROP TABLE starts;
DROP TABLE gong_synced;
DROP TABLE gong_call_records;
DROP TABLE gong_calls;
