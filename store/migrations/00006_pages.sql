-- What the pages look runs and moves up by. It all stands in the bodies too, and is
-- written with them; migration 7 fills it for what was there before.

-- +goose Up
ALTER TABLE runs ADD COLUMN title TEXT NOT NULL DEFAULT '';     -- what people call the deal
ALTER TABLE runs ADD COLUMN seek TEXT NOT NULL DEFAULT '';      -- what a search looks at, in small letters
ALTER TABLE runs ADD COLUMN whose TEXT NOT NULL DEFAULT '';     -- addresses, each on a line of its own
ALTER TABLE runs ADD COLUMN waits TEXT NOT NULL DEFAULT '';     -- what it waits for
ALTER TABLE runs ADD COLUMN waits_for TEXT NOT NULL DEFAULT ''; -- address
ALTER TABLE runs ADD COLUMN kickoff BIGINT NOT NULL DEFAULT 0;
CREATE INDEX runs_waits ON runs (waits, waits_for);

ALTER TABLE moves ADD COLUMN at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE moves ADD COLUMN who TEXT NOT NULL DEFAULT '';
ALTER TABLE moves ADD COLUMN what TEXT NOT NULL DEFAULT '';
CREATE INDEX moves_at ON moves (at, run, number);

-- What the versions cost. It goes with its run.
CREATE TABLE costs (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    engine TEXT NOT NULL,
    model TEXT NOT NULL,
    requests BIGINT NOT NULL,
    tokens_in BIGINT NOT NULL, -- with what was written to the cache and read from it
    tokens_out BIGINT NOT NULL,
    usd DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (run, version)
);
CREATE INDEX costs_at ON costs (at);

-- Of a token only its hash is kept.
CREATE TABLE api_tokens (
    hash TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL, -- parted by spaces
    made_by TEXT NOT NULL,
    made BIGINT NOT NULL,
    used BIGINT NOT NULL
);

-- +goose Down
DROP TABLE api_tokens;
DROP TABLE costs;
DROP INDEX moves_at;
ALTER TABLE moves DROP COLUMN at;
ALTER TABLE moves DROP COLUMN who;
ALTER TABLE moves DROP COLUMN what;
DROP INDEX runs_waits;
ALTER TABLE runs DROP COLUMN title;
ALTER TABLE runs DROP COLUMN seek;
ALTER TABLE runs DROP COLUMN whose;
ALTER TABLE runs DROP COLUMN waits;
ALTER TABLE runs DROP COLUMN waits_for;
ALTER TABLE runs DROP COLUMN kickoff;
