-- The index of calls holds those of any recorder, so its tables are no longer named
-- after one of them. The workspace says whose calls they are.

-- +goose Up
ALTER TABLE gong_calls RENAME TO calls;
ALTER TABLE gong_call_records RENAME TO call_records;
ALTER TABLE gong_synced RENAME TO calls_synced;

-- +goose Down
ALTER TABLE calls_synced RENAME TO gong_synced;
ALTER TABLE call_records RENAME TO gong_call_records;
ALTER TABLE calls RENAME TO gong_calls;
