-- Version 4. Every version of every job, for the history rows of system.lakeflow.jobs and job_tasks.

CREATE TABLE job_versions (
    job_id      INTEGER NOT NULL,
    change_time INTEGER NOT NULL,            -- rises with each version of a job
    run_as      TEXT NOT NULL,
    settings    TEXT,                        -- NULL: deleted
    PRIMARY KEY (job_id, change_time)
) WITHOUT ROWID;
INSERT INTO job_versions SELECT job_id, created_time, run_as, settings FROM jobs;
INSERT INTO job_versions
    SELECT job_id, max(deleted_time, created_time + 1), run_as, NULL FROM jobs WHERE deleted_time IS NOT NULL;
