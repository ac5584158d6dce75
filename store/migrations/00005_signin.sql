-- +goose Up
-- Sign-ins that are under way at a provider: each by a hash of what its browser and
-- the provider's answer bring together.
CREATE TABLE sign_ins (
    flow TEXT PRIMARY KEY,
    lead TEXT NOT NULL, -- the path of the page that it leads to
    until BIGINT NOT NULL
);

-- +goose Down
DROP TABLE sign_ins;
