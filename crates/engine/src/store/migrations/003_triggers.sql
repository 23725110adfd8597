-- Version 3. What is settled about the triggers of jobs: a definition that changes begins anew.

CREATE TABLE triggers (
    job_id     INTEGER NOT NULL,
    place      TEXT NOT NULL,               -- where it stands in the job's definition
    definition TEXT NOT NULL,
    state      TEXT NOT NULL,               -- JSON, the machine's
    PRIMARY KEY (job_id, place)
) WITHOUT ROWID;
