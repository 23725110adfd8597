-- Version 5. Ends of runs in their order, for triggers that wait for them; a repaired run ends again. Written with the end itself.

CREATE TABLE ends (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id  INTEGER NOT NULL,
    run_id  INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    started INTEGER NOT NULL,                -- when the run was admitted
    ended   INTEGER NOT NULL
);
CREATE INDEX ends_by_job ON ends (job_id, seq);
CREATE INDEX ends_by_run ON ends (run_id);
