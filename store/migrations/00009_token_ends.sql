-- A token of the API has an end.

-- +goose Up
ALTER TABLE api_tokens ADD COLUMN ends BIGINT NOT NULL DEFAULT 0; -- microseconds; 0 for never

-- +goose Down
ALTER TABLE api_tokens DROP COLUMN ends;
