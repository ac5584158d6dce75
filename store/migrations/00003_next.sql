-- When the first open task is due, without reading all of them.

-- +goose Up
CREATE INDEX tasks_next ON tasks (state, (CASE WHEN due > not_before THEN due ELSE not_before END));

-- +goose Down
DROP INDEX tasks_next;
