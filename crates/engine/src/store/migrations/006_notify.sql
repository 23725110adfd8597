-- Version 6. Notifications: where they go, and what is still to be told.

CREATE TABLE destinations (
    destination_id TEXT PRIMARY KEY,
    created_time   INTEGER NOT NULL,
    destination    TEXT NOT NULL            -- JSON, secrets included; the data folder is closed to others
) WITHOUT ROWID;

-- Stored in the transaction of the change that they tell of. Ids are never used again: receivers know deliveries by them.
CREATE TABLE deliveries (
    delivery_id INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id      INTEGER NOT NULL,           -- the job run
    recipient   TEXT NOT NULL,              -- destination:ID or email:ADDRESS
    notice      TEXT NOT NULL,              -- JSON
    tries       TEXT NOT NULL,              -- JSON, the machine's
    state       INTEGER NOT NULL,           -- 0 waits, 1 has arrived, 2 was given up
    due         INTEGER NOT NULL,
    touched     INTEGER NOT NULL,           -- when it was tried last, or made
    error       TEXT                        -- of the last try
);
CREATE INDEX deliveries_waiting ON deliveries (due, recipient) WHERE state = 0;
CREATE INDEX deliveries_by_run ON deliveries (run_id);
CREATE INDEX deliveries_over ON deliveries (touched) WHERE state > 0;
