-- Package lifecycle and web. Bodies are JSON. A time of 0 is none.

-- +goose Up
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
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
    toward TEXT NOT NULL, -- a destination, a way to a person; may be empty
    number BIGINT NOT NULL,
    due BIGINT NOT NULL,
    not_before BIGINT NOT NULL, -- after a failure
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    error TEXT NOT NULL,
    done BIGINT NOT NULL,
    PRIMARY KEY (run, name, toward, number)
);
CREATE INDEX tasks_due ON tasks (state, due);

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
    run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    print TEXT NOT NULL,
    body BYTEA NOT NULL
);

-- Secrets of browsers and links are kept as hashes.
CREATE TABLE review_links (
    link TEXT PRIMARY KEY,
    browser TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- When the AE was last sent a fresh link.
CREATE TABLE fresh_links (
    run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    at BIGINT NOT NULL
);

CREATE TABLE sessions (
    browser TEXT PRIMARY KEY,
    who TEXT NOT NULL, -- email address
    until BIGINT NOT NULL
);

CREATE TABLE sign_in_tokens (
    token TEXT PRIMARY KEY,
    who TEXT NOT NULL,
    until BIGINT NOT NULL
);

-- +goose Down
DROP TABLE sign_in_tokens;
DROP TABLE sessions;
DROP TABLE fresh_links;
DROP TABLE review_links;
DROP TABLE archives;
DROP TABLE documents;
DROP TABLE words;
DROP TABLE moves;
DROP TABLE tasks;
DROP TABLE runs;
DROP TABLE secrets;
