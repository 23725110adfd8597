-- Version 1. Times are UTC milliseconds; documents are JSON text.

-- Counters and small settings.
CREATE TABLE kv (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE jobs (
    job_id       INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    name_folded  TEXT NOT NULL,              -- lower case, for the filter of jobs/list
    creator      TEXT NOT NULL,
    run_as       TEXT NOT NULL,
    created_time INTEGER NOT NULL,
    deleted_time INTEGER,                    -- runs of a deleted job stay readable
    settings     TEXT NOT NULL,
    acl          TEXT NOT NULL               -- direct permission entries
);
CREATE INDEX jobs_by_name ON jobs (name_folded);

CREATE TABLE runs (
    run_id          INTEGER PRIMARY KEY,     -- job run; its task runs take the ids after it
    job_id          INTEGER NOT NULL,
    run_type        TEXT NOT NULL,
    start_time      INTEGER NOT NULL,        -- when the run was created
    activity        INTEGER NOT NULL,        -- 0 ended, 1 active, 2 queued
    parent_task_run INTEGER,                 -- the run-job task run that started it
    facts           TEXT NOT NULL,           -- what does not change after creation
    plan            TEXT NOT NULL,           -- the execution machine's plan
    standing        TEXT NOT NULL            -- the job run as the machine shows it, without its task runs
);
CREATE INDEX runs_by_start ON runs (start_time, run_id);
CREATE INDEX runs_by_job ON runs (job_id, start_time, run_id);
CREATE INDEX runs_active ON runs (activity, job_id, run_id) WHERE activity > 0;
CREATE INDEX runs_by_parent ON runs (parent_task_run) WHERE parent_task_run IS NOT NULL;

-- The machine's records: the state of a run is the fold of its changes.
CREATE TABLE changes (
    run_id INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    change TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) WITHOUT ROWID;

-- Task runs and iterations as the machine shows them, for reading without a machine.
CREATE TABLE task_runs (
    task_run_id INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL,
    row         TEXT NOT NULL                -- view and iterations
);
CREATE INDEX task_runs_by_run ON task_runs (run_id, task_run_id);

-- What an attempt left: error, exit value, rows; logs are files.
CREATE TABLE outputs (
    task_run_id INTEGER PRIMARY KEY,
    output      TEXT NOT NULL
);

-- Process groups of running attempts, so that a restart finds strays.
CREATE TABLE processes (
    task_run_id INTEGER PRIMARY KEY,
    pid         INTEGER NOT NULL,
    born        TEXT NOT NULL                -- start time as the system tells it: a pid alone may be another's by now
);

CREATE TABLE idempotency (
    token  TEXT PRIMARY KEY,
    run_id INTEGER NOT NULL
) WITHOUT ROWID;
