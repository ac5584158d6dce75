-- What follows the kickoff: the survey's answers, who is never to be asked again,
-- answers of before, and what a kickoff's recording showed. Times are microseconds.

-- +goose Up
-- Answers outlive their run as numbers: what was written goes with it.
CREATE TABLE answers (
    survey TEXT NOT NULL, -- the run's id
    respondent TEXT NOT NULL, -- stands for an address, and does not tell it
    deal TEXT NOT NULL,
    score BIGINT NOT NULL,
    comment TEXT NOT NULL,
    at BIGINT NOT NULL,
    accepted BIGINT NOT NULL, -- before the kickoff: 1 or 0
    adopted BIGINT NOT NULL,
    PRIMARY KEY (survey, respondent)
);

CREATE TABLE stops (
    respondent TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);

CREATE TABLE baseline (
    number BIGINT PRIMARY KEY,
    deal TEXT NOT NULL,
    score BIGINT NOT NULL,
    comment TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE checks (
    run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    body TEXT NOT NULL
);

-- +goose Down
DROP TABLE checks;
DROP TABLE baseline;
DROP TABLE stops;
DROP TABLE answers;
